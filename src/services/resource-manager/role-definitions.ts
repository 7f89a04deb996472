import * as v from 'valibot'
import { authorizationApiVersion } from '../../azure/api-versions.ts'
import { type RoleReference, roleNameOf } from '../../azure/rbac/built-in-roles.ts'
import type { Permission } from '../../azure/rbac/permissions.ts'
import { guidPattern } from '../../azure/resource-id.ts'
import { localFailure, StepError } from '../../core/failures/failure.ts'
import { instantOf } from '../../core/text/instant.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { ResourceManager } from './client.ts'
import { permissionEntry } from './role-assignments.ts'

const definitionEntry = v.object({
  name: v.pipe(v.string(), v.regex(guidPattern), v.toLowerCase()),
  properties: v.object({
    roleName: v.string(),
    permissions: v.array(permissionEntry),
    updatedOn: v.nullish(v.string()),
  }),
})

const definitionsPath = (scope: string) => `${scope}/providers/Microsoft.Authorization/roleDefinitions`

export interface Role {
  guid: string
  /** The GUID itself if the name is not known. */
  name: string
}

/**
 * Finds the wanted role. Built-in roles and GUIDs need no request; a name that was looked up comes with its definition.
 * @throws StepError `role-not-found` if no custom role has the name.
 */
export async function findRole(
  manager: ResourceManager,
  reference: RoleReference,
  scope: string,
): Promise<Role & { definition?: Definition }> {
  if (reference.kind === 'guid')
    return { guid: reference.guid, name: roleNameOf(reference.guid) ?? reference.guid }
  const operation = 'looking up the role'
  const { name } = reference
  const query = {
    apiVersion: authorizationApiVersion,
    filter: `roleName eq '${name.replaceAll("'", "''")}'`,
  }
  const { entries } = await manager.readAll(operation, definitionsPath(scope), query, definitionEntry)
  // The service filters by name; this checks that it did.
  const found = entries.find(({ properties }) => properties.roleName.toLowerCase() === name.toLowerCase())
  if (found === undefined) {
    throw new StepError(
      operation,
      localFailure('role-not-found', `No role named "${plain(name)}" can be assigned at ${plain(scope)}.`),
    )
  }
  const definition = definitionOf(found)
  return { guid: found.name, name: definition.name, definition }
}

export interface Definition {
  name: string
  permissions: readonly Permission[]
  /** Milliseconds since the epoch; undefined if it is not known. */
  changedOn: number | undefined
}

const definitionOf = ({ properties }: v.InferOutput<typeof definitionEntry>): Definition => ({
  name: plain(properties.roleName),
  permissions: properties.permissions,
  changedOn: instantOf(properties.updatedOn),
})

/**
 * What the role allows, by its current definition. Requested at the scope itself: an identity that has rights only there cannot
 * read the definitions of the whole subscription.
 * @throws StepError `role-not-found`
 */
export async function readDefinition(
  manager: ResourceManager,
  scope: string,
  roleGuid: string,
): Promise<Definition> {
  const path = `${definitionsPath(scope)}/${roleGuid}`
  return definitionOf(
    await manager.read('reading the role definition', path, authorizationApiVersion, definitionEntry),
  )
}
