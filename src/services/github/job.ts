import { leaseOf } from '../../azure/rbac/lease.ts'
import type { AssertionClaims } from './assertion-claims.ts'
import { runUrl, type WorkflowRun } from './workflow-run.ts'

/** The job that runs the gate: the facts that go into its role assignments. */
export interface Job {
  /** Names this job's temporary assignments. */
  lease: string
  /** Page of the run, if it is known. */
  url: string | undefined
}

export const jobOf = (run: WorkflowRun, assertion: AssertionClaims | undefined): Job => ({
  lease: leaseOf({ ...run, checkRunId: assertion?.check_run_id }),
  url: runUrl(run),
})
