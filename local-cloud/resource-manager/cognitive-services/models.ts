import { capabilitiesOf } from '../../inference/capabilities.ts'
import { catalogueOf } from '../../model-catalogue.ts'
import { SUBSCRIPTION_PATH } from '../../paths.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { Account, CatalogueModel } from '../../world.ts'
import type { Call, Gateway } from '../gateway.ts'
import { LONG_AGO } from '../values.ts'
import { ACCOUNT_PATH, ACCOUNT_TYPE, authorizedAccount, LOCATION_PATH, PROVIDER } from './account-access.ts'
import { SKUS } from './account-properties.ts'

/** What can be deployed and until when, the skus of accounts, and the usage of each limit. */
export function modelRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function inLocation(call: Call, action: string): void {
    const scope = `/subscriptions/${call.params.subscription}`
    gateway.authorize(call, { action: `${PROVIDER}/${action}`, scope })
  }

  function listOfAccount(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, `${ACCOUNT_TYPE}/models/read`)
    return { status: 200, body: { value: modelsFor(account.kind).map(modelBody) } }
  }

  /** One entry for each kind of account that supports the model. */
  function listOfLocation(call: Call): ServiceReply {
    inLocation(call, 'locations/models/read')
    const kinds: ReadonlyArray<Account['kind']> = ['OpenAI', 'AIServices']
    const value = kinds.flatMap(kind =>
      modelsFor(kind).map(model => ({ kind, skuName: 'S0', description: '', model: modelBody(model) })),
    )
    return { status: 200, body: { value } }
  }

  function modelsFor(kind: Account['kind']): CatalogueModel[] {
    if (kind !== 'OpenAI' && kind !== 'AIServices') return []
    return catalogueOf(context.world).filter(({ format }) => kind === 'AIServices' || format === 'OpenAI')
  }

  function listSkus(call: Call): ServiceReply {
    const { kind } = authorizedAccount(gateway, call, `${ACCOUNT_TYPE}/skus/read`)
    return {
      status: 200,
      body: { value: SKUS[kind].map(name => ({ resourceType: ACCOUNT_TYPE, sku: skuBody(name) })) },
    }
  }

  function listSkusOfSubscription(call: Call): ServiceReply {
    inLocation(call, 'skus/read')
    const locations = [...new Set(context.world.resourceGroups.map(({ location }) => location.toUpperCase()))]
    const value = Object.entries(SKUS).flatMap(([kind, names]) =>
      names.flatMap(name =>
        locations.map(location => ({
          resourceType: 'accounts',
          ...skuBody(name),
          kind,
          locations: [location],
          locationInfo: [{ location, zones: [], zoneDetails: [] }],
          restrictions: [],
        })),
      ),
    )
    return { status: 200, body: { value } }
  }

  /** Nothing is metered, so an account's own quotas are unused. */
  function listUsagesOfAccount(call: Call): ServiceReply {
    authorizedAccount(gateway, call, `${ACCOUNT_TYPE}/usages/read`)
    return { status: 200, body: { value: [] } }
  }

  /** The capacity of the subscription's deployments, by sku and model. The limits are those of a new subscription. */
  function listUsagesOfLocation(call: Call): ServiceReply {
    inLocation(call, 'locations/usages/read')
    const accounts = context.world.accounts.filter(
      ({ subscriptionId, location }) =>
        subscriptionId === call.params.subscription?.toLowerCase() &&
        location.toLowerCase() === call.params.location?.toLowerCase(),
    )
    const used = new Map<string, number>()
    for (const { model, sku } of accounts.flatMap(({ deployments }) => deployments)) {
      const name = usageName(model, sku.name)
      used.set(name, (used.get(name) ?? 0) + sku.capacity)
    }
    const value = [
      usageBody('AccountCount', accounts.length, 200, 'Cognitive Services total account limit'),
      ...[...used].map(([name, capacity]) => usageBody(name, capacity, 1000, name)),
    ]
    return { status: 200, body: { value } }
  }

  return gateway.routes([
    ['models.listOfAccount', 'GET', `${ACCOUNT_PATH}/models`, 'Accounts_ListModels', listOfAccount],
    ['models.listOfLocation', 'GET', `${LOCATION_PATH}/models`, 'Models_List', listOfLocation],
    ['skus.listOfAccount', 'GET', `${ACCOUNT_PATH}/skus`, 'Accounts_ListSkus', listSkus],
    [
      'skus.list',
      'GET',
      `${SUBSCRIPTION_PATH}/providers/${PROVIDER}/skus`,
      'ResourceSkus_List',
      listSkusOfSubscription,
    ],
    ['usages.listOfAccount', 'GET', `${ACCOUNT_PATH}/usages`, 'Accounts_ListUsages', listUsagesOfAccount],
    ['usages.listOfLocation', 'GET', `${LOCATION_PATH}/usages`, 'Usages_List', listUsagesOfLocation],
  ])
}

/** The skus of a model if the seed gives none. */
export const MODEL_SKUS = [
  'GlobalStandard',
  'Standard',
  'DataZoneStandard',
  'ProvisionedManaged',
  'GlobalProvisionedManaged',
  'DataZoneProvisionedManaged',
  'GlobalBatch',
  'DataZoneBatch',
  'DeveloperTier',
]

const usageName = ({ format, name }: Pick<CatalogueModel, 'format' | 'name'>, sku: string) =>
  `${format === 'OpenAI' ? 'OpenAI' : 'AIServices'}.${sku}.${name}`

function skuBody(name: string) {
  return { name, tier: name.startsWith('F') ? 'Free' : 'Standard' }
}

function usageBody(value: string, currentValue: number, limit: number, localizedValue: string) {
  return { name: { value, localizedValue }, currentValue, limit, unit: 'Count' }
}

function modelBody(model: CatalogueModel) {
  const { format, name, version, isDefaultVersion = false, lifecycleStatus, deprecation, skus } = model
  return {
    format,
    name,
    version,
    isDefaultVersion,
    skus: (skus ?? MODEL_SKUS.slice(0, 1)).map(sku => modelSkuBody(model, sku)),
    maxCapacity: 3,
    capabilities: capabilitiesOf({ model }),
    ...(deprecation && { deprecation }),
    lifecycleStatus: lifecycleStatus ?? 'GenerallyAvailable',
    systemData: systemDataOfModel,
  }
}

const systemDataOfModel = {
  createdBy: 'Microsoft',
  createdByType: 'Application',
  createdAt: LONG_AGO,
  lastModifiedBy: 'Microsoft',
  lastModifiedByType: 'Application',
  lastModifiedAt: LONG_AGO,
}

function modelSkuBody(model: CatalogueModel, name: string) {
  const { inference } = model.deprecation ?? {}
  return {
    name,
    usageName: usageName(model, name),
    ...(inference && { deprecationDate: inference }),
    capacity: { maximum: 10_000, default: 10 },
    rateLimits: [
      { key: 'request', renewalPeriod: 60, count: 1 },
      { key: 'token', renewalPeriod: 60, count: 1000 },
    ],
  }
}
