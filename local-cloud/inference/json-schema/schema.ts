import { NoInstance } from './no-instance.ts'

/** A JSON Schema as the request has it, unchecked. */
export type Schema = boolean | Keywords
export type Keywords = { readonly [keyword: string]: unknown }

export const isObject = (value: unknown): value is Keywords =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A schema inside another.
 * @throws NoInstance if it is no schema
 */
export function asSchema(value: unknown): Schema {
  if (typeof value === 'boolean' || isObject(value)) return value
  throw new NoInstance(`a schema that reads ${JSON.stringify(value)}`)
}

export const schemasIn = (value: unknown): Schema[] => (Array.isArray(value) ? value.map(asSchema) : [])

export const propertiesOf = ({ properties }: Keywords): [name: string, schema: Schema][] =>
  isObject(properties) ? Object.entries(properties).map(([name, schema]) => [name, asSchema(schema)]) : []

export const requiredOf = ({ required }: Keywords): string[] =>
  Array.isArray(required) ? required.filter(name => typeof name === 'string') : []

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined

export const typesOf = ({ type }: Keywords): string[] | undefined =>
  type === undefined ? undefined : [type].flat().filter(name => typeof name === 'string')

/**
 * The target of `$ref`: a JSON pointer into the same document (RFC 6901).
 * @throws NoInstance for any other reference
 */
export function referenced(root: Schema, ref: unknown): Schema {
  if (typeof ref !== 'string' || !/^#(\/|$)/.test(ref)) throw new NoInstance(`the reference ${String(ref)}`)
  let found: unknown = root
  for (const part of ref.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isObject(found) || Array.isArray(found) ? Reflect.get(found, key) : undefined
  }
  if (found === undefined) throw new NoInstance(`the reference ${ref}, which points nowhere`)
  return asSchema(found)
}
