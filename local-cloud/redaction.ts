import type { JournalEntry } from './journal.ts'

const REDACTED = '[redacted]'

/** Lower-case names of headers whose whole value is a secret. */
const SECRET_HEADERS = new Set([
  'api-key',
  'authorization',
  'cookie',
  'ocp-apim-subscription-key',
  'proxy-authorization',
  'x-api-key',
  'x-identity-header',
])

/** Three parts in base64url; the first is a JSON object, which begins with `{"`. */
const JWT = /eyJ[\w-]{8,}\.[\w-]*\.[\w-]*/g

const SECRET_NAMES =
  'access_token|api[-_]?key|assertion|client_assertion|client_secret|federated_token|id_token|password|refresh_token|secret|token'
/** In a query or a form; there alone `code` is an authorization code. */
const FORM_FIELDS = new RegExp(`(?<=(?:^|[?&])(?:${SECRET_NAMES}|code)=)[^&]*`, 'gi')
const JSON_FIELDS = new RegExp(`(?<="(?:${SECRET_NAMES}|key1|key2)"\\s*:\\s*")(?:\\\\.|[^"\\\\])*`, 'gi')

/**
 * An entry without the secrets that its request carried, wherever they stand and whatever the body claims to be: what is named
 * like a secret, what looks like a token, and the secrets that are known.
 * @param known each one as it was given out
 */
export function redacted(entry: JournalEntry, known: readonly string[]): JournalEntry {
  const clean = (text: string) =>
    known
      .reduce((so, secret) => so.replaceAll(secret, REDACTED), text)
      .replace(JWT, REDACTED)
      .replace(FORM_FIELDS, REDACTED)
      .replace(JSON_FIELDS, REDACTED)
  const headers = Object.entries(entry.headers).map(([name, value]) => [
    name,
    SECRET_HEADERS.has(name) ? REDACTED : clean(value),
  ])
  return {
    ...entry,
    target: clean(entry.target),
    headers: Object.fromEntries(headers),
    body: clean(entry.body),
    ...(entry.failure === undefined ? {} : { failure: clean(entry.failure) }),
  }
}
