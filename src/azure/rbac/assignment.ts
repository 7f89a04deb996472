import { leaseIn } from './lease.ts'
import { coversAll, type Permission } from './permissions.ts'
import { isBelow, isSameScope } from './scopes.ts'

/** Role assignments, and how a principal holds a role through them. */

export interface Assignment {
  id: string
  scope: string
  roleGuid: string
  principalId: string
  /** Resource Manager finds nobody with that id any more, but still lists what a deleted principal held. */
  isOrphaned?: true
  /** Milliseconds since the epoch. */
  createdOn: number | undefined
  /**
   * Absent: not since it was made. Its condition, or the definition of its role, may have changed then. Milliseconds since the
   * epoch.
   */
  changedOn?: number
  /** An ABAC condition on what the role lets its holder do, as Azure writes it. */
  condition?: string
  description?: string
}

/** Since when it gives what it gives; milliseconds since the epoch, undefined if it is not known. */
export const givenSince = ({ createdOn, changedOn = createdOn }: Assignment): number | undefined => changedOn

/** How a principal holds a role. */
export const roleStates = [
  'direct',
  'inherited',
  'group',
  'covered',
  'granted',
  'missing',
  'unknown',
] as const
export type RoleState = (typeof roleStates)[number]

const stateInWords: Record<Exclude<RoleState, 'unknown'>, string> = {
  direct: 'held directly',
  inherited: 'inherited from a scope above',
  group: 'held through a group',
  covered: 'not held, but covered by another role',
  granted: 'granted by this run',
  missing: 'missing',
}

/** @param assignments The listed ones; undefined if they cannot be read. */
export function readableRoleState(state: RoleState, assignments: readonly Assignment[] | undefined): string {
  if (state !== 'unknown') return stateInWords[state]
  const why = assignments === undefined ? 'role assignments cannot be read' : 'no listed role explains it'
  return `unknown (${why})`
}

export interface RoleHolding {
  state: Exclude<RoleState, 'granted'>
  assignment: Assignment | undefined
}

export interface WantedRole {
  scope: string
  principalId: string
  roleGuid: string
}

/** How the principal holds the role: directly at the scope, from above, or through a group. Undefined: not at all. */
export function findHolding(assignments: readonly Assignment[], wanted: WantedRole): RoleHolding | undefined {
  // If the list was read at a project but the role is wanted on its account, assignments on the project do not count.
  const ofRole = assignments.filter(
    ({ roleGuid, scope }) => roleGuid === wanted.roleGuid && !isBelow(scope, wanted.scope),
  )
  // An assignment that stays counts before one that a job will remove, wherever each was made.
  const lasting = ofRole.filter(assignment => !endsWithAJob(assignment))
  return closestOf(lasting, wanted) ?? closestOf(ofRole, wanted)
}

function closestOf(ofRole: readonly Assignment[], wanted: WantedRole): RoleHolding | undefined {
  const own = ofRole.filter(({ principalId }) => principalId === wanted.principalId)
  const direct = own.find(({ scope }) => isSameScope(scope, wanted.scope))
  if (direct !== undefined) return { state: 'direct', assignment: direct }
  if (own[0] !== undefined) return { state: 'inherited', assignment: own[0] }
  return ofRole[0] && { state: 'group', assignment: ofRole[0] }
}

const endsWithAJob = ({ description }: Assignment) => leaseIn(description) !== undefined

/**
 * If the role itself is not held: another role may cover what the smoke calls need, or that may not be known.
 * @param dataActions What the smoke calls of this run need.
 */
export function fallbackHolding(
  assignments: readonly Assignment[] | undefined,
  permissions: readonly Permission[] | undefined,
  dataActions: readonly string[],
): RoleHolding {
  const covered = permissions !== undefined && coversAll(permissions, dataActions)
  if (covered) return { state: 'covered', assignment: youngest(assignments ?? []) }
  return { state: assignments === undefined ? 'unknown' : 'missing', assignment: undefined }
}

/** Nothing shows which of several assignments covers the calls; the youngest decides how long to wait out a denial. */
export function youngest(assignments: readonly Assignment[]): Assignment | undefined {
  return assignments.toSorted((a, b) => (givenSince(b) ?? 0) - (givenSince(a) ?? 0))[0]
}
