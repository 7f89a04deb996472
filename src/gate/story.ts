import type { TemporaryGrant } from '../azure/rbac/lease.ts'
import { failureOf } from '../core/failures/failure.ts'
import type { Http, Preconnect } from '../core/http/client.ts'
import type { Clock, Log, Mask, Random } from '../core/ports.ts'
import type { Assertions } from '../services/github/assertions.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import type { RecordKeeper } from './record.ts'
import type { Reporter } from './reporter.ts'

/** What the steps of a run work with. */

export interface Tools {
  http: Http
  preconnect: Preconnect
  clock: Clock
  /** For what happens while services are called: retries, mostly. */
  log: Log
  reporter: Reporter
  mask: Mask
  random: Random
  run: WorkflowRun
  assertions: Assertions
  /** Leaves a note for the post step about what to remove. */
  keep: (grant: TemporaryGrant) => void
}

export interface Story {
  tools: Tools
  /** What the record gets. No chapter can read it. */
  note: RecordKeeper['note']
  step: ReturnType<typeof stepper>
}

/** Runs each step under its name, and records how long it took. */
export function stepper(record: Pick<RecordKeeper, 'step'>, { clock, reporter }: Tools) {
  return async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    reporter.stepBegins(name)
    const startedAt = clock.now()
    const end = (outcome: 'done' | 'failed') =>
      record.step({ name, tookMs: clock.now() - startedAt, outcome })
    try {
      const result = await run()
      end('done')
      return result
    } catch (error) {
      end('failed')
      throw failureOf(error, `running the step "${name}"`)
    }
  }
}
