import type { RoleAssignment } from '@azure/arm-authorization'
import * as v from 'valibot'
import { roleGuidOf } from '../../azure/rbac/built-in-roles.ts'
import { leaseIn } from '../../azure/rbac/lease.ts'
import { coversAll, type Permission } from '../../azure/rbac/permissions.ts'
import { isBelow, isSameScope, withoutLeadingSlash } from '../../azure/rbac/scopes.ts'
import { StepFailure } from '../../core/failures/failure.ts'
import type { Grantee } from '../../inputs.ts'
import type { ResourceManager } from './client.ts'
import { unlessForbidden } from './forbidden.ts'
import { entriesOf } from './pages.ts'
import { understood } from './reply.ts'

export interface Assignment {
  id: string
  scope: string
  roleGuid: string
  principalId: string
  /** Milliseconds since the epoch. */
  createdOn: number | undefined
  /** An ABAC condition on what the role lets its holder do, as Azure writes it. */
  condition?: string
  description?: string
}

export type RoleState = 'direct' | 'inherited' | 'group' | 'covered' | 'granted' | 'missing' | 'unknown'

const stateInWords: Record<RoleState, string> = {
  direct: 'held directly',
  inherited: 'inherited from a scope above',
  group: 'held through a group',
  covered: 'not held, but covered by another role',
  granted: 'granted by this run',
  missing: 'missing',
  unknown: 'unknown (role assignments may not be read)',
}

export const readableRoleState = (state: RoleState): string => stateInWords[state]

export interface RoleHeld {
  state: Exclude<RoleState, 'granted'>
  assignment: Assignment | undefined
}

/** What the SDK would silently make the best of: see `understood`. */
const assignmentPage = v.object({
  value: v.array(
    v.object({
      id: v.string(),
      properties: v.object({ roleDefinitionId: v.string(), principalId: v.string(), scope: v.string() }),
    }),
  ),
})
const permissionPage = v.object({ value: v.array(v.looseObject({})) })

export interface AssignmentsRead {
  /** The principal's own and its groups', at the scope and above it; of a group: its own, and those below the scope too. */
  assignments: readonly Assignment[]
  /** Milliseconds since the epoch, by Resource Manager's clock, when it was asked; for the age of assignments. */
  asOf: number
}

/** @returns undefined where the principal may not read role assignments: unknown is not missing. @throws StepFailure */
export function readAssignments(
  manager: ResourceManager,
  scope: string,
  { principalId, principalType }: Grantee,
  now: () => number,
): Promise<AssignmentsRead | undefined> {
  // `assignedTo` takes users and service principals only (role-assignments-list-rest).
  const filter =
    principalType === 'Group'
      ? `principalId eq '${principalId}'`
      : `atScope() and assignedTo('${principalId}')`
  const doing = 'reading the role assignments'
  return unlessForbidden(
    manager.call(doing, async () => {
      let asOf = now()
      const found: Assignment[] = []
      const pages = manager.authorization.roleAssignments.listForScope(withoutLeadingSlash(scope), {
        filter,
        onResponse: ({ status, headers, bodyAsText }) => {
          if (status === 200) understood(doing, bodyAsText, assignmentPage)
          const date = Date.parse(headers.get('date') ?? '')
          if (!Number.isNaN(date)) asOf = date
        },
      })
      for await (const assignment of entriesOf(doing, pages)) found.push(...assignmentOf(assignment))
      return { assignments: found, asOf }
    }),
  )
}

/** @returns undefined where they may not be read. @throws StepFailure */
export function readPermissions(manager: ResourceManager, scope: string): Promise<Permission[] | undefined> {
  const doing = 'reading the effective permissions'
  return unlessForbidden(
    manager.call(doing, async () => {
      const found: Permission[] = []
      for await (const permission of permissionsAt(manager, scope, doing)) found.push(permission)
      return found
    }),
  )
}

function permissionsAt(manager: ResourceManager, scope: string, doing: string): AsyncIterable<Permission> {
  const [, , , , resourceGroup = '', , namespace = '', type = '', name = '', childType, childName] =
    scope.split('/')
  const parent = childType === undefined ? '.' : `${type}/${name}`
  const list = manager.authorization.permissions.listForResource(
    resourceGroup,
    namespace,
    parent,
    childType ?? type,
    childName ?? name,
    {
      onResponse: ({ status, bodyAsText }) => {
        if (status === 200) understood(doing, bodyAsText, permissionPage)
      },
    },
  )
  return entriesOf(doing, list)
}

/** Milliseconds since the epoch; undefined where there is none, or none that is a time. */
export function timeOf(date: Date | undefined): number | undefined {
  const time = date?.getTime()
  return Number.isNaN(time) ? undefined : time
}

/** None where the service left out what makes an assignment. */
export function assignmentOf({
  id,
  scope,
  roleDefinitionId,
  principalId,
  createdOn,
  condition,
  description,
}: RoleAssignment): Assignment[] {
  if (id === undefined || scope === undefined || roleDefinitionId === undefined || principalId === undefined)
    return []
  return [
    {
      id,
      scope,
      principalId: principalId.toLowerCase(),
      roleGuid: roleGuidOf(roleDefinitionId),
      createdOn: timeOf(createdOn),
      ...(condition ? { condition } : {}),
      ...(description ? { description } : {}),
    },
  ]
}

/** One assignment as it is now; undefined where there is none of that id. @throws StepFailure */
export async function readAssignment(
  manager: ResourceManager,
  assignmentId: string,
): Promise<Assignment | undefined> {
  try {
    const found = await manager.call('reading the role assignment', () =>
      manager.authorization.roleAssignments.getById(withoutLeadingSlash(assignmentId)),
    )
    return assignmentOf(found)[0]
  } catch (error) {
    if (error instanceof StepFailure && error.refusal.said.status === 404) return undefined
    throw error
  }
}

export interface WantedRole {
  scope: string
  principalId: string
  roleGuid: string
}

/** How the principal comes by the role: directly at the scope, from above, or through a group. Undefined: not at all. */
export function holdingOf(assignments: readonly Assignment[], wanted: WantedRole): RoleHeld | undefined {
  // Looked at from a project, but wanted on its account: what stands on the project does not count. And one that stays counts
  // before one that some job will remove.
  const ofRole = assignments
    .filter(({ roleGuid, scope }) => roleGuid === wanted.roleGuid && !isBelow(scope, wanted.scope))
    .toSorted((a, b) => Number(endsWithAJob(a)) - Number(endsWithAJob(b)))
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
export function substituteFor(
  assignments: readonly Assignment[] | undefined,
  permissions: readonly Permission[] | undefined,
  dataActions: readonly string[],
): RoleHeld {
  const covered = permissions !== undefined && coversAll(permissions, dataActions)
  if (covered) return { state: 'covered', assignment: youngest(assignments ?? []) }
  return { state: assignments === undefined ? 'unknown' : 'missing', assignment: undefined }
}

/** Which of several assignments covers is not told; the youngest decides how long a denial is worth waiting out. */
export function youngest(assignments: readonly Assignment[]): Assignment | undefined {
  return assignments.toSorted((a, b) => (b.createdOn ?? 0) - (a.createdOn ?? 0))[0]
}
