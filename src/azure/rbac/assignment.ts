import { leaseIn } from './lease.ts'
import { coversAll, type Permission } from './permissions.ts'
import { isBelow, isSameScope } from './scopes.ts'

/** Role assignments, and how a principal comes by a role through them. */

export interface Assignment {
  id: string
  scope: string
  roleGuid: string
  principalId: string
  /** Resource Manager finds nobody of that id (any more): it goes on to list what a deleted principal held. */
  isOrphaned?: true
  /** Milliseconds since the epoch. */
  createdOn: number | undefined
  /** Absent: not since it was made. Its condition may be another since then, or the definition of its role. Milliseconds since the epoch. */
  changedOn?: number
  /** An ABAC condition on what the role lets its holder do, as Azure writes it. */
  condition?: string
  description?: string
}

/** Since when it gives what it gives: milliseconds since the epoch; undefined where nobody tells. */
export const givenSince = ({ createdOn, changedOn = createdOn }: Assignment): number | undefined => changedOn

/** How a principal comes by a role. */
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

/** @param assignments What is listed; undefined where that may not be read. */
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

/** How the principal comes by the role: directly at the scope, from above, or through a group. Undefined: not at all. */
export function findHolding(assignments: readonly Assignment[], wanted: WantedRole): RoleHolding | undefined {
  // Looked at from a project, but wanted on its account: what stands on the project does not count.
  const ofRole = assignments.filter(
    ({ roleGuid, scope }) => roleGuid === wanted.roleGuid && !isBelow(scope, wanted.scope),
  )
  // One that stays counts before one that some job will remove, wherever it was made.
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
 * What is held where the role itself is not: another role may cover what the smoke calls need, or nobody may know.
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

/** Which of several assignments covers is not told; the youngest decides how long a denial is worth waiting out. */
export function youngest(assignments: readonly Assignment[]): Assignment | undefined {
  return assignments.toSorted((a, b) => (givenSince(b) ?? 0) - (givenSince(a) ?? 0))[0]
}
