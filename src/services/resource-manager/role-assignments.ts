import * as v from 'valibot'
import { authorizationApiVersion } from '../../azure/api-versions.ts'
import type { Assignment } from '../../azure/rbac/assignment.ts'
import { roleGuidOf } from '../../azure/rbac/built-in-roles.ts'
import type { Permission } from '../../azure/rbac/permissions.ts'
import type { Principal } from '../../azure/rbac/principal.ts'
import { guidPattern } from '../../azure/resource-id.ts'
import { StepError } from '../../core/failures/failure.ts'
import { instantOf } from '../../core/text/instant.ts'
import type { ResourceManager } from './client.ts'
import { undefinedIfForbidden } from './forbidden.ts'

/** Microsoft.Authorization: roleAssignments, permissions. */

const text = v.nullish(v.string())

/** A condition that cannot be read must not count as none: one malformed entry makes the whole reply unreadable. */
export const assignmentEntry = v.pipe(
  v.object({
    id: v.string(),
    properties: v.object({
      roleDefinitionId: v.pipe(
        v.string(),
        v.check(id => guidPattern.test(roleGuidOf(id)), 'Not the id of a role definition'),
      ),
      principalId: v.string(),
      principalType: text,
      scope: v.string(),
      createdOn: text,
      updatedOn: text,
      condition: text,
      description: text,
    }),
  }),
  v.transform(({ id, properties }): Assignment & { principalType: string | undefined } => ({
    id,
    scope: properties.scope,
    principalId: properties.principalId.toLowerCase(),
    principalType: properties.principalType ?? undefined,
    ...(properties.principalType?.toLowerCase() === 'unknown' ? { isOrphaned: true as const } : {}),
    roleGuid: roleGuidOf(properties.roleDefinitionId),
    ...timesOf(properties),
    ...(properties.condition ? { condition: properties.condition } : {}),
    ...(properties.description ? { description: properties.description } : {}),
  })),
)

interface Dated {
  createdOn?: string | null | undefined
  updatedOn?: string | null | undefined
}

/**
 * Only description and condition of an assignment can change (learn.microsoft.com, RBAC troubleshooting); a condition decides
 * what it gives.
 */
function timesOf(dated: Dated): Pick<Assignment, 'createdOn' | 'changedOn'> {
  const createdOn = instantOf(dated.createdOn)
  const changedOn = instantOf(dated.updatedOn)
  const isLater = changedOn !== undefined && changedOn > (createdOn ?? 0)
  return { createdOn, ...(isLater ? { changedOn } : {}) }
}

const operations = v.nullish(v.array(v.string()))

/** Entries of definitions, of deny assignments, and of the permissions that Resource Manager adds up. */
export const permissionEntry = v.pipe(
  v.object({
    actions: operations,
    notActions: operations,
    dataActions: operations,
    notDataActions: operations,
    condition: text,
  }),
  v.transform(
    ({ actions, notActions, dataActions, notDataActions, condition }): Permission => ({
      actions: actions ?? [],
      notActions: notActions ?? [],
      dataActions: dataActions ?? [],
      notDataActions: notDataActions ?? [],
      ...(condition ? { condition } : {}),
    }),
  ),
)

export interface AssignmentsRead {
  /**
   * For a principal: its own and its groups', at the scope and above it. For a group: its own, and those below the scope too.
   */
  assignments: readonly Assignment[]
  /**
   * When Resource Manager was asked, by its own clock; milliseconds since the epoch. The age of assignments counts from it, so it is
   * earlier if the runner's clock does not agree: a proxy may have written the date of the reply.
   */
  asOf: number
}

/** Milliseconds. Longer than clocks differ by that accept each other's tokens. */
const clocksDifferByMs = 10 * 60_000

export const assignmentsPath = (scope: string): string =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments`

/** @returns undefined if the principal cannot read role assignments: unknown is not missing. @throws StepError */
export function readAssignments(
  manager: ResourceManager,
  scope: string,
  { principalId, principalType }: Principal,
  now: () => number,
): Promise<AssignmentsRead | undefined> {
  // `assignedTo` takes users and service principals only (role-assignments-list-rest).
  const filter =
    principalType === 'Group'
      ? `principalId eq '${principalId}'`
      : `atScope() and assignedTo('${principalId}')`
  const query = { apiVersion: authorizationApiVersion, filter }
  const reading = manager.readAll(
    'reading the role assignments',
    assignmentsPath(scope),
    query,
    assignmentEntry,
  )
  return undefinedIfForbidden(
    reading.then(({ entries, asOf }) =>
      asOf === undefined
        ? { assignments: entries.map(undated), asOf: now() }
        : { assignments: entries, asOf: Math.min(asOf, now() + clocksDifferByMs) },
    ),
  )
}

/** The runner's own clock may be wrong, so it gives no age. */
const undated = ({ changedOn: _, ...assignment }: Assignment): Assignment => ({
  ...assignment,
  createdOn: undefined,
})

/** @returns undefined if they cannot be read. @throws StepError */
export function readPermissions(manager: ResourceManager, scope: string): Promise<Permission[] | undefined> {
  const path = `${scope}/providers/Microsoft.Authorization/permissions`
  const query = { apiVersion: authorizationApiVersion }
  const reading = manager.readAll('reading the effective permissions', path, query, permissionEntry)
  return undefinedIfForbidden(reading.then(({ entries }) => entries))
}

/** One assignment as it is now; undefined if there is none with that id. @throws StepError */
export async function readAssignment(
  manager: ResourceManager,
  assignmentId: string,
): Promise<Assignment | undefined> {
  try {
    return await manager.read(
      'reading the role assignment',
      assignmentId,
      authorizationApiVersion,
      assignmentEntry,
    )
  } catch (error) {
    if (error instanceof StepError && isAbsent(error)) return undefined
    throw error
  }
}

/**
 * Whether there is no such assignment. Other "not found" replies, for a subscription or from a proxy, show nothing about it.
 */
export const isAbsent = ({ failure: { said } }: StepError) =>
  said.status === 404 && said.serviceCode?.toLowerCase() === 'roleassignmentnotfound'
