import * as v from 'valibot'
import {
  ADMIN,
  type Answer,
  GROUP,
  type ResourceManagerFixture,
  SUBSCRIPTION,
  startResourceManager,
} from './fixture.ts'

/**
 * What Terraform 1.11 with azapi 2.12 sends for examples/setup/main.tf with a resource of its own, in its order; the program itself is
 * run by scripts/test-terraform.ts, where it and the provider can be had.
 */

const NEW = `${GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso-new`
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/contoso-new-pipeline`
const CREDENTIAL = `${IDENTITY}/federatedIdentityCredentials/github-repo-contoso-shop-ref-refs-heads-main`
const ASSIGNMENT = `${NEW}/providers/Microsoft.Authorization/roleAssignments/8518c1b7-fd8b-5cc6-8787-31999ee51c43`
const DEPLOYMENT = `${NEW}/deployments/chat`
const ROLE = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/5e0bd9bd-7b93-4f28-af87-19fc36ad61bd`

const version: Readonly<Record<string, string>> = {
  [NEW]: '2025-06-01',
  [IDENTITY]: '2023-01-31',
  [CREDENTIAL]: '2023-01-31',
  [ASSIGNMENT]: '2022-04-01',
  [DEPLOYMENT]: '2025-06-01',
}

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager({ provisioningMs: 2000 })
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const ask = (id: string, method = 'GET', body?: unknown): Promise<Answer> =>
  arm.ask(`${id}?api-version=${version[id]}`, { as: ADMIN, method, ...(body !== undefined && { body }) })

/** Polls the operation that an answer names until it has ended, driving the clock. */
async function ended({ headers }: Answer): Promise<unknown> {
  const { pathname, search } = new URL(headers['azure-asyncoperation'] ?? headers.location ?? '')
  const poll = async () =>
    v.parse(v.object({ status: v.string() }), (await arm.ask(pathname + search, { as: ADMIN })).body)
  expect((await poll()).status).not.toBe('Succeeded')
  arm.clock.advance(2000)
  return (await poll()).status
}

/** Writes what is not there yet, and reads it back as the provider does for its state. */
async function made(id: string, body: object): Promise<Answer> {
  expect((await ask(id)).status).toBe(404)
  const created = await ask(id, 'PUT', body)
  expect(created.status).toBe(201)
  if (created.headers['azure-asyncoperation'] !== undefined) expect(await ended(created)).toBe('Succeeded')
  const read = await ask(id)
  expect(read).toMatchObject({ status: 200, body })
  return read
}

const account = {
  kind: 'AIServices',
  location: 'swedencentral',
  identity: { type: 'SystemAssigned' },
  sku: { name: 'S0' },
  properties: {
    allowProjectManagement: true,
    customSubDomainName: 'contoso-new',
    disableLocalAuth: true,
    publicNetworkAccess: 'Enabled',
  },
}
const credential = {
  properties: {
    audiences: ['api://AzureADTokenExchange'],
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:contoso/shop:ref:refs/heads/main',
  },
}
const deployment = {
  sku: { name: 'GlobalStandard', capacity: 1 },
  properties: { model: { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' } },
}

async function apply(): Promise<void> {
  await made(NEW, account)
  const { body } = await made(IDENTITY, { location: 'swedencentral' })
  const { principalId } = v.parse(
    v.object({ properties: v.object({ principalId: v.string() }) }),
    body,
  ).properties
  await made(CREDENTIAL, credential)
  await made(ASSIGNMENT, {
    properties: { principalId, principalType: 'ServicePrincipal', roleDefinitionId: ROLE },
  })
  await made(DEPLOYMENT, deployment)
}

test('apply: every resource is read back as it was written', apply)

test('a second plan finds nothing to do: what is read stays the same', async () => {
  await apply()
  const state = () => Promise.all(Object.keys(version).map(async id => (await ask(id)).body))
  const before = await state()
  arm.clock.advance(24 * 3_600_000)
  expect(await state()).toEqual(before)
})

test('destroy: each resource is deleted, and then answers 404', async () => {
  await apply()
  for (const id of [CREDENTIAL, ASSIGNMENT, DEPLOYMENT, IDENTITY]) {
    expect([200, 202, 204]).toContain((await ask(id, 'DELETE')).status)
    expect((await ask(id)).status).toBe(404)
  }
  const removed = await ask(NEW, 'DELETE')
  expect(removed.status).toBe(202)
  expect(await ended(removed)).toBe('Succeeded')
  expect((await ask(NEW)).status).toBe(404)
  expect(arm.exchanges.every(({ status }) => status !== 501)).toBe(true)
})
