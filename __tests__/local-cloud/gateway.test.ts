import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import type { Gateway } from '../../local-cloud/world.ts'
import { accessToken, pipelineOf, startLocalCloud } from './cloud-fixture.ts'

/** What stands in front of an account, and what it says in its own name. */

const identity = defaultWorld.applications[1]?.servicePrincipal?.objectId ?? ''
const { cloud, send } = await startLocalCloud({
  seed: { ...defaultWorld, gateways: [{ name: 'ai', account: 'contoso-ai', path: '/ai' }] },
  granted: true,
})

/** The policies of the one gateway, as somebody changes them. */
function policies(changes: Partial<Gateway>): void {
  const [gateway] = cloud.world.gateways
  if (gateway === undefined) throw new Error('The world has a gateway')
  Object.assign(gateway, changes)
}

const azure = 'https://cognitiveservices.azure.com'
const ownAudience = 'api://contoso-gateway'

async function chat(headers: Record<string, string> = {}, path = '/openai/v1/chat/completions') {
  const url = `${cloud.endpoints.gateways.get('ai')}${path}`
  const authorization = `Bearer ${await accessToken(cloud, send, azure)}`
  const body = JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] })
  return send(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body,
  })
}
const atAccount = () => cloud.journal.entries.filter(({ service }) => service === 'inference')

test('it passes a call on without its own path, and the journal has both hops', async () => {
  const { status, json } = await chat({}, '/openai/v1/chat/completions?x=y')

  expect({ status, json }).toMatchObject({ status: 200, json: { object: 'chat.completion' } })
  expect(cloud.journal.entries.slice(-2)).toMatchObject([
    { service: 'inference', target: '/openai/v1/chat/completions?x=y', operation: 'chatCompletions.create' },
    { service: 'gateway', target: '/ai/openai/v1/chat/completions?x=y', operation: 'gateway.forward' },
  ])
})

test('it passes a refusal of the account on unchanged', async () => {
  cloud.world.roleAssignments.length = 0
  const { status, json } = await chat()

  expect({ status, json }).toMatchObject({ status: 401, json: { error: { code: 'PermissionDenied' } } })
})

test('a request outside its path answers 404', async () => {
  const gateway = new URL(cloud.endpoints.gateways.get('ai') ?? '')
  const { status, json } = await send(`${gateway.origin}/aid/openai/v1/models`)

  expect({ status, json }).toEqual({ status: 404, json: { statusCode: 404, message: 'Resource not found' } })
})

test('it replaces its path with backendPath', async () => {
  policies({ backendPath: '/openai' })

  expect((await chat({}, '/v1/chat/completions')).status).toBe(200)
})

test('a missing or wrong subscription key answers 401; the right one is accepted in either header', async () => {
  policies({ subscriptionKey: 'key-of-a-subscription' })
  const missing = await chat()

  expect(missing.status).toBe(401)
  expect(missing.headers['www-authenticate']).toBe(
    `AzureApiManagementKey realm="${cloud.endpoints.gateways.get('ai')}",name="api-key",type="header"`,
  )
  expect(missing.json).toEqual({
    statusCode: 401,
    message:
      'Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.',
  })
  expect((await chat({ 'api-key': 'another' })).json).toMatchObject({
    message: expect.stringContaining('invalid subscription key'),
  })
  expect(atAccount()).toEqual([])
  expect(cloud.secrets()).toContain('key-of-a-subscription')

  policies({ requestHeaders: { 'api-key': null } })
  expect((await chat({ 'api-key': 'key-of-a-subscription' })).status).toBe(200)
  expect((await chat({ 'Ocp-Apim-Subscription-Key': 'key-of-a-subscription' })).status).toBe(200)
})

test('with an audience it requires a token for it, and calls the account as its own identity', async () => {
  policies({ audience: ownAudience, identity })
  cloud.world.roleAssignments.push({
    ...(cloud.world.roleAssignments.at(-1) ?? raise()),
    name: crypto.randomUUID(),
    principalId: identity,
  })
  const own = `Bearer ${await accessToken(cloud, send, ownAudience)}`

  expect((await chat({ authorization: own })).status).toBe(200)
  expect(atAccount()).toMatchObject([{ caller: identity }])
  expect(atAccount()[0]?.headers.authorization).not.toBe(own)
  expect(await chat()).toMatchObject({ status: 401, json: { statusCode: 401, message: 'Invalid JWT.' } })
})

test('Entra issues no token for an audience that no gateway has', async () => {
  await expect(accessToken(cloud, send, ownAudience)).rejects.toThrow()
})

test('callsPerMinute answers 429 until a minute has passed on the clock of the cloud', async () => {
  policies({ callsPerMinute: 2 })
  const statuses = [(await chat()).status, (await chat()).status]
  const limited = await chat()

  expect(statuses).toEqual([200, 200])
  expect(limited.status).toBe(429)
  expect(limited.json).toEqual({
    statusCode: 429,
    message: `Rate limit is exceeded. Try again in ${limited.headers['retry-after']} seconds.`,
  })
  cloud.clock.advance(Number(limited.headers['retry-after']) * 1000)
  expect((await chat()).status).toBe(200)
})

test('it removes and adds headers of requests and replies', async () => {
  policies({
    requestHeaders: { authorization: null, 'x-team': 'shop' },
    replyHeaders: { 'apim-request-id': null, via: '1.1 gateway.contoso.example' },
  })
  const { status, headers } = await chat()

  expect(status).toBe(401)
  expect(atAccount()[0]?.headers).toMatchObject({ 'x-team': 'shop' })
  expect(atAccount()[0]?.headers).not.toHaveProperty('authorization')
  expect(headers).toMatchObject({ via: '1.1 gateway.contoso.example' })
  expect(headers).not.toHaveProperty('apim-request-id')
})

test('a WebSocket answers 501 with a reason', async () => {
  const headers = { connection: 'upgrade', upgrade: 'websocket' }
  const asked = request(`${cloud.endpoints.gateways.get('ai')}/openai/v1/realtime`, {
    headers,
    ca: cloud.caPem,
  })
  asked.end()
  const [reply]: IncomingMessage[] = await once(asked, 'response')

  expect(reply?.statusCode).toBe(501)
  expect(cloud.journal.entries.at(-1)).toMatchObject({ unimplemented: 'a gateway that passes WebSockets on' })
  asked.destroy()
})

test('a reset to a seed without the gateways is refused', () => {
  expect(() => cloud.reset(defaultWorld)).toThrow(
    /keeps the hosts of its gateways: it has ai, the new seed none/,
  )
  expect(pipelineOf(cloud).clientId).not.toBe('')
})

function raise(): never {
  throw new Error('The pipeline is granted a role')
}
