import { identityBearers } from '../../identity-bearers.ts'
import { normalizeScope } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { resourceNotFound } from '../errors.ts'
import { requireScope } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'

const TYPE = 'Microsoft.ManagedIdentity/identities'

/**
 * The system-assigned identity of a resource. Only this reply has its client id; the resource's `identity` block has the
 * principal.
 */
export function systemIdentityRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function get(call: Call): ServiceReply {
    const { scope = '' } = call.params
    const id = `${scope}/providers/${TYPE}/default`
    gateway.authorize(call, { action: `${TYPE}/read`, scope: id })
    requireScope(context.world, scope)
    const bearer = identityBearers(context.world).find(
      candidate => normalizeScope(candidate.id) === normalizeScope(scope),
    )
    const principalId = bearer?.identity?.systemAssigned?.principalId
    const identity = context.world.applications.find(
      ({ servicePrincipal }) => servicePrincipal !== null && servicePrincipal.objectId === principalId,
    )
    if (!identity) throw resourceNotFound(`${TYPE}/default`, scope.split('/')[4] ?? '')
    const { tenantId, clientId } = identity
    return {
      status: 200,
      body: { id, name: 'default', type: TYPE, properties: { tenantId, principalId, clientId } },
    }
  }

  return gateway.routes([
    [
      'systemIdentities.get',
      'GET',
      `{scope}/providers/${TYPE}/default`,
      'SystemAssignedIdentities_GetByScope',
      get,
    ],
  ])
}
