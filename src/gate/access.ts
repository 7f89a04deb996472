import { type Assignment, givenSince, youngest } from '../azure/rbac/assignment.ts'
import { coversAll } from '../azure/rbac/permissions.ts'
import { parseScope } from '../azure/rbac/scopes.ts'
import { dataActionsOf } from '../services/inference/route.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import { isLacking } from './also.ts'
import { endpointIsOwn } from './endpoint-owner.ts'
import { isHeld } from './role-state.ts'
import type { Settings } from './settings.ts'
import type { GrantResult, Inspection, RoleAccess } from './values.ts'
import { type AssignmentAge, settledAfterMs } from './waiting/schedule.ts'

/** What follows from what was seen: whether to grant, what a success is worth, and how patient to be. */

/**
 * Whether a grant is called for: access was denied, and no role is known that should give it; or it was given although nothing
 * gives it any more, for replicas honour a role for a while after it was taken away; or what gives it ends with another job; or
 * what the pipeline will do besides is lacking, and the role is not held.
 */
export function needsGrant({ first, roles }: Pick<Inspection, 'first' | 'roles'>): boolean {
  // What a deny assignment takes away, no role gives back; and what an app lacks is granted last.
  if (roles === undefined || roles.holder === 'app' || isDenied(roles)) return false
  if (roles.heldByOtherJob !== undefined) return true
  const { state } = roles.held
  if (roles.also.some(isLacking) && !isHeld(state)) return true
  if (first.round.kind === 'refused') return state === 'missing' || state === 'unknown'
  // What was read of permissions does not cover the calls; what somebody else holds, the pipeline's own call does not tell.
  if (state === 'unknown') return roles.permissions !== undefined
  return state === 'missing' && (roles.permissions !== undefined || roles.holder !== 'pipeline')
}

/** Whether it matters, for a denial, for what ends with another job or for what is lacking besides, and may have changed, who belongs to the group that is to hold the role. */
export function isMembershipOpen({ first, roles }: Inspection, grant: GrantResult | undefined): boolean {
  if (roles === undefined || roles.holder === 'pipeline') return false
  const isOpen = first.round.kind === 'refused' || roles.endsWithOtherJob || roles.also.some(isLacking)
  if (!isOpen) return false
  return roles.membership !== undefined || grant !== undefined
}

/** Whether a call was let through by nothing that is known to last: by a right that is gone, about to go, or was not seen. */
export function mayExpire({ first, roles, routes }: Inspection): boolean {
  return first.round.kind === 'ok' && !coversAll(roles?.permissions ?? [], dataActionsOf(routes))
}

/** Whether a deny assignment takes the right to the calls away. */
export const isDenied = (roles: RoleAccess | undefined): boolean => (roles?.deniedBy.length ?? 0) > 0

export const wasDenied = (results: readonly SmokeResult[]): boolean =>
  results.some(result => result.kind === 'refused' && result.failure.code === 'access-denied')

/**
 * How old what should give access is: for the patience of the wait.
 * @param granted Of what a grant gave; undefined where nothing was granted.
 */
export function ageOfAccess(inspection: Inspection, granted?: AssignmentAge): AssignmentAge {
  const { roles } = inspection
  // What is held by a group without the pipeline never becomes live for it, however new it is; nor does what is denied.
  if (roles?.membership === 'not-member' || isDenied(roles)) return { kind: 'none' }
  return granted ?? (roles === undefined ? { kind: 'unknown' } : ageOf(roles, inspection))
}

/**
 * Whether what gives access has long been everywhere, so that one answer proves it: assigned to the pipeline itself half an hour ago
 * or earlier, by Resource Manager's clock, and not above its subscription (from management groups it may take hours to arrive:
 * learn.microsoft.com, RBAC troubleshooting). Calls to an `endpoint` that may be another resource's depend on roles that nobody looked at.
 */
export function isSettled(
  { target }: Pick<Settings, 'target'>,
  inspection: Inspection,
  grant: GrantResult | undefined,
): boolean {
  const { account, roles } = inspection
  if (target.endpoint !== undefined && endpointIsOwn({ settings: { target }, account }) !== true) return false
  // How long the pipeline has been in a group that holds the role, nobody tells.
  if (roles?.holder !== 'pipeline' || roles.newDeny !== undefined) return false
  if (!isOld(ageOfAccess(inspection, grant?.age))) return false
  return giversOf(roles).every(
    assignment =>
      assignment.principalId === roles.wanted.principalId &&
      parseScope(assignment.scope).subscriptionId !== undefined &&
      isOld(ageAt(roles.asOf, givenSince(assignment))),
  )
}

export const isOld = (age: AssignmentAge) => age.kind === 'known' && age.ageMs >= settledAfterMs

/** The assignments that access may rest on: which of several covers the calls, nobody tells. */
function giversOf(roles: RoleAccess): readonly Assignment[] {
  const { held, assignments = [] } = roles
  const { assignment } = held
  const isSure = assignment !== undefined && held.state !== 'covered' && !roles.fallsShort
  return isSure && assignment.condition === undefined ? [assignment] : assignments
}

function ageOf(roles: RoleAccess, { first, routes }: Inspection): AssignmentAge {
  const { held, asOf, membership } = roles
  if (held.state === 'missing') return { kind: 'none' }
  if (roles.fallsShort)
    return first.round.kind === 'ok' ? ageOfYoungest(roles) : ageOfSubstitute(roles, dataActionsOf(routes))
  const age = ageAt(asOf, held.assignment && givenSince(held.assignment))
  const isOfGroup = held.state === 'group' || membership !== undefined
  return age.kind === 'known' && isOfGroup ? { ...age, kind: 'of-group' } : age
}

/** The role that was asked for does not help, but another one may have been assigned a moment ago that does. */
function ageOfSubstitute(roles: RoleAccess, dataActions: readonly string[]): AssignmentAge {
  return coversAll(roles.permissions ?? [], dataActions) ? ageOfYoungest(roles) : { kind: 'none' }
}

function ageOfYoungest({ asOf, assignments = [] }: RoleAccess): AssignmentAge {
  const first = youngest(assignments)
  return ageAt(asOf, first && givenSince(first))
}

/**
 * @param asOf When it was looked at; milliseconds since the epoch, by Resource Manager's clock, as `since`.
 */
export function ageAt(
  asOf: number,
  since: number | undefined,
): Extract<AssignmentAge, { kind: 'known' | 'unknown' }> {
  return since === undefined ? { kind: 'unknown' } : { kind: 'known', ageMs: Math.max(0, asOf - since) }
}
