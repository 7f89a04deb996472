import { callerForAll, errorOf } from './caller.ts'

/** What a project serves by itself: the v1 API, its deployments and connections. */

const caller = callerForAll()
const { ask } = caller

const PROJECT = '/api/projects/shop'
const get = (path: string) => ask(`${PROJECT}${path}`, undefined, { method: 'GET' })

const messages = [{ role: 'user', content: 'Hello' }]

test.each<[string, object, object]>([
  ['/openai/v1/chat/completions', { model: 'chat', messages }, { object: 'chat.completion' }],
  ['/openai/v1/embeddings', { model: 'vectors', input: 'a' }, { object: 'list' }],
  ['/openai/v1/responses', { model: 'chat', input: 'a' }, { object: 'response' }],
  ['/openai/v1/conversations', {}, { object: 'conversation' }],
])('POST %s', async (path, body, answer) => {
  expect(await ask(`${PROJECT}${path}`, body)).toMatchObject({ status: 200, body: answer })
})

test('GET /openai/v1/models, all and one', async () => {
  expect((await get('/openai/v1/models')).body).toMatchObject({
    data: expect.arrayContaining([
      { id: 'gpt-4.1-mini-2025-04-14', object: 'model', created: expect.any(Number), owned_by: 'system' },
    ]),
  })
  expect((await get('/openai/v1/models/gpt-4.1-mini-2025-04-14')).status).toBe(200)
})

describe('deployments', () => {
  const chat = {
    name: 'chat',
    type: 'ModelDeployment',
    modelName: 'gpt-4.1-mini',
    modelVersion: '2025-04-14',
    modelPublisher: 'OpenAI',
    capabilities: { chat_completion: 'true' },
    sku: { name: 'GlobalStandard', capacity: 120 },
  }

  test('are listed, and read by name', async () => {
    expect((await get('/deployments?api-version=v1')).body).toMatchObject({
      value: expect.arrayContaining([chat]),
    })
    expect((await get('/deployments/chat?api-version=v1')).body).toEqual(chat)
    expect((await get('/deployments/none?api-version=v1')).status).toBe(404)
  })

  test('can be filtered by publisher and model', async () => {
    const names = async (query: string) => {
      const { body } = await get(`/deployments?api-version=v1&${query}`)
      return JSON.stringify(body).match(/(?<="name":")[\w-]+(?=","type")/g) ?? []
    }
    expect(await names('modelPublisher=Anthropic')).toEqual(['claude'])
    expect(await names('modelName=gpt-5-mini')).toEqual(['reasoner'])
    expect(await names('deploymentType=Other')).toEqual([])
  })

  test('require an api-version', async () => {
    expect(errorOf(await get('/deployments'))).toMatchObject({ message: 'API version not supported' })
  })
})

test('connections come from the seed, and sign in with Entra', async () => {
  const [project] = caller.plane.account.projects
  if (project === undefined) throw new Error('The account has a project')
  const models = {
    name: 'models',
    type: 'AzureOpenAI',
    target: 'https://contoso.openai.azure.com',
    isDefault: true,
  }
  project.connections = [
    models,
    { name: 'files', type: 'AzureStorageAccount', target: 'https://x', isDefault: false },
  ]
  const described = { ...models, id: 'models', credentials: { type: 'AAD' }, metadata: {} }

  expect((await get('/connections?api-version=v1')).body).toMatchObject({
    value: [described, { name: 'files' }],
  })
  const defaults = await get('/connections?api-version=v1&connectionType=AzureOpenAI&defaultConnection=true')
  expect(defaults.body).toEqual({ value: [described] })
  expect((await get('/connections/models?api-version=v1')).body).toEqual(described)
  const withSecrets = await ask(`${PROJECT}/connections/models/getConnectionWithCredentials?api-version=v1`)
  expect(withSecrets.body).toEqual(described)
  expect((await get('/connections/none?api-version=v1')).status).toBe(404)
})

test('a token for another audience is refused with the right audience', async () => {
  const headers = { authorization: `Bearer ${await caller.plane.token()}` }
  const answer = await ask(`${PROJECT}/deployments?api-version=v1`, undefined, { method: 'GET', headers })
  expect(answer).toMatchObject({
    status: 401,
    body: { message: expect.stringContaining('audience is incorrect (https://ai.azure.com)') },
  })
})
