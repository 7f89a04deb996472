import * as v from 'valibot'
import { type Cloud, isInferenceUrl } from '../../azure/clouds.ts'
import { accountIdOf, type ResourceId } from '../../azure/resource-id.ts'
import { ownRefusal, StepFailure } from '../../core/failures/failure.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { ResourceManager } from './client.ts'

/** Microsoft.CognitiveServices accounts and their deployments, as far as the gate needs them. */

const apiVersion = '2025-06-01'

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

const deploymentBody = v.object({
  name: v.string(),
  properties: v.object({
    model: v.nullish(v.object({ format: v.nullish(v.string()), name: v.nullish(v.string()) })),
    provisioningState: v.nullish(v.string()),
    capabilities: v.nullish(v.record(v.string(), v.unknown())),
  }),
  systemData: v.nullish(v.object({ createdAt: v.nullish(v.string()) })),
})

export type KeyAccess = 'disabled' | 'enabled' | 'unknown'

export interface Account {
  hasCustomSubdomain: boolean
  /** Where each family of routes is served, without a trailing slash. */
  endpoints: Endpoints
  keyAccess: KeyAccess
  publicNetworkAccess: string | undefined
}

export interface Endpoints {
  openAI: string
  modelInference: string
  /** The project's own, where a project was named. */
  project: string | undefined
}

export interface Deployment {
  name: string
  modelName: string | undefined
  modelFormat: string | undefined
  state: string | undefined
  capabilities: ReadonlySet<string>
  /** Until when the data plane may not know it yet, milliseconds since the epoch; absent where it is not new. */
  newUntil?: number
}

/** @throws StepFailure `resource-not-found` or another of Resource Manager's codes. */
export async function readAccount(manager: ResourceManager, resource: ResourceId): Promise<Account> {
  const id = accountIdOf(resource)
  const [account, project] = await Promise.all([
    manager.read('reading the account', id, apiVersion, accountBody),
    resource.project === undefined
      ? undefined
      : manager.read('reading the project', `${id}/projects/${resource.project}`, apiVersion, projectBody),
  ])
  const { properties } = account
  return {
    hasCustomSubdomain: Boolean(properties.customSubDomainName),
    endpoints: endpointsOf(
      properties.endpoint ?? '',
      properties.endpoints ?? {},
      project?.properties.endpoints ?? {},
    ),
    // Null means what false means: keys work.
    keyAccess: properties.disableLocalAuth === true ? 'disabled' : 'enabled',
    publicNetworkAccess: properties.publicNetworkAccess ?? undefined,
  }
}

/**
 * The endpoints that Resource Manager reports, where a token may be sent to them.
 * @throws StepFailure `custom-subdomain-missing`, or `endpoint-untrusted`: a token would go to a host outside the cloud.
 */
export function trustedEndpoints({ hasCustomSubdomain, endpoints }: Account, cloud: Cloud): Endpoints {
  const doing = 'reading the account'
  if (!hasCustomSubdomain) {
    const message = `The account has no custom subdomain: its endpoint is ${plain(endpoints.openAI)}.`
    throw new StepFailure(doing, ownRefusal('custom-subdomain-missing', message))
  }
  const foreign = Object.values(endpoints).find(url => url !== undefined && !isInferenceUrl(cloud, url))
  if (foreign !== undefined) {
    const domains = cloud.inferenceDomains.join(', ') || '(none)'
    const message = `Resource Manager reports the endpoint ${plain(foreign)}; trusted are hosts at or below ${domains}.`
    throw new StepFailure(doing, ownRefusal('endpoint-untrusted', message))
  }
  return endpoints
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

/** @param now Milliseconds since the epoch. */
export async function readDeployments(
  manager: ResourceManager,
  resource: ResourceId,
  now: () => number,
): Promise<Deployment[]> {
  const path = `${accountIdOf(resource)}/deployments`
  const found = await manager.readAll('listing the deployments', path, apiVersion, deploymentBody)
  return found.map(({ name, properties, systemData }) => ({
    name,
    modelName: properties.model?.name ?? undefined,
    modelFormat: properties.model?.format ?? undefined,
    state: properties.provisioningState ?? undefined,
    capabilities: new Set(
      Object.entries(properties.capabilities ?? {}).flatMap(([capability, on]) =>
        String(on) === 'true' ? [capability] : [],
      ),
    ),
    ...noveltyOf(properties.provisioningState ?? undefined, systemData?.createdAt ?? '', now()),
  }))
}

/** Names of deployments are the same in any case. */
export function deploymentNamed(
  name: string,
  deployments: readonly Deployment[] | undefined,
): Deployment | undefined {
  return deployments?.find(deployment => deployment.name.toLowerCase() === name.toLowerCase())
}

/** "If you created the deployment within the last 5 minutes, please wait": so says the data plane of one it does not know. */
const newForMs = 5 * 60_000
const beingMade: ReadonlySet<string> = new Set(['Accepted', 'Creating', 'Moving'])

function noveltyOf(state: string | undefined, createdAt: string, now: number): Pick<Deployment, 'newUntil'> {
  // Not true where there is no time, or none that can be read.
  const isYoung = now - Date.parse(createdAt) < newForMs
  return isYoung || beingMade.has(state ?? '') ? { newUntil: now + newForMs } : {}
}
