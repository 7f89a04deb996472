import type { Api } from './apis.ts'

export type Credentials = { kind: 'none' } | { kind: 'key'; key: string } | { kind: 'token'; token: string }

const looksLikeToken = (text: string) => text.split('.').length === 3

/** The credentials of a request. A key header is read first: with a wrong key, a good token does not help. */
export function readCredentials(headers: Readonly<Record<string, string>>, api: Api): Credentials {
  const key = headers[api.keyHeader] ?? headers['api-key']
  if (key) return { kind: 'key', key }

  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer === undefined) return { kind: 'none' }
  return api.keyAsBearer && !looksLikeToken(bearer)
    ? { kind: 'key', key: bearer }
    : { kind: 'token', token: bearer }
}
