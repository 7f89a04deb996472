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

/** The first part of a possible token, and the two that follow it. */
const FIRST_PART = /[\w-]{11,}/g
const OTHER_PARTS = /^\.[\w-]*\.[\w-]*/

const SECRET_NAMES =
  'access_token|api[-_]?key|assertion|client_assertion|client_secret|federated_token|id_token|password|refresh_token|secret|token'
/** In a query or a form; there alone `code` is an authorization code. */
const FORM_FIELDS = new RegExp(`(?<=(?:^|[?&])(?:${SECRET_NAMES}|code)=)[^&]*`, 'gi')
const JSON_FIELDS = new RegExp(`(?<="(?:${SECRET_NAMES}|key1|key2)"\\s*:\\s*")(?:\\\\.|[^"\\\\])*`, 'gi')

/** Places of a text, each from the first character to the one behind the last. */
type Range = readonly [start: number, end: number]

/** A character that is escaped as in a URL or in JSON. */
const ESCAPES = /%[0-9a-f]{2}|\\+u[0-9a-f]{4}/i
const CHARACTERS = /%[0-9a-f]{2}|\\+u[0-9a-f]{4}|[\s\S]/gi
/** What may be base64 of something that is as long as a secret. */
const BASE64 = /[\w+/-]{20,}={0,2}/g
/** How often one form may be wrapped in another: a query in a query, JSON in JSON. */
const DEEPEST = 3
/** A path has few parts. Of a text with more, only the first are tried as starts. */
const MOST_STARTS = 20

/** Where a text holds a secret or what looks like a token, as it is, with any characters escaped, or in base64. */
function secretsIn(text: string, known: readonly string[], depth = 0): Range[] {
  const found = tokensIn(text)
  for (const secret of known) {
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length))
      found.push([at, at + secret.length])
  }
  if (depth === DEEPEST) return found
  return [...found, ...escapedIn(text, known, depth), ...encodedIn(text, known, depth)]
}

/** A token has three parts in base64url; the first is a JSON object, which begins with `{"`. Each part is read once, however long it is. */
function tokensIn(text: string): Range[] {
  return [...text.matchAll(FIRST_PART)].flatMap(({ index, 0: run }): Range[] => {
    const at = run.indexOf('eyJ')
    const others = OTHER_PARTS.exec(text.slice(index + run.length))
    return at < 0 || others === null ? [] : [[index + at, index + run.length + others[0].length]]
  })
}

function escapedIn(text: string, known: readonly string[], depth: number): Range[] {
  if (!ESCAPES.test(text)) return []
  const characters = [...text.matchAll(CHARACTERS)]
  const plain = characters.map(({ 0: written }) =>
    written.length === 1
      ? written
      : String.fromCharCode(Number.parseInt(written.replace(/^(?:%|\\+u)/i, ''), 16)),
  )
  const place = (index: number) => characters[index]?.index ?? text.length
  return secretsIn(plain.join(''), known, depth + 1).map(([start, end]) => [place(start), place(end)])
}

function encodedIn(text: string, known: readonly string[], depth: number): Range[] {
  return [...text.matchAll(BASE64)].flatMap(({ index, 0: run }): Range[] => {
    const holdsSecret = (start: number) =>
      secretsIn(Buffer.from(run.slice(start), 'base64').toString('latin1'), known, depth + 1).length > 0
    const start = startsOf(run).find(holdsSecret)
    return start === undefined ? [] : [[index + start, index + run.length]]
  })
}

/** A slash may belong to base64, or stand before it in a path. */
const startsOf = (run: string): number[] =>
  [0, ...[...run.matchAll(/\//g)].map(({ index }) => index + 1)].slice(0, MOST_STARTS)

/** Each stretch of ranges that touch is one secret. */
function without(text: string, ranges: readonly Range[]): string {
  let done = 0
  let left = ''
  for (const [start, end] of ranges.toSorted(([one], [other]) => one - other)) {
    if (start >= done && end > start) left += text.slice(done, start) + REDACTED
    done = Math.max(done, end)
  }
  return left + text.slice(done)
}

/**
 * An entry without the secrets of its request, no matter where they are and what the body claims to be: values named like a
 * secret, what looks like a token, and the known secrets, in every form in which text is sent.
 * @param known each one as it was given out, none of them empty
 */
export function redacted(entry: JournalEntry, known: readonly string[]): JournalEntry {
  const clean = (text: string) =>
    without(text, secretsIn(text, known)).replace(FORM_FIELDS, REDACTED).replace(JSON_FIELDS, REDACTED)
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
