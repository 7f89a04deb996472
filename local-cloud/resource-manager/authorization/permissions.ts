import { applicableAssignments, findRole } from '../../rbac.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { requireScope } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'

const PERMISSIONS = '{scope}/providers/Microsoft.Authorization/permissions'

/** The caller's permissions. */
export function permissionRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  /**
   * One element per role. Deny assignments take nothing away. It is not documented whether Azure demands
   * `Microsoft.Authorization/permissions/read` from a caller who asks about itself; here it does, the stricter reading, so that
   * clients must cope with a refusal.
   */
  function listPermissions(call: Call): ServiceReply {
    const { world } = context
    const { scope = '' } = call.params
    gateway.authorize(call, {
      action: 'Microsoft.Authorization/permissions/read',
      scope: `${scope}/providers/Microsoft.Authorization`,
    })
    requireScope(world, scope)
    const assignments = applicableAssignments(world, world.roleAssignments, call.caller.oid, scope)
    const roleIds = new Set(assignments.map(({ roleDefinitionId }) => roleDefinitionId))
    const value = [...roleIds].flatMap(id => findRole(world, id)?.permissions ?? [])
    return { status: 200, body: { value } }
  }

  return gateway.routes([
    ['permissions.list', 'GET', PERMISSIONS, 'Permissions_ListForResource', listPermissions],
  ])
}
