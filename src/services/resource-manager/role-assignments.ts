import type { RoleAssignment } from '@azure/arm-authorization'
import * as v from 'valibot'
import type { Assignment } from '../../azure/rbac/assignment.ts'
import { roleGuidOf } from '../../azure/rbac/built-in-roles.ts'
import type { Permission } from '../../azure/rbac/permissions.ts'
import type { Principal } from '../../azure/rbac/principal.ts'
import { parseScope, withoutLeadingSlash } from '../../azure/rbac/scopes.ts'
import { StepFailure } from '../../core/failures/failure.ts'
import type { ResourceManager } from './client.ts'
import { undefinedIfForbidden } from './forbidden.ts'
import { entriesOf } from './pages.ts'
import { parseReply } from './reply.ts'

/** What the SDK would silently make the best of: see `parseReply`. */
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
  { principalId, principalType }: Principal,
  now: () => number,
): Promise<AssignmentsRead | undefined> {
  // `assignedTo` takes users and service principals only (role-assignments-list-rest).
  const filter =
    principalType === 'Group'
      ? `principalId eq '${principalId}'`
      : `atScope() and assignedTo('${principalId}')`
  const doing = 'reading the role assignments'
  return undefinedIfForbidden(
    manager.call(doing, async () => {
      let asOf = now()
      const found: Assignment[] = []
      const pages = manager.authorization.roleAssignments.listForScope(withoutLeadingSlash(scope), {
        filter,
        onResponse: ({ status, headers, bodyAsText }) => {
          if (status === 200) parseReply(doing, bodyAsText, assignmentPage)
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
  return undefinedIfForbidden(
    manager.call(doing, async () => {
      const found: Permission[] = []
      for await (const permission of permissionsAt(manager, scope, doing)) found.push(permission)
      return found
    }),
  )
}

function permissionsAt(manager: ResourceManager, scope: string, doing: string): AsyncIterable<Permission> {
  const { resourceGroup = '', provider = '', resources } = parseScope(scope)
  const { type = '', name = '' } = resources.at(-1) ?? {}
  const parents = resources.slice(0, -1).map(parent => `${parent.type}/${parent.name}`)
  const list = manager.authorization.permissions.listForResource(
    resourceGroup,
    provider,
    parents.join('/') || '.',
    type,
    name,
    {
      onResponse: ({ status, bodyAsText }) => {
        if (status === 200) parseReply(doing, bodyAsText, permissionPage)
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
