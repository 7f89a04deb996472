import * as v from 'valibot'
import { cognitiveServicesUser } from '../src/azure/rbac/built-in-roles.ts'
import { assignRoles } from '../src/azure/rbac/delegation-conditions.ts'
import { coversAction, coversDataAction } from '../src/azure/rbac/permissions.ts'
import { chatDataAction } from '../src/services/inference/apis/chat-completions.ts'
import { permissionEntry } from '../src/services/resource-manager/role-assignments.ts'
import type { Audiences, CloudServices } from './cloud.ts'
import { deploymentsByKind } from './deployment-kinds.ts'
import { type Environment, readEnvironment } from './environment.ts'
import type { Send } from './send.ts'
import { answerOf, type Identity, signIn } from './sign-in.ts'
import { type DeploymentKind, type FaultyIdentity, faultyIdentities, type Need } from './terms.ts'

/** Where exchanges are sent, and with which identity: read from the environment, and from the resource itself. */
export interface World extends Omit<Identity, 'token'> {
  tenantId: string
  clientId: string
  subscriptionId: string
  accountId: string
  projectId: string | undefined
  /** Name of the project; undefined if the account has none. */
  project: string | undefined
  /** Origins without a slash at the end. */
  hosts: { entra: string; resourceManager: string; graph: string; openAI: string; foundry: string }
  audiences: Audiences
  /** Those that the run may call. */
  deployments: ReadonlyMap<DeploymentKind, string>
  /** Client ids of applications that do not trust the run. */
  faulty: ReadonlyMap<FaultyIdentity, string>
  /** Id of a resource with a deny assignment. */
  deniedId: string | undefined
  /** The needs of exchanges that this world meets. */
  has: ReadonlySet<Need>
}

const withIdentity = v.object({ identity: v.nullish(v.object({ type: v.string() })) })
const accountReply = v.object({
  ...withIdentity.entries,
  properties: v.object({
    endpoint: v.string(),
    endpoints: v.optional(v.record(v.string(), v.string()), {}),
    disableLocalAuth: v.nullish(v.boolean()),
  }),
})
const listReply = v.object({
  value: v.array(v.object({ ...withIdentity.entries, name: v.string() })),
})

/**
 * Signs in, and reads the resource. @throws Error that names what is missing; ValiError if a reply lacks something that every client
 * relies on
 */
export async function openWorld(env: Environment, cloud: CloudServices, send: Send): Promise<World> {
  const read = readEnvironment(env)
  const accountId = (read.CONFORMANCE_RESOURCE_ID ?? read.LOCAL_CLOUD_RESOURCE_ID)?.replace(
    /\/projects\/.*/i,
    '',
  )
  if (accountId === undefined)
    throw new Error('CONFORMANCE_RESOURCE_ID is not set: the id of the resource to try')
  const { resourceManager, audiences } = cloud
  const { token, ...identity } = await signIn(read, cloud, send)
  const askAt = (id: string, version: string) => {
    const url = `${resourceManager}${id}?api-version=${version}`
    return send({ method: 'GET', url, headers: { authorization: `Bearer ${token}` } })
  }
  const ask = (path: string, version: string) => askAt(`${accountId}${path}`, version)
  // The subscription itself is shown to anyone who holds a role below it. A role definition is not.
  const roleOfSubscription = `/subscriptions/${accountId.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions/${cognitiveServicesUser.guid}`
  const askGroup = () => askAt(accountId.replace(/\/providers\/.*/i, ''), '2021-04-01')
  const readsApplications = async () => {
    const graphToken = identity.tokens.get('graph')
    if (graphToken === undefined) return false
    const url = `${cloud.graph}/v1.0/applications?$top=1`
    const { status } = await send({ method: 'GET', url, headers: { authorization: `Bearer ${graphToken}` } })
    return status === 200
  }
  const get = async (path: string, version: string) => {
    const reply = await ask(path, version)
    if (reply.status !== 200)
      throw new Error(
        `Resource Manager shows no ${path.slice(1) || 'account'} to the identity: it ${answerOf(reply)}`,
      )
    return reply.body
  }
  const account = v.parse(accountReply, JSON.parse(await get('', '2024-10-01')))
  const { properties } = account
  const deployments = deploymentsByKind(
    JSON.parse(await get('/deployments', '2024-10-01')),
    read.CONFORMANCE_DEPLOYMENTS,
  )
  // An account of a kind other than AIServices has none, and may answer with an error.
  const projects = await ask('/projects', '2025-06-01')
  const [project] = projects.status === 200 ? v.parse(listReply, JSON.parse(projects.body)).value : []
  const projectName = project?.name.replace(/.*\//, '')
  const given = read.CONFORMANCE_FAULTY_IDENTITIES ?? {}
  const faulty = new Map(faultyIdentities.flatMap(fault => pairOf(fault, given[fault])))
  const origin = (url: string) => new URL(url).origin
  const named = (pattern: RegExp) =>
    Object.entries(properties.endpoints).find(([name]) => pattern.test(name))?.[1] ?? properties.endpoint
  const hosts = {
    entra: cloud.entra,
    resourceManager,
    graph: cloud.graph,
    openAI: origin(named(/OpenAI Language Model/i)),
    foundry: origin(named(/AI Foundry API/i)),
  }
  return {
    tenantId: read.AZURE_TENANT_ID,
    clientId: read.AZURE_CLIENT_ID,
    ...identity,
    subscriptionId: accountId.split('/')[2] ?? '',
    accountId,
    projectId: projectName === undefined ? undefined : `${accountId}/projects/${projectName}`,
    project: projectName,
    hosts,
    audiences,
    deployments,
    faulty,
    deniedId: read.CONFORMANCE_DENIED_RESOURCE_ID,
    has: new Set<Need>([
      ...faulty.keys(),
      properties.disableLocalAuth ? 'keys-off' : 'keys-on',
      ...when('key-access-unset', typeof properties.disableLocalAuth !== 'boolean'),
      ...when('account-identity', hasIdentity(account)),
      ...when('project-identity', project !== undefined && hasIdentity(project)),
      ...when('reads-group', (await askGroup()).status === 200),
      ...when('reads-subscription', (await askAt(roleOfSubscription, '2022-04-01')).status === 200),
      ...when('reads-applications', await readsApplications()),
      ...when('setup-identity', identity.tokens.has('setup')),
      ...when('expired-assertion', read.CONFORMANCE_EXPIRED_ASSERTION === 'wait'),
      ...when('denied-resource', read.CONFORMANCE_DENIED_RESOURCE_ID !== undefined),
      ...deployments.keys(),
      ...when('project', projectName !== undefined),
      ...when('graph', identity.tokens.has('graph')),
      ...(await abilities({ resourceManager, accountId, token }, send)).filter(
        need => need !== 'may-deny' || read.CONFORMANCE_DENY_ASSIGNMENTS === 'make',
      ),
    ]),
  }
}

const pairOf = <K, V>(key: K, value: V | undefined): [K, V][] => (value === undefined ? [] : [[key, value]])

const when = (need: Need, has: boolean): Need[] => (has ? [need] : [])

const hasIdentity = ({ identity }: v.InferOutput<typeof withIdentity>) =>
  identity !== null && identity !== undefined && identity.type !== 'None'

/** The principal's own permissions. @returns nothing if it cannot read them */
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
