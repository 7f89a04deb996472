import { constants } from 'node:os'
import * as core from '@actions/core'
import { failureOf } from '../core/failures/failure.ts'
import { inertLine } from '../core/text/untrusted.ts'

/** How the process of a step ends. */

/**
 * Requests that the outcome no longer depends on must not keep the job waiting; what was printed has to leave first, because where pipes
 * are written asynchronously an exit cuts it off (nodejs.org, process: a note on process I/O).
 */
export async function exit(code: number): Promise<never> {
  await new Promise(resolve => process.stdout.write('', resolve))
  process.exit(code)
}

/** The exit code that shells give a process which a signal ended. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

/**
 * Resolves to the first signal; the runner sends one, and the other some seconds later. There is one listener for the whole step: a signal
 * that arrives while one takes the other's place is lost.
 */
export const stopped = (): Promise<NodeJS.Signals> =>
  new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })

/** Resolves to what nobody caught, rejections included: Node would print the line of code, and that is all of the bundle. */
export const uncaught = (): Promise<unknown> =>
  new Promise(resolve => process.once('uncaughtException', resolve))

/** Where the end cannot be told in full: one annotation. @returns the exit code */
export function lastWords(error: unknown): number {
  const { code, said } = failureOf(error, 'reporting the result').failure
  core.error(inertLine(said.message), { title: `Key-less Gate: ${code}` })
  return 1
}
