import * as v from 'valibot'
import type { Context } from '../context.ts'
import { type HostFamily, hostFamilies } from '../hosts.ts'
import { type AccountKeys, keysOf } from '../inference/keys.ts'
import { GROUP_PATH, SUBSCRIPTION_PATH } from '../paths.ts'
import { accountId } from '../scopes.ts'
import type { Route, ServiceReply } from '../service.ts'
import type { Account } from '../world.ts'
import { ArmError } from './errors.ts'
import { findAccount, findResourceGroup } from './existence.ts'
import type { Call, Gateway } from './gateway.ts'
import { readBody } from './request-body.ts'
import { etagOf, LONG_AGO, stableHex } from './values.ts'

const ACCOUNTS = '/providers/Microsoft.CognitiveServices/accounts'
/** Path of an account, to be continued by the paths of its children. */
export const ACCOUNT_PATH = `${GROUP_PATH}${ACCOUNTS}/{account}`

const READ = 'Microsoft.CognitiveServices/accounts/read'
const WRITE = 'Microsoft.CognitiveServices/accounts/write'

/**
 * The account that a request's path names, if the caller may do `action` to it or to `child` in it.
 * Who may not is told so (403) whether it exists or not.
 */
export function authorizedAccount(gateway: Gateway, call: Call, action: string, child = ''): Account {
  const { subscription = '', group = '', account = '' } = call.params
  const scope = accountId({ subscriptionId: subscription, resourceGroup: group, name: account })
  gateway.authorize(call, { action, scope: `${scope}${child}` })
  return findAccount(gateway.context.world, subscription, group, account)
}

/** Where an account is called: its host of that family, or the region's. A URL without trailing slash. */
export function hostOf({ endpoints }: Context, account: Account, family: HostFamily): string {
  const own = endpoints.hosts.get(accountId(account).toLowerCase())?.[family]
  return (account.customSubDomainName === null ? undefined : own) ?? endpoints.regional
}

/** Cognitive Services accounts and their keys. */
export function accountRoutes(gateway: Gateway): Route[] {
  const { context, authorizer } = gateway
  /** A list shows what the caller may read; it is refused only to those who may read nothing of it. */
  function list(call: Call, scope: string, isIncluded: (account: Account) => boolean): ServiceReply {
    const readable = context.world.accounts.filter(
      account => isIncluded(account) && authorizer.mayAct(call.caller.oid, READ, accountId(account)),
    )
    if (readable.length === 0) {
      gateway.authorize(call, { action: READ, scope: `${scope}/providers/Microsoft.CognitiveServices` })
    }
    return { status: 200, body: { value: readable.map(body) } }
  }

  const ownHostOf = (account: Account) => context.endpoints.accounts.get(accountId(account).toLowerCase())

  const body = (account: Account) => accountBody(account, family => hostOf(context, account, family))

  /** Resource Manager tells the change at once; the data plane hears of key access when its lag is over. */
  function change(account: Account, properties: Partial<Record<keyof typeof CHANGEABLE, unknown>>): void {
    const tookKeys = account.disableLocalAuth !== true
    Object.assign(account, properties)
    if (tookKeys === (account.disableLocalAuth !== true)) return
    account.keyAccessChangedOn = new Date(context.clock.now()).toISOString()
  }

  function listBySubscription(call: Call): ServiceReply {
    const { subscription = '' } = call.params
    return list(call, `/subscriptions/${subscription}`, isIn(subscription))
  }

  function listByGroup(call: Call): ServiceReply {
    const { subscription = '', group = '' } = call.params
    const reply = list(
      call,
      `/subscriptions/${subscription}/resourceGroups/${group}`,
      isIn(subscription, group),
    )
    findResourceGroup(context.world, subscription, group)
    return reply
  }

  const get = (call: Call): ServiceReply => ({
    status: 200,
    body: body(authorizedAccount(gateway, call, READ)),
  })

  function update(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, WRITE)
    const { properties } = readBody(call, UPDATE)
    requireSubdomainAllowed(account, ownHostOf(account), properties.customSubDomainName)
    change(account, properties)
    return { status: 200, body: body(account) }
  }

  // Accounts are made by a seed only: to a PUT of another one, too, it does not exist.
  function create(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, WRITE)
    const { properties } = readBody(call, REPLACEMENT)
    requireSubdomainAllowed(account, ownHostOf(account), properties.customSubDomainName)
    change(account, { ...UNSET, ...properties })
    return { status: 200, body: body(account) }
  }

  function listKeys(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, 'Microsoft.CognitiveServices/accounts/listKeys/action')
    if (account.disableLocalAuth === true) throw keyListRefused()
    return { status: 200, body: keysOf(account) }
  }

  // The old key is worth nothing from then on. That key access is off does not stand in the way: nobody has seen it do so.
  function regenerateKey(call: Call): ServiceReply {
    const action = 'Microsoft.CognitiveServices/accounts/regenerateKey/action'
    const account = authorizedAccount(gateway, call, action)
    account.regeneratedKeys[keyNamed(readBody(call, REGENERATION).keyName)] += 1
    return { status: 200, body: keysOf(account) }
  }

  return gateway.routes([
    [
      'accounts.listBySubscription',
      'GET',
      `${SUBSCRIPTION_PATH}${ACCOUNTS}`,
      'Accounts_List',
      listBySubscription,
    ],
    [
      'accounts.listByResourceGroup',
      'GET',
      `${GROUP_PATH}${ACCOUNTS}`,
      'Accounts_ListByResourceGroup',
      listByGroup,
    ],
    ['accounts.get', 'GET', ACCOUNT_PATH, 'Accounts_Get', get],
    ['accounts.update', 'PATCH', ACCOUNT_PATH, 'Accounts_Update', update],
    ['accounts.create', 'PUT', ACCOUNT_PATH, 'Accounts_Create', create],
    ['accounts.listKeys', 'POST', `${ACCOUNT_PATH}/listKeys`, 'Accounts_ListKeys', listKeys],
    [
      'accounts.regenerateKey',
      'POST',
      `${ACCOUNT_PATH}/regenerateKey`,
      'Accounts_RegenerateKey',
      regenerateKey,
    ],
  ])
}

const CHANGEABLE = {
  disableLocalAuth: v.optional(v.boolean()),
  publicNetworkAccess: v.optional(v.picklist(['Enabled', 'Disabled'])),
  customSubDomainName: v.optional(v.string()),
}

/** Of an account, these can be changed here; anything else is refused rather than ignored. */
const UPDATE = v.object({ properties: v.strictObject(CHANGEABLE) })

/** The whole account, as a GET gave it and with what was changed: what cannot be changed is in it, and is ignored. */
const REPLACEMENT = v.object({ properties: v.object(CHANGEABLE) })

const REGENERATION = v.object({ keyName: v.string() })

/** In either spelling: the description has `Key1`, az documents `key1`. @throws ArmError 400 */
function keyNamed(name: string): keyof AccountKeys {
  const known = name.toLowerCase()
  if (known === 'key1' || known === 'key2') return known
  throw new ArmError(
    400,
    'BadRequest',
    `The key name '${name}' is invalid. Valid values are 'Key1' and 'Key2'.`,
  )
}

/** Seen in the wild: Azure/terraform-azurerm-avm-res-cognitiveservices-account#130, microsoft/microsoft-foundry-for-vscode#192. */
const keyListRefused = () =>
  new ArmError(400, 'BadRequest', 'Failed to list key. disableLocalAuth is set to be true')

/** What a PUT leaves out it takes away; a subdomain stays for ever. */
const UNSET = { disableLocalAuth: null, publicNetworkAccess: 'Enabled' } as const

/** @throws ArmError 400 where the account has another subdomain, or no host that was opened for one */
function requireSubdomainAllowed(account: Account, ownHost: string | undefined, wanted?: string): void {
  const { customSubDomainName: present } = account
  if (wanted === undefined || wanted === present) return
  if (present !== null) {
    throw new ArmError(400, 'InvalidRequestContent', `The custom subdomain '${present}' cannot be changed.`)
  }
  if (ownHost === undefined) {
    throw new ArmError(
      400,
      'InvalidRequestContent',
      `The local cloud opens hosts when it starts, and '${account.name}' had no custom subdomain then.`,
    )
  }
}

const isIn =
  (subscriptionId: string, group?: string) =>
  (account: Account): boolean =>
    account.subscriptionId === subscriptionId.toLowerCase() &&
    (group === undefined || account.resourceGroup.toLowerCase() === group.toLowerCase())

export const SYSTEM_DATA = {
  createdBy: 'admin@contoso.com',
  createdByType: 'User',
  createdAt: LONG_AGO,
  lastModifiedBy: 'admin@contoso.com',
  lastModifiedByType: 'User',
  lastModifiedAt: LONG_AGO,
}

/** What is not set does not appear, as in Azure. */
function accountBody(account: Account, host: (family: HostFamily) => string) {
  const { customSubDomainName, disableLocalAuth, kind, location, name, networkDefaultAction, projects } =
    account
  const id = accountId(account)
  const [defaultProject] = projects
  return {
    id,
    name,
    type: 'Microsoft.CognitiveServices/accounts',
    etag: etagOf(account),
    location,
    sku: { name: 'S0' },
    kind,
    properties: {
      endpoint: `${host(hostFamilies[kind][0])}/`,
      provisioningState: 'Succeeded',
      internalId: stableHex(id),
      dateCreated: LONG_AGO,
      callRateLimit: { rules: callRateRules(kind) },
      isMigrated: false,
      ...(customSubDomainName === null ? {} : { customSubDomainName }),
      ...(networkDefaultAction === 'Deny' ? { networkAcls: CLOSED_NETWORK } : {}),
      privateEndpointConnections: [],
      publicNetworkAccess: account.publicNetworkAccess,
      capabilities: [{ name: 'VirtualNetworks' }, { name: 'CustomerManagedKey' }],
      ...(disableLocalAuth === null ? {} : { disableLocalAuth }),
      ...(kind === 'AIServices' ? { allowProjectManagement: true } : {}),
      ...(defaultProject === undefined
        ? {}
        : {
            defaultProject: defaultProject.name,
            associatedProjects: projects.map(({ name: project }) => project),
          }),
      endpoints: Object.fromEntries(
        ENDPOINT_NAMES[kind].map(([display, family]) => [display, `${host(family)}/`]),
      ),
    },
    systemData: SYSTEM_DATA,
  }
}

const CLOSED_NETWORK = { defaultAction: 'Deny', virtualNetworkRules: [], ipRules: [] }

type EndpointName = readonly [display: string, family: HostFamily]

const OPENAI_ENDPOINTS: readonly EndpointName[] = [
  ['OpenAI Language Model Instance API', 'openAI'],
  ['OpenAI Dall-E API', 'openAI'],
  ['OpenAI Moderations API', 'openAI'],
  ['OpenAI Model Scaleset API', 'openAI'],
  ['OpenAI Realtime API', 'openAI'],
  ['OpenAI Whisper API', 'openAI'],
  ['Token Service API', 'openAI'],
]

/** Under which names `endpoints` lists an account's hosts. */
const ENDPOINT_NAMES: Readonly<Record<Account['kind'], readonly EndpointName[]>> = {
  AIServices: [['AI Foundry API', 'foundry'], ['AI Model Inference API', 'foundry'], ...OPENAI_ENDPOINTS],
  OpenAI: OPENAI_ENDPOINTS,
  CognitiveServices: [['CognitiveServices', 'cognitiveServices']],
  TextAnalytics: [['TextAnalytics', 'cognitiveServices']],
}

function callRateRules(kind: Account['kind']) {
  const rule = (key: string, path: string) => ({
    key,
    renewalPeriod: 1,
    count: 30,
    dynamicThrottlingEnabled: false,
    matchPatterns: [{ path, method: '*' }],
  })
  const models = kind === 'OpenAI' || kind === 'AIServices' ? [rule('openai', 'openai/*')] : []
  return [...models, rule('default', '*')]
}
