import { runInNewContext } from 'node:vm'
import * as v from 'valibot'

/** A pattern that backtracks may run forever, and blocks everything else meanwhile, signals included. */
const limitMs = 500
const timeoutError = v.object({ code: v.literal('ERR_SCRIPT_EXECUTION_TIMEOUT') })

/**
 * Whether the pattern matches the text, by JavaScript's own rules, within half a second of computing.
 * @returns `too-slow` if that was not enough.
 */
export function matchesInTime({ source, flags }: RegExp, text: string): boolean | 'too-slow' {
  try {
    // In a separate context: only that can be stopped from outside.
    const globals = { source, flags, text }
    return runInNewContext('new RegExp(source, flags).test(text)', globals, { timeout: limitMs }) === true
  } catch (error) {
    if (v.is(timeoutError, error)) return 'too-slow'
    throw error
  }
}
