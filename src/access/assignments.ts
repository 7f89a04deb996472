import type { RoleAssignment } from '@azure/arm-authorization'
import { unlessForbidden } from '../resource/forbidden.ts'
import type { ResourceManager } from '../resource/resource-manager.ts'
import { coversDataAction, type Permission } from './permissions.ts'
import { roleGuidOf } from './roles.ts'

/** What is known of the principal's roles at the resource, before anything is granted. */
export interface RolesHeld {
  /** Undefined where the principal may not read role assignments: unknown is not missing. */
  assignments: readonly Assignment[] | undefined
  /** Undefined where they may not be read. */
  permissions: readonly Permission[] | undefined
  /** Milliseconds since the epoch, by Resource Manager's clock, when it was asked; for the age of assignments. */
  asOf: number
}

export interface Assignment {
  id: string
  scope: string
  roleGuid: string
  principalId: string
  /** Milliseconds since the epoch. */
  createdOn: number | undefined
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

/** @throws StepFailure for anything but a refusal to read, which means unknown. */
export async function readRolesHeld(
  manager: ResourceManager,
  scope: string,
  principalId: string,
  now: () => number,
): Promise<RolesHeld> {
  let asOf = now()
  const [assignments, permissions] = await Promise.all([
    unlessForbidden(
      manager.call('reading the role assignments', async () => {
        const found: Assignment[] = []
        const pages = manager.authorization.roleAssignments.listForScope(withoutLeadingSlash(scope), {
          filter: `atScope() and assignedTo('${principalId}')`,
          onResponse: ({ headers }) => {
            const date = Date.parse(headers.get('date') ?? '')
            if (!Number.isNaN(date)) asOf = date
          },
        })
        for await (const assignment of pages) found.push(...assignmentOf(assignment))
        return found
      }),
    ),
    unlessForbidden(
      manager.call('reading the effective permissions', async () => {
        const found: Permission[] = []
        for await (const permission of permissionsAt(manager, scope)) found.push(permission)
        return found
      }),
    ),
  ])
  return { assignments, permissions, asOf }
}

/** The SDK puts a slash of its own in front of the scope. */
export const withoutLeadingSlash = (scope: string) => scope.replace(/^\/+/, '')

function permissionsAt(manager: ResourceManager, scope: string): AsyncIterable<Permission> {
  const [, , , , resourceGroup = '', , namespace = '', type = '', name = '', childType, childName] =
    scope.split('/')
  const parent = childType === undefined ? '.' : `${type}/${name}`
  return manager.authorization.permissions.listForResource(
    resourceGroup,
    namespace,
    parent,
    childType ?? type,
    childName ?? name,
  )
}

/** None where the service left out what makes an assignment. */
export function assignmentOf({
  id,
  scope,
  roleDefinitionId,
  principalId,
  createdOn,
}: RoleAssignment): Assignment[] {
  if (id === undefined || scope === undefined || roleDefinitionId === undefined || principalId === undefined)
    return []
  return [
    {
      id,
      scope,
      principalId: principalId.toLowerCase(),
      roleGuid: roleGuidOf(roleDefinitionId),
      createdOn: createdOn?.getTime(),
    },
  ]
}

/**
 * How the principal comes by the role: directly at the scope, from above, through a group; by another role that covers
 * what the smoke calls need; not at all; or nobody may know.
 * @param dataActions What the smoke calls of this run need.
 */
export function roleHeld(
  { assignments, permissions }: RolesHeld,
  wanted: { scope: string; principalId: string; roleGuid: string; dataActions: readonly string[] },
): RoleHeld {
  const ofRole = assignments?.filter(({ roleGuid }) => roleGuid === wanted.roleGuid) ?? []
  const own = ofRole.filter(({ principalId }) => principalId === wanted.principalId)
  const direct = own.find(({ scope }) => scope.toLowerCase() === wanted.scope.toLowerCase())
  if (direct !== undefined) return { state: 'direct', assignment: direct }
  if (own[0] !== undefined) return { state: 'inherited', assignment: own[0] }
  if (ofRole[0] !== undefined) return { state: 'group', assignment: ofRole[0] }
  const covered =
    permissions !== undefined &&
    wanted.dataActions.length > 0 &&
    wanted.dataActions.every(dataAction => coversDataAction(permissions, dataAction))
  if (covered) return { state: 'covered', assignment: undefined }
  return { state: assignments === undefined ? 'unknown' : 'missing', assignment: undefined }
}
