import * as core from '@actions/core'
import type { Log } from '../core/ports.ts'
import { inertLine } from '../core/text/untrusted.ts'

/** The runner's log. Whatever a line quotes, the runner finds no command in it. */
export const runnerLog: Log = {
  info: line => core.info(inertLine(line)),
  warning: line => core.warning(inertLine(line)),
}
