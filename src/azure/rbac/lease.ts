import { v5 } from 'uuid'

/**
 * Grants that end with the job that made them. Azure allows one assignment per principal, role and scope, no matter what its name
 * is, and lets one of several requests win. So each job gives its temporary assignment its own name. The job whose request
 * succeeds owns the assignment and removes it. A job that gets 409 RoleAssignmentExists must not rely on the existing one, and
 * waits until it is gone.
 */

/** Namespace of the derived names; made once, at random. */
const namespace = 'b4a5e0f2-52c6-4f6b-9a3e-6f3a7c1d2e90'

/** What distinguishes a job of one attempt of a run from any other. A member is undefined if it is not known. */
interface JobIdentity {
  repository: string | undefined
  runId: string | undefined
  runAttempt: string | undefined
  job: string | undefined
  checkRunId: string | undefined
  runnerName: string | undefined
}

/**
 * Names one job of one attempt of one run. Jobs of a matrix share everything except the id of their check run and the runner
 * (docs.github.com, OpenID Connect reference; GITHUB_JOB). Steps of one job share all of it.
 */
export function leaseOf({ repository, runId, runAttempt, job, checkRunId, runnerName }: JobIdentity): string {
  const parts = [repository, runId, runAttempt, job, checkRunId, runnerName]
  return v5(JSON.stringify(parts), namespace)
}

export function temporaryName(
  { scope, principalId, roleGuid }: { scope: string; principalId: string; roleGuid: string },
  lease: string,
): string {
  return v5([scope, principalId, roleGuid, lease].join('-').toLowerCase(), namespace)
}

/** The description of a temporary assignment: people read it in the portal, and other jobs read the lease in it. */
export function temporaryDescription(runUrl: string | undefined, lease: string): string {
  return `Key-less Gate, until its job ends: ${runUrl ?? 'outside GitHub Actions'} (temporary, lease ${lease})`
}

const mark = /\(temporary, lease ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)\s*$/i

/** The lease of a temporary assignment; undefined for those that stay. */
export function leaseIn(description: string | undefined): string | undefined {
  return mark.exec(description ?? '')?.[1]?.toLowerCase()
}

/** Whether the assignment will be removed when the job that made it ends. */
export const endsWithAJob = ({ description }: { description?: string }): boolean =>
  leaseIn(description) !== undefined

/** Whether the assignment will be removed when a job other than this one ends. */
export function isOfAnotherJob({ description }: { description?: string }, lease: string): boolean {
  const its = leaseIn(description)
  return its !== undefined && its !== lease
}

/** Whether a job made the assignment under this lease. The name shows it too, because nobody can rename an assignment. */
export function isMadeUnder(
  lease: string,
  name: string,
  assignment: { scope: string; principalId: string; roleGuid: string; description?: string },
): boolean {
  return leaseIn(assignment.description) === lease && temporaryName(assignment, lease) === name.toLowerCase()
}

/** What the post step needs; not a secret. It names the granting identity, because later steps may change the variables behind the inputs. */
export interface TemporaryGrant {
  assignmentId: string
  lease: string
  /** Whether Resource Manager refused to make it. If not, and it cannot be read, it may appear later. */
  wasRefused: boolean
  /** Of the identity that granted. */
  clientId: string
  tenantId: string
}
