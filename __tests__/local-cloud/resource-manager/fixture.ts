import { AuthorizationManagementClient } from '@azure/arm-authorization'
import { Agent, fetch } from 'undici'
import { type Clock, createClock } from '../../../local-cloud/clock.ts'
import type { Context } from '../../../local-cloud/context.ts'
import { createFaults } from '../../../local-cloud/faults.ts'
import type { AccountHosts } from '../../../local-cloud/hosts.ts'
import { createJournal, type Journal } from '../../../local-cloud/journal.ts'
import { createResourceManager } from '../../../local-cloud/resource-manager/index.ts'
import { parseSeed } from '../../../local-cloud/seed.ts'
import { openServer } from '../../../local-cloud/server.ts'
import type { Route } from '../../../local-cloud/service.ts'
import { createTlsCredentials } from '../../../local-cloud/tls.ts'
import { type AccessTokenClaims, createAccessTokens } from '../../../local-cloud/tokens.ts'
import type { RoleAssignment, Seed, World } from '../../../local-cloud/world.ts'
import { noLag, workflow } from '../parts-of-a-world.ts'

export const TENANT = '8f6b2c1e-4d3a-4b7f-9c58-2e1d0a6b7c90'
export const OTHER_TENANT = '0b7d3e52-96a1-4c8f-b0d4-5e27f1a8c369'
export const SUBSCRIPTION = '5c2e9a14-7b60-4f83-a1d9-3e84c6f0b215'
export const DISABLED_SUBSCRIPTION = 'b1f4a7d0-2c59-4e83-9a6b-7d0e3f58c124'
export const FOREIGN_SUBSCRIPTION = 'c9e2b5f1-3d68-4a07-8b14-6f2a9d7e0c53'
export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-keyless`
export const ACCOUNT = `${GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso-ai`
export const MANAGEMENT_GROUP = '/providers/Microsoft.Management/managementGroups/contoso-landing-zones'

/** Service principals by what they may do. */
export const ADMIN = 'd07a4c38-62be-49f1-8d15-b4e93f7a0c26'
export const PIPELINE = '3b9d5f72-1c84-4e06-b7a3-9f20d6e85c41'
export const STRANGER = '6a0c8e35-f917-4d2b-a458-1b3e70c9d264'
export const USER = 'f2b61d90-8c47-4ea3-b5d8-093e6a7c1f42'
export const TEAM = '17e5c3a8-b0d6-4f29-8e71-c4a95d203b6f'
export const OUTER_TEAM = '2d8f06b4-5a13-4c97-b2e0-f7618d9a3c50'
export const APPLICATION_OBJECT = 'a4f81d60-3e97-42c5-b08d-7c16e9f2534b'
export const PIPELINE_CLIENT = '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37'

export const ROLES = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  cognitiveServicesUser: 'a97b65f3-24c7-4388-baec-2e87135dc908',
  openAIUser: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
  foundryUser: '53ca6127-db72-4b80-b1b0-d745d6d5456d',
  foundryOwner: 'c883944f-8b7b-4483-af10-35834be79c4a',
}

const application = (displayName: string, clientId: string, objectId: string, principal: string) => ({
  kind: 'application' as const,
  displayName,
  clientId,
  tenantId: TENANT,
  objectId,
  servicePrincipal: { objectId: principal },
})

const seed: Seed = {
  tenants: [
    { id: TENANT, displayName: 'Contoso' },
    { id: OTHER_TENANT, displayName: 'Fabrikam' },
  ],
  subscriptions: [
    {
      id: SUBSCRIPTION,
      tenantId: TENANT,
      displayName: 'Contoso Production',
      managementGroups: ['contoso-landing-zones'],
    },
    { id: DISABLED_SUBSCRIPTION, tenantId: TENANT, displayName: 'Contoso Trial', state: 'Disabled' },
    { id: FOREIGN_SUBSCRIPTION, tenantId: OTHER_TENANT, displayName: 'Fabrikam' },
  ],
  resourceGroups: [
    { subscriptionId: SUBSCRIPTION, name: 'rg-keyless', location: 'swedencentral' },
    { subscriptionId: SUBSCRIPTION, name: 'rg-other', location: 'swedencentral' },
  ],
  applications: [
    application(
      'contoso-admin',
      '4f9d2c71-e608-4b35-a1c7-d86f0e52b943',
      '58a7e0d3-1b64-4f92-8c3d-e9b2075f6a18',
      ADMIN,
    ),
    application('contoso-pipeline', PIPELINE_CLIENT, APPLICATION_OBJECT, PIPELINE),
    application(
      'stranger',
      '90c3b6e8-47d1-4a5f-b2e9-6d1f83a07c54',
      'e3d97a05-6c82-4b1e-9f40-a7b5c821d036',
      STRANGER,
    ),
  ],
  users: [{ objectId: USER, tenantId: TENANT, userPrincipalName: 'developer@contoso.example' }],
  groups: [
    { objectId: TEAM, tenantId: TENANT, displayName: 'pipelines', members: [PIPELINE] },
    { objectId: OUTER_TEAM, tenantId: TENANT, displayName: 'all automation', members: [TEAM] },
  ],
  accounts: [
    {
      subscriptionId: SUBSCRIPTION,
      resourceGroup: 'rg-keyless',
      name: 'contoso-ai',
      kind: 'AIServices',
      location: 'swedencentral',
      customSubDomainName: 'contoso-ai',
      projects: ['shop'],
      deployments: [
        { name: 'chat', model: { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' } },
      ],
    },
    {
      subscriptionId: SUBSCRIPTION,
      resourceGroup: 'rg-keyless',
      name: 'contoso-regional',
      kind: 'OpenAI',
      location: 'swedencentral',
      customSubDomainName: null,
      disableLocalAuth: null,
      networkDefaultAction: 'Deny',
    },
  ],
  workflow,
}

export const assignmentPath = (scope: string, name: string) =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`

export const rolePath = (roleId: string) =>
  `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`

export function createWorld(): World {
  return parseSeed(structuredClone(seed))
}

/** An assignment as a seed would bring it: old, and of a service principal unless said otherwise. */
export function assignmentOf(
  principalId: string,
  roleDefinitionId: string,
  scope: string,
  others: Partial<RoleAssignment> = {},
): RoleAssignment {
  return {
    name: crypto.randomUUID(),
    scope,
    roleDefinitionId,
    principalId,
    principalType: 'ServicePrincipal',
    description: null,
    condition: null,
    conditionVersion: null,
    createdBy: null,
    updatedBy: null,
    ...others,
  }
}

export interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  /** Undefined where the reply has no body. */
  body: unknown
}

/** One request and its reply, as they went over the wire. */
export interface Exchange {
  operation: string
  method: string
  url: URL
  requestBody: string
  status: number
  /** Undefined where the reply has no body. */
  body: unknown
}

export interface Ask {
  as?: string
  method?: string
  /** A string goes out as it is, anything else as JSON. */
  body?: unknown
  headers?: Record<string, string>
}

/** Resource Manager on the wire, without the other services: tokens come straight from the signing key that Entra uses. */
export interface ResourceManagerFixture {
  url: string
  world: World
  clock: Clock
  journal: Journal
  /** Everything that was answered since the last reset. */
  exchanges: Exchange[]
  grant(
    principalId: string,
    roleDefinitionId: string,
    scope: string,
    others?: Partial<RoleAssignment>,
  ): RoleAssignment
  token(claims?: Partial<AccessTokenClaims>, lifetimeSeconds?: number): Promise<string>
  /** `target`: path and query; an `api-version` is added where there is none. */
  ask(target: string, options?: Ask): Promise<Answer>
  /** The real client of Azure's SDK, as the pipeline unless said otherwise. */
  client(as?: string): AuthorizationManagementClient
  /** Back to the seed with nothing but the administrator's Owner role on the subscription. */
  reset(): void
  close(): Promise<void>
}

/** @param provisioningMs how long Resource Manager takes for what Azure takes its time over */
export async function startResourceManager({ provisioningMs = 0 } = {}): Promise<ResourceManagerFixture> {
  const tls = await createTlsCredentials()
  const clock = createClock()
  const journal = createJournal()
  const tokens = await createAccessTokens(clock)
  const server = await openServer({ tls, port: 0, clock, faults: createFaults(), journal })
  let world = createWorld()
  const hosts = new Map<string, AccountHosts>([
    [
      ACCOUNT.toLowerCase(),
      {
        cognitiveServices: 'https://127.0.0.1:4401',
        openAI: 'https://127.0.0.1:4402',
        foundry: 'https://127.0.0.1:4403',
      },
    ],
  ])
  const context: Context = {
    get world() {
      return world
    },
    clock,
    endpoints: {
      github: 'https://github.invalid',
      githubApi: 'https://github.invalid/api',
      authorityHost: 'https://login.invalid',
      resourceManager: server.url,
      graph: 'https://graph.invalid',
      accounts: new Map([[ACCOUNT.toLowerCase(), 'https://127.0.0.1:4403']]),
      hosts,
      gateways: new Map(),
      regional: 'https://127.0.0.1:4400',
      control: 'https://control.invalid',
      apps: new Map(),
    },
    lag: noLag(),
    replicasBy: 'request',
    provisioningMs,
    openHosts: async ({ name }) => {
      const id = `${GROUP}/providers/microsoft.cognitiveservices/accounts/${name}`.toLowerCase()
      if (hosts.has(id)) return
      const urlOf = (family: string) => `https://${name}.${family}.invalid`
      hosts.set(id, {
        cognitiveServices: urlOf('cognitive'),
        openAI: urlOf('openai'),
        foundry: urlOf('foundry'),
      })
    },
    tokens,
  }
  const exchanges: Exchange[] = []
  const service = createResourceManager(context)
  const recorded = service.routes.map(
    (route): Route => ({
      ...route,
      async handle(request, params) {
        const reply = await route.handle(request, params)
        const { method, url, body: requestBody } = request
        const body = reply.body === undefined ? undefined : JSON.parse(JSON.stringify(reply.body))
        exchanges.push({ operation: route.operation, method, url, requestBody, status: reply.status, body })
        return reply
      },
    }),
  )
  server.serve({ ...service, routes: recorded })
  const dispatcher = new Agent({ connect: { ca: tls.ca } })

  const grant: ResourceManagerFixture['grant'] = (...facts) => {
    const assignment = assignmentOf(...facts)
    world.roleAssignments.push(assignment)
    return assignment
  }

  function clientIdOf(principalId: string): string {
    const owner = world.applications.find(
      ({ servicePrincipal }) => servicePrincipal?.objectId === principalId,
    )
    return owner?.clientId ?? '00000000-0000-4000-8000-000000000000'
  }

  const token: ResourceManagerFixture['token'] = async (claims = {}, lifetimeSeconds = 3600) => {
    const oid = claims.oid ?? PIPELINE
    const defaults = { aud: 'https://management.azure.com/', tid: TENANT, oid, appid: clientIdOf(oid) }
    return tokens.issue({ ...defaults, ...claims }, lifetimeSeconds)
  }

  return {
    url: server.url,
    get world() {
      return world
    },
    clock,
    journal,
    exchanges,
    grant,
    token,
    async ask(target, { as = PIPELINE, method = 'GET', body, headers = {} } = {}) {
      const url = new URL(server.url + target)
      if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2022-04-01')
      const payload = typeof body === 'string' ? body : JSON.stringify(body)
      const response = await fetch(url, {
        method,
        dispatcher,
        headers: { authorization: `Bearer ${await token({ oid: as })}`, ...headers },
        ...(payload !== undefined && { body: payload }),
      })
      const text = await response.text()
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: text === '' ? undefined : JSON.parse(text),
      }
    },
    client(as = PIPELINE) {
      const credential = {
        getToken: async () => ({
          token: await token({ oid: as }),
          expiresOnTimestamp: Date.now() + 3_600_000,
        }),
      }
      return new AuthorizationManagementClient(credential, SUBSCRIPTION, {
        endpoint: server.url,
        credentialScopes: 'https://management.azure.com/.default',
        tlsOptions: { ca: tls.ca },
        retryOptions: { maxRetries: 0 },
      })
    },
    reset() {
      world = createWorld()
      grant(ADMIN, ROLES.owner, `/subscriptions/${SUBSCRIPTION}`)
      journal.clear()
      exchanges.length = 0
    },
    async close() {
      await dispatcher.destroy()
      await server.close()
    },
  }
}

/** All items of a paged list. */
export async function collect<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of list) items.push(item)
  return items
}
