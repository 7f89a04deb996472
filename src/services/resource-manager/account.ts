import * as v from 'valibot'
import { accountsApiVersion } from '../../azure/api-versions.ts'
import { type Cloud, isInferenceUrl } from '../../azure/clouds.ts'
import type { Endpoints } from '../../azure/endpoint.ts'
import { accountIdOf, type ResourceId } from '../../azure/resource-id.ts'
import { localFailure, StepError } from '../../core/failures/failure.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { ResourceManager } from './client.ts'

/** Microsoft.CognitiveServices accounts: the parts that the gate needs. */

const accountBody = v.object({
  kind: v.optional(v.string()),
  location: v.optional(v.string()),
  properties: v.object({
    endpoint: v.nullish(v.string()),
    endpoints: v.nullish(v.record(v.string(), v.string())),
    customSubDomainName: v.nullish(v.string()),
    disableLocalAuth: v.nullish(v.boolean()),
    publicNetworkAccess: v.nullish(v.string()),
    provisioningState: v.nullish(v.string()),
  }),
})

const projectBody = v.object({
  properties: v.object({ endpoints: v.nullish(v.record(v.string(), v.string())) }),
})

export const keyAccesses = ['disabled', 'enabled', 'unknown'] as const
export type KeyAccess = (typeof keyAccesses)[number]

export interface Account {
  /** Such as AIServices or OpenAI; resources of other kinds have no models to call. */
  kind: string | undefined
  hasCustomSubdomain: boolean
  endpoints: Endpoints
  /** Every host that is reported for the account or its project, without duplicates, in the form of `URL.host`. */
  hosts: readonly string[]
  keyAccess: KeyAccess
  publicNetworkAccess: string | undefined
  /** It may still answer for some minutes. */
  isBeingDeleted?: true
}

/** @throws StepError `resource-not-found` or another of Resource Manager's codes. */
export async function readAccount(
  manager: Pick<ResourceManager, 'read'>,
  resource: ResourceId,
): Promise<Account> {
  const id = accountIdOf(resource)
  const [account, project] = await Promise.all([
    manager.read('reading the account', id, accountsApiVersion, accountBody),
    resource.project === undefined
      ? undefined
      : manager.read(
          'reading the project',
          `${id}/projects/${resource.project}`,
          accountsApiVersion,
          projectBody,
        ),
  ])
  const { properties } = account
  const ofAccount = properties.endpoints ?? {}
  const ofProject = project?.properties.endpoints ?? {}
  return {
    kind: account.kind,
    hasCustomSubdomain: Boolean(properties.customSubDomainName),
    endpoints: endpointsOf(properties.endpoint ?? '', ofAccount, ofProject),
    hosts: hostsOf([properties.endpoint ?? '', ...Object.values(ofAccount), ...Object.values(ofProject)]),
    // Null means the same as false: keys work.
    keyAccess: properties.disableLocalAuth === true ? 'disabled' : 'enabled',
    publicNetworkAccess: properties.publicNetworkAccess ?? undefined,
    ...(properties.provisioningState === 'Deleting' ? { isBeingDeleted: true } : {}),
  }
}

/** Answers of an account that is being deleted are no proof for the deploy that follows. @throws StepError `resource-not-found` */
export function requireLasting({ isBeingDeleted }: Pick<Account, 'isBeingDeleted'>): void {
  if (isBeingDeleted !== true) return
  const message = 'The account is being deleted: its provisioningState is Deleting.'
  throw new StepError('reading the account', localFailure('resource-not-found', message))
}

/**
 * The endpoints that Resource Manager reports, if they may get a token.
 * @throws StepError `custom-subdomain-missing`, or `endpoint-untrusted`: a token would go to a host outside the cloud.
 */
export function trustedEndpoints({ hasCustomSubdomain, endpoints }: Account, cloud: Cloud): Endpoints {
  const operation = 'reading the account'
  if (!hasCustomSubdomain) {
    const message = `The account has no custom subdomain: its endpoint is ${plain(endpoints.openAI)}.`
    throw new StepError(operation, localFailure('custom-subdomain-missing', message))
  }
  const foreign = Object.values(endpoints).find(url => url !== undefined && !isInferenceUrl(cloud, url))
  if (foreign !== undefined) {
    const domains = cloud.inferenceDomains.join(', ') || '(none)'
    const message = `Resource Manager reports the endpoint ${plain(foreign)}; trusted are hosts at or below ${domains}.`
    throw new StepError(operation, localFailure('endpoint-untrusted', message))
  }
  return endpoints
}

/** @param endpoints URLs; those without https are left out. */
export const hostsOf = (endpoints: readonly string[]): string[] => [
  ...new Set(endpoints.map(httpsHost).filter(host => host !== undefined)),
]

/**
 * Whether an endpoint belongs to the account. Names and ports are compared, never IP addresses: private DNS gives the same name
 * another address, and a gateway has its own name.
 */
export function isOwnEndpoint({ hosts }: Pick<Account, 'hosts'>, endpoint: string): boolean {
  const host = httpsHost(endpoint)
  return host !== undefined && hosts.includes(host)
}

/** In lower case, without https's default port, and without the dot at the end of a full name. */
function httpsHost(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, host } = new URL(url)
  return protocol === 'https:' ? host.replace(/\.(?=:|$)/, '') : undefined
}

/**
 * Keys are the service's display names. The account's plain `endpoint` is in cognitiveservices.azure.com, which has refused v1
 * routes although the role was right.
 */
function endpointsOf(
  plainEndpoint: string,
  account: Readonly<Record<string, string>>,
  project: Readonly<Record<string, string>>,
): Endpoints {
  const any = account['OpenAI Language Model Instance API'] ?? account['AI Foundry API'] ?? plainEndpoint
  return {
    openAI: withoutSlash(any),
    modelInference: withoutSlash(account['AI Foundry API'] ?? any).replace(/\/models$/, ''),
    project: project['AI Foundry API'] === undefined ? undefined : withoutSlash(project['AI Foundry API']),
  }
}

/** Matches from the first of several slashes only: trying each of a hundred thousand would take minutes. */
const withoutSlash = (url: string) => url.replace(/(?<!\/)\/+$/, '')
