import { merged } from './merge.ts'
import { NoInstance } from './no-instance.ts'
import {
  asSchema,
  isObject,
  type Keywords,
  numberOf,
  propertiesOf,
  referenced,
  requiredOf,
  type Schema,
  schemasIn,
  typesOf,
} from './schema.ts'
import { numberWithin, textWithin } from './values.ts'

/**
 * A value that fits a JSON Schema: always the same one, with every property that the schema names and one item in every list. If
 * a schema contains itself, the inner instance is as small as possible.
 * It honours every keyword of structured output (platform.openai.com/docs/guides/structured-outputs), and those that tools use.
 * Of `oneOf` it takes the first branch that has an instance, and does not check the others.
 * @throws NoInstance if there is none, or if the schema uses a keyword that is not honoured
 */
export function instanceOf(root: unknown): unknown {
  const schema = asSchema(root)
  return new Generator(schema).of(schema, { open: [schema], depth: undefined })
}

/** Keywords that change what fits, and that this generator does not honour. */
const NOT_KEPT = [
  'not',
  'if',
  'contains',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'patternProperties',
  'propertyNames',
  '$dynamicRef',
  '$recursiveRef',
]

/** How many references may follow each other in the smallest instance of a schema. */
const DEEPEST = 64

interface Place {
  /** The schemas whose references lead here. */
  open: readonly Schema[]
  /**
   * How many references may still be followed; undefined until a schema repeats itself, because until then everything is shown.
   */
  depth: number | undefined
}

const both = (one: Place, other: Place): Place => ({
  open: [...one.open, ...other.open],
  depth: [one.depth, other.depth].filter(depth => depth !== undefined).sort((a, b) => a - b)[0],
})

class Generator {
  readonly #root: Schema
  readonly #known = new Map<Schema, boolean[]>()

  constructor(root: Schema) {
    this.#root = root
  }

  of(schema: Schema, place: Place): unknown {
    if (schema === false) throw new NoInstance('what the schema false allows')
    return schema === true ? this.#value({}, place) : this.#ofKeywords(schema, place)
  }

  #ofKeywords(keywords: Keywords, place: Place): unknown {
    const { $ref, allOf, anyOf, oneOf, ...own } = keywords
    if ($ref !== undefined) {
      const [target, inside] = this.#follow($ref, place)
      // Keywords beside a reference count too.
      const beside = { ...own, ...defined({ allOf, anyOf, oneOf }) }
      return this.#ofKeywords(merged(keywordsOf(target), beside), inside)
    }
    if (allOf !== undefined) {
      const members = schemasIn(allOf).map(member => this.#resolved(keywordsOf(member), place))
      const all = members.map(([keywords]) => keywords)
      const inside = members.map(([, within]) => within).reduce(both, place)
      return this.#ofKeywords([{ ...own, ...defined({ anyOf, oneOf }) }, ...all].reduce(merged), inside)
    }
    const [branches, rest] = anyOf === undefined ? [oneOf, own] : [anyOf, { ...own, ...defined({ oneOf }) }]
    return branches === undefined ? this.#value(own, place) : this.#ofBranch(schemasIn(branches), rest, place)
  }

  #follow($ref: unknown, { open, depth }: Place): [target: Schema, inside: Place] {
    const target = referenced(this.#root, $ref)
    const left = depth === undefined ? this.#depthInside(target, open) : depth - 1
    return [target, { open: [...open, target], depth: left }]
  }

  /** Resolves the references at its top, so that it can be merged with others. */
  #resolved({ $ref, ...beside }: Keywords, place: Place): [keywords: Keywords, inside: Place] {
    if ($ref === undefined) return [beside, place]
    const [target, inside] = this.#follow($ref, place)
    const [keywords, within] = this.#resolved(keywordsOf(target), inside)
    return [merged(keywords, beside), within]
  }

  #depthInside(target: Schema, open: readonly Schema[]): number | undefined {
    if (!open.includes(target)) return undefined
    for (let depth = 0; depth <= DEEPEST; depth += 1) if (this.#isPossible(target, depth)) return depth
    throw new NoInstance('a schema whose every instance contains another one')
  }

  #ofBranch(branches: readonly Schema[], rest: Keywords, place: Place): unknown {
    const failures: NoInstance[] = []
    for (const branch of branches) {
      if (place.depth !== undefined && !this.#isPossible(branch, place.depth)) continue
      try {
        return this.#ofKeywords(merged(keywordsOf(branch), rest), place)
      } catch (error) {
        if (!(error instanceof NoInstance)) throw error
        failures.push(error)
      }
    }
    throw failures[0] ?? new NoInstance('a choice that has no branch')
  }

  /** Whether there is an instance that follows at most so many references. Other limits are not checked. */
  #isPossible(schema: Schema, depth: number): boolean {
    if (typeof schema === 'boolean') return schema
    const known = this.#known.get(schema) ?? []
    this.#known.set(schema, known)
    known[depth] ??= this.#find(schema, depth)
    return known[depth]
  }

  #find(keywords: Keywords, depth: number): boolean {
    const { $ref, allOf, anyOf, oneOf, items, minItems } = keywords
    const isPossible = (schema: Schema) => this.#isPossible(schema, depth)
    if ($ref !== undefined && (depth === 0 || !this.#isPossible(referenced(this.#root, $ref), depth - 1)))
      return false
    if (!schemasIn(allOf).every(isPossible)) return false
    if ([anyOf, oneOf].some(choice => choice !== undefined && !schemasIn(choice).some(isPossible)))
      return false
    if (items !== undefined && (numberOf(minItems) ?? 0) > 0 && !isPossible(asSchema(items))) return false
    const required = requiredOf(keywords)
    return propertiesOf(keywords).every(([name, schema]) => !required.includes(name) || isPossible(schema))
  }

  #value(keywords: Keywords, place: Place): unknown {
    const unkept = NOT_KEPT.find(keyword => keywords[keyword] !== undefined)
    if (unkept !== undefined) throw new NoInstance(`the keyword '${unkept}'`)
    if (keywords.const !== undefined) return keywords.const
    const types = typesOf(keywords) ?? impliedTypes(keywords)
    if (Array.isArray(keywords.enum)) return choice(keywords.enum, types)
    return this.#ofType(types.find(type => type !== 'null') ?? types[0], keywords, place)
  }

  #ofType(type: string | undefined, keywords: Keywords, place: Place): unknown {
    switch (type) {
      case 'object':
        return this.#object(keywords, place)
      case 'array':
        return this.#array(keywords, place)
      case 'string':
        return textWithin(keywords)
      case 'integer':
      case 'number':
        return numberWithin(keywords, type === 'integer')
      case 'boolean':
        return true
      case 'null':
        return null
      default:
        throw new NoInstance(`the type '${type}'`)
    }
  }

  #object(keywords: Keywords, place: Place): unknown {
    const required = requiredOf(keywords)
    const shown = propertiesOf(keywords).filter(
      ([name]) => place.depth === undefined || required.includes(name),
    )
    const names = shown.map(([name]) => name)
    const { additionalProperties = true } = keywords
    const unnamed = required.filter(name => !names.includes(name))
    const all = [...shown, ...unnamed.map(name => [name, asSchema(additionalProperties)] as const)]
    if (all.length < (numberOf(keywords.minProperties) ?? 0))
      throw new NoInstance("the keyword 'minProperties'")
    if (all.length > (numberOf(keywords.maxProperties) ?? all.length))
      throw new NoInstance("the keyword 'maxProperties'")
    return Object.fromEntries(
      all.flatMap(([name, schema]) => {
        const isOptional = !required.includes(name)
        const value = isOptional ? this.#ifAny(schema, place) : [this.of(schema, place)]
        return value.map(entry => [name, entry])
      }),
    )
  }

  #array(keywords: Keywords, place: Place): unknown {
    const least = numberOf(keywords.minItems) ?? 0
    const most = numberOf(keywords.maxItems) ?? Number.POSITIVE_INFINITY
    if (least > most) throw new NoInstance(`a list of at least ${least} and at most ${most} entries`)
    const first = schemasIn(keywords.prefixItems).slice(0, most)
    const rest = asSchema(keywords.items ?? true)
    if (place.depth === undefined && least === 0 && first.length === 0) {
      return most === 0 || keywords.items === undefined ? [] : this.#ifAny(rest, place)
    }
    const length = place.depth === undefined ? Math.max(least, first.length) : least
    if (keywords.uniqueItems === true && length > 1) throw new NoInstance("the keyword 'uniqueItems'")
    return Array.from({ length }, (_, index) => this.of(first[index] ?? rest, place))
  }

  /** One value, or none: the property is not required. */
  #ifAny(schema: Schema, place: Place): unknown[] {
    try {
      return [this.of(schema, place)]
    } catch (error) {
      if (error instanceof NoInstance) return []
      throw error
    }
  }
}

/** @throws NoInstance if the schema allows nothing */
function keywordsOf(schema: Schema): Keywords {
  if (schema === false) throw new NoInstance('what the schema false allows')
  return schema === true ? {} : schema
}

const defined = (keywords: Keywords): Keywords =>
  Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined))

function choice(values: readonly unknown[], types: readonly string[]): unknown {
  const found = values.find(value => types.length === 0 || types.some(type => isOfType(value, type)))
  if (found === undefined && !values.includes(undefined))
    throw new NoInstance("an 'enum' without a value of its type")
  return found
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isObject(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

/** The type that a schema implies if it names none; a text if nothing implies one. */
function impliedTypes(keywords: Keywords): string[] {
  if (keywords.enum !== undefined) return []
  const speaks = (...names: string[]) => names.some(name => keywords[name] !== undefined)
  if (speaks('properties', 'required', 'additionalProperties')) return ['object']
  if (speaks('items', 'prefixItems', 'minItems', 'maxItems')) return ['array']
  if (speaks('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')) return ['number']
  return ['string']
}
