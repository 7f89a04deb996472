import { guidPattern } from '../azure/resource-id.ts'
import { localFailure, StepError } from '../core/failures/failure.ts'
import { plain } from '../core/text/untrusted.ts'

export type Environment = Readonly<Record<string, string | undefined>>
/** What is wrong with a text, in words that end a sentence that begins with the text. */
export type Problem = { problem: string }

/** Collects what is wrong with each input instead of stopping at the first. */
export interface Reader {
  /** Undefined if the input is not set or blank: a missing secret arrives as an empty string. */
  text(name: string): string | undefined
  guid(name: string, fallback?: string): string
  choice<T extends string>(name: string, accepted: readonly T[], otherwise: T): T
  /** `true` or `false`. */
  flag(name: string, otherwise?: boolean): boolean
  parsed<T extends object | string | number>(
    name: string,
    parse: (text: string) => T | Problem,
  ): T | undefined
  /**
   * One entry per line; empty if the input is not set. Windows line ends and the line end of a YAML block add no line.
   */
  lines<T>(name: string, parse: (lines: readonly string[]) => T[] | Problem): T[]
  refuse(name: string, problem: string): void
  finish(): void
}

/** @param input The text of an input, untrimmed, and empty if it is not set. */
export function createReader(input: (name: string) => string, env: Environment): Reader {
  const problems: string[] = []
  const text = (name: string) => {
    const value = input(name).trim()
    return value === '' ? undefined : value
  }
  const refuse = (name: string, problem: string) => {
    problems.push(`\`${name}\` ${problem}`)
  }
  const choice: Reader['choice'] = (name, accepted, otherwise) => {
    const value = text(name)
    if (value === undefined) return otherwise
    const match = accepted.find(candidate => candidate.toLowerCase() === value.toLowerCase())
    if (match !== undefined) return match
    refuse(
      name,
      `is ${quoted(value)}; accepted are ${accepted.map(candidate => `\`${candidate}\``).join(', ')}`,
    )
    return otherwise
  }
  const parsed: Reader['parsed'] = (name, parse) => {
    const value = text(name)
    if (value === undefined) return undefined
    const result = parse(value)
    if (!isProblem(result)) return result
    refuse(name, `is ${quoted(value)}, which ${result.problem}`)
    return undefined
  }
  return {
    text,
    refuse,
    parsed,
    // Untrimmed, because an empty first or last line must be reported.
    lines: (name, parse) => parsed(name, () => parse(linesOf(input(name)))) ?? [],
    guid(name, fallback) {
      const given = text(name)
      const value = given ?? (fallback === undefined ? undefined : env[fallback]?.trim() || undefined)
      const source = given === undefined && fallback !== undefined ? ` (from ${fallback})` : ''
      if (value === undefined) {
        refuse(
          name,
          `is missing; a GUID is needed${fallback === undefined ? '' : `, here or in the environment variable ${fallback}`}. An absent secret or variable arrives as an empty string`,
        )
      } else if (!guidPattern.test(value)) {
        refuse(
          name,
          `is ${quoted(value)}${source}, which is not a GUID of the form 00000000-0000-0000-0000-000000000000`,
        )
      }
      return value?.toLowerCase() ?? ''
    },
    choice,
    flag: (name, otherwise = false) => choice(name, ['true', 'false'], String(otherwise)) === 'true',
    finish() {
      if (problems.length === 0) return
      throw new StepError('reading the inputs', localFailure('input-invalid', problems.join('\n')))
    },
  }
}

/** @param value What one of our own parsers returned; no other value of theirs has such a field. */
export const isProblem = <T>(value: T | Problem): value is Problem =>
  typeof value === 'object' && value !== null && 'problem' in value

/**
 * Quotes a value, unless it may be a secret in the wrong input: GitHub masks a long text, such as a JSON document of credentials,
 * only as a whole. Ids and addresses are quoted, without a password and a query.
 */
export function quoted(value: string): string {
  const isAddress = /^https?:\/\//i.test(value)
  const isReadable = value.length <= 60 || value.startsWith('/') || isAddress
  if (!isReadable || value.startsWith('{')) return `a text of ${value.length} characters`
  return `"${plain(isAddress ? withoutSecrets(value) : value.replace(/\/\/.*@/, '//***@'), 200)}"`
}

/** A password may contain what ends the host of an address, or another `@`. */
const withoutSecrets = (address: string) =>
  address.replace(/\/\/.*@/s, '//***@').replace(/([?#]).+$/s, '$1***')

/** Without the line end of a YAML block. */
const linesOf = (text: string) => text.replace(/(?:\r\n|\r|\n)[ \t]*$/, '').split(/\r\n|\r|\n/)
