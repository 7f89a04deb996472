import { youngest } from '../azure/rbac/assignment.ts'
import { coversAll } from '../azure/rbac/permissions.ts'
import { dataActionsOf } from '../services/inference/route.ts'
import type { Facts } from './record.ts'
import type { RolesView } from './role-access.ts'
import type { AssignmentAge } from './waiting/schedule.ts'

/** How old is what should give access: for the patience of the wait. */

export function ageOf({ held, asOf }: RolesView, facts: Facts): AssignmentAge {
  if (held.state === 'missing') return { kind: 'none' }
  if (facts.roleFits === false) return ageOfSubstitute(asOf, facts)
  const age = ageAt(asOf, held.assignment?.createdOn)
  const isOfGroup = held.state === 'group' || facts.membership !== undefined
  return age.kind === 'known' && isOfGroup ? { ...age, kind: 'of-group' } : age
}

/** The role that was asked for does not help, but another one may have been assigned a moment ago that does. */
function ageOfSubstitute(
  asOf: number,
  { permissions = [], assignments = [], routes = [] }: Facts,
): AssignmentAge {
  if (!coversAll(permissions, dataActionsOf(routes))) return { kind: 'none' }
  return ageAt(asOf, youngest(assignments)?.createdOn)
}

/**
 * @param asOf When it was looked at; milliseconds since the epoch, by Resource Manager's clock, as `createdOn`.
 */
export function ageAt(
  asOf: number,
  createdOn: number | undefined,
): Extract<AssignmentAge, { kind: 'known' | 'unknown' }> {
  return createdOn === undefined
    ? { kind: 'unknown' }
    : { kind: 'known', ageMs: Math.max(0, asOf - createdOn) }
}
