import * as v from 'valibot'
import { accessToken, pipelineOf, startLocalCloud } from './cloud-fixture.ts'

/** Hosts of accounts that are made, given a subdomain and deleted while the cloud runs. */

const { cloud, send } = await startLocalCloud({ provisioningMs: 10_000 })

const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const COGNITIVE_SERVICES_USER = 'a97b65f3-24c7-4388-baec-2e87135dc908'

const { subscriptionId, name: resourceGroup } = v.parse(
  v.looseObject({ subscriptionId: v.string(), name: v.string() }),
  cloud.world.resourceGroups[0],
)
const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
const idOf = (name: string) => `${group}/providers/Microsoft.CognitiveServices/accounts/${name}`

beforeEach(() => {
  for (const roleDefinitionId of [OWNER, COGNITIVE_SERVICES_USER]) {
    cloud.world.roleAssignments.push({
      name: crypto.randomUUID(),
      scope: group,
      roleDefinitionId,
      principalId: pipelineOf(cloud).servicePrincipal?.objectId ?? '',
      principalType: 'ServicePrincipal',
      description: null,
      condition: null,
      conditionVersion: null,
      createdBy: null,
      updatedBy: null,
    })
  }
})

async function ask(target: string, method: 'GET' | 'PUT' | 'PATCH' | 'DELETE' = 'GET', body?: unknown) {
  const token = await accessToken(cloud, send, 'https://management.azure.com')
  return send(`${cloud.endpoints.resourceManager}${target}?api-version=2025-06-01`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

const told = v.looseObject({
  properties: v.looseObject({ endpoint: v.string(), endpoints: v.record(v.string(), v.string()) }),
})

const create = (name: string) =>
  ask(idOf(name), 'PUT', {
    location: 'swedencentral',
    kind: 'AIServices',
    sku: { name: 'S0' },
    properties: { customSubDomainName: name, disableLocalAuth: true },
  })

async function chat(endpoint: string, model: string) {
  const token = await accessToken(cloud, send, 'https://cognitiveservices.azure.com')
  return send(`${endpoint}openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
}

test('a new account has hosts, and answers once it has a deployment', async () => {
  const created = await create('contoso-new')
  expect(created.status).toBe(201)
  const { properties } = v.parse(told, created.json)
  expect(new Set([properties.endpoint, ...Object.values(properties.endpoints)]).size).toBe(3)
  cloud.clock.advance(10_000)
  const deployed = await ask(`${idOf('contoso-new')}/deployments/chat`, 'PUT', {
    sku: { name: 'GlobalStandard', capacity: 1 },
    properties: { model: { format: 'OpenAI', name: 'gpt-4.1-mini' } },
  })
  expect(deployed.status).toBe(201)
  const endpoint = properties.endpoints['OpenAI Language Model Instance API'] ?? ''
  expect(await chat(endpoint, 'chat')).toMatchObject({ status: 404 })
  cloud.clock.advance(10_000)
  expect(await chat(endpoint, 'chat')).toMatchObject({ status: 200 })
})

test('a deleted account has no host; a restored one has the same host as before', async () => {
  const before = v.parse(told, (await ask(idOf('contoso-ai'))).json).properties
  const endpoint = before.endpoints['OpenAI Language Model Instance API'] ?? ''
  for (const { name } of cloud.world.accounts[0]?.projects ?? []) {
    await ask(`${idOf('contoso-ai')}/projects/${name}`, 'DELETE')
  }
  const [deployment] = cloud.world.accounts[0]?.deployments ?? []
  expect(await chat(endpoint, deployment?.name ?? '')).toMatchObject({ status: 200 })
  expect((await ask(idOf('contoso-ai'), 'DELETE')).status).toBe(202)
  expect(await chat(endpoint, deployment?.name ?? '')).toMatchObject({ status: 404 })
  const restored = await ask(idOf('contoso-ai'), 'PUT', {
    location: 'swedencentral',
    properties: { restore: true },
  })
  expect(v.parse(told, restored.json).properties.endpoint).toBe(before.endpoint)
  expect(await chat(endpoint, deployment?.name ?? '')).toMatchObject({ status: 200 })
})

test('a reset closes the hosts that were opened since the start', async () => {
  const { properties } = v.parse(told, (await create('contoso-new')).json)
  expect(cloud.endpoints.hosts.size).toBe(2)
  cloud.reset()
  expect(cloud.endpoints.hosts.size).toBe(1)
  await expect(send(properties.endpoint)).rejects.toThrow()
})
