import type { Endpoints } from './context.ts'
import { idTokenRequestUrl, type JobTokens, workflowEnvironment } from './github/index.ts'
import { accountId, normalizeScope } from './scopes.ts'
import type { World } from './world.ts'

/** What the environment of a job is made from. */
export interface EnvironmentSource {
  world: World
  endpoints: Endpoints
  jobTokens: JobTokens
  controlToken: string
  caFile: string
}

/** What GitHub's runner gives to a job with `id-token: write`, plus the variables that describe the run (GITHUB_*). */
export function runnerEnvironment({
  world: { workflow },
  endpoints: { github, githubApi },
  jobTokens,
  caFile,
}: EnvironmentSource): Record<string, string> {
  return {
    NODE_EXTRA_CA_CERTS: caFile,
    ACTIONS_ID_TOKEN_REQUEST_URL: idTokenRequestUrl(github),
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: jobTokens.requestToken,
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: githubApi,
    // Not the runner's doing, but what nearly every workflow passes on.
    GITHUB_TOKEN: jobTokens.apiToken,
    ...workflowEnvironment(workflow),
  }
}

/**
 * What a program needs to use the cloud: the first application of the world, on its first account. What a world does not
 * have is left out.
 */
export function jobEnvironment(source: EnvironmentSource): Record<string, string> {
  const { world, endpoints, controlToken } = source
  const [application] = world.applications
  const [account] = world.accounts
  const id = account === undefined ? undefined : accountId(account)
  const known = {
    ...runnerEnvironment(source),
    AZURE_CLIENT_ID: application?.clientId,
    AZURE_TENANT_ID: application?.tenantId,
    AZURE_SUBSCRIPTION_ID: account?.subscriptionId,
    LOCAL_CLOUD_AUTHORITY_HOST: endpoints.authorityHost,
    LOCAL_CLOUD_RESOURCE_MANAGER: endpoints.resourceManager,
    LOCAL_CLOUD_RESOURCE_ID: id,
    LOCAL_CLOUD_ENDPOINT:
      id === undefined ? undefined : (endpoints.accounts.get(normalizeScope(id)) ?? endpoints.regional),
    LOCAL_CLOUD_CONTROL_URL: endpoints.control,
    LOCAL_CLOUD_CONTROL_TOKEN: controlToken,
  }
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
