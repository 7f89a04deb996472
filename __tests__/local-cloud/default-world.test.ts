import { subjectOf } from '../../local-cloud/github/claims.ts'
import { accountId } from '../../local-cloud/scopes.ts'
import { GITHUB_ISSUER } from '../../local-cloud/world.ts'
import { accessToken, pipelineOf, startLocalCloud } from './cloud-fixture.ts'

const { cloud, send } = await startLocalCloud()

const COGNITIVE_SERVICES_USER = 'a97b65f3-24c7-4388-baec-2e87135dc908'
const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

function account() {
  const [only] = cloud.world.accounts
  if (only === undefined) throw new Error('The default world has no account')
  return only
}

const pipelineId = () => pipelineOf(cloud).servicePrincipal?.objectId

async function infer(): Promise<number> {
  const [endpoint] = cloud.endpoints.accounts.values()
  const answer = await send(`${endpoint}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await accessToken(cloud, send, 'https://cognitiveservices.azure.com')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'Are you there?' }] }),
  })
  return answer.status
}

async function grantToPipeline(roleId: string): Promise<number> {
  const scope = accountId(account())
  const name = crypto.randomUUID()
  const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`
  const answer = await send(`${cloud.endpoints.resourceManager}${path}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${await accessToken(cloud, send, 'https://management.azure.com')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      properties: {
        roleDefinitionId: `/subscriptions/${account().subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
        principalId: pipelineId(),
        principalType: 'ServicePrincipal',
      },
    }),
  })
  return answer.status
}

test("the pipeline's federated credential fits the workflow run", () => {
  expect(pipelineOf(cloud).federatedCredentials).toMatchObject([
    { issuer: GITHUB_ISSUER, subject: subjectOf(cloud.world.workflow) },
  ])
})

test('the resource has keys switched off, and a model of every kind', () => {
  expect(account()).toMatchObject({
    kind: 'AIServices',
    disableLocalAuth: true,
    publicNetworkAccess: 'Enabled',
  })
  expect(account().deployments.map(({ name, model, reasoning }) => [name, model.format, reasoning])).toEqual([
    ['chat', 'OpenAI', false],
    ['reasoning', 'OpenAI', true],
    ['embeddings', 'OpenAI', false],
    ['DeepSeek-V3', 'DeepSeek', false],
    ['claude-haiku-4-5', 'Anthropic', false],
    ['completions', 'OpenAI', false],
    ['images', 'OpenAI', false],
    ['flux', 'Black Forest Labs', false],
    ['speech', 'OpenAI', false],
    ['transcription', 'OpenAI', false],
    ['realtime', 'OpenAI', false],
    ['rerank', 'Cohere', false],
    ['documents', 'Mistral AI', false],
    ['video', 'OpenAI', false],
  ])
  expect(account().projects).toMatchObject([{ name: 'shop', agents: [{ name: 'helper' }] }])
})

test('the administrator owns the subscription', () => {
  const [administrator] = cloud.world.users
  const { subscriptionId } = account()
  expect(cloud.world.roleAssignments).toContainEqual(
    expect.objectContaining({
      scope: `/subscriptions/${subscriptionId}`,
      roleDefinitionId: OWNER,
      principalId: administrator?.objectId,
    }),
  )
})

test('the pipeline is denied, grants itself the role, and is answered', async () => {
  expect(await infer()).toBe(401)
  expect(await grantToPipeline(COGNITIVE_SERVICES_USER)).toBe(201)
  expect(await infer()).toBe(200)
})

test('no model retires: twenty years later the models have no retirement date, and answer', async () => {
  cloud.clock.advance(20 * 365 * 86_400_000)
  await grantToPipeline(COGNITIVE_SERVICES_USER)
  const answer = await send(
    `${cloud.endpoints.resourceManager}${accountId(account())}/models?api-version=2024-10-01`,
    {
      headers: { authorization: `Bearer ${await accessToken(cloud, send, 'https://management.azure.com')}` },
    },
  )
  const { value } = answer.json as { value: object[] }

  expect(value.length).toBeGreaterThan(10)
  expect(value.filter(model => 'deprecation' in model)).toEqual([])
  expect(await infer()).toBe(200)
})

test('after a reset the pipeline is denied again', async () => {
  expect(await infer()).toBe(401)
})
