import { runInNewContext } from 'node:vm'
import * as v from 'valibot'

/** A pattern that backtracks may run forever, and meanwhile nothing else runs, not even signal handlers. */
const limitMs = 500
const timeoutError = v.object({ code: v.literal('ERR_SCRIPT_EXECUTION_TIMEOUT') })

/**
 * Whether the pattern matches the text, by the rules of JavaScript.
 * @returns `too-slow` if half a second of computing was not enough.
 */
export function matchesInTime({ source, flags }: RegExp, text: string): boolean | 'too-slow' {
  try {
    // In a separate context, because only there can it be stopped.
    const globals = { source, flags, text }
    return runInNewContext('new RegExp(source, flags).test(text)', globals, { timeout: limitMs }) === true
  } catch (error) {
    if (v.is(timeoutError, error)) return 'too-slow'
    throw error
  }
}
