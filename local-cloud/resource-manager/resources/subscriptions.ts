import { SUBSCRIPTION_PATH } from '../../paths.ts'
import { identitiesOf } from '../../rbac.ts'
import { covers } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { Tenant, World } from '../../world.ts'
import { gatewayError } from '../errors.ts'
import { type Call, findSubscription, type Gateway } from '../gateway.ts'
import { LOCATIONS, type Location } from './locations.ts'

/** Tenants, subscriptions and their locations: clients read them first. */
export function subscriptionRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  /** A caller sees a subscription if it holds any role in it, at it or above it. */
  function isVisible(call: Call, subscriptionId: string): boolean {
    const { world } = context
    const identities = identitiesOf(world, call.caller.oid)
    const scope = `/subscriptions/${subscriptionId}`
    return world.roleAssignments.some(
      assignment =>
        identities.has(assignment.principalId) &&
        (covers(world, assignment.scope, scope) || covers(world, scope, assignment.scope)),
    )
  }

  /** @throws ArmError 404 if there is none that the caller sees */
  function find(call: Call) {
    const subscription = findSubscription(context.world, call.params.subscription ?? '')
    if (isVisible(call, subscription.id)) return subscription
    throw gatewayError(
      404,
      'SubscriptionNotFound',
      `The subscription '${subscription.id}' could not be found.`,
    )
  }

  function listTenants({ caller }: Call): ServiceReply {
    const value = context.world.tenants.filter(({ id }) => id === caller.tid).map(tenantBody)
    return { status: 200, body: { value } }
  }

  function list(call: Call): ServiceReply {
    const value = context.world.subscriptions
      .filter(({ id, tenantId }) => tenantId === call.caller.tid && isVisible(call, id))
      .map(subscriptionBody)
    return { status: 200, body: { value, count: { type: 'Total', value: value.length } } }
  }

  const get = (call: Call): ServiceReply => ({ status: 200, body: subscriptionBody(find(call)) })

  function listLocations(call: Call): ServiceReply {
    const { id } = find(call)
    return { status: 200, body: { value: LOCATIONS.map(location => locationBody(id, location)) } }
  }

  return gateway.routes([
    ['tenants.list', 'GET', '/tenants', 'Tenants_List', listTenants],
    ['subscriptions.list', 'GET', '/subscriptions', 'Subscriptions_List', list],
    ['subscriptions.get', 'GET', SUBSCRIPTION_PATH, 'Subscriptions_Get', get],
    ['locations.list', 'GET', `${SUBSCRIPTION_PATH}/locations`, 'Subscriptions_ListLocations', listLocations],
  ])
}

function tenantBody({ id, displayName }: Tenant) {
  return { id: `/tenants/${id}`, tenantId: id, displayName, tenantCategory: 'Home', tenantType: 'AAD' }
}

function subscriptionBody({ id, tenantId, displayName, state }: World['subscriptions'][number]) {
  return {
    id: `/subscriptions/${id}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId: id,
    tenantId,
    displayName,
    state,
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  }
}

function locationBody(subscriptionId: string, { name, displayName, geographyGroup }: Location) {
  return {
    id: `/subscriptions/${subscriptionId}/locations/${name}`,
    name,
    type: 'Region',
    displayName,
    regionalDisplayName: `(${geographyGroup}) ${displayName}`,
    metadata: { regionType: 'Physical', regionCategory: 'Recommended', geographyGroup },
  }
}
