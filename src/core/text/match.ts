import { runInNewContext } from 'node:vm'

/** A pattern that backtracks may take for ever, and nothing else, no signal either, is heard meanwhile. */
const limitMs = 500

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
    if (isTimeout(error)) return 'too-slow'
    throw error
  }
}

const isTimeout = (error: unknown) =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
