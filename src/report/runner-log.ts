import * as core from '@actions/core'
import type { Log } from '../core/ports.ts'
import { inertLine } from '../core/text/untrusted.ts'

/**
 * Discards standard error. The runner looks for commands there too, and Node quotes servers in it unescaped if NODE_DEBUG was set
 * at its start. The stream itself is opened only if something uses it, because that takes two milliseconds.
 */
export function silenceStandardError(): void {
  const open = Object.getOwnPropertyDescriptor(process, 'stderr')?.get
  Object.defineProperty(process, 'stderr', {
    configurable: true,
    get: () => Object.assign(open?.call(process), { write: () => true }),
  })
}

/** The runner's log. The runner finds no command in a line, no matter what the line quotes. */
export const runnerLog: Log = {
  info: line => core.info(inertLine(line)),
  warning: (title, line) => core.warning(inertLine(line), { title: `Key-less Gate: ${title}` }),
}

/** Writes folded lines with a title. */
export function logFold(title: string, lines: readonly string[]): void {
  core.startGroup(inertLine(title))
  for (const line of lines) runnerLog.info(line)
  core.endGroup()
}
