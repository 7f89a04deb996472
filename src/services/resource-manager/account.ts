import * as v from 'valibot'
import { type Cloud, isInferenceUrl } from '../../azure/clouds.ts'
import type { Endpoints } from '../../azure/endpoint.ts'
import { accountIdOf, accountsApiVersion, type ResourceId } from '../../azure/resource-id.ts'
import { localFailure, StepError } from '../../core/failures/failure.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { ResourceManager } from './client.ts'

/** Microsoft.CognitiveServices accounts, as far as the gate needs them. */

const accountBody = v.object({
  kind: v.optional(v.string()),
  location: v.optional(v.string()),
  properties: v.object({
    endpoint: v.nullish(v.string()),
    endpoints: v.nullish(v.record(v.string(), v.string())),
    customSubDomainName: v.nullish(v.string()),
    disableLocalAuth: v.nullish(v.boolean()),
    publicNetworkAccess: v.nullish(v.string()),
  }),
})

const projectBody = v.object({
  properties: v.object({ endpoints: v.nullish(v.record(v.string(), v.string())) }),
})

export type KeyAccess = 'disabled' | 'enabled' | 'unknown'

export interface Account {
  /** Such as AIServices or OpenAI; of other kinds of resources no model is called. */
  kind: string | undefined
  hasCustomSubdomain: boolean
  endpoints: Endpoints
  /** Every host that is reported as the account's or its project's, each once, as `URL.host` writes it. */
  hosts: readonly string[]
  keyAccess: KeyAccess
  publicNetworkAccess: string | undefined
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
    // Null means what false means: keys work.
    keyAccess: properties.disableLocalAuth === true ? 'disabled' : 'enabled',
    publicNetworkAccess: properties.publicNetworkAccess ?? undefined,
  }
}

/**
 * The endpoints that Resource Manager reports, where a token may be sent to them.
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

/** @param endpoints URLs; what is none over https is left out. */
export const hostsOf = (endpoints: readonly string[]): string[] => [
  ...new Set(endpoints.map(httpsHost).filter(host => host !== undefined)),
]

/**
 * Whether an endpoint is one of the account's own. Names are compared, with their ports, and never addresses: private DNS answers for the
 * same name with another address, and a gateway has a name of its own.
 */
export function isOwnEndpoint({ hosts }: Pick<Account, 'hosts'>, endpoint: string): boolean {
  const host = httpsHost(endpoint)
  return host !== undefined && hosts.includes(host)
}

/** In lower case, without the port that https has anyway, and without the dot that ends a full name. */
function httpsHost(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, host } = new URL(url)
  return protocol === 'https:' ? host.replace(/\.(?=:|$)/, '') : undefined
}

/**
 * Display names as the service gives them. The account's plain `endpoint` lies in cognitiveservices.azure.com, where v1
 * routes were seen to be refused although the role was right.
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

/** Looked at from one slash of a row only: from each of them it would take minutes, of a hundred thousand. */
const withoutSlash = (url: string) => url.replace(/(?<!\/)\/+$/, '')
