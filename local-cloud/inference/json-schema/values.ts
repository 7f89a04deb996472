import { NoInstance } from './no-instance.ts'
import { textMatching } from './pattern.ts'
import { type Keywords, numberOf } from './schema.ts'

/** Texts and numbers within their bounds. */

const WORD = 'text'

const SAMPLES: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T12:00:00Z',
  date: '2026-01-31',
  time: '12:00:00Z',
  duration: 'P1D',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '6f1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b',
  uri: 'https://example.com/',
  'uri-reference': 'https://example.com/',
  'json-pointer': '/a',
  regex: 'a',
}

/** @throws NoInstance */
export function textWithin({ pattern, format, minLength, maxLength }: Keywords): string {
  const [least, most] = [numberOf(minLength) ?? 0, numberOf(maxLength) ?? Number.POSITIVE_INFINITY]
  if (least > most) throw new NoInstance(`a text of at least ${least} and at most ${most} characters`)
  if (typeof pattern === 'string') return textMatching(pattern, least, most)
  const sample = typeof format === 'string' ? SAMPLES[format] : undefined
  if (sample !== undefined) {
    if (sample.length >= least && sample.length <= most) return sample
    throw new NoInstance(`a ${format} of ${least} to ${most} characters`)
  }
  return WORD.padEnd(least, WORD).slice(0, Math.min(most, Math.max(least, WORD.length)))
}

/** How many multiples are tried. Multiples that binary fractions cannot express are skipped. */
const MOST_TRIES = 10_000

/**
 * One, if it fits; otherwise a value close to a bound.
 * @throws NoInstance
 */
export function numberWithin(keywords: Keywords, isInteger: boolean): number {
  const fits = (value: number) => isWithin(keywords, value) && (!isInteger || Number.isInteger(value))
  const least = Math.max(...boundsOf(keywords, ['minimum', 'exclusiveMinimum'], Number.NEGATIVE_INFINITY))
  const most = Math.min(...boundsOf(keywords, ['maximum', 'exclusiveMaximum'], Number.POSITIVE_INFINITY))
  const step = numberOf(keywords.multipleOf) ?? (isInteger ? 1 : undefined)

  const found = [1, 0, ...candidates(least, most, step)].find(fits)
  if (found === undefined) throw new NoInstance(`a number from ${least} to ${most}`)
  return found
}

function* candidates(least: number, most: number, step: number | undefined): Generator<number> {
  const start = Number.isFinite(least) ? least : Number.isFinite(most) ? most : 0
  const up = Number.isFinite(least)
  if (step === undefined) {
    yield start
    if (Number.isFinite(least) && Number.isFinite(most)) yield (least + most) / 2
    yield up ? start + 1 : start - 1
    return
  }
  const first = up ? Math.ceil(start / step) : Math.floor(start / step)
  for (let tries = 0; tries < MOST_TRIES; tries += 1) yield (up ? first + tries : first - tries) * step
}

const boundsOf = (keywords: Keywords, names: readonly string[], otherwise: number): number[] =>
  names.map(name => numberOf(keywords[name]) ?? otherwise)

function isWithin(
  { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf }: Keywords,
  value: number,
): boolean {
  const step = numberOf(multipleOf)
  return (
    value >= (numberOf(minimum) ?? Number.NEGATIVE_INFINITY) &&
    value > (numberOf(exclusiveMinimum) ?? Number.NEGATIVE_INFINITY) &&
    value <= (numberOf(maximum) ?? Number.POSITIVE_INFINITY) &&
    value < (numberOf(exclusiveMaximum) ?? Number.POSITIVE_INFINITY) &&
    (step === undefined || Number.isInteger(value / step))
  )
}
