import { isObject, type Keywords, requiredOf, typesOf } from './schema.ts'

/**
 * What the service says is wrong with a strict schema, or undefined. The wording is from clients' reports
 * (dottxt-ai/outlines#844, moeru-ai/xsai#202). The limits on depth and on the number of properties are not checked.
 */
export function complaintAbout(schema: unknown): string | undefined {
  if (!isObject(schema)) return notAnObject('None')
  const types = typesOf(schema)
  if (schema.$ref === undefined && (types === undefined || types[0] !== 'object'))
    return notAnObject(types?.[0] ?? 'None')
  return complaintAt(schema, [])
}

const notAnObject = (type: string) =>
  `schema must be a JSON Schema of 'type: "object"', got 'type: "${type}"'.`

/** Keywords that structured output does not support (platform.openai.com/docs/guides/structured-outputs). */
const NOT_PERMITTED = [
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
  'propertyNames',
  'minProperties',
  'maxProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contains',
  'minContains',
  'maxContains',
  'uniqueItems',
  'prefixItems',
]

function complaintAt(schema: unknown, context: readonly string[]): string | undefined {
  if (!isObject(schema)) return undefined
  const notPermitted = NOT_PERMITTED.find(keyword => schema[keyword] !== undefined)
  if (notPermitted !== undefined) return `In context=${tuple(context)}, '${notPermitted}' is not permitted.`
  const own = isObjectSchema(schema)
    ? complaintAboutObject(schema, context)
    : complaintAboutOther(schema, context)
  return own ?? first(inside(schema), ([path, inner]) => complaintAt(inner, [...context, ...path]))
}

const isObjectSchema = (schema: Keywords) =>
  schema.properties !== undefined || (typesOf(schema)?.includes('object') ?? false)

function complaintAboutObject(schema: Keywords, context: readonly string[]): string | undefined {
  const at = `In context=${tuple(context)}, `
  if (schema.additionalProperties !== false) {
    return `${at}'additionalProperties' is required to be supplied and to be false.`
  }
  const names = Object.keys(isObject(schema.properties) ? schema.properties : {})
  const missing = names.find(name => !requiredOf(schema).includes(name))
  if (missing !== undefined) {
    return `${at}'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`
  }
  const unknown = requiredOf(schema).find(name => !names.includes(name))
  return (
    unknown &&
    `${at}'required' is required to be supplied and to be an array including every key in properties. Extra required key '${unknown}' supplied.`
  )
}

function complaintAboutOther(schema: Keywords, context: readonly string[]): string | undefined {
  const { type, $ref, anyOf, enum: values, const: value, items } = schema
  const at = `In context=${tuple(context)}, `
  if ([type, $ref, anyOf, values, value].every(said => said === undefined))
    return `${at}schema must have a 'type' key.`
  return typesOf(schema)?.includes('array') && items === undefined
    ? `${at}array schema missing items.`
    : undefined
}

function inside(schema: Keywords): [path: string[], inner: unknown][] {
  const definitions = (keyword: string): [string[], unknown][] =>
    Object.entries(isObject(schema[keyword]) ? schema[keyword] : {}).map(([name, inner]) => [
      [keyword, name],
      inner,
    ])
  const branches = Array.isArray(schema.anyOf) ? schema.anyOf : []
  return [
    ...definitions('properties'),
    ...(schema.items === undefined ? [] : [[['items'], schema.items] satisfies [string[], unknown]]),
    ...branches.map((inner, index): [string[], unknown] => [['anyOf', String(index)], inner]),
    ...definitions('$defs'),
    ...definitions('definitions'),
  ]
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** As Python prints a tuple. */
const tuple = (parts: readonly string[]) =>
  `(${parts.map(part => `'${part}'`).join(', ')}${parts.length === 1 ? ',' : ''})`
