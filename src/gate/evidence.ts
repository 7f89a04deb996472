import type { Assignment } from '../azure/rbac/assignment.ts'
import type { StepError } from '../core/failures/failure.ts'
import type { Http } from '../core/http/client.ts'
import type { Clock } from '../core/ports.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import type { Deny } from '../services/resource-manager/denial-evidence.ts'
import { wasDenied } from './access.ts'
import type { Note, RunRecord } from './record.ts'

/** Reads that only explain a refusal, so they are made only after one. They change no result. */

interface Refused {
  failure: StepError
  githubToken: string | undefined
}

/** How the repository customises its OIDC subjects, after one was refused. */
export async function describeSubjects(
  { failure, githubToken }: Refused,
  { run, http }: { run: WorkflowRun; http: Http },
  note: Note<'evidence'>,
): Promise<void> {
  if (githubToken === undefined || !failure.failure.code.startsWith('federated-subject')) return
  const { describeSubjectTemplate } = await import('../services/github/subject-template.ts')
  const subjectTemplate = await describeSubjectTemplate(run, githubToken, http)
  if (subjectTemplate !== undefined) note({ subjectTemplate })
}

/** What the run knew when a call was denied. */
interface Denied {
  smoke: readonly SmokeResult[]
  role?: { guid: string; scope: string }
  routes?: readonly Route[]
  assignments?: readonly Assignment[]
}

/** Every deny assignment that was seen to block the calls, during the look or after a denial. */
export function denyAssignmentsSeen({
  deniedBy = [],
  afterDenial,
}: Partial<Pick<RunRecord, 'deniedBy' | 'afterDenial'>>): Deny[] {
  const all = [...deniedBy, ...(afterDenial?.denyAssignments ?? [])]
  return [...new Map(all.map(({ name, scope }) => [`${scope} ${name}`, { name, scope }])).values()]
}

/** A second look at roles, after a call was denied. */
export async function lookAfterDenial(
  { smoke, role, routes = [], assignments }: Denied,
  { context, clock }: { context: ResourceContext | undefined; clock: Clock },
  note: Note<'evidence'>,
): Promise<void> {
  if (context === undefined || role === undefined || assignments === undefined || !wasDenied(smoke)) return
  const denial = await import('../services/resource-manager/denial-evidence.ts')
  const dataActions = dataActionsOf(routes)
  const groupIds = assignments.map(({ principalId }) => principalId)
  note({ afterDenial: await denial.readDenialEvidence(context, { role, dataActions, groupIds }, clock) })
}
