import { type RoleReference, roleGuidOf, roleNameOf } from '../../azure/rbac/built-in-roles.ts'
import type { Permission } from '../../azure/rbac/permissions.ts'
import { withoutLeadingSlash } from '../../azure/rbac/scopes.ts'
import { ownRefusal, StepFailure } from '../../core/failures/failure.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { ResourceManager } from './client.ts'
import { entriesOf } from './pages.ts'

export interface Role {
  guid: string
  /** The GUID itself where the name is not known. */
  name: string
}

/**
 * Finds the role that was asked for. Built-in roles and GUIDs need no request; a name that was looked up comes with its definition.
 * @throws StepFailure `role-not-found` where no custom role has the name.
 */
export async function findRole(
  manager: ResourceManager,
  reference: RoleReference,
  scope: string,
): Promise<Role & { permissions?: readonly Permission[] }> {
  if (reference.kind === 'guid')
    return { guid: reference.guid, name: roleNameOf(reference.guid) ?? reference.guid }
  const doing = 'looking up the role'
  const { name } = reference
  const found = await manager.call(doing, async () => {
    const filter = `roleName eq '${name.replaceAll("'", "''")}'`
    const list = manager.authorization.roleDefinitions.list(withoutLeadingSlash(scope), { filter })
    for await (const definition of entriesOf(doing, list)) {
      // The filter is the service's; that it was heeded is not.
      if (definition.roleName?.toLowerCase() === name.toLowerCase()) return definition
    }
    return undefined
  })
  if (found?.name === undefined) {
    throw new StepFailure(
      doing,
      ownRefusal('role-not-found', `No role named "${plain(name)}" can be assigned at ${plain(scope)}.`),
    )
  }
  return {
    guid: roleGuidOf(found.name),
    name: plain(found.roleName ?? name),
    ...(found.permissions === undefined ? {} : { permissions: found.permissions }),
  }
}

export interface Definition {
  name: string
  permissions: readonly Permission[]
}

/**
 * What the role lets its holders do, as its definition says now. Asked at the scope itself: who has rights there only may not
 * read the definitions of the whole subscription.
 * @throws StepFailure `role-not-found`
 */
export async function readDefinition(
  manager: ResourceManager,
  scope: string,
  roleGuid: string,
): Promise<Definition> {
  const definition = await manager.call('reading the role definition', () =>
    manager.authorization.roleDefinitions.get(withoutLeadingSlash(scope), roleGuid),
  )
  return { name: plain(definition.roleName ?? roleGuid), permissions: definition.permissions ?? [] }
}
