import { applicableAssignments, findRole } from '../../rbac.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { requireScope } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'

const PERMISSIONS = '{scope}/providers/Microsoft.Authorization/permissions'

/** What the caller may do. */
export function permissionRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  /**
   * One element a role, nothing taken away for deny assignments. Whether Azure demands
   * `Microsoft.Authorization/permissions/read` of a caller who asks about itself is not documented: this is the
   * stricter reading, under which a client must live with a refusal.
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
