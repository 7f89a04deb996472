import type { DiagnosisCode } from '../diagnosis/codes.ts'
import { StepFailure } from '../diagnosis/verdict.ts'
import type { Facts } from '../facts.ts'
import type { Managed, View } from '../look.ts'
import type { AssignmentAge } from '../propagation/schedule.ts'
import { unlessForbidden } from '../resource/forbidden.ts'
import type { Log } from '../tools.ts'
import { plain } from '../untrusted-text.ts'
import type { RoleHeld } from './assignments.ts'
import { createdOn, type Granted, grantRole } from './grant.ts'

/** Whether a grant is called for: access was denied, and no role is known that should give it. */
export function needsGrant({ first, roles }: View): boolean {
  const denied = first.round.kind === 'refused' && first.round.refusal.kind === 'wait'
  return denied && (roles?.held.state === 'missing' || roles?.held.state === 'unknown')
}

/** The age of what should give access, for the patience of the wait. */
export function ageOf(held: RoleHeld, asOf: number): AssignmentAge {
  if (held.assignment?.createdOn !== undefined)
    return { kind: 'known', ageMs: Math.max(0, asOf - held.assignment.createdOn) }
  return held.state === 'missing' ? { kind: 'none' } : { kind: 'unknown' }
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
 * @throws StepFailure where it cannot be granted, and is known to be missing.
 */
export async function ensureRole(
  view: Required<View>,
  managed: Managed,
  facts: Facts,
  log: Log,
): Promise<AssignmentAge> {
  const { held, asOf } = view.roles
  if (facts.role === undefined) throw new Error('The role is looked up before it is granted')
  const { scope, guid: roleGuid, definitionId } = facts.role
  const wanted = { scope, principalId: managed.principalId, roleGuid, roleDefinitionId: definitionId }
  try {
    const granted = await grantRole(managed.manager, wanted, facts.run)
    log.info(`${facts.role.name} is assigned to ${managed.principalId} at ${plain(scope)}`)
    return await tellGranted(granted, held.state === 'missing', asOf, managed, facts)
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    facts.grant = { outcome: 'refused', refusedWith: error }
    log.info(`Not assigned: ${error.refusal.code}`)
    if (held.state === 'missing' || !mayBeGrantedByOthers.has(error.refusal.code)) throw error
    return { kind: 'unknown' }
  }
}

/** Who looked first and saw nothing, knows; who could not look, asks when the assignment was made. */
async function tellGranted(
  { outcome, assignmentId }: Granted,
  wasMissing: boolean,
  asOf: number,
  { manager }: Managed,
  facts: Facts,
): Promise<AssignmentAge> {
  if (assignmentId !== undefined) facts.roleAssignmentId = assignmentId
  if (outcome === 'granted' && wasMissing) return asNew(facts)
  const madeOn =
    assignmentId === undefined ? undefined : await unlessForbidden(createdOn(manager, assignmentId))
  if (outcome === 'granted' && (madeOn === undefined || madeOn >= asOf - clockDisagreementMs))
    return asNew(facts)
  facts.grant = { outcome: 'exists' }
  facts.roleState = 'direct'
  if (madeOn === undefined) return { kind: 'unknown' }
  facts.roleAgeMs = Math.max(0, asOf - madeOn)
  return { kind: 'known', ageMs: facts.roleAgeMs }
}

function asNew(facts: Facts): AssignmentAge {
  facts.grant = { outcome: 'granted' }
  facts.roleState = 'granted'
  return { kind: 'new' }
}
