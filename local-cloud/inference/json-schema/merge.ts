import { NoInstance } from './no-instance.ts'
import { isObject, type Keywords, numberOf, requiredOf, schemasIn, typesOf } from './schema.ts'

/**
 * One schema that requires what both require: a reference and its neighbours, `allOf`, a branch of `anyOf`.
 * @throws NoInstance if they contradict each other, or if one schema cannot express both
 */
export function merged(one: Keywords, other: Keywords): Keywords {
  const both: Record<string, unknown> = { ...one, ...other }
  for (const keyword of Object.keys(other)) {
    if (one[keyword] !== undefined) both[keyword] = (together[keyword] ?? single(keyword))(one, other)
  }
  return both
}

type Together = (one: Keywords, other: Keywords) => unknown

const highest =
  (keyword: string): Together =>
  (one, other) =>
    Math.max(numberOf(one[keyword]) ?? 0, numberOf(other[keyword]) ?? 0)

const lowest =
  (keyword: string): Together =>
  (one, other) =>
    Math.min(numberOf(one[keyword]) ?? 0, numberOf(other[keyword]) ?? 0)

/** For keywords that only describe: the later one wins. */
const last =
  (keyword: string): Together =>
  (_one, other) =>
    other[keyword]

/** A schema for both: `allOf` of the two. */
const schemaOfBoth =
  (keyword: string): Together =>
  (one, other) => ({ allOf: [one[keyword], other[keyword]] })

/** For keywords that cannot be combined. */
const single =
  (keyword: string): Together =>
  (one, other) => {
    if (isSame(one[keyword], other[keyword])) return other[keyword]
    throw new NoInstance(`two values of '${keyword}' at once`)
  }

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

const describing = ['title', 'description', 'default', 'examples', 'deprecated', '$comment', '$schema', '$id']

const together: Readonly<Record<string, Together>> = {
  ...Object.fromEntries(
    ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'].map(name => [
      name,
      highest(name),
    ]),
  ),
  ...Object.fromEntries(
    ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'].map(name => [
      name,
      lowest(name),
    ]),
  ),
  ...Object.fromEntries(describing.map(name => [name, last(name)])),
  required: (one, other) => [...new Set([...requiredOf(one), ...requiredOf(other)])],
  type: (one, other) => commonTypes(typesOf(one) ?? [], typesOf(other) ?? []),
  enum: (one, other) =>
    [one.enum].flat().filter(value => [other.enum].flat().some(known => isSame(known, value))),
  properties: (one, other) => commonProperties(one.properties, other.properties),
  items: schemaOfBoth('items'),
  additionalProperties: schemaOfBoth('additionalProperties'),
  allOf: (one, other) => [...schemasIn(one.allOf), ...schemasIn(other.allOf)],
}

function commonTypes(one: readonly string[], other: readonly string[]): string[] {
  const isIn = (types: readonly string[]) => (type: string) =>
    types.includes(type) || (type === 'integer' && types.includes('number'))
  const common = [...new Set([...one.filter(isIn(other)), ...other.filter(isIn(one))])]
  if (common.length === 0)
    throw new NoInstance(`a value that is ${one.join(' or ')} and ${other.join(' or ')}`)
  return common
}

function commonProperties(one: unknown, other: unknown): Keywords {
  const [a, b] = [isObject(one) ? one : {}, isObject(other) ? other : {}]
  const both: Record<string, unknown> = { ...a, ...b }
  for (const name of Object.keys(b)) {
    if (a[name] !== undefined) both[name] = { allOf: [a[name], b[name]] }
  }
  return both
}
