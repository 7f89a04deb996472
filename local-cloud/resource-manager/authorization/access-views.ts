import { applicableAssignments, EVERYBODY, findRole } from '../../rbac.ts'
import { normalizeScope } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { DenyAssignment, World } from '../../world.ts'
import { ArmError } from '../errors.ts'
import { requireScope } from '../existence.ts'
import { filterTerms, isListed } from '../filters.ts'
import type { Call, Gateway } from '../gateway.ts'
import { directoryObject } from '../principals.ts'
import { LONG_AGO } from '../values.ts'

const PERMISSIONS = '{scope}/providers/Microsoft.Authorization/permissions'
const DENY_ASSIGNMENTS = '{scope}/providers/Microsoft.Authorization/denyAssignments'
const DENY_ASSIGNMENT = `${DENY_ASSIGNMENTS}/{name}`

/** What the caller may do, and what is denied to anybody. */
export function accessViewRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function authorizeRead(call: Call, action: string): string {
    const { scope = '' } = call.params
    gateway.authorize(call, { action, scope: `${scope}/providers/Microsoft.Authorization` })
    requireScope(context.world, scope)
    return scope
  }

  /**
   * One element a role, nothing taken away for deny assignments. Whether Azure demands
   * `Microsoft.Authorization/permissions/read` of a caller who asks about itself is not documented: this is the
   * stricter reading, under which a client must live with a refusal.
   */
  function listPermissions(call: Call): ServiceReply {
    const { world } = context
    const scope = authorizeRead(call, 'Microsoft.Authorization/permissions/read')
    const assignments = applicableAssignments(world, world.roleAssignments, call.caller.oid, scope)
    const roleIds = new Set(assignments.map(({ roleDefinitionId }) => roleDefinitionId))
    const value = [...roleIds].flatMap(id => findRole(world, id)?.permissions ?? [])
    return { status: 200, body: { value } }
  }

  function listDenyAssignments(call: Call): ServiceReply {
    const scope = authorizeRead(call, 'Microsoft.Authorization/denyAssignments/read')
    const terms = filterTerms(call, ['atScope', 'principalId', 'assignedTo'])
    const value = context.world.denyAssignments
      .filter(deny => isListed(context.world, scope, terms, deny))
      .map(deny => denyAssignmentBody(context.world, call.caller.tid, deny))
    return { status: 200, body: { value } }
  }

  function getDenyAssignment(call: Call): ServiceReply {
    const scope = authorizeRead(call, 'Microsoft.Authorization/denyAssignments/read')
    const { name = '' } = call.params
    const deny = context.world.denyAssignments.find(
      candidate =>
        candidate.name === name.toLowerCase() && normalizeScope(candidate.scope) === normalizeScope(scope),
    )
    if (deny) return { status: 200, body: denyAssignmentBody(context.world, call.caller.tid, deny) }
    throw new ArmError(404, 'DenyAssignmentNotFound', `The deny assignment '${name}' is not found.`)
  }

  return gateway.routes([
    ['permissions.list', 'GET', PERMISSIONS, 'Permissions_ListForResource', listPermissions],
    ['denyAssignments.list', 'GET', DENY_ASSIGNMENTS, 'DenyAssignments_ListForScope', listDenyAssignments],
    ['denyAssignments.get', 'GET', DENY_ASSIGNMENT, 'DenyAssignments_Get', getDenyAssignment],
  ])
}

function denyAssignmentBody(world: World, tenantId: string, deny: DenyAssignment) {
  const principal = (id: string) => ({
    id,
    type: id === EVERYBODY ? 'SystemDefined' : (directoryObject(world, tenantId, id) ?? 'Unknown'),
  })
  const { name, scope } = deny
  return {
    properties: {
      denyAssignmentName: deny.displayName,
      description: deny.displayName,
      permissions: deny.permissions,
      scope,
      doNotApplyToChildScopes: deny.doNotApplyToChildScopes,
      principals: deny.principals.map(principal),
      excludePrincipals: deny.excludePrincipals.map(principal),
      isSystemProtected: true,
      createdOn: deny.createdOn ?? LONG_AGO,
      updatedOn: deny.createdOn ?? LONG_AGO,
      createdBy: null,
      updatedBy: null,
    },
    id: `${normalizeScope(scope) === '/' ? '' : scope}/providers/Microsoft.Authorization/denyAssignments/${name}`,
    type: 'Microsoft.Authorization/denyAssignments',
    name,
  }
}
