import type { Assignment } from '../azure/rbac/assignment.ts'
import { assignmentIdOf, permanentName } from '../azure/rbac/assignment-name.ts'
import { coverageLine, missingCoverage } from '../azure/rbac/coverage.ts'
import {
  isOfAnotherJob,
  type TemporaryGrant,
  temporaryDescription,
  temporaryName,
} from '../azure/rbac/lease.ts'
import { coversAll } from '../azure/rbac/permissions.ts'
import type { DiagnosisCode } from '../core/failures/codes.ts'
import { ownRefusal, StepFailure } from '../core/failures/failure.ts'
import type { Clock, Log, Random } from '../core/ports.ts'
import { plain } from '../core/text/untrusted.ts'
import { jobOf } from '../services/github/job.ts'
import { runUrl } from '../services/github/workflow-run.ts'
import { dataActionsOf } from '../services/inference/route.ts'
import type { ResourceContext } from '../services/resource-manager/client.ts'
import { isGrantee } from '../services/resource-manager/client.ts'
import {
  createAssignment,
  type Granted,
  type Naming,
  type RoleToGrant,
} from '../services/resource-manager/create-assignment.ts'
import { readAssignment } from '../services/resource-manager/role-assignments.ts'
import { ageAt } from './assignment-age.ts'
import type { View } from './inspect.ts'
import { untilReleased } from './other-jobs.ts'
import type { Facts } from './record.ts'
import { type RolesView, tellHeldByAnother } from './role-access.ts'
import type { Settings } from './settings.ts'
import type { AssignmentAge } from './waiting/schedule.ts'

/**
 * Whether a grant is called for: access was denied, and no role is known that should give it; or it was given although nothing
 * gives it any more, for replicas honour a role for a while after it was taken away; or what gives it ends with another job.
 */
export function needsGrant({ first, roles }: View, facts: Facts): boolean {
  if (roles === undefined) return false
  if (facts.borrowed !== undefined) return true
  const { state } = roles.held
  if (first.round.kind === 'refused') return state === 'missing' || state === 'unknown'
  return state === 'missing' && (facts.permissions !== undefined || isForAnother(facts))
}

/** What somebody else holds, the pipeline's call does not tell. */
const isForAnother = ({ settings, principal }: Facts) =>
  settings?.access.grantee !== undefined && settings.access.grantee.principalId !== principal?.oid

/** Whether a call was let through by nothing that is known to last: by a right that is gone, about to go, or was not seen. */
export function mayLapse({ first, routes }: View, { permissions = [] }: Facts): boolean {
  return first.round.kind === 'ok' && !coversAll(permissions, dataActionsOf(routes))
}

/** The pipeline may not grant, but somebody else may have done it a moment ago. */
const mayBeGrantedByOthers: ReadonlySet<DiagnosisCode> = new Set([
  'cannot-assign-role',
  'delegation-condition-unmet',
  'deny-assignment',
])

/** An assignment that is older than the request by more than clocks disagree was there before it. */
const clockDisagreementMs = 10_000

export interface GrantTools {
  clock: Clock
  log: Log
  random: Random
  /** Keeps for the post step what it shall remove, before it is made: a run may be stopped at any moment. */
  keep: (grant: TemporaryGrant) => void
}

/**
 * Grants the role.
 * @returns the age of what should give access from here on.
 * @throws StepFailure where it cannot be granted, and is known to be missing; or where it would not help.
 */
export async function ensureRole(
  settings: Settings,
  { first, roles, routes }: Required<View>,
  managed: ResourceContext,
  facts: Facts,
  tools: GrantTools,
): Promise<AssignmentAge> {
  const { held, wanted } = roles
  requireFit({ first, roles, routes }, facts)
  const role: RoleToGrant = { ...managed.grantee, ...wanted, roleDefinitionId: wanted.definitionId }
  const limitMs = settings.waiting.propagationTimeoutMs
  const { naming, keep } = namingOf(role, settings, facts, tools)
  keep(false)
  let granted: Granted
  try {
    granted = await makeOwn(role, naming, limitMs, managed, facts, tools)
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    // A reply that never came, or that was an error of the service itself, does not say that nothing was done.
    const outcome = error.refusal.kind === 'transient' ? 'unknown' : 'refused'
    facts.grant = { outcome, refusedWith: error }
    keep(outcome === 'refused')
    const said = outcome === 'unknown' ? 'Perhaps assigned, perhaps not' : 'Not assigned'
    tools.log.info(`${said}: ${error.refusal.code}`)
    const isNeeded = held.state === 'missing' || facts.borrowed !== undefined
    if (isNeeded || !mayBeGrantedByOthers.has(error.refusal.code)) throw error
    return { kind: 'unknown' }
  }
  keep(true)
  tools.log.info(`${wanted.name} is assigned to ${role.principalId} at ${plain(wanted.scope)}`)
  return tellGranted(granted, roles, managed, facts)
}

/** A role that does not let the calls through is granted to nobody whose calls it is to let through. @throws StepFailure `access-denied` */
function requireFit({ first, roles, routes }: Required<View>, facts: Facts): void {
  if (facts.roleFits !== false) return
  const doing = 'checking the role before granting it'
  if (first.round.kind === 'refused') throw new StepFailure(doing, { ...first.round.refusal, kind: 'fatal' })
  const [misfit] = missingCoverage(roles.wanted.roleGuid, routes, facts.definitions)
  if (misfit === undefined || !mayLapse({ first, roles, routes }, facts)) return
  const message = `The calls are still let through, perhaps by a role that was taken away. ${coverageLine(roles.wanted.name, misfit)}`
  throw new StepFailure(doing, ownRefusal('access-denied', message, { dataAction: misfit.dataAction }))
}

interface NamingForRun {
  naming: Naming
  /** Has the post step remove it; nothing where it is to stay. */
  keep: (isAnswered: boolean) => void
}

/** One name for all runs, so that they make one assignment; or one of this job's own, which the post step removes. */
function namingOf(
  role: RoleToGrant,
  { access, identity }: Settings,
  { run, assertion }: Facts,
  { keep }: GrantTools,
): NamingForRun {
  if (!access.revoke)
    return {
      naming: {
        name: permanentName(role),
        description: `Key-less Gate: ${runUrl(run) ?? 'granted outside GitHub Actions'}`,
      },
      keep() {},
    }
  const lease = jobOf(run, assertion).lease
  const name = temporaryName(role, lease)
  const { clientId: pipelineId, tenantId, setupClientId: clientId = pipelineId } = identity
  const grant = { assignmentId: assignmentIdOf(role, name), lease, clientId, tenantId }
  return {
    naming: { name, description: temporaryDescription(runUrl(run), lease) },
    keep: isAnswered => keep({ ...grant, isAnswered }),
  }
}

/** Makes an assignment that does not end with another job: as long as one of those is there, the service takes no second one. */
async function makeOwn(
  role: RoleToGrant,
  naming: Naming,
  limitMs: number,
  { manager }: ResourceContext,
  facts: Facts,
  tools: GrantTools,
): Promise<Granted> {
  const deadline = tools.clock.now() + limitMs
  for (;;) {
    const { borrowed } = facts
    if (borrowed !== undefined) await untilReleased(borrowed, deadline, { manager, ...tools })
    facts.grant = { outcome: 'unknown' }
    const granted = await createAssignment(manager, role, naming)
    const existing =
      granted.outcome === 'exists' ? await readIfKnown(manager, granted.assignmentId) : undefined
    if (existing === undefined || !isOfAnotherJob(existing, jobOf(facts.run, facts.assertion).lease)) {
      delete facts.borrowed
      return granted
    }
    facts.borrowed = existing
    delete facts.grant
  }
}

/** Who looked first and saw nothing, knows; who could not look, asks when the assignment was made. */
async function tellGranted(
  { outcome, assignmentId }: Granted,
  { held, asOf }: RolesView,
  managed: ResourceContext,
  facts: Facts,
): Promise<AssignmentAge> {
  if (assignmentId !== undefined) facts.roleAssignmentId = assignmentId
  // What was held then, and is not now, was another job's.
  const sawNothing = held.state === 'missing' || held.assignment?.id !== assignmentId
  if (outcome === 'granted' && held.state !== 'unknown' && sawNothing) return asNew(facts)
  const madeOn = (await readIfKnown(managed.manager, assignmentId))?.createdOn
  if (outcome === 'granted' && (madeOn === undefined || madeOn >= asOf - clockDisagreementMs))
    return asNew(facts)
  facts.grant = { outcome: 'exists' }
  if (isGrantee(managed)) facts.roleState = 'direct'
  else tellHeldByAnother(managed, facts)
  const age = ageAt(asOf, madeOn)
  if (age.kind === 'known') facts.roleAgeMs = age.ageMs
  return age
}

/** The role is assigned; that the assignment cannot be read takes nothing from it. */
async function readIfKnown(
  manager: ResourceContext['manager'],
  assignmentId: string | undefined,
): Promise<Assignment | undefined> {
  if (assignmentId === undefined) return undefined
  try {
    return await readAssignment(manager, assignmentId)
  } catch (error) {
    if (error instanceof StepFailure) return undefined
    throw error
  }
}

function asNew(facts: Facts): AssignmentAge {
  facts.grant = { outcome: 'granted' }
  facts.roleState = 'granted'
  return { kind: 'new' }
}
