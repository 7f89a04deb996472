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

/** What follows from the look: whether to grant, what a success is worth, and how long to wait. */

/**
 * Whether the gate should grant. It should if access was denied and no known role gives it; if access was given although no
 * role gives it any more, because replicas honour a removed role for a while; if the role ends with another job; or if `also`
 * needs something more, and the role is not held.
 */
export function needsGrant({ first, roles }: Pick<Inspection, 'first' | 'roles'>): boolean {
  // No role gives back what a deny assignment takes away; and an app's role is granted last.
  if (roles === undefined || roles.holder === 'app' || isDenied(roles)) return false
  if (roles.heldByOtherJob !== undefined) return true
  const { state } = roles.held
  if (roles.also.some(isLacking) && !isHeld(state)) return true
  if (first.round.kind === 'refused') return state === 'missing' || state === 'unknown'
  // The permissions that were read do not cover the calls; the pipeline's own call does not show what somebody else holds.
  if (state === 'unknown') return roles.permissions !== undefined
  return state === 'missing' && (roles.permissions !== undefined || roles.holder !== 'pipeline')
}

/**
 * Whether it matters who is a member of the group that the role is for, and may have changed: for a denial, for a role that
 * ends with another job, or for what `also` needs.
 */
export function isMembershipOpen({ first, roles }: Inspection, grant: GrantResult | undefined): boolean {
  if (roles === undefined || roles.holder === 'pipeline') return false
  const isOpen = first.round.kind === 'refused' || roles.endsWithOtherJob || roles.also.some(isLacking)
  if (!isOpen) return false
  return roles.membership !== undefined || grant !== undefined
}

/** Whether a call was allowed by nothing that is known to last: a right that is gone, about to go, or was never seen. */
export function mayExpire({ first, roles, routes }: Inspection): boolean {
  return first.round.kind === 'ok' && !coversAll(roles?.permissions ?? [], dataActionsOf(routes))
}

/** Whether a deny assignment blocks the calls. */
export const isDenied = (roles: RoleAccess | undefined): boolean => (roles?.deniedBy.length ?? 0) > 0

export const wasDenied = (results: readonly SmokeResult[]): boolean =>
  results.some(result => result.kind === 'refused' && result.failure.code === 'access-denied')

/**
 * Age of what should give access. The wait depends on it.
 * @param granted From the grant; undefined if nothing was granted.
 */
export function ageOfAccess(inspection: Inspection, granted?: AssignmentAge): AssignmentAge {
  const { roles } = inspection
  // If a group holds the role and the pipeline is not a member, access never becomes live, however new the role is; nor does it
  // if a deny assignment blocks it.
  if (roles?.membership === 'not-member' || isDenied(roles)) return { kind: 'none' }
  return granted ?? (roles === undefined ? { kind: 'unknown' } : ageOf(roles, inspection))
}

/**
 * Whether what gives access has been live everywhere for long, so that one answer proves it: assigned to the pipeline itself at
 * least half an hour ago, by Resource Manager's clock, and not above its subscription (from management groups it may take hours
 * to arrive: learn.microsoft.com, RBAC troubleshooting). Calls to an `endpoint` that may belong to another resource depend on
 * roles that nobody read.
 */
export function isSettled(
  { target }: Pick<Settings, 'target'>,
  inspection: Inspection,
  grant: GrantResult | undefined,
): boolean {
  const { account, roles } = inspection
  if (target.endpoint !== undefined && endpointIsOwn({ settings: { target }, account }) !== true) return false
  // Nothing shows how long the pipeline has been in a group that holds the role.
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

/** The assignments that access may depend on. Nothing shows which one of several covers the calls. */
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

/** The wanted role does not help, but another one that does may have been assigned a moment ago. */
function ageOfSubstitute(roles: RoleAccess, dataActions: readonly string[]): AssignmentAge {
  return coversAll(roles.permissions ?? [], dataActions) ? ageOfYoungest(roles) : { kind: 'none' }
}

function ageOfYoungest({ asOf, assignments = [] }: RoleAccess): AssignmentAge {
  const first = youngest(assignments)
  return ageAt(asOf, first && givenSince(first))
}

/** @param asOf When it was read; milliseconds since the epoch, by Resource Manager's clock, like `since`. */
export function ageAt(
  asOf: number,
  since: number | undefined,
): Extract<AssignmentAge, { kind: 'known' | 'unknown' }> {
  return since === undefined ? { kind: 'unknown' } : { kind: 'known', ageMs: Math.max(0, asOf - since) }
}
