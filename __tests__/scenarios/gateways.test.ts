import { decodeJwt } from 'jose'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { Gateway } from '../../local-cloud/world.ts'
import { account, alsoHolds, holds, managedIdentity, pipeline, roles } from '../support/arrange.ts'
import type { GateRun } from '../support/gate-run.ts'
import { accountScope, logOf, runGate } from '../support/scenario.ts'

/** A gateway in front of the models: a path of its own, keys, tokens, limits, and headers that come and go. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({
    seed: { ...defaultWorld, gateways: [{ name: 'ai', account: 'contoso-ai', path: '/ai' }] },
    granted: true,
  })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

function policies(changes: Partial<Gateway>): void {
  const [gateway] = cloud.world.gateways
  if (gateway === undefined) throw new Error('The world has a gateway')
  Object.assign(gateway, changes)
}

const gatewayUrl = () => cloud.endpoints.gateways.get('ai') ?? ''
const alone = (path = '') => ({
  'resource-id': '',
  'resource-manager-endpoint': '',
  endpoint: `${gatewayUrl()}${path}`,
  deployments: 'chat',
})
const audience = 'api://contoso-gateway'
const at = ({ requests }: GateRun, wanted: string) => requests.filter(({ service }) => service === wanted)
const audiencesAt = (run: GateRun, wanted: string) =>
  at(run, wanted).map(({ headers }) => decodeJwt((headers.authorization ?? '').replace(/^Bearer /, '')).aud)

test('the base path is kept, and the output has it', async () => {
  const run = await runGate(cloud, { inputs: alone('/openai/v1/') })

  expect(run.outputs).toMatchObject({ result: 'passed', endpoint: gatewayUrl(), 'key-access': 'unknown' })
  expect(at(run, 'gateway').map(({ target }) => target)).toContain('/ai/openai/v1/chat/completions')
  expect(at(run, 'inference').map(({ target }) => target)).toContain('/openai/v1/chat/completions')
})

test.each([
  ['with the deployment in the path', '/openai/deployments/chat/chat/completions?api-version=2024-10-21'],
  ['of model inference', '/models/chat/completions?api-version=2024-05-01-preview'],
])('a route behind a base path, %s', async (_, path) => {
  const api = path.startsWith('/models') ? { api: 'models' } : {}
  const run = await runGate(cloud, { inputs: { ...alone(path), ...api } })

  expect(run.outputs).toMatchObject({ result: 'passed', endpoint: gatewayUrl() })
  const target = path.startsWith('/models') ? `/ai${path}` : '/ai/openai/v1/chat/completions'
  expect(at(run, 'gateway').map(request => request.target)).toContain(target)
})

test('a gateway that speaks as OpenAI does, at /v1', async () => {
  policies({ path: '', backendPath: '/openai' })
  const { origin } = new URL(gatewayUrl())
  const run = await runGate(cloud, { inputs: { ...alone(), endpoint: `${origin}/v1` } })

  expect(run.outputs).toMatchObject({ result: 'passed', endpoint: `${origin}/v1` })
  expect(at(run, 'gateway').map(({ target }) => target)).toContain('/v1/chat/completions')
})

test.each([
  ['its age', { age: '30' }],
  ['what it says of itself', { 'x-cache': 'HIT' }],
  ['what LiteLLM says of itself', { 'x-litellm-cache-hit': 'True' }],
])('a gateway that answers from its cache, according to %s, proves nothing', async (_, replyHeaders) => {
  policies({ replyHeaders })
  const run = await runGate(cloud, { inputs: alone() })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'answer-invalid' })
  expect(logOf(run)).toContain('The reply comes out of a cache')
})

test.each([
  [11, 'failed', 'answer-invalid'],
  [9, 'passed', ''],
])(
  'an answer that was made %i minutes ago, although no header says that it was kept: %s',
  async (minutes, result, diagnosis) => {
    policies({})
    const value = Math.floor(cloud.clock.now() / 1000) - minutes * 60
    cloud.faults.add({
      name: 'remembers',
      operation: 'chatCompletions.create',
      effect: { kind: 'edit', path: ['created'], value },
    })
    const run = await runGate(cloud, { inputs: alone() })

    expect(run.outputs).toMatchObject({ result, diagnosis })
    expect(logOf(run).includes('The reply comes out of a cache')).toBe(result === 'failed')
  },
)

test('a row in which one answer is given to several calls proves nothing, although no header says that it was kept', async () => {
  policies({})
  cloud.faults.add({
    name: 'remembers',
    operation: 'chatCompletions.create',
    effect: { kind: 'edit', path: ['id'], value: 'chatcmpl-B1C2D3E4F5a6b7c8d9' },
  })
  const run = await runGate(cloud, { inputs: alone() })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'answer-invalid' })
  expect(logOf(run)).toContain('another call was given the same answer, chatcmpl-B1C2D3E4F5a6b7c8d9')
})

test('an answer of the first call that comes again later does not count', async () => {
  policies({})
  cloud.faults.add({
    name: 'remembers',
    operation: 'chatCompletions.create',
    effect: { kind: 'edit', path: ['id'], value: 'chatcmpl-B1C2D3E4F5a6b7c8d9' },
    times: 2,
  })
  const run = await runGate(cloud, { inputs: alone() })

  expect(run.outputs).toMatchObject({ result: 'passed' })
  expect(logOf(run)).toContain('answer-invalid')
})

test('one answer for two deployments proves nothing, although a warm run calls each only once', async () => {
  cloud.faults.add({
    name: 'remembers',
    operation: 'chatCompletions.create',
    effect: { kind: 'edit', path: ['id'], value: 'chatcmpl-B1C2D3E4F5a6b7c8d9' },
  })
  const run = await runGate(cloud, { inputs: { deployments: 'chat\nreasoning' } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'answer-invalid' })
  expect(logOf(run)).toContain('another call was given the same answer, chatcmpl-B1C2D3E4F5a6b7c8d9')
})

test('a gateway that says that it asked the model is a proof', async () => {
  const replyHeaders = {
    age: '0',
    'x-cache': 'MISS from hit-proxy.contoso.com',
    'x-litellm-cache-hit': 'False',
    'cache-status': 'contoso; fwd=miss',
  }
  policies({ replyHeaders })
  expect((await runGate(cloud, { inputs: alone() })).outputs).toMatchObject({ result: 'passed' })
})

describe('tokens of its own audience', () => {
  const ownIdentity = () => {
    const { principal } = managedIdentity(cloud)
    policies({ audience, identity: principal.objectId })
    return principal.objectId
  }

  test('the gateway gets only its own token, and no other host gets that token', async () => {
    alsoHolds(cloud, { role: roles.user, principalId: ownIdentity() })
    const run = await runGate(cloud, { inputs: { ...alone(), 'token-audience': audience } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
    expect(new Set(audiencesAt(run, 'gateway'))).toEqual(new Set([audience]))
    const scopes = at(run, 'entra').flatMap(({ body }) => new URLSearchParams(body).get('scope') ?? [])
    expect(scopes.map(scope => scope.split(' ')[0])).toEqual([`${audience}/.default`])
    expect(at(run, 'inference').map(({ caller }) => caller)).not.toContain(pipeline(cloud).principal.objectId)
    expect(run.report).toMatchObject({ settings: { tokenAudience: audience }, smoke: [{ audience }] })
  })

  test('without it the diagnosis names the gateway, and the fix is the input', async () => {
    ownIdentity()
    const run = await runGate(cloud, { inputs: alone() })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'token-not-accepted' })
    expect(logOf(run)).toContain('401, from an API Management gateway: Invalid JWT.')
    expect(logOf(run)).toContain('token-audience: "api://<GATEWAY>"')
  })

  test('with a wrong audience the diagnosis shows the audience that it got', async () => {
    ownIdentity()
    cloud.world.gateways.push({
      ...(cloud.world.gateways[0] ?? raise()),
      name: 'other',
      audience: 'api://other',
    })
    const run = await runGate(cloud, { inputs: { ...alone(), 'token-audience': 'api://other' } })

    expect(run.outputs.diagnosis).toBe('token-not-accepted')
    expect(logOf(run)).toMatch(
      /wants a token with another audience, issuer or claim, and got one for api:\/\/other/,
    )
    expect(logOf(run)).not.toContain('token-audience: "api')
  })

  test('an audience that the tenant does not know', async () => {
    const run = await runGate(cloud, { inputs: { ...alone(), 'token-audience': 'api://nobody' } })

    expect(run.outputs.diagnosis).toBe('token-scope-invalid')
    expect(logOf(run)).toMatch(
      /az ad sp show --id api:\/\/nobody.*No application of the tenant has that Application ID URI/s,
    )
    expect(logOf(run)).not.toContain('az provider register')
  })

  test('the resource denies its identity: it is not the pipeline that lacks the role', async () => {
    const identity = ownIdentity()
    const run = await runGate(cloud, { inputs: { ...alone(), 'token-audience': audience } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
    expect(logOf(run)).toContain(identity)
    expect(logOf(run)).toMatch(/to the identity that the gateway uses, not to the pipeline/)
    expect(logOf(run)).toMatch(/az role assignment create .*GATEWAY-PRINCIPAL-OBJECT-ID/s)
    expect(logOf(run)).not.toContain(`${pipeline(cloud).principal.objectId} lacks`)
  })
})

describe('a subscription key', () => {
  const key = '5a1f0c9b7e3d48268bd4f1a06c92e7d3'

  test.each([
    ['with its challenge', {}],
    ['without it', { 'www-authenticate': null }],
  ])('is required by the gateway, and the diagnosis offers no workaround: %s', async (_, replyHeaders) => {
    policies({ subscriptionKey: key, replyHeaders })
    const run = await runGate(cloud, { inputs: alone() })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'token-not-accepted' })
    expect(logOf(run)).toContain(
      '401, from an API Management gateway: Access denied due to missing subscription key.',
    )
    expect(logOf(run)).toContain('it demands a key of its own. This action sends no key, and takes none')
    expect(logOf(run)).toMatch(
      /add the policy `validate-azure-ad-token` first, and then set `subscriptionRequired` to false/,
    )
    expect(logOf(run)).not.toMatch(/token-audience:|Leave `endpoint` out|api-key|Ocp-Apim/)
    expect(at(run, 'inference')).toEqual([])
  })
})

describe('limits', () => {
  test('are waited for as long as the gateway asks', async () => {
    policies({ callsPerMinute: 1 })
    const before = cloud.clock.now()
    await runGate(cloud, { inputs: { ...alone(), 'consecutive-successes': '1' } })
    const run = await runGate(cloud, { inputs: { ...alone(), 'consecutive-successes': '1' } })

    expect(run.outputs).toMatchObject({ result: 'passed' })
    expect(at(run, 'gateway').map(({ status }) => status)).toEqual([429, 200])
    expect(cloud.clock.now() - before).toBeGreaterThanOrEqual(50_000)
  })

  test('that do not end within propagation-timeout are the diagnosis', async () => {
    policies({ callsPerMinute: 0 })
    const run = await runGate(cloud, { inputs: { ...alone(), 'propagation-timeout': '30s' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'inference-throttled' })
    expect(logOf(run)).toContain('Rate limit is exceeded.')
  })
})

describe('headers', () => {
  test('a gateway that removes the token: the resource answers as without a token', async () => {
    policies({ requestHeaders: { authorization: null } })
    const run = await runGate(cloud, { inputs: alone() })

    expect(run.outputs.diagnosis).toBe('token-not-accepted')
  })

  test('a gateway that adds a key, for a resource whose keys are off', async () => {
    policies({ requestHeaders: { authorization: null, 'api-key': accountKeys(accountScope(cloud)).key1 } })
    const run = await runGate(cloud, { inputs: alone() })

    expect(run.outputs.diagnosis).toBe('key-auth-disabled')
    expect(logOf(run)).toContain('have the gateway pass the Authorization header on and add no api-key')
  })

  test('headers that it removes from replies do not change the diagnosis', async () => {
    holds(cloud, { role: roles.reader })
    policies({ replyHeaders: { 'apim-request-id': null, 'x-ms-region': null, 'www-authenticate': null } })
    const run = await runGate(cloud, { inputs: alone() })

    expect(run.outputs.diagnosis).toBe('access-denied')
  })
})

describe('keys of the resource, through a gateway', () => {
  const beside = () => ({ endpoint: gatewayUrl() })

  test('key-access: forbid proves nothing', async () => {
    const run = await runGate(cloud, { inputs: { ...beside(), 'key-access': 'forbid' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'endpoint-of-another-resource' })
    expect(logOf(run)).toMatch(/gate that in a second step.*endpoint: "\S+\/ai"\s+deployments: chat/s)
  })

  test('a retired key is not sent there, with any key-access', async () => {
    const key = accountKeys(accountScope(cloud)).key1
    const run = await runGate(cloud, { inputs: { ...beside(), 'retired-key': key } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'endpoint-of-another-resource' })
    expect(logOf(run)).toContain('The retired key belongs to the resource, so it was not sent.')
    expect(run.requests.filter(({ headers }) => headers['api-key'] !== undefined)).toEqual([])
  })

  test('a plan says the same, and goes on', async () => {
    const key = accountKeys(accountScope(cloud)).key1
    const run = await runGate(cloud, { inputs: { ...beside(), 'retired-key': key, grant: 'plan' } })

    expect(run.outputs.result).toBe('planned')
    expect(logOf(run)).toContain(
      'Plan: there is a retired key, and the gate would fail with endpoint-of-another-resource',
    )
  })

  test("a gateway's refusal of a key does not prove that the resource refuses it", async () => {
    account(cloud).disableLocalAuth = false
    policies({ subscriptionKey: 'of-the-gateway', requestHeaders: {} })
    // The call by token passes, for this once: the gateway demands its key of the next one.
    cloud.faults.add({
      name: 'lets the first one pass',
      operation: 'gateway.forward',
      times: 3,
      effect: {
        kind: 'reply',
        status: 200,
        body: {
          object: 'chat.completion',
          choices: [{ message: { content: 'ready' }, finish_reason: 'stop' }],
        },
      },
    })
    const run = await runGate(cloud, {
      inputs: { ...alone(), 'retired-key': accountKeys(accountScope(cloud)).key1 },
    })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'inference-rejected' })
    expect(logOf(run)).toContain(
      'invalid subscription key. Make sure to provide a valid key for an active subscription.',
    )
  })
})

function raise(): never {
  throw new Error('The world has a gateway')
}
