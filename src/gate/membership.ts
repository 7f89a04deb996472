import type { ResourceContext } from '../services/resource-manager/context.ts'
import { type AssignmentsRead, readAssignments } from '../services/resource-manager/role-assignments.ts'
import { type Reading, self } from './read-roles.ts'
import type { Membership } from './role-state.ts'
import type { RoleAccess } from './values.ts'

/** Whether the pipeline is a member of the group that the role is for. */

/**
 * Whether the pipeline is a member of the group that holds the role. Resource Manager lists what applies to a principal through
 * its groups, and through groups of groups. Undefined if that cannot be read.
 */
export function membershipIn(
  own: Pick<AssignmentsRead, 'assignments'> | undefined,
  { grantee }: ResourceContext,
): Membership | undefined {
  if (own === undefined) return undefined
  const through = own.assignments.some(({ principalId }) => principalId === grantee.principalId)
  return through ? 'member' : 'not-member'
}

/** Pauses before the gate concludes that the pipeline is not in the group: new members are not visible everywhere at once. */
const membershipPausesMs = [2000, 4000, 8000]

/**
 * Reads the members of the group again, until the pipeline is one of them or the time is up.
 * @param limitMs Milliseconds that it may take in any case.
 */
export async function settleMembership(
  access: RoleAccess,
  limitMs: number,
  { context, clock, reporter, note }: Pick<Reading, 'context' | 'clock' | 'reporter' | 'note'>,
): Promise<RoleAccess> {
  if (access.holder === 'pipeline' || access.holder === 'app') return access
  if (access.holder === 'other') {
    note({ membership: 'not-member' })
    return { ...access, membership: 'not-member' }
  }
  const deadline = clock.now() + limitMs
  let latest = access
  for (const pauseMs of [0, ...membershipPausesMs]) {
    if (clock.now() + pauseMs > deadline) return latest
    if (pauseMs > 0) {
      reporter.memberMissing(pauseMs)
      await clock.sleep(pauseMs)
    }
    const own = await readAssignments(context.manager, access.wanted.scope, self(context), clock.now)
    const membership = membershipIn(own, context)
    if (own === undefined || membership === undefined) return latest
    note({ assignments: own.assignments, membership })
    latest = { ...latest, assignments: own.assignments, membership }
    if (membership === 'member') return latest
  }
  return latest
}
