import type { Context } from '../../context.ts'
import { type HostFamily, hostFamilies } from '../../hosts.ts'
import { provisioningStateOf } from '../../provisioning.ts'
import { accountId } from '../../scopes.ts'
import type { Account } from '../../world.ts'
import { identityBody } from '../identity-block.ts'
import { etagOf, LONG_AGO, stableHex } from '../values.ts'
import { ACCOUNT_TYPE, hostOf } from './account-access.ts'

/** Who created a resource, and when. For a resource of the seed: an administrator, long ago. */
export function systemData(createdOn = LONG_AGO, createdBy?: string) {
  const by = createdBy ?? 'admin@contoso.com'
  const byType = createdBy === undefined ? 'User' : 'Application'
  return {
    createdBy: by,
    createdByType: byType,
    createdAt: createdOn,
    lastModifiedBy: by,
    lastModifiedByType: byType,
    lastModifiedAt: createdOn,
  }
}

/** Whether an account can have projects. */
export const takesProjects = ({ allowProjectManagement, kind }: Account): boolean =>
  allowProjectManagement ?? kind === 'AIServices'

/**
 * An account as replies show it. As in Azure, members without a value are left out.
 * @param state the state to show for a write that has just begun; absent: the clock decides
 */
export function accountBody(context: Context, account: Account, state?: string) {
  const { kind, location, name, tags, sku = 'S0', createdOn, createdBy } = account
  const id = accountId(account)
  return {
    id,
    name,
    type: ACCOUNT_TYPE,
    etag: etagOf(account),
    location,
    sku: { name: sku },
    kind,
    ...identityBody(context.world, id, account.identity),
    ...(tags && { tags }),
    properties: accountProperties(context, account, state),
    systemData: systemData(createdOn, createdBy),
  }
}

function accountProperties(context: Context, account: Account, state?: string) {
  const {
    customSubDomainName,
    disableLocalAuth,
    kind,
    projects,
    createdOn = LONG_AGO,
    otherProperties,
  } = account
  const [defaultProject] = projects
  const urlOf = (family: HostFamily) => `${hostOf(context, account, family)}/`
  return {
    ...otherProperties,
    endpoint: urlOf(hostFamilies[kind][0]),
    provisioningState: state ?? provisioningStateOf(account, context.clock.now()),
    internalId: stableHex(accountId(account)),
    dateCreated: createdOn,
    callRateLimit: { rules: callRateRules(kind) },
    isMigrated: false,
    ...(customSubDomainName === null ? {} : { customSubDomainName }),
    ...networkAcls(account),
    privateEndpointConnections: [],
    publicNetworkAccess: account.publicNetworkAccess,
    capabilities: [{ name: 'VirtualNetworks' }, { name: 'CustomerManagedKey' }],
    ...(disableLocalAuth === null ? {} : { disableLocalAuth }),
    ...(takesProjects(account) || account.allowProjectManagement === false
      ? { allowProjectManagement: takesProjects(account) }
      : {}),
    ...(defaultProject && {
      defaultProject: defaultProject.name,
      associatedProjects: projects.map(project => project.name),
    }),
    endpoints: Object.fromEntries(ENDPOINT_NAMES[kind].map(([display, family]) => [display, urlOf(family)])),
  }
}

/** An account shows network rules only if somebody wrote some. */
function networkAcls({
  networkDefaultAction,
  networkBypass,
  ipRules = [],
  virtualNetworkRules = [],
}: Account) {
  const hasRules = networkDefaultAction === 'Deny' || ipRules.length > 0 || virtualNetworkRules.length > 0
  if (!hasRules && networkBypass === undefined) return {}
  return {
    networkAcls: {
      ...(networkBypass && { bypass: networkBypass }),
      defaultAction: networkDefaultAction,
      virtualNetworkRules: virtualNetworkRules.map(id => ({ id, ignoreMissingVnetServiceEndpoint: false })),
      ipRules: ipRules.map(value => ({ value })),
    },
  }
}

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

/** The names that `endpoints` gives an account's hosts. */
const ENDPOINT_NAMES: Readonly<Record<Account['kind'], readonly EndpointName[]>> = {
  AIServices: [['AI Foundry API', 'foundry'], ['AI Model Inference API', 'foundry'], ...OPENAI_ENDPOINTS],
  OpenAI: OPENAI_ENDPOINTS,
  CognitiveServices: [['CognitiveServices', 'cognitiveServices']],
  TextAnalytics: [['Text Analytics', 'cognitiveServices']],
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
