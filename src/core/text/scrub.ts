import { parseErrorJson } from './json.ts'

/**
 * Removes our own secrets from server text. Servers quote requests, and we shorten their text, so the runner's mask does not
 * match what is left.
 */

export type Scrub = (text: string) => string

/** A truncated secret is recognised by this many characters at its start. */
const telling = 8

/**
 * Finds each secret unchanged, in another case, truncated, with blanks or invisible characters inside, percent-encoded (also
 * several times), HTML-encoded, and in base64.
 * @param mark Replaces each secret.
 */
export function scrubberOf(secrets: readonly string[], mark: string): Scrub {
  const given = secrets.filter(secret => secret !== '')
  if (given.length === 0) return text => text
  const forms = new Set(given.flatMap(secret => [secret, Buffer.from(secret).toString('base64')]))
  // Longest first, because one secret may be part of another.
  const patterns = [...forms].toSorted((a, b) => b.length - a.length).map(patternOf)
  const anyForm = new RegExp(patterns.join('|'), 'giu')
  return text => text.replace(anyForm, mark)
}

function patternOf(secret: string): string {
  // A pattern cannot name half a surrogate pair, so it is replaced by the bytes that are sent for it.
  const characters = [...Buffer.from(secret).toString()].map(characterPattern)
  const unseen = String.raw`[^\x21-\x7e]*`
  const rest = characters
    .slice(telling)
    .reduceRight((after, character) => `(?:${unseen}${character}${after})?`, '')
  return `${characters.slice(0, telling).join(unseen)}${rest}`
}

/** Letters and digits are the same in every encoding. */
function characterPattern(character: string): string {
  if (/[a-z0-9]/i.test(character)) return character
  const itself = `\\u{${character.codePointAt(0)?.toString(16)}}`
  const inAddresses = [...Buffer.from(character)].map(byte => `%(?:25)*${byte.toString(16).padStart(2, '0')}`)
  return `(?:${itself}|${inAddresses.join('')}|&#?[a-z0-9]{1,8};)`
}

/**
 * In JSON a secret may be escaped, and may be a name as well as a value. What is not JSON, or longer than any error, is treated
 * as text.
 */
export function scrubBody(body: string, scrub: Scrub): string {
  const json = parseErrorJson(body)
  if (json === undefined) return scrub(withoutEscapes(body))
  try {
    return JSON.stringify(json, (_, value: unknown) => scrubbed(value, scrub))
  } catch {
    // Nested too deeply to walk through.
    return scrub(withoutEscapes(body))
  }
}

function scrubbed(value: unknown, scrub: Scrub): unknown {
  if (typeof value === 'string') return scrub(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [scrub(name), inner]))
}

const withoutEscapes = (text: string) =>
  text.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
