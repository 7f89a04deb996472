import * as core from '@actions/core'
import type { Log } from '../core/ports.ts'
import { inertLine } from '../core/text/untrusted.ts'

/**
 * We write nothing to standard error, where the runner looks for commands too. Others would quote servers there unescaped: Node
 * does, if NODE_DEBUG was set when the process began. The stream is opened for those who use it, and by nobody in most runs: that
 * takes two milliseconds.
 */
export function silenceStandardError(): void {
  const open = Object.getOwnPropertyDescriptor(process, 'stderr')?.get
  Object.defineProperty(process, 'stderr', {
    configurable: true,
    get: () => Object.assign(open?.call(process), { write: () => true }),
  })
}

/** The runner's log. Whatever a line quotes, the runner finds no command in it. */
export const runnerLog: Log = {
  info: line => core.info(inertLine(line)),
  warning: (title, line) => core.warning(inertLine(line), { title: `Key-less Gate: ${title}` }),
}

/** Lines that the log shows folded, under a title. */
export function logFold(title: string, lines: readonly string[]): void {
  core.startGroup(inertLine(title))
  for (const line of lines) runnerLog.info(line)
  core.endGroup()
}
