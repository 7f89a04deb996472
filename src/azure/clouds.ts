/** Azure clouds, one row each. Hosts and audiences: azure-cli cloud.py, the SDKs' Known*Audience enums, learn.microsoft.com. */

export const cloudNames = ['AzureCloud', 'AzureUSGovernment', 'AzureChinaCloud', 'custom'] as const
export type CloudName = (typeof cloudNames)[number]

/** The two audiences of inference endpoints. The route decides which one it accepts. */
export interface InferenceAudiences {
  cognitiveServices: string
  /** Undefined if the cloud is not known to have one. */
  foundry: string | undefined
}

export interface Cloud {
  name: CloudName
  authorityHost: string
  resourceManager: { endpoint: string; audience: string }
  inferenceAudiences: InferenceAudiences
  /** An inference host is one of these domains, or a subdomain. */
  inferenceDomains: readonly string[]
  /** Audience of the GitHub OIDC token. */
  assertionAudience: string
  /** Origin of Microsoft Graph, for commands that people run: the action itself does not call it. */
  graph: string
  /** Origin of the Azure portal; undefined if the cloud is not known to have one. */
  portal: string | undefined
}

const assertionAudience = 'api://AzureADTokenExchange'

type Row = Omit<Cloud, 'name'>

const azureCloud: Row = {
  authorityHost: 'https://login.microsoftonline.com',
  resourceManager: { endpoint: 'https://management.azure.com', audience: 'https://management.azure.com' },
  inferenceAudiences: {
    cognitiveServices: 'https://cognitiveservices.azure.com',
    foundry: 'https://ai.azure.com',
  },
  inferenceDomains: ['openai.azure.com', 'services.ai.azure.com', 'cognitiveservices.azure.com'],
  assertionAudience,
  graph: 'https://graph.microsoft.com',
  portal: 'https://portal.azure.com',
}

const knownClouds: Record<Exclude<CloudName, 'custom'>, Row> = {
  AzureCloud: azureCloud,
  AzureUSGovernment: {
    authorityHost: 'https://login.microsoftonline.us',
    resourceManager: {
      endpoint: 'https://management.usgovcloudapi.net',
      audience: 'https://management.usgovcloudapi.net',
    },
    inferenceAudiences: { cognitiveServices: 'https://cognitiveservices.azure.us', foundry: undefined },
    inferenceDomains: ['openai.azure.us', 'services.ai.azure.us', 'cognitiveservices.azure.us'],
    assertionAudience,
    graph: 'https://graph.microsoft.us',
    portal: 'https://portal.azure.us',
  },
  AzureChinaCloud: {
    authorityHost: 'https://login.partner.microsoftonline.cn',
    resourceManager: {
      endpoint: 'https://management.chinacloudapi.cn',
      audience: 'https://management.chinacloudapi.cn',
    },
    inferenceAudiences: { cognitiveServices: 'https://cognitiveservices.azure.cn', foundry: undefined },
    inferenceDomains: ['openai.azure.cn', 'services.ai.azure.cn', 'cognitiveservices.azure.cn'],
    assertionAudience,
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    portal: 'https://portal.azure.cn',
  },
}

/** Hosts that a user may name instead of the cloud's own; https origins without a trailing slash. */
interface NamedHosts {
  authorityHost?: string | undefined
  resourceManagerEndpoint?: string | undefined
  /** The `endpoint` input. */
  inferenceEndpoint?: string | undefined
}

const hostname = (origin: string) => new URL(origin).hostname

/**
 * The row of a cloud, with the hosts that the user named. A custom cloud has the audiences of AzureCloud, and only the named hosts
 * and their subdomains as inference domains.
 */
export function cloudOf(name: CloudName, named: NamedHosts): Cloud {
  const row = name === 'custom' ? azureCloud : knownClouds[name]
  const namedForInference =
    name === 'custom'
      ? [named.inferenceEndpoint, named.authorityHost, named.resourceManagerEndpoint]
      : [named.inferenceEndpoint]
  const namedDomains = namedForInference.filter(origin => origin !== undefined).map(hostname)
  return {
    ...row,
    name,
    authorityHost: named.authorityHost ?? row.authorityHost,
    resourceManager: {
      endpoint: named.resourceManagerEndpoint ?? row.resourceManager.endpoint,
      audience: row.resourceManager.audience,
    },
    portal: name === 'custom' ? undefined : row.portal,
    inferenceDomains: name === 'custom' ? namedDomains : [...row.inferenceDomains, ...namedDomains],
  }
}

/** Whether the origin is where one of the public clouds signs in. */
export const isPublicAuthority = (origin: string): boolean =>
  Object.values(knownClouds).some(({ authorityHost }) => authorityHost === origin)

/** Whether a bearer token for inference may be sent to this URL: https, and a host of the cloud's inference domains. */
export function isInferenceUrl(cloud: Cloud, url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname: host, username, password } = new URL(url)
  if (protocol !== 'https:' || username !== '' || password !== '') return false
  return isWithin(host, cloud.inferenceDomains)
}

/** Whether a host is one of Azure's own for inference, in any cloud. */
export const isHostOfAzure = (host: string): boolean =>
  Object.values(knownClouds).some(({ inferenceDomains }) => isWithin(host, inferenceDomains))

/**
 * Domains of Microsoft services that hold data of the tenant or can change it. Audiences with a host in one of them are refused
 * for gateways, and so are the GUIDs below.
 */
const domainsOfMicrosoft = [
  ...['azure.com', 'azure.net', 'windows.net', 'microsoft.com'],
  ...[
    'dynamics.com',
    'sharepoint.com',
    'office.com',
    'office365.com',
    'visualstudio.com',
    'azuresynapse.net',
  ],
  ...['azconfig.io', 'azuredatabricks.net', 'loganalytics.io', 'applicationinsights.io', 'powerapps.com'],
  ...['powerplatform.com', 'powerbi.com', 'onenote.com', 'yammer.com', 'skype.com', 'microsoftazure.us'],
  ...['azure.us', 'usgovcloudapi.net', 'microsoft.us', 'azure.cn', 'chinacloudapi.cn', 'microsoftazure.cn'],
]
/** Application ids of Microsoft services: Resource Manager, Key Vault, Storage, Azure DevOps, Databricks, AKS, Log Analytics, SQL, Power Apps. */
const idsOfMicrosoft: readonly string[] = [
  '797f4846-ba00-4fd7-ba43-dac1f8f63013',
  'cfa8b339-82a2-471a-a3c9-0fc0be7a4093',
  'e406a681-f3d4-42a8-90b6-c2b029497af1',
  '499b84ac-1321-427f-aa17-267ca6975798',
  '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
  '6dae42f8-4368-4678-94ff-3960e28e3630',
  'ca7f3f0b-7d91-482c-8e09-c5d840d0eac5',
  '022907d3-0f1b-48f7-badc-1ba6abab6d66',
  '475226c6-020e-4fb2-8a90-7a972cbfc1d4',
]
/** Application ids of Microsoft Graph and its predecessor, Exchange, SharePoint, Dynamics and Power BI. */
const numberOfMicrosoft = /^0000000[\da-f]-0000-(0000-c000|0ff1-ce00)-0{12}$/

/** Whether the audience is a Microsoft service other than inference. No other host must get a token for it. */
export function opensMicrosoft(audience: string): boolean {
  const inference = Object.values(knownClouds).flatMap(cloud => knownAudiences(cloud.inferenceAudiences))
  if (inference.includes(audience.replace(/\/$/, ''))) return false
  const { hostname } = URL.parse(audience) ?? { hostname: audience }
  const host = hostname.toLowerCase().replace(/\.$/, '')
  return isWithin(host, domainsOfMicrosoft) || idsOfMicrosoft.includes(host) || numberOfMicrosoft.test(host)
}

const isWithin = (host: string, domains: readonly string[]) =>
  domains.some(domain => host === domain || host.endsWith(`.${domain}`))

/** All inference audiences of a cloud, the most widely accepted one first. */
export function knownAudiences({ cognitiveServices, foundry }: InferenceAudiences): string[] {
  return foundry === undefined ? [cognitiveServices] : [cognitiveServices, foundry]
}
