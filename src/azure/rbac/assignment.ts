import { endsWithAJob } from './lease.ts'
import { coversAll, type Permission } from './permissions.ts'
import { isBelow, isSameScope } from './scopes.ts'

/** Role assignments, and how a principal holds a role through them. */

export interface Assignment {
  id: string
  scope: string
  roleGuid: string
  principalId: string
  /** The principal was deleted. Resource Manager still lists its assignments. */
  isOrphaned?: true
  /** Milliseconds since the epoch. */
  createdOn: number | undefined
  /**
   * Last change of its condition or of its role's definition, milliseconds since the epoch. Absent if it never changed.
   */
  changedOn?: number
  /** An ABAC condition on what the role lets its holder do, as Azure writes it. */
  condition?: string
  description?: string
}

/** Since when it gives its present rights; milliseconds since the epoch, undefined if it is not known. */
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

/** How the principal holds the role: directly at the scope, from above, or through a group. Undefined if it does not. */
export function findHolding(assignments: readonly Assignment[], wanted: WantedRole): RoleHolding | undefined {
  // A list that was read at a project has assignments on the project, which do not count for a role on the account.
  const ofRole = assignments.filter(
    ({ roleGuid, scope }) => roleGuid === wanted.roleGuid && !isBelow(scope, wanted.scope),
  )
  // An assignment that stays counts before one that a job will remove, no matter at which scope.
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

/**
 * The result if the role itself is not held: another role may cover what the smoke calls need, or it is not known.
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

/** The newest assignment. It decides how long to wait for denied calls, because nothing shows which of several allows them. */
export function youngest(assignments: readonly Assignment[]): Assignment | undefined {
  return assignments.toSorted((a, b) => (givenSince(b) ?? 0) - (givenSince(a) ?? 0))[0]
}
