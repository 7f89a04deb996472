import official from '../built-in-roles/roles.json' with { type: 'json' }
import type { Permission, RoleDefinition } from './world.ts'

/** A permission of a built-in role may have a condition (Azure ABAC, version 2.0). */
export interface ConditionalPermission extends Permission {
  condition?: string
  conditionVersion?: string
}

/** A role as authorization sees it: built-in or custom. */
export interface Role extends Omit<RoleDefinition, 'permissions'> {
  permissions: readonly ConditionalPermission[]
}

interface OfficialRole {
  name: string
  roleName: string
  description: string
  permissions: ReadonlyArray<Partial<ConditionalPermission>>
}

const roles: readonly OfficialRole[] = official.roles

/** Built-in roles that matter to key-less access and its surroundings, as Azure defines them. */
export const BUILT_IN_ROLES: readonly Role[] = roles.map(({ name, roleName, description, permissions }) => ({
  id: name,
  roleName,
  description,
  type: 'BuiltInRole',
  assignableScopes: ['/'],
  permissions: permissions.map(permission => ({
    actions: [],
    notActions: [],
    dataActions: [],
    notDataActions: [],
    ...permission,
  })),
}))

/** The id of the built-in role with that name: worlds name roles by their ids. @throws Error if the list has no such role */
export function builtInRoleId(roleName: string): string {
  const role = BUILT_IN_ROLES.find(candidate => candidate.roleName === roleName)
  if (role === undefined) throw new Error(`built-in-roles/roles.json has no ${roleName}`)
  return role.id
}
