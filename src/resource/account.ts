import * as v from 'valibot'
import { type Cloud, isInferenceUrl } from '../clouds.ts'
import { ownRefusal, StepFailure } from '../diagnosis/verdict.ts'
import { plain } from '../untrusted-text.ts'
import { accountIdOf, type ResourceId } from './resource-id.ts'
import type { ResourceManager } from './resource-manager.ts'

/** Microsoft.CognitiveServices accounts and their deployments, as far as the gate needs them. */

const apiVersion = '2025-06-01'

const accountBody = v.object({
  kind: v.optional(v.string()),
  location: v.optional(v.string()),
  properties: v.object({
    endpoint: v.optional(v.string()),
    endpoints: v.optional(v.record(v.string(), v.string())),
    customSubDomainName: v.nullish(v.string()),
    disableLocalAuth: v.nullish(v.boolean()),
    publicNetworkAccess: v.nullish(v.string()),
  }),
})

const projectBody = v.object({
  properties: v.object({ endpoints: v.optional(v.record(v.string(), v.string())) }),
})

const deploymentsBody = v.object({
  value: v.array(
    v.object({
      name: v.string(),
      properties: v.object({
        model: v.optional(v.object({ format: v.optional(v.string()), name: v.optional(v.string()) })),
        provisioningState: v.optional(v.string()),
        capabilities: v.optional(v.record(v.string(), v.unknown())),
      }),
    }),
  ),
})

export type KeyAccess = 'disabled' | 'enabled' | 'unknown'

export interface Account {
  kind: string | undefined
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
}

/** @throws StepFailure `resource-not-found`, `custom-subdomain-missing`, `endpoint-untrusted` or another of Resource Manager's codes. */
export async function readAccount(
  manager: ResourceManager,
  resource: ResourceId,
  cloud: Cloud,
): Promise<Account> {
  const id = accountIdOf(resource)
  const [account, project] = await Promise.all([
    manager.read('reading the account', id, apiVersion, accountBody),
    resource.project === undefined
      ? undefined
      : manager.read('reading the project', `${id}/projects/${resource.project}`, apiVersion, projectBody),
  ])
  const { properties, kind } = account
  if (!properties.customSubDomainName) {
    throw new StepFailure(
      'reading the account',
      ownRefusal(
        'custom-subdomain-missing',
        `The account has no custom subdomain: its endpoint is ${plain(properties.endpoint ?? 'unknown')}.`,
      ),
    )
  }
  const endpoints = endpointsOf(
    properties.endpoint,
    properties.endpoints ?? {},
    project?.properties.endpoints ?? {},
  )
  for (const url of Object.values(endpoints)) {
    if (url !== undefined) trusted(cloud, url)
  }
  return {
    kind,
    endpoints,
    // Null means what false means: keys work.
    keyAccess: properties.disableLocalAuth === true ? 'disabled' : 'enabled',
    publicNetworkAccess: properties.publicNetworkAccess ?? undefined,
  }
}

/** @throws StepFailure `endpoint-untrusted`: a token would go to a host outside the cloud. */
function trusted(cloud: Cloud, url: string): void {
  if (isInferenceUrl(cloud, url)) return
  throw new StepFailure(
    'reading the account',
    ownRefusal(
      'endpoint-untrusted',
      `Resource Manager reports the endpoint ${plain(url)}; trusted are hosts at or below ${cloud.inferenceDomains.join(', ') || '(none)'}.`,
    ),
  )
}

/**
 * Display names as the service gives them. The account's plain `endpoint` lies in cognitiveservices.azure.com, where v1
 * routes were seen to be refused although the role was right.
 */
function endpointsOf(
  plainEndpoint: string | undefined,
  account: Readonly<Record<string, string>>,
  project: Readonly<Record<string, string>>,
): Endpoints {
  const any =
    account['OpenAI Language Model Instance API'] ?? account['AI Foundry API'] ?? plainEndpoint ?? ''
  return {
    openAI: withoutSlash(any),
    modelInference: withoutSlash(account['AI Foundry API'] ?? any).replace(/\/models$/, ''),
    project: project['AI Foundry API'] === undefined ? undefined : withoutSlash(project['AI Foundry API']),
  }
}

const withoutSlash = (url: string) => url.replace(/\/+$/, '')

export async function readDeployments(manager: ResourceManager, resource: ResourceId): Promise<Deployment[]> {
  const { value } = await manager.read(
    'listing the deployments',
    `${accountIdOf(resource)}/deployments`,
    apiVersion,
    deploymentsBody,
  )
  return value.map(({ name, properties }) => ({
    name,
    modelName: properties.model?.name,
    modelFormat: properties.model?.format,
    state: properties.provisioningState,
    capabilities: new Set(
      Object.entries(properties.capabilities ?? {}).flatMap(([capability, on]) =>
        String(on) === 'true' ? [capability] : [],
      ),
    ),
  }))
}
