import { Agent, fetch } from 'undici'
import * as v from 'valibot'
import { type Clock, createClock } from '../../../local-cloud/clock.ts'
import type { Context } from '../../../local-cloud/context.ts'
import { createFaults } from '../../../local-cloud/faults.ts'
import type { HostFamily } from '../../../local-cloud/hosts.ts'
import { createDataPlane } from '../../../local-cloud/inference/index.ts'
import { createJournal, type Journal } from '../../../local-cloud/journal.ts'
import { accountId } from '../../../local-cloud/scopes.ts'
import { openServer } from '../../../local-cloud/server.ts'
import { createTlsCredentials } from '../../../local-cloud/tls.ts'
import { type AccessTokenClaims, type AccessTokens, createAccessTokens } from '../../../local-cloud/tokens.ts'
import { type Account, type Seed, type World, worldSchema } from '../../../local-cloud/world.ts'
import { endpointsNowhere, noLag, workflow } from '../parts-of-a-world.ts'

const TENANT = '8f6b2c1e-4d3a-4b7f-9c58-2e1d0a6b7c90'
const SUBSCRIPTION = '5c2e9a14-7b60-4f83-a1d9-3e84c6f0b215'
export const PRINCIPAL = '3b9d5f72-1c84-4e06-b7a3-9f20d6e85c41'

export const COGNITIVE_SERVICES = 'https://cognitiveservices.azure.com'
export const FOUNDRY = 'https://ai.azure.com'

export const COGNITIVE_SERVICES_USER = 'a97b65f3-24c7-4388-baec-2e87135dc908'

const openAI = (name: string, version: string) => ({ format: 'OpenAI' as const, name, version })

const accounts: Seed['accounts'] = [
  {
    subscriptionId: SUBSCRIPTION,
    resourceGroup: 'rg-keyless',
    name: 'contoso-ai',
    kind: 'AIServices',
    location: 'eastus2',
    customSubDomainName: 'contoso-ai',
    disableLocalAuth: false,
    projects: ['shop'],
    deployments: [
      {
        name: 'chat',
        model: openAI('gpt-4.1-mini', '2025-04-14'),
        sku: { name: 'GlobalStandard', capacity: 120 },
      },
      { name: 'said', model: openAI('gpt-4o', '2024-11-20'), answer: 'The capital of France is Paris.' },
      { name: 'reasoner', model: openAI('gpt-5-mini', '2025-08-07'), reasoning: true },
      { name: 'vectors', model: openAI('text-embedding-3-large', '1') },
      { name: 'small-vectors', model: openAI('text-embedding-3-small', '1') },
      { name: 'ada', model: openAI('text-embedding-ada-002', '2') },
      { name: 'cohere', model: { format: 'Cohere', name: 'Cohere-embed-v3-english', version: '1' } },
      { name: 'deepseek', model: { format: 'DeepSeek', name: 'DeepSeek-V3', version: '1' } },
      { name: 'claude', model: { format: 'Anthropic', name: 'claude-haiku-4-5', version: '20251001' } },
      { name: 'in-the-making', model: openAI('gpt-4o', '2024-11-20'), provisioningState: 'Creating' },
    ],
  },
  {
    subscriptionId: SUBSCRIPTION,
    resourceGroup: 'rg-keyless',
    name: 'contoso-regional',
    kind: 'OpenAI',
    location: 'eastus2',
    customSubDomainName: null,
    disableLocalAuth: null,
    deployments: [{ name: 'chat', model: openAI('gpt-4.1-mini', '2025-04-14') }],
  },
]

const seed: Seed = {
  tenants: [{ id: TENANT, displayName: 'Contoso' }],
  subscriptions: [{ id: SUBSCRIPTION, tenantId: TENANT, displayName: 'Contoso Production' }],
  resourceGroups: [{ subscriptionId: SUBSCRIPTION, name: 'rg-keyless', location: 'eastus2' }],
  applications: [],
  accounts,
  workflow,
}

export interface Answer {
  status: number
  headers: Awaited<ReturnType<typeof fetch>>['headers']
  text: string
  /** Null where the reply is no JSON. */
  body: unknown
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  /** Text and bytes go out as they are, anything else as JSON. */
  body?: unknown
}

/** The data plane on the wire, without the other services: tokens come straight from the signing key that Entra uses. */
export interface DataPlaneFixture {
  /** The first account's host that serves everything: Foundry's. */
  url: string
  /** The first account's hosts. */
  hosts: Record<HostFamily, string>
  regionalUrl: string
  world: World
  clock: Clock
  journal: Journal
  tokens: AccessTokens
  /** One per replica, in milliseconds. Change it to give the data plane other replicas. */
  lag: {
    roleAssignments: number[]
    federatedCredentials: number[]
    deployments: number[]
    keyAccess: number[]
  }
  account: Account
  regionalAccount: Account
  /** PEM of the authority that signed the hosts' certificate. */
  caPem: string
  ask(target: string, options?: Ask): Promise<Answer>
  /** A token of the principal that the tests grant roles to. */
  token(claims?: Partial<AccessTokenClaims>, lifetimeSeconds?: number): Promise<string>
  /** Assigns a role to the principal, at the account unless a scope is given. */
  grant(roleDefinitionId: string, options?: { scope?: string; createdOn?: string }): void
  close(): Promise<void>
}

export async function startDataPlane(): Promise<DataPlaneFixture> {
  const tls = await createTlsCredentials()
  const clock = createClock()
  const journal = createJournal()
  const tokens = await createAccessTokens(clock)
  const world = v.parse(worldSchema, seed)
  const lag = noLag()
  const openHosts = async () => undefined
  const context: Context = {
    world,
    clock,
    endpoints: endpointsNowhere,
    lag,
    replicasBy: 'request',
    tokens,
    openHosts,
  }
  const [account, regionalAccount] = world.accounts
  if (!account || !regionalAccount) throw new Error('The seed has two accounts')

  const options = { tls, port: 0, clock, faults: createFaults(), journal }
  const dataPlane = createDataPlane(context)
  const openHost = async (family: HostFamily) => {
    const server = await openServer(options)
    const accountOfHost = accountId(account).toUpperCase()
    server.serve(dataPlane({ kind: 'account', accountId: accountOfHost, family }))
    return server
  }
  const [own, openAIHost, plain, regional] = await Promise.all([
    openHost('foundry'),
    openHost('openAI'),
    openHost('cognitiveServices'),
    openServer(options),
  ])
  regional.serve(dataPlane({ kind: 'regional' }))

  const dispatcher = new Agent({ connect: { ca: tls.ca } })

  return {
    url: own.url,
    hosts: { foundry: own.url, openAI: openAIHost.url, cognitiveServices: plain.url },
    regionalUrl: regional.url,
    world,
    clock,
    journal,
    tokens,
    lag,
    account,
    regionalAccount,
    caPem: tls.ca,
    async ask(target, { method = 'POST', headers = {}, body } = {}) {
      const url = target.startsWith('https:') ? target : `${own.url}${target}`
      const payload = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
      const response = await fetch(url, {
        dispatcher,
        method,
        headers,
        ...(payload !== undefined && { body: payload }),
      })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.startsWith('application/json')
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson ? JSON.parse(text) : null,
      }
    },
    token: async (claims = {}, lifetimeSeconds = 3600) =>
      tokens.issue(
        {
          aud: COGNITIVE_SERVICES,
          tid: TENANT,
          oid: PRINCIPAL,
          appid: '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37',
          ...claims,
        },
        lifetimeSeconds,
      ),
    grant(roleDefinitionId, { scope = accountId(account), createdOn } = {}) {
      world.roleAssignments.push({
        name: crypto.randomUUID(),
        scope,
        roleDefinitionId,
        principalId: PRINCIPAL,
        principalType: 'ServicePrincipal',
        description: null,
        condition: null,
        conditionVersion: null,
        createdBy: null,
        updatedBy: null,
        ...(createdOn !== undefined && { createdOn }),
      })
    },
    async close() {
      await dispatcher.destroy()
      await Promise.all([own, openAIHost, plain, regional].map(server => server.close()))
    },
  }
}
