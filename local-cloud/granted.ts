import { builtInRoleId } from './built-in-roles.ts'
import { accountId } from './scopes.ts'
import type { RoleAssignment, World } from './world.ts'

/** Its data actions cover every inference API. */
const USER_ROLE = builtInRoleId('Cognitive Services User')

/** The same world, but the first application may call the models of the first account, and has had that right for long. */
export function grantPipeline(world: World): World {
  const [application] = world.applications
  const [account] = world.accounts
  if (account === undefined || !application?.servicePrincipal) return world
  const granted: RoleAssignment = {
    name: crypto.randomUUID(),
    scope: accountId(account),
    roleDefinitionId: USER_ROLE,
    principalId: application.servicePrincipal.objectId,
    principalType: 'ServicePrincipal',
    description: null,
    condition: null,
    conditionVersion: null,
    createdBy: null,
    updatedBy: null,
  }
  return { ...world, roleAssignments: [...world.roleAssignments, granted] }
}
