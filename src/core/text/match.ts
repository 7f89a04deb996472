import { runInNewContext } from 'node:vm'
import * as v from 'valibot'

/** A pattern that backtracks may take for ever, and nothing else, no signal either, is heard meanwhile. */
const limitMs = 500
const timeoutError = v.object({ code: v.literal('ERR_SCRIPT_EXECUTION_TIMEOUT') })

/**
 * Whether the pattern matches the text, by JavaScript's own rules, in half a second of computing at most.
 * @returns `too-slow` where that was not enough to tell.
 */
export function matchesInTime({ source, flags }: RegExp, text: string): boolean | 'too-slow' {
  try {
    // In a context of its own: that alone can be stopped from outside.
    const globals = { source, flags, text }
    return runInNewContext('new RegExp(source, flags).test(text)', globals, { timeout: limitMs }) === true
  } catch (error) {
    if (v.is(timeoutError, error)) return 'too-slow'
    throw error
  }
}
