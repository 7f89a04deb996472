import { identitiesOf } from '../rbac.ts'
import { covers } from '../scopes.ts'
import type { Route } from '../service.ts'
import type { World } from '../world.ts'
import { gatewayError } from './errors.ts'
import { findResourceGroup } from './existence.ts'
import { type Call, findSubscription, type Gateway } from './gateway.ts'

/** Tenants, subscriptions, resource groups and resource providers: what clients look around in before they do anything. */
export function directoryRoutes(gateway: Gateway): Route[] {
  const { context, authorizer } = gateway

  /** A subscription is seen by whom any role was given in it, above it or below it. */
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

  return [
    gateway.route('tenants.list', 'GET', /^\/tenants$/, ({ caller }) => ({
      status: 200,
      body: { value: context.world.tenants.filter(({ id }) => id === caller.tid).map(tenantBody) },
    })),

    gateway.route('subscriptions.list', 'GET', /^\/subscriptions$/, call => {
      const value = context.world.subscriptions
        .filter(({ id, tenantId }) => tenantId === call.caller.tid && isVisible(call, id))
        .map(subscriptionBody)
      return { status: 200, body: { value, count: { type: 'Total', value: value.length } } }
    }),

    gateway.route('subscriptions.get', 'GET', /^\/subscriptions\/(?<subscription>[^/]+)$/, call => {
      const subscription = findSubscription(context.world, call.params.subscription ?? '')
      if (isVisible(call, subscription.id)) return { status: 200, body: subscriptionBody(subscription) }
      throw gatewayError(
        404,
        'SubscriptionNotFound',
        `The subscription '${subscription.id}' could not be found.`,
      )
    }),

    gateway.route(
      'resourceGroups.list',
      'GET',
      /^\/subscriptions\/(?<subscription>[^/]+)\/resourcegroups$/,
      call => {
        const { caller, params } = call
        const value = context.world.resourceGroups
          .filter(({ subscriptionId }) => subscriptionId === params.subscription?.toLowerCase())
          .map(resourceGroupBody)
          .filter(({ id }) =>
            authorizer.mayAct(caller.oid, 'Microsoft.Resources/subscriptions/resourceGroups/read', id),
          )
        return { status: 200, body: { value } }
      },
    ),

    gateway.route(
      'resourceGroups.get',
      'GET',
      /^\/subscriptions\/(?<subscription>[^/]+)\/resourcegroups\/(?<group>[^/]+)$/,
      call => {
        const { subscription = '', group = '' } = call.params
        gateway.authorize(call, {
          action: 'Microsoft.Resources/subscriptions/resourceGroups/read',
          scope: `/subscriptions/${subscription}/resourceGroups/${group}`,
        })
        const body = resourceGroupBody(findResourceGroup(context.world, subscription, group))
        // "Check existence": the one resource type for which HEAD has a status of its own, and clients insist on it.
        return call.request.method === 'HEAD' ? { status: 204 } : { status: 200, body }
      },
    ),

    gateway.route('providers.list', 'GET', /^\/subscriptions\/(?<subscription>[^/]+)\/providers$/, call => {
      requireProviderRead(gateway, call)
      return { status: 200, body: { value: PROVIDERS.map(provider => providerBody(call, provider)) } }
    }),

    gateway.route(
      'providers.get',
      'GET',
      /^\/subscriptions\/(?<subscription>[^/]+)\/providers\/(?<namespace>[^/]+)$/,
      call => {
        requireProviderRead(gateway, call)
        const { namespace = '' } = call.params
        const provider = PROVIDERS.find(
          candidate => candidate.namespace.toLowerCase() === namespace.toLowerCase(),
        )
        if (provider) return { status: 200, body: providerBody(call, provider) }
        throw gatewayError(
          404,
          'InvalidResourceNamespace',
          `The resource namespace '${namespace}' is invalid.`,
        )
      },
    ),
  ]
}

function requireProviderRead(gateway: Gateway, call: Call): void {
  gateway.authorize(call, {
    action: 'Microsoft.Resources/subscriptions/providers/read',
    scope: `/subscriptions/${call.params.subscription}`,
  })
}

function tenantBody({ id, displayName }: World['tenants'][number]) {
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

function resourceGroupBody({ subscriptionId, name, location }: World['resourceGroups'][number]) {
  return {
    id: `/subscriptions/${subscriptionId}/resourceGroups/${name}`,
    name,
    type: 'Microsoft.Resources/resourceGroups',
    location,
    properties: { provisioningState: 'Succeeded' },
  }
}

interface Provider {
  namespace: string
  resourceTypes: ReadonlyArray<{ resourceType: string; apiVersions: readonly string[] }>
}

/** The versions by which clients address the types that live here; az picks the newest stable one. */
const COGNITIVE_SERVICES_VERSIONS = ['2025-09-01', '2025-06-01', '2024-10-01', '2023-05-01', '2022-10-01']
const LOCK_VERSIONS = ['2020-05-01', '2016-09-01', '2015-01-01']
const AUTHORIZATION_VERSIONS = ['2022-05-01-preview', '2022-04-01', '2018-01-01-preview', '2015-07-01']

const PROVIDERS: readonly Provider[] = [
  {
    namespace: 'Microsoft.CognitiveServices',
    resourceTypes: ['accounts', 'accounts/deployments', 'accounts/projects'].map(resourceType => ({
      resourceType,
      apiVersions: COGNITIVE_SERVICES_VERSIONS,
    })),
  },
  {
    namespace: 'Microsoft.Authorization',
    resourceTypes: [
      ...['roleAssignments', 'roleDefinitions', 'denyAssignments', 'permissions'].map(resourceType => ({
        resourceType,
        apiVersions: AUTHORIZATION_VERSIONS,
      })),
      { resourceType: 'locks', apiVersions: LOCK_VERSIONS },
    ],
  },
]

function providerBody({ params }: Call, { namespace, resourceTypes }: Provider) {
  return {
    id: `/subscriptions/${params.subscription}/providers/${namespace}`,
    namespace,
    resourceTypes: resourceTypes.map(type => ({ ...type, locations: [], capabilities: 'None' })),
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationRequired',
  }
}
