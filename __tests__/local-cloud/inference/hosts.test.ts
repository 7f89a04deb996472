import type { HostFamily } from '../../../local-cloud/hosts.ts'
import { accountKeys } from '../../../local-cloud/inference/keys.ts'
import { accountId } from '../../../local-cloud/scopes.ts'
import { COGNITIVE_SERVICES_USER, type DataPlaneFixture, FOUNDRY, startDataPlane } from './fixture.ts'

let plane: DataPlaneFixture
beforeAll(async () => {
  plane = await startDataPlane()
  plane.grant(COGNITIVE_SERVICES_USER)
  plane.grant(COGNITIVE_SERVICES_USER, { scope: `${accountId(plane.account)}/projects/shop` })
})
afterAll(() => plane.close())

const user = [{ role: 'user', content: 'Are you there?' }]
const calls: Record<string, [path: string, body: object]> = {
  'v1 chat': ['/openai/v1/chat/completions', { model: 'chat', messages: user }],
  'v1 responses': ['/openai/v1/responses', { model: 'chat', input: 'Are you there?' }],
  'v1 embeddings': ['/openai/v1/embeddings', { model: 'vectors', input: 'a' }],
  'classic chat': ['/openai/deployments/chat/chat/completions?api-version=2024-10-21', { messages: user }],
  'classic responses': ['/openai/responses?api-version=2025-04-01-preview', { model: 'chat', input: 'Hi' }],
  'model inference': [
    '/models/chat/completions?api-version=2024-05-01-preview',
    { model: 'deepseek', messages: user },
  ],
  messages: ['/anthropic/v1/messages', { model: 'claude', max_tokens: 16, messages: user }],
  project: ['/api/projects/shop/openai/v1/responses', { model: 'chat', input: 'Hi' }],
}

async function status(family: HostFamily, call: string, credentials?: Record<string, string>) {
  const [path, body] = calls[call] ?? ['', {}]
  const audience = /anthropic|projects/.test(path) ? { aud: FOUNDRY } : {}
  const headers = credentials ?? { authorization: `Bearer ${await plane.token(audience)}` }
  const versioned = { ...headers, 'anthropic-version': '2023-06-01' }
  return (await plane.ask(`${plane.hosts[family]}${path}`, { headers: versioned, body })).status
}

test('each host of an account is a separate origin', () => {
  expect(new Set(Object.values(plane.hosts).map(url => new URL(url).origin)).size).toBe(3)
})

test.each(Object.keys(calls))(
  '%s is served at the hosts of openai.azure.com and services.ai.azure.com',
  async call => {
    expect([await status('openAI', call), await status('foundry', call)]).toEqual([200, 200])
  },
)

test('the plain host denies v1 responses to every token, and serves everything else', async () => {
  const seen = await Promise.all(
    Object.keys(calls).map(async call => [call, await status('cognitiveServices', call)]),
  )
  const served = Object.keys(calls).map(call => [call, 200])
  expect(Object.fromEntries(seen)).toEqual({ ...Object.fromEntries(served), 'v1 responses': 401 })
})

test('the plain host serves v1 responses with a key', async () => {
  const { key1 } = accountKeys(accountId(plane.account))
  expect(await status('cognitiveServices', 'v1 responses', { 'api-key': key1 })).toBe(200)
})
