import { constants } from 'node:os'
import * as core from '@actions/core'
import { failureOf } from '../core/failures/failure.ts'
import { inertLine } from '../core/text/untrusted.ts'

/** How the process of a step ends. */

/**
 * Requests that the outcome no longer depends on must not keep the job waiting. What was printed has to leave first: if pipes
 * are written asynchronously, an exit cuts it off (nodejs.org, process: a note on process I/O).
 */
export async function exit(code: number): Promise<never> {
  await new Promise(resolve => process.stdout.write('', resolve))
  process.exit(code)
}

/** The exit code that shells report for a process that a signal ended. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

/**
 * Resolves to the first signal; the runner sends one, and the other some seconds later. One listener serves the whole step: if
 * one replaced another, a signal in between would be lost.
 */
export const stopped = (): Promise<NodeJS.Signals> =>
  new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })

/**
 * Resolves to the first uncaught error, rejections included. Node would print the line of code, and that line is the whole
 * bundle.
 */
export const uncaught = (): Promise<unknown> =>
  new Promise(resolve => process.once('uncaughtException', resolve))

/** If the end cannot be reported in full: one annotation. @returns the exit code */
export function lastWords(error: unknown): number {
  const { code, said } = failureOf(error, 'reporting the result').failure
  core.error(inertLine(said.message), { title: `Key-less Gate: ${code}` })
  return 1
}
