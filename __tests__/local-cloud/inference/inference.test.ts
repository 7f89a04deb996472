import fc from 'fast-check'
import * as v from 'valibot'
import { accountKeys, keysOf } from '../../../local-cloud/inference/keys.ts'
import { accountId } from '../../../local-cloud/scopes.ts'
import {
  type Answer,
  type Ask,
  COGNITIVE_SERVICES,
  COGNITIVE_SERVICES_USER,
  type DataPlaneFixture,
  FOUNDRY,
  PRINCIPAL,
  startDataPlane,
} from './fixture.ts'

const OPENAI_USER = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const PROJECT_RUNTIME_USER = '142bfaed-a13f-4c2d-bed2-6db62c4a1009'
const OTHER_TENANT = '11111111-2222-4333-8444-555555555555'

const CHAT = '/openai/v1/chat/completions'
const RESPONSES = '/openai/v1/responses'
const EMBEDDINGS = '/openai/v1/embeddings'
const MODELS = '/openai/v1/models'
const CLASSIC_CHAT = '/openai/deployments/chat/chat/completions?api-version=2024-10-21'
const CLASSIC_EMBEDDINGS = '/openai/deployments/vectors/embeddings?api-version=2024-10-21'
const INFERENCE_CHAT = '/models/chat/completions?api-version=2024-05-01-preview'
const INFERENCE_EMBEDDINGS = '/models/embeddings?api-version=2024-05-01-preview'
const INFERENCE_INFO = '/models/info?api-version=2024-05-01-preview'
const MESSAGES = '/anthropic/v1/messages'
const PROJECT_RESPONSES = '/api/projects/shop/openai/v1/responses'

const messages = [{ role: 'user', content: 'What is the capital of France?' }]
const chat = { model: 'chat', messages }
const input = 'What is the capital of France?'
const claude = { model: 'claude', max_tokens: 64, messages }

let plane: DataPlaneFixture

beforeEach(async () => {
  plane = await startDataPlane()
})

afterEach(() => plane.close())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Asks as the principal, with a token for the audience. */
async function askWithToken(
  target: string,
  options: Ask = {},
  audience = COGNITIVE_SERVICES,
): Promise<Answer> {
  const token = await plane.token({ aud: audience })
  return plane.ask(target, { ...options, headers: { ...bearer(token), ...options.headers } })
}

const errorBody = v.object({ error: v.record(v.string(), v.unknown()) })
const errorOf = (answer: Answer) => v.parse(errorBody, answer.body).error

describe('network rules are checked first', () => {
  const keyless: Ask = { body: chat }

  test('public access disabled', async () => {
    plane.account.publicNetworkAccess = 'Disabled'
    const answer = await plane.ask(CHAT, keyless)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('policy-id')).toBe('ThrowExceptionDueToTrafficDenied')
    expect(answer.body).toEqual({
      error: {
        code: 'AccessDenied',
        message: 'Public access is disabled. Please configure private endpoint.',
      },
    })
  })

  test('firewall', async () => {
    plane.account.networkDefaultAction = 'Deny'
    const answer = await plane.ask(CHAT, keyless)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('policy-id')).toBe('ThrowExceptionDueToTrafficDenied')
    expect(answer.body).toEqual({
      error: { code: '403', message: 'Access denied due to Virtual Network/Firewall rules.' },
    })
    plane.account.ipRules = ['203.0.113.7']
    expect((await plane.ask(CHAT, keyless)).status).toBe(403)
    plane.account.ipRules = ['127.0.0.1']
    expect((await plane.ask(CHAT, keyless)).status).toBe(401)
  })
})

describe('authentication by key', () => {
  const keys = () => accountKeys(accountId(plane.account))

  test.each(['key1', 'key2'] as const)('%s opens everything', async name => {
    const headers = { 'api-key': keys()[name] }
    const answers = await Promise.all([
      plane.ask(CHAT, { headers, body: chat }),
      plane.ask(INFERENCE_CHAT, { headers, body: { model: 'deepseek', messages } }),
      plane.ask(CLASSIC_EMBEDDINGS, { headers, body: { input } }),
      plane.ask(PROJECT_RESPONSES, { headers, body: { model: 'chat', input } }),
      plane.ask(MODELS, { method: 'GET', headers }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })

  test('is accepted as a bearer token on v1, as OpenAI clients send it, but not on the classic API', async () => {
    const headers = bearer(keys().key1)
    expect((await plane.ask(CHAT, { headers, body: chat })).status).toBe(200)
    expect((await plane.ask(CLASSIC_CHAT, { headers, body: { messages } })).status).toBe(401)
  })

  test('in x-api-key on the Anthropic route', async () => {
    const headers = { 'x-api-key': keys().key2, 'anthropic-version': '2023-06-01' }
    expect((await plane.ask(MESSAGES, { headers, body: claude })).status).toBe(200)
  })

  test('a wrong key, the key of another account, an empty key and no key get the same 401', async () => {
    const others = accountKeys(accountId(plane.regionalAccount)).key1
    for (const headers of [{ 'api-key': 'wrong' }, { 'api-key': others }, { 'api-key': '' }, {}]) {
      const answer = await plane.ask(CHAT, { headers, body: chat })
      expect(answer.status).toBe(401)
      expect(errorOf(answer)).toEqual({
        code: '401',
        message:
          'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
      })
    }
  })

  test('after a regeneration the old key is refused, and the new one and the other are accepted', async () => {
    const old = keys()
    plane.account.regeneratedKeys.key1 += 1
    const { key1, key2 } = keysOf(plane.account)
    const answers = await Promise.all(
      [old.key1, key1, key2].map(key => plane.ask(CHAT, { headers: { 'api-key': key }, body: chat })),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 200])
    expect(key2).toBe(old.key2)
  })

  test('with key access off even the right key is refused', async () => {
    plane.account.disableLocalAuth = true
    const answer = await plane.ask(CHAT, { headers: { 'api-key': keys().key1 }, body: chat })
    expect(answer.status).toBe(403)
    expect(answer.body).toEqual({
      error: {
        code: 'AuthenticationTypeDisabled',
        message: 'Key based authentication is disabled for this resource.',
      },
    })
  })

  test('a change of key access reaches each replica after its own lag', async () => {
    plane.lag.keyAccess = [0, 120_000]
    const statuses = async () => {
      const ask = () => plane.ask(CHAT, { headers: { 'api-key': keys().key1 }, body: chat })
      return [(await ask()).status, (await ask()).status]
    }
    const change = (disableLocalAuth: boolean) =>
      Object.assign(plane.account, {
        disableLocalAuth,
        keyAccessChangedOn: new Date(plane.clock.now()).toISOString(),
      })
    change(true)
    expect(await statuses()).toEqual([403, 200])
    plane.clock.advance(121_000)
    expect(await statuses()).toEqual([403, 403])
    change(false)
    expect(await statuses()).toEqual([200, 403])
    plane.clock.advance(121_000)
    expect(await statuses()).toEqual([200, 200])
  })

  test('a wrong key is refused even with a good token', async () => {
    plane.grant(COGNITIVE_SERVICES_USER)
    const answer = await askWithToken(CHAT, { headers: { 'api-key': 'wrong' }, body: chat })
    expect(answer.status).toBe(401)
  })

  test('the two keys differ, and do not depend on the case of the account id', () => {
    const id = accountId(plane.account)
    expect(accountKeys(id.toUpperCase())).toEqual(accountKeys(id))
    expect(keys().key1).not.toBe(keys().key2)
  })
})

describe('authentication by token', () => {
  const bothAudiences = 'https://cognitiveservices.azure.com/ or https://ai.azure.com/'

  test.each([
    { target: CHAT, accepted: [COGNITIVE_SERVICES, FOUNDRY], named: bothAudiences },
    { target: RESPONSES, accepted: [COGNITIVE_SERVICES, FOUNDRY], named: bothAudiences },
    { target: INFERENCE_CHAT, accepted: [COGNITIVE_SERVICES, FOUNDRY], named: bothAudiences },
    { target: CLASSIC_CHAT, accepted: [COGNITIVE_SERVICES], named: COGNITIVE_SERVICES },
    { target: PROJECT_RESPONSES, accepted: [FOUNDRY], named: FOUNDRY },
    { target: MESSAGES, accepted: [FOUNDRY], named: FOUNDRY },
  ])('$target accepts only $accepted', async ({ target, accepted, named }) => {
    for (const audience of [
      COGNITIVE_SERVICES,
      FOUNDRY,
      `${COGNITIVE_SERVICES}/`,
      'https://management.azure.com',
    ]) {
      const answer = await askWithToken(target, { body: chat }, audience)
      expect(answer.status).toBe(401)
      if (accepted.includes(audience.replace(/\/$/, ''))) {
        expect(errorOf(answer).code).toBe('PermissionDenied')
      } else {
        expect(answer.body).toEqual({
          statusCode: 401,
          message: `Unauthorized. Access token is missing, invalid, audience is incorrect (${named}), or have expired.`,
        })
      }
    }
  })

  test('an expired token is refused', async () => {
    plane.grant(COGNITIVE_SERVICES_USER)
    const headers = bearer(await plane.token({}, 60))
    expect((await plane.ask(CHAT, { headers, body: chat })).status).toBe(200)
    plane.clock.advance(61_000)
    const answer = await plane.ask(CHAT, { headers, body: chat })
    expect(answer).toMatchObject({ status: 401, body: { statusCode: 401 } })
  })

  test('a token with a broken signature is refused', async () => {
    const [header, payload] = (await plane.token()).split('.')
    const answer = await plane.ask(CHAT, { headers: bearer(`${header}.${payload}.AAAA`), body: chat })
    expect(answer).toMatchObject({ status: 401, body: { statusCode: 401 } })
  })

  test('a token of another tenant is refused', async () => {
    const headers = bearer(await plane.token({ tid: OTHER_TENANT }))
    const answer = await plane.ask(CHAT, { headers, body: chat })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      error: {
        code: 'Tenant provided in token does not match resource token',
        message: `Token tenant ${OTHER_TENANT} does not match resource tenant.`,
      },
    })
  })
})

describe('the regional host', () => {
  const target = () => `${plane.regionalUrl}${CLASSIC_CHAT}`

  test('accepts a key of an account without a subdomain', async () => {
    const headers = { 'api-key': accountKeys(accountId(plane.regionalAccount)).key1 }
    expect((await plane.ask(target(), { headers, body: { messages } })).status).toBe(200)
  })

  test('refuses the keys of accounts that have their own host', async () => {
    const headers = { 'api-key': accountKeys(accountId(plane.account)).key1 }
    expect((await plane.ask(target(), { headers, body: { messages } })).status).toBe(401)
  })

  test('refuses a token, and asks for a custom subdomain', async () => {
    const answer = await askWithToken(target(), { body: { messages } })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      error: {
        code: 'BadRequest',
        message: 'Please provide a custom subdomain for token authentication, otherwise API key is required.',
      },
    })
  })

  test('the account’s own host refuses a token once the subdomain is gone', async () => {
    plane.account.customSubDomainName = null
    expect(errorOf(await askWithToken(CHAT, { body: chat })).message).toContain('custom subdomain')
  })

  test('answers 401 without credentials', async () => {
    expect((await plane.ask(target(), { body: { messages } })).status).toBe(401)
  })
})

test('the host of a deleted account answers 404', async () => {
  plane.world.accounts = []
  const answer = await askWithToken(CHAT, { body: chat })
  expect(answer).toMatchObject({ status: 404, body: { error: { code: 'ResourceNotFound' } } })
})

describe('authorization', () => {
  const denied = [
    {
      ask: { target: CHAT, body: chat },
      action: 'OpenAI/deployments/chat/completions/action',
      operation: `POST ${CHAT}`,
    },
    {
      ask: { target: RESPONSES, body: { model: 'chat', input } },
      action: 'OpenAI/responses/write',
      operation: `POST ${RESPONSES}`,
    },
    {
      ask: { target: EMBEDDINGS, body: { model: 'vectors', input } },
      action: 'OpenAI/deployments/embeddings/action',
      operation: `POST ${EMBEDDINGS}`,
    },
    { ask: { target: MODELS, method: 'GET' }, action: 'OpenAI/models/read', operation: `GET ${MODELS}` },
    {
      ask: { target: `${MODELS}/gpt-4.1-mini-2025-04-14`, method: 'GET' },
      action: 'OpenAI/models/read',
      operation: `GET ${MODELS}/{model}`,
    },
    {
      ask: { target: INFERENCE_CHAT, body: { model: 'deepseek', messages } },
      action: 'MaaS/chat/completions/action',
      operation: 'POST /models/chat/completions',
    },
    {
      ask: { target: INFERENCE_EMBEDDINGS, body: { model: 'vectors', input } },
      action: 'MaaS/embeddings/action',
      operation: 'POST /models/embeddings',
    },
    {
      ask: { target: INFERENCE_INFO, method: 'GET' },
      action: 'MaaS/info/read',
      operation: 'GET /models/info',
    },
    {
      ask: {
        target: MESSAGES,
        body: claude,
        audience: FOUNDRY,
        headers: { 'anthropic-version': '2023-06-01' },
      },
      action: 'AIServices/providers/action',
      operation: 'POST /anthropic/v1/*',
    },
    {
      ask: { target: PROJECT_RESPONSES, body: { model: 'chat', input }, audience: FOUNDRY },
      action: 'AIServices/responses/write',
      operation: 'POST /api/projects/{projectName}/openai/v1/responses',
    },
  ]

  test.each(denied)(
    '$operation needs $action',
    async ({ ask: { target, audience, ...options }, action, operation }) => {
      plane.grant(OWNER)
      const answer = await askWithToken(target, options, audience)
      expect(answer.status).toBe(401)
      expect(answer.body).toEqual({
        error: {
          code: 'PermissionDenied',
          message: `The principal \`${PRINCIPAL}\` lacks the required data action \`Microsoft.CognitiveServices/accounts/${action}\` to perform \`${operation}\` operation. For instructions on granting the necessary permissions, see https://aka.ms/FoundryPermissions.`,
        },
      })
      plane.grant(COGNITIVE_SERVICES_USER)
      expect((await askWithToken(target, options, audience)).status).toBe(200)
    },
  )

  test.each([
    {
      target: CLASSIC_CHAT,
      action: 'OpenAI/deployments/chat/completions/action',
      operation: 'POST /openai/deployments/{deployment-id}/chat/completions',
      body: { messages },
    },
    {
      target: CLASSIC_EMBEDDINGS,
      action: 'OpenAI/deployments/embeddings/action',
      operation: 'POST /openai/deployments/{deployment-id}/embeddings',
      body: { input },
    },
    {
      target: '/openai/models?api-version=2024-10-21',
      action: 'OpenAI/models/read',
      operation: 'GET /openai/models',
      method: 'GET',
    },
  ])(
    '$operation needs $action, and is refused without guidance',
    async ({ target, action, operation, ...options }) => {
      expect(errorOf(await askWithToken(target, options))).toEqual({
        code: 'PermissionDenied',
        message: `The principal \`${PRINCIPAL}\` lacks the required data action \`Microsoft.CognitiveServices/accounts/${action}\` to perform \`${operation}\` operation.`,
      })
      plane.grant(COGNITIVE_SERVICES_USER)
      expect((await askWithToken(target, options)).status).toBe(200)
    },
  )

  test('the OpenAI role covers the OpenAI API, but neither /models nor Claude', async () => {
    plane.grant(OPENAI_USER)
    const anthropicVersion = { 'anthropic-version': '2023-06-01' }
    const answers = await Promise.all([
      askWithToken(CHAT, { body: chat }),
      askWithToken(INFERENCE_CHAT, { body: { model: 'deepseek', messages } }),
      askWithToken(MESSAGES, { body: claude, headers: anthropicVersion }, FOUNDRY),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401])
  })

  test('a role on a project opens the project and not the account', async () => {
    plane.grant(PROJECT_RUNTIME_USER, { scope: `${accountId(plane.account)}/projects/shop` })
    plane.grant(COGNITIVE_SERVICES_USER, { scope: `${accountId(plane.account)}/projects/shop` })
    const body = { model: 'chat', input }
    expect((await askWithToken(PROJECT_RESPONSES, { body }, FOUNDRY)).status).toBe(200)
    expect((await askWithToken(RESPONSES, { body }, FOUNDRY)).status).toBe(401)
  })

  test('is checked before the body of the request', async () => {
    const answer = await askWithToken(`${CHAT}?api-version=1999-01-01`, { body: 'not JSON' })
    expect(errorOf(answer).code).toBe('PermissionDenied')
  })

  test('the journal names the principal of answered and denied calls', async () => {
    await askWithToken(CHAT, { body: chat })
    plane.grant(COGNITIVE_SERVICES_USER)
    await askWithToken(CHAT, { body: chat })
    await plane.ask(CHAT, { body: chat })
    const summary = plane.journal.entries.map(({ operation, status, caller }) => ({
      operation,
      status,
      caller,
    }))
    expect(summary).toEqual([
      { operation: 'chatCompletions.create', status: 401, caller: PRINCIPAL },
      { operation: 'chatCompletions.create', status: 200, caller: PRINCIPAL },
      { operation: 'chatCompletions.create', status: 401, caller: undefined },
    ])
  })
})

describe('propagation', () => {
  const statuses = async (requests: number) => {
    const seen: number[] = []
    for (let i = 0; i < requests; i += 1) seen.push((await askWithToken(CHAT, { body: chat })).status)
    return seen
  }

  test('a grant reaches the replicas one by one; requests go to them in turn', async () => {
    plane.lag.roleAssignments = [0, 120_000, 300_000]
    expect(await statuses(3)).toEqual([401, 401, 401])

    plane.grant(COGNITIVE_SERVICES_USER, { createdOn: new Date(plane.clock.now()).toISOString() })
    expect(await statuses(6)).toEqual([200, 401, 401, 200, 401, 401])
    plane.clock.advance(121_000)
    expect(await statuses(3)).toEqual([200, 200, 401])
    plane.clock.advance(180_000)
    expect(await statuses(3)).toEqual([200, 200, 200])
  })

  test('a refused request also moves on to the next replica', async () => {
    plane.lag.roleAssignments = [0, 600_000]
    plane.grant(COGNITIVE_SERVICES_USER, { createdOn: new Date(plane.clock.now()).toISOString() })
    const headers = { 'api-key': accountKeys(accountId(plane.account)).key1 }
    expect(await statuses(1)).toEqual([200])
    await plane.ask(CHAT, { headers, body: chat })
    expect(await statuses(1)).toEqual([200])
    await plane.ask(CHAT, { headers: bearer('a.b.c'), body: chat })
    expect(await statuses(2)).toEqual([200, 401])
  })

  test('an assignment without a date is live on every replica', async () => {
    plane.lag.roleAssignments = [600_000, 600_000]
    plane.grant(COGNITIVE_SERVICES_USER)
    expect(await statuses(2)).toEqual([200, 200])
  })
})

describe('paths and versions', () => {
  beforeEach(() => plane.grant(COGNITIVE_SERVICES_USER))

  const notFound = { error: { code: '404', message: 'Resource not found' } }

  test('an unknown path answers 404, without credentials 401, and 403 with public access off', async () => {
    expect(await askWithToken('/openai/v1/nonsense', { body: chat })).toMatchObject({
      status: 404,
      body: notFound,
    })
    expect((await plane.ask('/openai/v1/nonsense', { body: chat })).status).toBe(401)
    plane.account.publicNetworkAccess = 'Disabled'
    expect((await plane.ask('/openai/v1/nonsense', { body: chat })).status).toBe(403)
  })

  test.each(['2024-10-21', '2025-04-01-preview', ''])('v1 refuses api-version=%s', async version => {
    const answer = await askWithToken(`${CHAT}?api-version=${version}`, { body: chat })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      error: {
        code: 'BadRequest',
        message: 'api-version query parameter is not allowed when using /v1 path',
      },
    })
  })

  test.each(['v1', 'preview'])('v1 accepts api-version=%s', async version => {
    expect((await askWithToken(`${CHAT}?api-version=${version}`, { body: chat })).status).toBe(200)
  })

  test('the classic API needs a version that exists', async () => {
    const path = '/openai/deployments/chat/chat/completions'
    expect(await askWithToken(path, { body: { messages } })).toMatchObject({ status: 404, body: notFound })
    const unknown = await askWithToken(`${path}?api-version=2024-11-20`, { body: { messages } })
    expect(unknown.status).toBe(400)
    expect(unknown.body).toEqual({ error: { code: 'BadRequest', message: 'API version not supported' } })
  })

  test.each(['', '?api-version=2024-08-01-preview'])('/models accepts one version, not "%s"', async query => {
    const answer = await askWithToken(`/models/chat/completions${query}`, {
      body: { model: 'deepseek', messages },
    })
    expect(answer).toMatchObject({ status: 404, body: notFound })
  })

  test.each([INFERENCE_CHAT, MESSAGES, PROJECT_RESPONSES])(
    'a resource of kind OpenAI has no %s',
    async target => {
      plane.account.kind = 'OpenAI'
      const answer = await askWithToken(target, { body: { model: 'chat', messages } }, FOUNDRY)
      expect(answer).toMatchObject({ status: 404, body: notFound })
    },
  )

  test('a project that does not exist', async () => {
    const body = { model: 'chat', input }
    const answer = await askWithToken('/api/projects/nowhere/openai/v1/responses', { body }, FOUNDRY)
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'NotFound' } } })
  })

  test('paths and deployment names match in any case', async () => {
    const target = '/OpenAI/Deployments/CHAT/chat/Completions?api-version=2024-10-21'
    expect((await askWithToken(target, { body: { messages } })).status).toBe(200)
  })
})

describe('deployments and models', () => {
  beforeEach(() => plane.grant(COGNITIVE_SERVICES_USER))

  const deploymentNotFound = {
    error: {
      type: 'invalid_request_error',
      code: 'DeploymentNotFound',
      message:
        'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
    },
  }

  test.each([
    { target: CHAT, body: { model: 'missing', messages } },
    { target: CHAT, body: { model: 'gpt-4.1-mini', messages } },
    { target: CHAT, body: { model: 'in-the-making', messages } },
    { target: RESPONSES, body: { model: 'missing', input } },
    { target: EMBEDDINGS, body: { model: 'missing', input } },
    { target: '/openai/deployments/missing/embeddings?api-version=2024-10-21', body: { input } },
    { target: '/openai/deployments/missing/chat/completions?api-version=2024-10-21', body: { messages } },
  ])('$target $body.model', async ({ target, body }) => {
    expect(await askWithToken(target, { body })).toMatchObject({ status: 404, body: deploymentNotFound })
  })

  test.each([
    {
      target: CHAT,
      body: { model: 'vectors', messages },
      operation: 'chatCompletion',
      model: 'text-embedding-3-large',
    },
    {
      target: RESPONSES,
      body: { model: 'vectors', input },
      operation: 'responses',
      model: 'text-embedding-3-large',
    },
    { target: EMBEDDINGS, body: { model: 'said', input }, operation: 'embeddings', model: 'gpt-4o' },
  ])('the $operation operation does not work with $model', async ({ target, body, operation, model }) => {
    const answer = await askWithToken(target, { body })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      error: {
        code: 'OperationNotSupported',
        message: `The ${operation} operation does not work with the specified model, ${model}. Please choose different model and try again. You can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.`,
      },
    })
  })

  test('/models has its own errors for an unknown and a missing model', async () => {
    const unknown = await askWithToken(INFERENCE_CHAT, { body: { model: 'missing', messages } })
    expect(unknown.status).toBe(404)
    expect(errorOf(unknown)).toEqual({
      code: 'unknown_model',
      message: 'Unknown model: missing',
      details: 'Unknown model: missing',
    })
    const none = await askWithToken(INFERENCE_CHAT, { body: { messages } })
    expect(none).toMatchObject({ status: 400, body: { error: { code: 'no_model_name' } } })
  })

  test('a Claude model refuses the OpenAI API, and other models refuse the Anthropic API', async () => {
    const headers = { 'anthropic-version': '2023-06-01' }
    const answers = await Promise.all([
      askWithToken(CHAT, { body: { model: 'claude', messages } }),
      askWithToken(INFERENCE_CHAT, { body: { model: 'claude', messages } }),
      askWithToken(MESSAGES, { headers, body: { ...claude, model: 'chat' } }, FOUNDRY),
    ])
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'api_not_supported' } } })
    }
  })

  test('the list has each model once; a model can be read by its id', async () => {
    const list = await askWithToken(MODELS, { method: 'GET' })
    const { data } = v.parse(v.object({ data: v.array(v.object({ id: v.string() })) }), list.body)
    const ids = data.map(({ id }) => id)
    expect(ids).toContain('gpt-4.1-mini-2025-04-14')
    expect(ids).toContain('DeepSeek-V3')
    expect(new Set(ids).size).toBe(ids.length)

    const one = await askWithToken(`${MODELS}/gpt-4o-2024-11-20`, { method: 'GET' })
    expect(one.body).toMatchObject({ id: 'gpt-4o-2024-11-20', object: 'model' })
    expect((await askWithToken(`${MODELS}/gpt-1`, { method: 'GET' })).status).toBe(404)
  })

  test('/models/info describes the first deployment', async () => {
    const answer = await askWithToken(INFERENCE_INFO, { method: 'GET' })
    expect(answer.body).toEqual({
      model_name: 'gpt-4.1-mini',
      model_type: 'chat-completion',
      model_provider_name: 'OpenAI',
    })
    plane.account.deployments = []
    expect((await askWithToken(INFERENCE_INFO, { method: 'GET' })).status).toBe(400)
  })
})

describe('bodies that are refused', () => {
  beforeEach(() => plane.grant(COGNITIVE_SERVICES_USER))

  const reasoner = { model: 'reasoner', messages }
  const filtered = [
    { role: 'user', content: [{ type: 'text', text: 'Please [TRIGGER content filter] now' }] },
  ]

  test.each([
    [
      'a body that is not JSON',
      CHAT,
      '{"model":',
      'We could not parse the JSON body of your request.',
      null,
      null,
    ],
    [
      'JSON that is not an object',
      CHAT,
      '"text"',
      'We could not parse the JSON body of your request.',
      null,
      null,
    ],
    [
      'a fraction as max_tokens',
      CHAT,
      { ...chat, max_tokens: 1.5 },
      "Invalid type for 'max_tokens': expected an integer, but got a decimal number instead.",
      'max_tokens',
      'invalid_type',
    ],
    [
      'no model',
      CHAT,
      { messages },
      "Missing required parameter: 'model'.",
      'model',
      'missing_required_parameter',
    ],
    [
      'no messages',
      CHAT,
      { model: 'chat' },
      "Missing required parameter: 'messages'.",
      'messages',
      'missing_required_parameter',
    ],
    [
      'no messages, classic',
      CLASSIC_CHAT,
      {},
      "Missing required parameter: 'messages'.",
      'messages',
      'missing_required_parameter',
    ],
    [
      'empty messages',
      CHAT,
      { model: 'chat', messages: [] },
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'messages',
      'empty_array',
    ],
    [
      'messages of another type',
      CHAT,
      { model: 'chat', messages: 'hi' },
      "Invalid type for 'messages': expected array, but got a string instead.",
      'messages',
      'invalid_type',
    ],
    [
      'a message without a role',
      CHAT,
      { model: 'chat', messages: [{ content: 'hi' }] },
      "Missing required parameter: 'messages[0].role'.",
      'messages[0].role',
      'missing_required_parameter',
    ],
    [
      'a budget of 0',
      CHAT,
      { ...chat, max_completion_tokens: 0 },
      "Invalid 'max_completion_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
      'max_completion_tokens',
      'integer_below_min_value',
    ],
    [
      'max_tokens together with max_completion_tokens',
      CHAT,
      { ...chat, max_tokens: 5, max_completion_tokens: 5 },
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'max_tokens',
      'invalid_parameter_combination',
    ],
    [
      'temperature above 2',
      CHAT,
      { ...chat, temperature: 3 },
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
      'temperature',
      'decimal_above_max_value',
    ],
    [
      'max_tokens for a reasoning model',
      CHAT,
      { ...reasoner, max_tokens: 100 },
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
      'unsupported_parameter',
    ],
    [
      'temperature for a reasoning model',
      CHAT,
      { ...reasoner, temperature: 0 },
      "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
      'temperature',
      'unsupported_value',
    ],
    [
      'top_p for a reasoning model',
      CHAT,
      { ...reasoner, top_p: 0.5 },
      "Unsupported parameter: 'top_p' is not supported with this model.",
      'top_p',
      'unsupported_parameter',
    ],
    [
      'a budget too small for reasoning',
      CHAT,
      { ...reasoner, max_completion_tokens: 15 },
      'Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.',
      null,
      null,
    ],
    [
      'no input',
      RESPONSES,
      { model: 'chat' },
      "Missing required parameter: 'input'.",
      'input',
      'missing_required_parameter',
    ],
    [
      'too few output tokens',
      RESPONSES,
      { model: 'chat', input, max_output_tokens: 8 },
      "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 8 instead.",
      'max_output_tokens',
      'integer_below_min_value',
    ],
    [
      'temperature for reasoning responses',
      RESPONSES,
      { model: 'reasoner', input, temperature: 0 },
      "Unsupported parameter: 'temperature' is not supported with this model.",
      'temperature',
      null,
    ],
    [
      'no input to embed',
      EMBEDDINGS,
      { model: 'vectors' },
      "Missing required parameter: 'input'.",
      'input',
      'missing_required_parameter',
    ],
    [
      'an empty input to embed',
      EMBEDDINGS,
      { model: 'vectors', input: '' },
      "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
      null,
      null,
    ],
    [
      'dimensions for a model without them',
      EMBEDDINGS,
      { model: 'ada', input, dimensions: 256 },
      'This model does not support specifying dimensions.',
      null,
      null,
    ],
    [
      'more dimensions than the model has',
      EMBEDDINGS,
      { model: 'small-vectors', input, dimensions: 2000 },
      "Invalid value for 'dimensions' = 2000. Must be less than or equal to 1536.",
      null,
      null,
    ],
    [
      'an unknown encoding',
      EMBEDDINGS,
      { model: 'vectors', input, encoding_format: 'hex' },
      "Invalid value: 'hex'. Supported values are: 'float' and 'base64'.",
      'encoding_format',
      'invalid_value',
    ],
  ])('%s', async (_name, target, body, message, param, code) => {
    const answer = await askWithToken(target, { body })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({ error: { message, type: 'invalid_request_error', param, code } })
  })

  test.each([
    { target: CHAT, body: { model: 'chat', messages: filtered } },
    { target: CLASSIC_CHAT, body: { messages: filtered } },
    {
      target: RESPONSES,
      body: {
        model: 'chat',
        input: [{ role: 'user', content: [{ type: 'input_text', text: '[trigger content filter]' }] }],
      },
    },
    { target: RESPONSES, body: { model: 'chat', input, instructions: '[trigger content filter]' } },
  ])('$target answers 400 to a prompt that the content filter stops', async ({ target, body }) => {
    const answer = await askWithToken(target, { body })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      error: {
        message: expect.stringContaining(
          "due to the prompt triggering Azure OpenAI's content management policy",
        ),
        type: null,
        param: 'prompt',
        code: 'content_filter',
        status: 400,
        innererror: {
          code: 'ResponsibleAIPolicyViolation',
          content_filter_result: {
            hate: { filtered: false, severity: 'safe' },
            jailbreak: { filtered: false, detected: false },
            self_harm: { filtered: false, severity: 'safe' },
            sexual: { filtered: false, severity: 'safe' },
            violence: { filtered: true, severity: 'medium' },
          },
        },
      },
    })
  })

  const messagesHeaders = { 'anthropic-version': '2023-06-01' }
  test.each([
    ['no version', {}, claude, 'anthropic-version: header is required'],
    ['a body that is not JSON', messagesHeaders, 'hi', 'The request body is not valid JSON'],
    ['no max_tokens', messagesHeaders, { model: 'claude', messages }, 'max_tokens: Field required'],
  ])('Anthropic: %s', async (_name, headers, body, message) => {
    const answer = await askWithToken(MESSAGES, { headers, body }, FOUNDRY)
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message },
      request_id: answer.headers.get('request-id'),
    })
  })
})

describe('answers', () => {
  beforeEach(() => plane.grant(COGNITIVE_SERVICES_USER))

  const completion = v.object({
    model: v.string(),
    choices: v.tuple([v.object({ finish_reason: v.string(), message: v.object({ content: v.string() }) })]),
    usage: v.object({
      completion_tokens: v.number(),
      completion_tokens_details: v.object({ reasoning_tokens: v.number() }),
    }),
  })

  const complete = async (body: object) => v.parse(completion, (await askWithToken(CHAT, { body })).body)

  test('are those of the deployment, or the same sentence every time', async () => {
    const said = await complete({ model: 'said', messages })
    expect(said.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'The capital of France is Paris.' },
    })
    const [first, second] = await Promise.all([complete(chat), complete({ model: 'deepseek', messages })])
    expect(first.choices[0].message.content).toBe(second.choices[0].message.content)
    expect(second.model).toBe('DeepSeek-V3')
  })

  test.each(['max_tokens', 'max_completion_tokens'])('end at the limit in %s', async parameter => {
    const { choices, usage } = await complete({ model: 'said', messages, [parameter]: 2 })
    expect(choices[0].finish_reason).toBe('length')
    expect('The capital of France is Paris.').toContain(choices[0].message.content)
    expect(usage.completion_tokens).toBe(2)
  })

  test.each([
    { budget: 16, reason: 'length', reasoning: 16, empty: true },
    { budget: 64, reason: 'length', reasoning: 64, empty: true },
    { budget: 65, reason: 'length', reasoning: 64, empty: false },
    { budget: 200, reason: 'stop', reasoning: 64, empty: false },
  ])('of a reasoning model with $budget tokens', async ({ budget, reason, reasoning, empty }) => {
    const { choices, usage } = await complete({ model: 'reasoner', messages, max_completion_tokens: budget })
    expect(choices[0].finish_reason).toBe(reason)
    expect(choices[0].message.content === '').toBe(empty)
    expect(usage.completion_tokens_details.reasoning_tokens).toBe(reasoning)
  })

  test('responses', async () => {
    const { body } = await askWithToken(RESPONSES, { body: { model: 'said', input } })
    expect(body).toMatchObject({
      status: 'completed',
      incomplete_details: null,
      model: 'said',
      output: [
        { type: 'message', content: [{ type: 'output_text', text: 'The capital of France is Paris.' }] },
      ],
    })
  })

  test('a response whose budget is used up by reasoning is incomplete', async () => {
    const { body } = await askWithToken(RESPONSES, {
      body: { model: 'reasoner', input, max_output_tokens: 16 },
    })
    expect(body).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ type: 'reasoning' }],
      usage: { output_tokens: 16, output_tokens_details: { reasoning_tokens: 16 } },
    })
  })

  test('messages of Claude', async () => {
    const headers = { 'anthropic-version': '2023-06-01' }
    const [whole, cut] = await Promise.all([
      askWithToken(MESSAGES, { headers, body: claude }, FOUNDRY),
      askWithToken(MESSAGES, { headers, body: { ...claude, max_tokens: 1 } }, FOUNDRY),
    ])
    expect(whole.body).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' })
    expect(cut.body).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 1 } })
    expect(whole.headers.get('request-id')).toMatch(/^req_/)
  })

  test('a stream of Claude adds up to the same message', async () => {
    const headers = { 'anthropic-version': '2023-06-01' }
    const body = { ...claude, max_tokens: 2, stream: true }
    const { text, headers: told } = await askWithToken(MESSAGES, { headers, body }, FOUNDRY)
    const events = text.split('\n\n').flatMap(event => {
      const [, name, data] = /^event: (\w+)\ndata: (.+)$/.exec(event) ?? []
      return data === undefined ? [] : [{ name, data: JSON.parse(data) }]
    })
    expect(told.get('content-type')).toContain('text/event-stream')
    expect(events.map(({ name }) => name)).toEqual([
      ...['message_start', 'content_block_start', 'ping', 'content_block_delta', 'content_block_delta'],
      ...['content_block_stop', 'message_delta', 'message_stop'],
    ])
    expect(events.every(({ name, data }) => data.type === name)).toBe(true)
    expect(events[0]?.data.message).toMatchObject({ content: [], stop_reason: null })
    expect(events.at(-2)?.data).toMatchObject({
      delta: { stop_reason: 'max_tokens' },
      usage: { output_tokens: 2 },
    })
  })
})

describe('embeddings', () => {
  beforeEach(() => plane.grant(COGNITIVE_SERVICES_USER))

  const embeddings = v.object({
    data: v.array(v.object({ index: v.number(), embedding: v.union([v.array(v.number()), v.string()]) })),
  })

  const embed = async (body: object) => v.parse(embeddings, (await askWithToken(EMBEDDINGS, { body })).body)

  async function vector(body: object): Promise<number[]> {
    const embedding = (await embed(body)).data[0]?.embedding
    if (!Array.isArray(embedding)) throw new Error('expected numbers')
    return embedding
  }

  test.each([
    { model: 'vectors', size: 3072 },
    { model: 'small-vectors', size: 1536 },
    { model: 'ada', size: 1536 },
    { model: 'cohere', size: 1024 },
  ])('of $model: $size numbers of length one, the same every time', async ({ model, size }) => {
    const first = await vector({ model, input })
    expect(first).toHaveLength(size)
    expect(Math.hypot(...first)).toBeCloseTo(1, 10)
    expect(await vector({ model, input })).toEqual(first)
    expect(await vector({ model, input: 'something else' })).not.toEqual(first)
  })

  test('with fewer dimensions they keep their direction', async () => {
    const full = await vector({ model: 'vectors', input })
    const short = await vector({ model: 'vectors', input, dimensions: 256 })
    expect(short).toHaveLength(256)
    expect(Math.hypot(...short)).toBeCloseTo(1, 10)
    const start = full.slice(0, 256)
    const cosine = start.reduce((sum, value, i) => sum + value * (short[i] ?? 0), 0) / Math.hypot(...start)
    expect(cosine).toBeCloseTo(1, 10)
  })

  test('more than 2048 inputs and unknown parameters are refused', async () => {
    const many = await askWithToken(EMBEDDINGS, { body: { model: 'vectors', input: Array(2049).fill('a') } })
    expect([many.status, errorOf(many)]).toMatchObject([
      400,
      { param: 'input', code: 'array_above_max_length' },
    ])
    const odd = await askWithToken(EMBEDDINGS, { body: { model: 'vectors', input: 'a', spell: 1 } })
    expect(errorOf(odd)).toMatchObject({ message: 'Unrecognized request argument supplied: spell' })
  })

  test('in base64 they are little-endian floats', async () => {
    const numbers = await vector({ model: 'vectors', input, dimensions: 8 })
    const { data } = await embed({ model: 'vectors', input, dimensions: 8, encoding_format: 'base64' })
    const bytes = Buffer.from(String(data[0]?.embedding), 'base64')
    expect(bytes).toHaveLength(32)
    numbers.forEach((value, i) => {
      expect(bytes.readFloatLE(4 * i)).toBeCloseTo(value, 6)
    })
  })

  test.each([
    { input: ['one', 'two'], vectors: 2 },
    { input: [1, 2, 3], vectors: 1 },
    { input: [[1, 2], [3]], vectors: 2 },
  ])('of $input: $vectors', async ({ input: given, vectors }) => {
    const { data } = await embed({ model: 'vectors', input: given, dimensions: 4 })
    expect(data.map(({ index }) => index)).toEqual(Array.from({ length: vectors }, (_, i) => i))
  })

  test('/models serves them too', async () => {
    const answer = await askWithToken(INFERENCE_EMBEDDINGS, { body: { model: 'vectors', input: ['a'] } })
    expect(answer).toMatchObject({ status: 200, body: { model: 'text-embedding-3-large' } })
  })
})

describe('any body', () => {
  beforeEach(() => plane.grant(COGNITIVE_SERVICES_USER))

  /** Objects with the names that the APIs know, and values that they may not expect. */
  const body = fc.record(
    {
      model: fc.constantFrom('chat', 'reasoner', 'vectors', 'claude', 'missing'),
      messages: fc.oneof(fc.jsonValue(), fc.array(fc.record({ role: fc.string(), content: fc.jsonValue() }))),
      input: fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.string(), fc.integer(), fc.array(fc.integer())))),
      max_tokens: fc.oneof(fc.jsonValue(), fc.double()),
      max_completion_tokens: fc.oneof(fc.jsonValue(), fc.integer()),
      max_output_tokens: fc.oneof(fc.jsonValue(), fc.integer()),
      dimensions: fc.oneof(fc.jsonValue(), fc.nat()),
      encoding_format: fc.jsonValue(),
      temperature: fc.oneof(fc.jsonValue(), fc.double()),
      stream: fc.oneof(fc.jsonValue(), fc.boolean()),
      stream_options: fc.jsonValue(),
      tools: fc.oneof(fc.jsonValue(), fc.array(fc.record({ type: fc.string(), name: fc.jsonValue() }))),
      tool_choice: fc.oneof(fc.jsonValue(), fc.constantFrom('auto', 'required')),
      response_format: fc.oneof(
        fc.jsonValue(),
        fc.record({
          type: fc.constant('json_schema'),
          json_schema: fc.record({ name: fc.constant('s'), schema: fc.jsonValue() }),
        }),
      ),
      text: fc.oneof(fc.jsonValue(), fc.record({ format: fc.jsonValue() })),
      stop: fc.jsonValue(),
      n: fc.oneof(fc.jsonValue(), fc.integer({ min: 1, max: 3 })),
    },
    { requiredKeys: [] },
  )

  test.each([CHAT, RESPONSES, EMBEDDINGS, CLASSIC_CHAT, INFERENCE_CHAT, MESSAGES])(
    '%s answers or refuses, and never fails',
    async target => {
      const headers = {
        ...bearer(await plane.token({ aud: target === CLASSIC_CHAT ? COGNITIVE_SERVICES : FOUNDRY })),
        'anthropic-version': '2023-06-01',
      }
      await fc.assert(
        fc.asyncProperty(fc.oneof(body, fc.jsonValue()), async given => {
          const { status } = await plane.ask(target, { headers, body: JSON.stringify(given) })
          expect([200, 400, 404, 501]).toContain(status)
        }),
        { numRuns: 60 },
      )
    },
  )
})

test('every reply has the request id of the client, refusals too', async () => {
  const headers = { 'x-ms-client-request-id': 'e1d1b2c3-0000-4000-8000-000000000001' }
  const answer = await plane.ask(CHAT, { headers, body: chat })
  expect(answer.headers.get('x-ms-client-request-id')).toBe(headers['x-ms-client-request-id'])
  expect(answer.headers.get('apim-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer.headers.get('strict-transport-security')).toContain('max-age=31536000')
})
