import { SUBSCRIPTION_PATH } from '../../paths.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { World } from '../../world.ts'
import { gatewayError } from '../errors.ts'
import { sameName } from '../existence.ts'
import { type Call, findSubscription, type Gateway } from '../gateway.ts'
import { LOCATIONS } from './locations.ts'
import { RESOURCE_TYPES, type ResourceType } from './resource-types.ts'

const COLLECTION = `${SUBSCRIPTION_PATH}/providers`
const SINGLE = `${COLLECTION}/{namespace}`
const NAMESPACES = [...new Set(RESOURCE_TYPES.map(({ namespace }) => namespace))]

type Subscription = World['subscriptions'][number]

/** Resource providers: their types and api-versions, and whether a subscription has registered them. */
export function providerRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function authorize(call: Call, action: string): Subscription {
    gateway.authorize(call, { action, scope: `/subscriptions/${call.params.subscription}` })
    return findSubscription(context.world, call.params.subscription ?? '')
  }

  function list(call: Call): ServiceReply {
    const subscription = authorize(call, 'Microsoft.Resources/subscriptions/providers/read')
    return { status: 200, body: { value: NAMESPACES.map(name => providerBody(subscription, name)) } }
  }

  function get(call: Call): ServiceReply {
    const subscription = authorize(call, 'Microsoft.Resources/subscriptions/providers/read')
    return { status: 200, body: providerBody(subscription, knownNamespace(call)) }
  }

  /**
   * Registration also creates the service principals of the provider's resources in the tenant. Without them Entra issues no
   * tokens for these resources.
   */
  function register(call: Call): ServiceReply {
    const namespace = knownNamespace(call)
    const subscription = authorize(call, `${namespace}/register/action`)
    const before = providerBody(subscription, namespace)
    if (before.registrationState === 'Registered') return { status: 200, body: before }
    const isOther = (name: string) => !sameName(name, namespace)
    subscription.unregisteredProviders = subscription.unregisteredProviders?.filter(isOther)
    const tenant = context.world.tenants.find(({ id }) => id === subscription.tenantId)
    if (tenant && namespace === 'Microsoft.CognitiveServices') tenant.absentResources = []
    return { status: 200, body: { ...before, registrationState: 'Registering' } }
  }

  return gateway.routes([
    ['providers.list', 'GET', COLLECTION, 'Providers_List', list],
    ['providers.get', 'GET', SINGLE, 'Providers_Get', get],
    ['providers.register', 'POST', `${SINGLE}/register`, 'Providers_Register', register],
  ])
}

/** @throws ArmError 404 */
function knownNamespace({ params }: Call): string {
  const { namespace = '' } = params
  const known = NAMESPACES.find(name => sameName(name, namespace))
  if (known) return known
  throw gatewayError(404, 'InvalidResourceNamespace', `The resource namespace '${namespace}' is invalid.`)
}

/** Whether the subscription may use the provider. */
const isRegistered = ({ unregisteredProviders = [] }: Subscription, namespace: string) =>
  !unregisteredProviders.some(name => sameName(name, namespace))

function providerBody(subscription: Subscription, namespace: string) {
  return {
    id: `/subscriptions/${subscription.id}/providers/${namespace}`,
    namespace,
    resourceTypes: RESOURCE_TYPES.filter(type => type.namespace === namespace).map(typeBody),
    registrationState: isRegistered(subscription, namespace) ? 'Registered' : 'NotRegistered',
    registrationPolicy: 'RegistrationRequired',
  }
}

function typeBody({ name, apiVersions }: ResourceType) {
  const locations = LOCATIONS.map(({ displayName }) => displayName)
  return { resourceType: name, locations, apiVersions, capabilities: 'SupportsTags, SupportsLocation' }
}
