import type { DiagnosisCode } from '../diagnosis/codes.ts'
import { StepFailure } from '../diagnosis/verdict.ts'
import type { Facts } from '../facts.ts'
import type { RolesView, View } from '../look.ts'
import type { AssignmentAge } from '../propagation/schedule.ts'
import type { Managed } from '../resource/resource-manager.ts'
import type { Log } from '../tools.ts'
import { plain } from '../untrusted-text.ts'
import { createdOn, type Granted, grantRole } from './grant.ts'
import { coversAll } from './permissions.ts'

/**
 * Whether a grant is called for: access was denied, and no role is known that should give it; or it was given although nothing
 * gives it any more, for replicas honour a role for a while after it was taken away.
 */
export function needsGrant({ first, roles }: View, { permissions }: Facts): boolean {
  if (roles === undefined) return false
  const { state } = roles.held
  if (first.round.kind === 'refused') return state === 'missing' || state === 'unknown'
  return state === 'missing' && permissions !== undefined
}

/** The age of what should give access, for the patience of the wait. */
export function ageOf({ held, asOf }: RolesView, facts: Facts): AssignmentAge {
  if (held.state === 'missing') return { kind: 'none' }
  if (facts.roleFits === false) return ageOfSubstitute(asOf, facts)
  // The age of an assignment says nothing of how long the principal has been in the group that holds it.
  if (held.assignment?.createdOn === undefined || held.state === 'group') return { kind: 'unknown' }
  return { kind: 'known', ageMs: Math.max(0, asOf - held.assignment.createdOn) }
}

/** The role that was asked for does not help, but another one may have been assigned a moment ago that does. */
function ageOfSubstitute(asOf: number, { permissions, assignments = [], routes = [] }: Facts): AssignmentAge {
  const dataActions = routes.map(({ dataAction }) => dataAction)
  if (permissions === undefined || !coversAll(permissions, dataActions)) return { kind: 'none' }
  const youngest = Math.max(...assignments.map(({ createdOn }) => createdOn ?? 0))
  return { kind: 'known', ageMs: Math.max(0, asOf - youngest) }
}

/** The pipeline may not grant, but somebody else may have done it a moment ago. */
const mayBeGrantedByOthers: ReadonlySet<DiagnosisCode> = new Set([
  'cannot-assign-role',
  'delegation-condition-unmet',
  'deny-assignment',
])

/** An assignment that is older than the request by more than clocks disagree was there before it. */
const clockDisagreementMs = 10_000

/**
 * Grants the role.
 * @returns the age of what should give access from here on.
 * @throws StepFailure where it cannot be granted, and is known to be missing; or where it would not help.
 */
export async function ensureRole(
  { first, roles }: Required<View>,
  managed: Managed,
  facts: Facts,
  log: Log,
): Promise<AssignmentAge> {
  const { held, wanted } = roles
  if (facts.roleFits === false && first.round.kind === 'refused')
    throw new StepFailure('checking the role before granting it', { ...first.round.refusal, kind: 'fatal' })
  facts.grant = { outcome: 'unknown' }
  let granted: Granted
  try {
    granted = await grantRole(
      managed.manager,
      { ...wanted, roleDefinitionId: wanted.definitionId },
      facts.run,
    )
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    // A reply that never came, or that was an error of the service itself, does not say that nothing was done.
    const outcome = error.refusal.kind === 'transient' ? 'unknown' : 'refused'
    facts.grant = { outcome, refusedWith: error }
    log.info(`Not assigned, as far as is known: ${error.refusal.code}`)
    if (held.state === 'missing' || !mayBeGrantedByOthers.has(error.refusal.code)) throw error
    return { kind: 'unknown' }
  }
  log.info(`${wanted.name} is assigned to ${managed.principalId} at ${plain(wanted.scope)}`)
  return tellGranted(granted, roles, managed, facts)
}

/** Who looked first and saw nothing, knows; who could not look, asks when the assignment was made. */
async function tellGranted(
  { outcome, assignmentId }: Granted,
  { held, asOf }: RolesView,
  { manager }: Managed,
  facts: Facts,
): Promise<AssignmentAge> {
  if (assignmentId !== undefined) facts.roleAssignmentId = assignmentId
  if (outcome === 'granted' && held.state === 'missing') return asNew(facts)
  const madeOn = assignmentId === undefined ? undefined : await createdOnIfKnown(manager, assignmentId)
  if (outcome === 'granted' && (madeOn === undefined || madeOn >= asOf - clockDisagreementMs))
    return asNew(facts)
  facts.grant = { outcome: 'exists' }
  facts.roleState = 'direct'
  if (madeOn === undefined) return { kind: 'unknown' }
  facts.roleAgeMs = Math.max(0, asOf - madeOn)
  return { kind: 'known', ageMs: facts.roleAgeMs }
}

/** The role is assigned; that its age cannot be read takes nothing from it. */
async function createdOnIfKnown(
  manager: Managed['manager'],
  assignmentId: string,
): Promise<number | undefined> {
  try {
    return await createdOn(manager, assignmentId)
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
