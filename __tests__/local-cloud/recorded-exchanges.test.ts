import * as v from 'valibot'
import { shapeOf } from './body-shape.ts'
import { type Answer, accessToken, idToken, pipelineOf, startLocalCloud } from './cloud-fixture.ts'
import { missingMembers } from './missing-members.ts'
import { eventsIn, headerNames, type RecordedFact, recordedFact, recordedIds } from './recorded-facts.ts'

/**
 * Entra and the models answer with every member and header that recorded exchanges have, and say by code what they refuse.
 * Resource Manager has a test of its own, beside it.
 */

const { cloud, send } = await startLocalCloud({ granted: true })
const NOBODY = '00000000-0000-4000-8000-00000000000f'

const entra = (path: string) => send(`${cloud.endpoints.authorityHost}${path}`)
const configuration = (tenant: string) => entra(`/${tenant}/v2.0/.well-known/openid-configuration`)

function discovery(version: string): Promise<Answer> {
  const endpoint = encodeURIComponent(`${cloud.endpoints.authorityHost}/organizations/oauth2/v2.0/authorize`)
  return entra(`/common/discovery/instance?api-version=${version}&authorization_endpoint=${endpoint}`)
}

const signIn = (assertion: string) => {
  const { tenantId, clientId } = pipelineOf(cloud)
  return send(`${cloud.endpoints.authorityHost}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope: 'https://ai.azure.com/.default openid profile offline_access',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }).toString(),
  })
}
const signedIn = async () => signIn(await idToken(cloud, send))
const ofPipeline = () => configuration(pipelineOf(cloud).tenantId)

async function ask(deployment: string, others: Record<string, unknown> = {}): Promise<Answer> {
  const token = await accessToken(cloud, send, 'https://cognitiveservices.azure.com')
  const [endpoint] = cloud.endpoints.accounts.values()
  const query = 'api-version=2024-02-01'
  return send(`${endpoint}/openai/deployments/${deployment}/chat/completions?${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Are you there?' }], ...others }),
  })
}

/** In a project, which the preview that was recorded had at another address. */
async function conversation(
  id = '',
  { method = 'POST', body }: { method?: 'GET' | 'POST' | 'DELETE'; body?: unknown } = {},
): Promise<Answer> {
  const token = await accessToken(cloud, send, 'https://ai.azure.com')
  const [endpoint] = cloud.endpoints.accounts.values()
  return send(`${endpoint}/api/projects/shop/openai/v1/conversations${id}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}
const identified = v.object({ id: v.string() })
async function made(): Promise<string> {
  const { json } = await conversation('', { body: {} })
  return `/${v.parse(identified, json).id}`
}
const said = (content: unknown) =>
  conversation('', { body: { items: [{ type: 'message', role: 'user', content }] } })
const describedOne = async (id: string) => {
  await conversation(id, { body: { metadata: { key: 'value' } } })
  return id
}

const requests: Readonly<Record<string, () => Promise<Answer>>> = {
  'entra/0': () => discovery('1.1'),
  'entra/1': ofPipeline,
  'entra/2': signedIn,
  'entra/3': () => discovery('1.1'),
  'entra/4': () => configuration(NOBODY),
  'entra/5': signedIn,
  'entra/6': ofPipeline,
  'entra/7': () => discovery('1.0'),
  'entra/8': () => signIn('client_assertion'),
  'openai-data-plane/0': () => ask('chat', { model: 'chat' }),
  'openai-data-plane/1': () => ask('chat', { model: 'chat' }),
  'openai-data-plane/2': () => ask('chat', { model: 'chat' }),
  'openai-data-plane/3': () => ask('missing', { reasoning_effort: 'low' }),
  'openai-data-plane/4': () => ask('missing', { reasoning_effort: 'low' }),
  'openai-data-plane/5': () => ask('chat', { model: 'chat' }),
  'openai-data-plane/6': () => ask('chat', { stream: true }),
  'openai-data-plane/7': () => ask('chat', { stream: true }),
  'openai-data-plane/8': () => ask('chat', { n: 1, stream: false }),
  'openai-data-plane/9': () => ask('chat', { model: null, seed: 42, stream: false, temperature: 0 }),
  'project-conversations/0': () => conversation('', { body: {} }),
  'project-conversations/1': () => said('some text'),
  'project-conversations/2': () => said([{ type: 'input_text', text: 'some text' }]),
  'project-conversations/3': async () => conversation(await made(), { method: 'GET' }),
  'project-conversations/5': async () => conversation(await made(), { body: { metadata: { key: 'value' } } }),
  'project-conversations/6': async () => conversation(await describedOne(await made()), { method: 'GET' }),
  'project-conversations/7': async () => conversation(await made(), { method: 'DELETE' }),
}

/** The recorder put its placeholder for "tenant" into a member's name. */
const named = ({ shape }: RecordedFact): unknown =>
  JSON.parse(
    JSON.stringify(shape).replaceAll(/"[0-9-]{36}_discovery_endpoint"/g, '"tenant_discovery_endpoint"'),
  )

/** Headers that were recorded in 2024 and 2025, and are in no later recording. */
const GONE = new Set([
  'access-control-allow-origin',
  'cache-control',
  'cmp-upstream-response-duration',
  'ms-azureml-model-time',
  'x-ms-client-request-id',
])
/** Those that are of the service of the preview, and of its compression. */
const OF_PREVIEW = new Set([
  'api-supported-versions',
  'azureml-served-by-cluster',
  'content-encoding',
  'request-context',
  'vary',
  'x-ms-response-type',
  'x-request-time',
])
const isExpected = (id: string, name: string) =>
  !(id.startsWith('openai') && GONE.has(name)) && !(id.startsWith('project') && OF_PREVIEW.has(name))

test.each(Object.entries(requests))('%s: the reply has everything that was recorded', async (id, request) => {
  const fact = recordedFact(id)
  const answer = await request()
  expect(answer.status).toBe(fact.status)
  const sent = answer.headers['content-type']?.startsWith('text/event-stream')
    ? eventsIn(answer.text)
    : answer.json
  expect(missingMembers(named(fact), shapeOf(sent))).toEqual([])
  const headers = headerNames(Object.keys(answer.headers))
  expect(fact.headers.filter(name => !headers.includes(name) && isExpected(id, name))).toEqual([])
})

test.each(['openai-data-plane/3', 'openai-data-plane/4'])('%s is refused in the same words', async id => {
  expect(shapeOf((await ask('missing')).json)).toEqual(recordedFact(id).shape)
})

test('project-conversations/4: a list of conversations answers 501, because later services have none', async () => {
  expect(await conversation('', { method: 'GET' })).toMatchObject({
    status: 501,
    json: { error: { code: 'LocalCloudNotImplemented' } },
  })
})

test('every recorded exchange of Entra and of the models is among these', () => {
  expect([...Object.keys(requests), 'project-conversations/4'].sort()).toEqual(
    ['entra/', 'openai-data-plane/', 'project-'].flatMap(recordedIds).sort(),
  )
})
