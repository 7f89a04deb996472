import * as core from '@actions/core'
import type { Log } from '../tools.ts'
import { inertLine } from '../untrusted-text.ts'

/** The runner's log. Whatever a line quotes, the runner finds no command in it. */
export const runnerLog: Log = {
  info: line => core.info(inertLine(line)),
  warning: line => core.warning(inertLine(line)),
}
