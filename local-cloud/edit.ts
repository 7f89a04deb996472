/** Changes to JSON that a fault makes: one value, at a path; a JSON Web Token is entered by its claims, and keeps its old signature. */

type Path = ReadonlyArray<string | number>

/** @param change Without a value: the value at the path is removed. */
export function edited(json: unknown, [name, ...rest]: Path, change: { value?: unknown }): unknown {
  if (name === undefined) return change.value
  if (typeof json === 'string') return withClaims(json, claims => edited(claims, [name, ...rest], change))
  if (typeof json !== 'object' || json === null) return json
  const fields = Object.entries(json)
    .map(([key, value]): [string, unknown] => [
      key,
      key === String(name) && rest.length > 0 ? edited(value, rest, change) : value,
    ])
    .filter(([key]) => key !== String(name) || rest.length > 0)
  if (rest.length === 0 && 'value' in change) fields.push([String(name), change.value])
  return Array.isArray(json) ? fields.map(([, value]) => value) : Object.fromEntries(fields)
}

/** A string that is no token stays as it is. */
function withClaims(token: string, change: (claims: unknown) => unknown): string {
  const [header, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return token
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  const changed = Buffer.from(JSON.stringify(change(claims)) ?? 'null').toString('base64url')
  return [header, changed, signature].join('.')
}
