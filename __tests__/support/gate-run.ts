import type { ActionResult } from '../../action-runner/index.ts'
import type { JournalEntry } from '../../local-cloud/journal.ts'

/** A run of the built action, and all that a user sees of it. */
export interface GateRun extends ActionResult {
  /** The JSON report, parsed. */
  report: unknown
  /** Requests that arrived during the run, the local cloud's own look-ups left out. */
  requests: readonly JournalEntry[]
}
