import { PROBE_PATH } from './app/index.ts'
import type { Endpoints } from './context.ts'
import { APP_SERVICE_PATH } from './entra/managed-identity.ts'
import { idTokenRequestUrl, type JobTokens, workflowEnvironment } from './github/index.ts'
import type { JobFiles } from './job-files.ts'
import { accountId, normalizeScope } from './scopes.ts'
import type { World } from './world.ts'

/** What the environment of a job is made from. */
export interface EnvironmentSource {
  world: World
  endpoints: Endpoints
  jobTokens: JobTokens
  controlToken: string
  files: JobFiles
  /** Where the endpoint of the managed identity listens, and what its clients have to send. */
  managedIdentity: { url: string; header: string }
  /** Of instance discovery; absent: nobody asked for it. */
  proxy?: string
}

/** What GitHub's runner gives to a job with `id-token: write`, plus the variables that describe the run (GITHUB_*). */
export function runnerEnvironment({
  world: { workflow },
  endpoints: { github, githubApi },
  jobTokens,
  files,
}: EnvironmentSource): Record<string, string> {
  return {
    NODE_EXTRA_CA_CERTS: files.nodeExtraCa,
    ACTIONS_ID_TOKEN_REQUEST_URL: idTokenRequestUrl(github),
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: jobTokens.requestToken,
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: githubApi,
    // The runner does not set it, but nearly every workflow passes it on.
    GITHUB_TOKEN: jobTokens.apiToken,
    ...workflowEnvironment(workflow),
  }
}

/**
 * What a program needs to use the cloud: the first application of the world, and its first account. A variable is left out if the
 * world has no value for it.
 */
export function jobEnvironment(source: EnvironmentSource): Record<string, string> {
  const variables = {
    ...runnerEnvironment(source),
    ...trustVariables(source),
    ...proxyVariables(source),
    ...azureVariables(source),
    ...terraformVariables(source),
    ...localCloudVariables(source),
  }
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

type Variables = Record<string, string | undefined>

/** For clients that take one file instead of the system's authorities. */
const trustVariables = ({ files }: EnvironmentSource): Variables => ({
  REQUESTS_CA_BUNDLE: files.caBundle,
  SSL_CERT_FILE: files.caBundle,
})

/** The cloud itself is on this machine: programs call it without the proxy. */
const proxyVariables = ({ proxy }: EnvironmentSource): Variables =>
  proxy === undefined ? {} : { HTTPS_PROXY: proxy, NO_PROXY: '127.0.0.1,localhost' }

/** What the Azure SDKs read. The token file makes DefaultAzureCredential take the workload identity, before it asks for a managed one. */
function azureVariables({ world, endpoints, files, managedIdentity }: EnvironmentSource): Variables {
  const [application] = world.applications
  return {
    AZURE_CLIENT_ID: application?.clientId,
    AZURE_TENANT_ID: application?.tenantId,
    AZURE_SUBSCRIPTION_ID: world.accounts[0]?.subscriptionId,
    AZURE_AUTHORITY_HOST: endpoints.authorityHost,
    AZURE_FEDERATED_TOKEN_FILE: files.federatedToken,
    AZURE_OPENAI_ENDPOINT: accountEndpoint(world, endpoints, id => endpoints.hosts.get(id)?.openAI),
    // Of az: it need not ask login.microsoftonline.com whether the authority can be trusted.
    AZURE_CORE_INSTANCE_DISCOVERY: 'false',
    IDENTITY_ENDPOINT: `${managedIdentity.url}${APP_SERVICE_PATH}`,
    IDENTITY_HEADER: managedIdentity.header,
    AZURE_POD_IDENTITY_AUTHORITY_HOST: managedIdentity.url,
  }
}

/** What the providers azapi and azurerm read. */
function terraformVariables({ world, endpoints, files }: EnvironmentSource): Variables {
  const [application] = world.applications
  return {
    ARM_CLIENT_ID: application?.clientId,
    ARM_TENANT_ID: application?.tenantId,
    ARM_SUBSCRIPTION_ID: world.accounts[0]?.subscriptionId,
    ARM_USE_OIDC: 'true',
    ARM_OIDC_TOKEN_FILE_PATH: files.federatedToken,
    ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST: endpoints.authorityHost,
    ARM_DISABLE_INSTANCE_DISCOVERY: 'true',
    ARM_METADATA_HOSTNAME: new URL(endpoints.resourceManager).host,
    ARM_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com',
    ARM_RESOURCE_MANAGER_ENDPOINT: endpoints.resourceManager,
  }
}

/** Variables that only programs for the local cloud read. */
function localCloudVariables({ world, endpoints, controlToken }: EnvironmentSource): Variables {
  const [account] = world.accounts
  return {
    LOCAL_CLOUD_ISSUER: endpoints.github,
    LOCAL_CLOUD_AUTHORITY_HOST: endpoints.authorityHost,
    LOCAL_CLOUD_RESOURCE_MANAGER: endpoints.resourceManager,
    LOCAL_CLOUD_GRAPH: endpoints.graph,
    LOCAL_CLOUD_RESOURCE_ID: account === undefined ? undefined : accountId(account),
    LOCAL_CLOUD_ENDPOINT: accountEndpoint(world, endpoints, id => endpoints.accounts.get(id)),
    LOCAL_CLOUD_PROBE_URL: probeUrl(endpoints),
    LOCAL_CLOUD_CONTROL_URL: endpoints.control,
    LOCAL_CLOUD_CONTROL_TOKEN: controlToken,
  }
}

/** Of the first app. */
function probeUrl({ apps }: Endpoints): string | undefined {
  const [host] = apps.values()
  return host && `${host}${PROBE_PATH}`
}

/** A host of the first account, or that of the region if it has none. */
function accountEndpoint(
  { accounts: [account] }: World,
  { regional }: Endpoints,
  hostOf: (accountId: string) => string | undefined,
): string | undefined {
  return account && (hostOf(normalizeScope(accountId(account))) ?? regional)
}
