import * as v from 'valibot'
import { assignRoles } from '../src/azure/rbac/delegation-conditions.ts'
import { coversAction, coversDataAction } from '../src/azure/rbac/permissions.ts'
import { readAccessTokenClaims } from '../src/services/entra/access-token-claims.ts'
import { readAssertionClaims } from '../src/services/github/assertion-claims.ts'
import { chatDataAction } from '../src/services/inference/apis/chat-completions.ts'
import { permissionEntry } from '../src/services/resource-manager/role-assignments.ts'
import { deploymentsByKind } from './deployment-kinds.ts'
import type { Send } from './send.ts'
import {
  audiences,
  type DeploymentKind,
  type FaultyIdentity,
  faultyIdentities,
  type Need,
  type TokenAudience,
} from './terms.ts'

/** Where exchanges are sent, and by whom: read from the environment, and from the resource itself. */
export interface World {
  tenantId: string
  clientId: string
  /** Object id of the service principal of the run. */
  principalId: string
  subscriptionId: string
  accountId: string
  projectId: string | undefined
  /** Name of the project; undefined where the account has none. */
  project: string | undefined
  github: { requestUrl: string; requestToken: string }
  /** Origins without a slash at the end. */
  hosts: { entra: string; resourceManager: string; graph: string; openAI: string; foundry: string }
  deployments: ReadonlyMap<DeploymentKind, string>
  /** An OIDC token for the audience of Entra, and one for somebody else. */
  assertion: string
  foreignAssertion: string
  /** Its subject, which names the repository. */
  subject: string
  /** Client ids of applications that do not trust the run. */
  faulty: ReadonlyMap<FaultyIdentity, string>
  /** Id of a resource that a deny assignment stands at. */
  deniedId: string | undefined
  /** Access tokens, where Entra gave one. */
  tokens: ReadonlyMap<TokenAudience, string>
  /** What this world has of what exchanges need. */
  has: ReadonlySet<Need>
}

/** A variable of a repository that is not set comes as an empty text. */
const given = <S extends v.GenericSchema<string, unknown>>(schema: S) =>
  v.optional(
    v.union([
      v.pipe(
        v.literal(''),
        v.transform(() => undefined),
      ),
      schema,
    ]),
  )

/** The variables that a world is read from. Those of the local cloud have the names that it gives them. */
const environmentSchema = v.object({
  ACTIONS_ID_TOKEN_REQUEST_URL: v.pipe(v.string(), v.url()),
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: v.pipe(v.string(), v.nonEmpty()),
  AZURE_CLIENT_ID: v.pipe(v.string(), v.uuid()),
  AZURE_TENANT_ID: v.pipe(v.string(), v.uuid()),
  CONFORMANCE_RESOURCE_ID: v.optional(v.string()),
  CONFORMANCE_SETUP_CLIENT_ID: given(v.pipe(v.string(), v.uuid())),
  CONFORMANCE_DENIED_RESOURCE_ID: given(v.pipe(v.string(), v.startsWith('/subscriptions/'))),
  CONFORMANCE_DENY_ASSIGNMENTS: given(v.literal('make')),
  CONFORMANCE_FAULTY_IDENTITIES: given(
    v.pipe(v.string(), v.parseJson(), v.record(v.picklist(faultyIdentities), v.pipe(v.string(), v.uuid()))),
  ),
  LOCAL_CLOUD_RESOURCE_ID: v.optional(v.string()),
  LOCAL_CLOUD_AUTHORITY_HOST: v.optional(v.string(), 'https://login.microsoftonline.com'),
  LOCAL_CLOUD_RESOURCE_MANAGER: v.optional(v.string(), 'https://management.azure.com'),
  LOCAL_CLOUD_GRAPH: v.optional(v.string(), 'https://graph.microsoft.com'),
})

const oidcReply = v.object({ value: v.string() })
const tokenReply = v.object({ access_token: v.string() })
const accountReply = v.object({
  properties: v.object({
    endpoint: v.string(),
    endpoints: v.optional(v.record(v.string(), v.string()), {}),
    disableLocalAuth: v.nullish(v.boolean(), false),
  }),
})
const listReply = v.object({
  value: v.array(v.looseObject({ name: v.string(), id: v.optional(v.string()) })),
})

/**
 * Signs in, and looks at the resource. @throws Error what is missing, by name; ValiError where a reply is not what every client
 * relies on
 */
export async function openWorld(
  env: Readonly<Record<string, string | undefined>>,
  send: Send,
): Promise<World> {
  const read = v.parse(environmentSchema, env)
  const accountId = (read.CONFORMANCE_RESOURCE_ID ?? read.LOCAL_CLOUD_RESOURCE_ID)?.replace(
    /\/projects\/.*/i,
    '',
  )
  if (accountId === undefined)
    throw new Error('CONFORMANCE_RESOURCE_ID is not set: the id of the resource to try')
  const github = {
    requestUrl: read.ACTIONS_ID_TOKEN_REQUEST_URL,
    requestToken: read.ACTIONS_ID_TOKEN_REQUEST_TOKEN,
  }
  const entra = read.LOCAL_CLOUD_AUTHORITY_HOST
  const resourceManager = read.LOCAL_CLOUD_RESOURCE_MANAGER
  const assertionFor = (audience: string) => askForAssertion(github, audience, send)
  const [assertion, foreignAssertion] = await Promise.all([
    assertionFor('api://AzureADTokenExchange'),
    assertionFor('https://conformance.invalid'),
  ])
  const signIn = { tenantId: read.AZURE_TENANT_ID, clientId: read.AZURE_CLIENT_ID, entra, assertion }
  const tokens = await accessTokens(signIn, send)
  const token = tokens.get('resource-manager')
  if (token === undefined) throw new Error('Entra gives no token for Resource Manager: nothing can be tried')
  const setupId = read.CONFORMANCE_SETUP_CLIENT_ID
  const ofSetup =
    setupId && (await accessTokens({ ...signIn, clientId: setupId }, send)).get('resource-manager')
  if (ofSetup !== undefined) tokens.set('setup', ofSetup)
  const principalId = readAccessTokenClaims(token)?.oid
  if (principalId === undefined) throw new Error('The access token names no principal')
  const get = async (path: string, version: string) => {
    const url = `${resourceManager}${accountId}${path}?api-version=${version}`
    const { status, body } = await send({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } })
    if (status !== 200) throw new Error(`GET ${path || 'account'} answered ${status}`)
    return body
  }
  const { properties } = v.parse(accountReply, JSON.parse(await get('', '2024-10-01')))
  const deployments = deploymentsByKind(JSON.parse(await get('/deployments', '2024-10-01')))
  const [project] = v.parse(listReply, JSON.parse(await get('/projects', '2025-06-01'))).value
  const projectName = project?.name.replace(/.*\//, '')
  const faulty = new Map(
    Object.entries(read.CONFORMANCE_FAULTY_IDENTITIES ?? {}) as [FaultyIdentity, string][],
  )
  const origin = (url: string) => new URL(url).origin
  const named = (pattern: RegExp) =>
    Object.entries(properties.endpoints).find(([name]) => pattern.test(name))?.[1] ?? properties.endpoint
  const hosts = {
    entra,
    resourceManager,
    graph: read.LOCAL_CLOUD_GRAPH,
    openAI: origin(named(/OpenAI Language Model/i)),
    foundry: origin(named(/AI Foundry API/i)),
  }
  return {
    tenantId: signIn.tenantId,
    clientId: signIn.clientId,
    principalId,
    subscriptionId: accountId.split('/')[2] ?? '',
    accountId,
    projectId: projectName === undefined ? undefined : `${accountId}/projects/${projectName}`,
    project: projectName,
    github,
    hosts,
    deployments,
    assertion,
    foreignAssertion,
    subject: readAssertionClaims(assertion)?.sub ?? '',
    faulty,
    deniedId: read.CONFORMANCE_DENIED_RESOURCE_ID,
    tokens,
    has: new Set<Need>([
      ...faulty.keys(),
      properties.disableLocalAuth ? 'keys-off' : 'keys-on',
      ...(tokens.has('setup') ? (['setup-identity'] as const) : []),
      ...(read.CONFORMANCE_DENIED_RESOURCE_ID === undefined ? [] : (['denied-resource'] as const)),
      ...deployments.keys(),
      ...(projectName === undefined ? [] : (['project'] as const)),
      ...(tokens.has('graph') ? (['graph'] as const) : []),
      ...(await abilities({ resourceManager, accountId, token }, send)).filter(
        need => need !== 'may-deny' || read.CONFORMANCE_DENY_ASSIGNMENTS === 'make',
      ),
    ]),
  }
}

async function askForAssertion(
  { requestUrl, requestToken }: World['github'],
  audience: string,
  send: Send,
): Promise<string> {
  const { status, body } = await send({
    method: 'GET',
    url: `${requestUrl}&audience=${encodeURIComponent(audience)}`,
    headers: { authorization: `Bearer ${requestToken}` },
  })
  if (status !== 200) throw new Error(`GitHub gives no OIDC token: it answered ${status}`)
  return v.parse(oidcReply, JSON.parse(body)).value
}

interface SignIn {
  tenantId: string
  clientId: string
  entra: string
  assertion: string
}

/** Those that Entra gives: a tenant may know nothing of one of the audiences. */
async function accessTokens(
  { tenantId, clientId, entra, assertion }: SignIn,
  send: Send,
): Promise<Map<TokenAudience, string>> {
  const tokens = new Map<TokenAudience, string>()
  for (const [name, audience] of Object.entries(audiences) as [TokenAudience, string][]) {
    const { status, body } = await send({
      method: 'POST',
      url: `${entra}/${tenantId}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        scope: `${audience}/.default`,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }).toString(),
    })
    if (status === 200) tokens.set(name, v.parse(tokenReply, JSON.parse(body)).access_token)
  }
  return tokens
}

/** What the principal is told of its own permissions. @returns nothing where it may not ask */
async function abilities(
  { resourceManager, accountId, token }: { resourceManager: string; accountId: string; token: string },
  send: Send,
): Promise<Need[]> {
  const url = `${resourceManager}${accountId}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`
  const { status, body } = await send({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } })
  if (status !== 200) return []
  const { value } = v.parse(permissionsReply, JSON.parse(body))
  const needs: Need[] = []
  if (coversAction(value, assignRoles)) needs.push('may-assign-roles')
  if (coversAction(value, 'Microsoft.Authorization/denyAssignments/write')) needs.push('may-deny')
  if (coversDataAction(value, chatDataAction)) needs.push('may-infer')
  if (coversAction(value, 'Microsoft.CognitiveServices/accounts/listKeys/action')) needs.push('may-list-keys')
  return needs
}

const permissionsReply = v.object({ value: v.array(permissionEntry) })
