import { parseHttps } from '../azure/endpoint.ts'
import { plain } from '../core/text/untrusted.ts'
import { isProblem, type Problem, quoted } from './reader.ts'

/** Formats of values in several inputs. */

/**
 * The lines of a list, without blanks and commas around them. A comma after the last entry stays, unless every line has one: it
 * may come before a variable that is not set, and `gapIn` reports it.
 */
export function entriesOf(lines: readonly string[]): string[] {
  const trimmed = lines.map(line => line.trim())
  const isStyle = trimmed.length > 1 && trimmed.every(line => line.endsWith(','))
  return trimmed.map((line, at) =>
    isStyle || at < trimmed.length - 1 ? line.replace(/,$/, '').trim() : line,
  )
}

/** The problem of an entry that is empty or has an empty part; undefined if it has none. */
export function gapIn(entry: string): string | undefined {
  const absent = 'An absent variable arrives as an empty string'
  if (entry === '') return `holds an empty line, which names nothing. ${absent}`
  return entry.endsWith(',')
    ? `holds the line ${quoted(entry)}: nothing follows the comma. ${absent}`
    : undefined
}

export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute

export function duration(min: number, max: number): (text: string) => number | Problem {
  const units: Readonly<Record<string, number>> = { s: second, m: minute, h: hour }
  return text => {
    const [, amount, unit] = /^(\d{1,6})\s*([smh])$/i.exec(text) ?? []
    const factor = units[unit?.toLowerCase() ?? '']
    if (amount === undefined || factor === undefined)
      return { problem: 'is not a duration such as `90s`, `15m` or `1h`' }
    const ms = Number(amount) * factor
    if (ms < min || ms > max) return { problem: `is not between ${min / second}s and ${max / minute}m` }
    return ms
  }
}

export function wholeNumber(min: number, max: number): (text: string) => number | Problem {
  return text => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max)
      return { problem: `is not a whole number from ${min} to ${max}` }
    return value
  }
}

export function parseExpression(text: string): RegExp | Problem {
  // People who write JavaScript write /ready/i.
  const [, pattern = text, flags = ''] = /^\/(.+)\/([imsu]*)$/s.exec(text) ?? []
  try {
    return new RegExp(pattern, flags)
  } catch (error) {
    return {
      problem: `does not compile: ${plain(error instanceof Error ? error.message : String(error), 160)}`,
    }
  }
}

/** An https origin. Anything after it except a slash is a problem. */
export function parseOrigin(text: string): string | Problem {
  const url = parseHttps(text)
  if (isProblem(url)) return url
  if (url.search !== '' || url.hash !== '') return { problem: 'holds a query or a fragment' }
  if (url.pathname !== '/') return { problem: `has the path ${url.pathname}; give scheme and host only` }
  return url.origin
}
