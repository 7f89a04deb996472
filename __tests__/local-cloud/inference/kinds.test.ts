import { once } from 'node:events'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { AzureOpenAI, OpenAI, toFile } from 'openai'
import type { Deployment } from '../../../local-cloud/world.ts'
import { onePage } from '../../../src/services/inference/one-page.ts'
import { toneOfASecond } from '../../../src/services/inference/tone.ts'
import { COGNITIVE_SERVICES_USER, type DataPlaneFixture, FOUNDRY, startDataPlane } from './fixture.ts'

/** Models that do not chat, called by the official client where it has a call for them. */

const trusted = getCACertificates('default')

let plane: DataPlaneFixture
let v1: OpenAI
let azure: AzureOpenAI

const added: ReadonlyArray<[name: string, format: Deployment['model']['format'], model: string]> = [
  ['completer', 'OpenAI', 'gpt-35-turbo-instruct'],
  ['painter', 'OpenAI', 'gpt-image-1'],
  ['flux', 'Black Forest Labs', 'FLUX.2-pro'],
  ['speaker', 'OpenAI', 'tts-hd'],
  ['listener', 'OpenAI', 'gpt-4o-transcribe'],
  ['live', 'OpenAI', 'gpt-realtime'],
  ['ranker', 'Cohere', 'Cohere-rerank-v4.0-fast'],
  ['reader', 'Mistral AI', 'mistral-document-ai-2512'],
  ['director', 'OpenAI', 'sora-2'],
]

beforeAll(async () => {
  plane = await startDataPlane()
  const [chat] = plane.account.deployments
  if (chat === undefined) throw new Error('The seed has a deployment')
  for (const [name, format, model] of added)
    plane.account.deployments.push({ ...chat, name, model: { format, name: model, version: '1' } })
  plane.account.projects = [{ name: 'shop', agents: [{ name: 'helper', model: 'chat' }] }]
  setDefaultCACertificates([...trusted, plane.caPem])
  const shared = { maxRetries: 0 }
  v1 = new OpenAI({
    baseURL: `${plane.url}/openai/v1`,
    apiKey: () => plane.token({ aud: FOUNDRY }),
    ...shared,
  })
  azure = new AzureOpenAI({
    endpoint: plane.url,
    apiVersion: '2025-03-01-preview',
    azureADTokenProvider: () => plane.token(),
    ...shared,
  })
})
beforeEach(() => {
  plane.world.roleAssignments = []
  plane.grant(COGNITIVE_SERVICES_USER)
})
afterAll(async () => {
  setDefaultCACertificates(trusted)
  await plane.close()
})

const asked = async (target: string, body: unknown) =>
  plane.ask(target, { body, headers: { authorization: `Bearer ${await plane.token()}` } })
const looked = async (target: string, headers: Record<string, string> = {}) =>
  plane.ask(target, {
    method: 'GET',
    headers: { authorization: `Bearer ${await plane.token({ aud: FOUNDRY })}`, ...headers },
  })

test('completions end at their token budget', async () => {
  const { choices } = await azure.completions.create({
    model: 'completer',
    prompt: ['a', 'b'],
    max_tokens: 2,
  })

  expect(choices.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
    [0, 'length'],
    [1, 'length'],
  ])
})

test('an image is a PNG on both routes', async () => {
  for (const client of [v1, azure]) {
    const { data = [] } = await client.images.generate({ model: 'painter', prompt: 'a square', n: 2 })

    expect(data).toHaveLength(2)
    expect(
      Buffer.from(data[0]?.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
  }
  await expect(
    v1.images.generate({ model: 'painter', prompt: 'a square', size: '256x256' }),
  ).rejects.toMatchObject({ status: 400, param: 'size', code: 'invalid_value' })
})

test("FLUX is called on its maker's route", async () => {
  const target = '/providers/blackforestlabs/v1/flux-2-pro?api-version=preview'

  const drawn = await asked(target, { model: 'flux', prompt: 'a square', width: 256, height: 256 })
  expect(drawn.body).toMatchObject({ data: [{ b64_json: expect.any(String) }] })
  const unknown = await asked(target, { model: 'missing', prompt: 'a square' })
  expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'unknown_model' } } })
})

test('speech is MPEG audio', async () => {
  for (const client of [v1, azure]) {
    const reply = await client.audio.speech.create({ model: 'speaker', voice: 'alloy', input: 'Hello' })
    const bytes = Buffer.from(await reply.arrayBuffer())

    expect(reply.headers.get('content-type')).toBe('audio/mpeg')
    expect(bytes.length).toBe(2016)
    expect(bytes.subarray(0, 2).toString('hex')).toBe('fff3')
    expect(bytes.subarray(96, 98).toString('hex')).toBe('fff3')
  }
})

describe('a transcript', () => {
  const file = () => toFile(toneOfASecond(), 'tone.wav', { type: 'audio/wav' })

  test('is returned in JSON or as text if the path names the deployment', async () => {
    const { text } = await azure.audio.transcriptions.create({ model: 'listener', file: await file() })
    expect(text).toBe('This is the local cloud listening.')
    const plain = await azure.audio.transcriptions.create({
      model: 'listener',
      file: await file(),
      response_format: 'text',
    })
    expect(plain).toBe('This is the local cloud listening.\n')
  })

  test('v1 answers 404 DeploymentNotFound', async () => {
    await expect(
      v1.audio.transcriptions.create({ model: 'listener', file: await file() }),
    ).rejects.toMatchObject({ status: 404, code: 'DeploymentNotFound' })
  })

  test('a file that is not audio answers 400', async () => {
    const text = await toFile(Buffer.from('Hello'), 'tone.wav', { type: 'audio/wav' })
    await expect(azure.audio.transcriptions.create({ model: 'listener', file: text })).rejects.toMatchObject({
      status: 400,
      param: 'file',
    })
    const target = '/openai/deployments/listener/audio/transcriptions?api-version=2025-03-01-preview'
    expect(await asked(target, { file: 'tone.wav' })).toMatchObject({ status: 400 })
  })
})

describe('a realtime model', () => {
  const address = (query: string) => `${plane.url.replace('https:', 'wss:')}/openai/v1/realtime${query}`
  const open = async (query: string) => {
    // Node takes headers, which browsers do not.
    const options = { headers: { authorization: `Bearer ${await plane.token()}` } }
    return new WebSocket(address(query), options as unknown as string[])
  }

  test('opens a session, and closes it properly', async () => {
    const socket = await open('?model=live')
    const [message] = await once(socket, 'message')
    expect(JSON.parse(message.data)).toMatchObject({
      type: 'session.created',
      session: { model: 'gpt-realtime' },
    })
    socket.close()
    const [{ wasClean }] = await once(socket, 'close')
    expect(wasClean).toBe(true)
  })

  test.each([
    ['without a deployment', '', 400, 'OperationNotSupported'],
    ['with one that is not there', '?model=missing', 404, 'DeploymentNotFound'],
    ['with one that chats', '?model=chat', 400, 'OperationNotSupported'],
    ['without a handshake', '?model=live', 400, 'BadRequest'],
  ])('refuses %s', async (_, query, status, code) => {
    expect(await looked(`/openai/v1/realtime${query}`)).toMatchObject({ status, body: { error: { code } } })
  })

  test('answers a handshake without the role with 401', async () => {
    plane.world.roleAssignments = []
    const socket = await open('?model=live')
    const [error] = await once(socket, 'error')

    expect(error.type).toBe('error')
    expect(plane.journal.entries.at(-1)).toMatchObject({ operation: 'realtime.connect', status: 401 })
  })
})

test('a ranking puts the document most like the query first', async () => {
  const reply = await asked('/providers/cohere/v2/rerank', {
    model: 'ranker',
    query: 'ready',
    documents: ['steady', 'ready', { text: 'read' }],
    top_n: 2,
  })
  expect(reply.body).toMatchObject({
    results: [
      { index: 1, relevance_score: 1 },
      { index: 2, relevance_score: 0.8 },
    ],
  })
})

test('OCR reads a page in a data URL, and answers 400 to any other address', async () => {
  const read = (document_url: string) =>
    asked('/providers/mistral/azure/ocr', {
      model: 'reader',
      document: { type: 'document_url', document_url },
    })
  const page = Buffer.from(onePage('Ready')).toString('base64')

  expect((await read(`data:application/pdf;base64,${page}`)).body).toMatchObject({
    pages: [{ index: 0, markdown: 'This is the local cloud speaking.' }],
  })
  expect((await read('https://contoso.example/page.pdf')).status).toBe(400)
})

test('agents of a project are listed, and read by name', async () => {
  const list = await looked('/api/projects/shop/agents?api-version=v1')
  expect(list.body).toMatchObject({ object: 'list', data: [{ name: 'helper' }] })
  const one = await looked('/api/projects/shop/agents/helper?api-version=v1')
  expect(one.body).toMatchObject({ object: 'agent', name: 'helper' })
  expect((await looked('/api/projects/shop/agents/nobody?api-version=v1')).status).toBe(404)
  expect((await looked('/api/projects/shop/agents')).status).toBe(400)
})

test.each([
  ['', ['third', 'second', 'helper'], false],
  ['&order=asc', ['helper', 'second', 'third'], false],
  ['&limit=2', ['third', 'second'], true],
  ['&after=second', ['helper'], false],
  // Clients in Python ask until a page is empty.
  ['&after=helper', [], false],
  ['&before=helper&limit=1', ['second'], true],
  ['&before=third', [], false],
  ['&kind=workflow', [], false],
] as const)('agents are listed page by page: %s', async (query, names, hasMore) => {
  const { projects } = plane.account
  const [project] = projects
  if (project) project.agents = ['helper', 'second', 'third'].map(name => ({ name, model: 'chat' }))
  expect((await looked(`/api/projects/shop/agents?api-version=v1${query}`)).body).toMatchObject({
    data: names.map(name => ({ name })),
    first_id: names[0] ?? null,
    last_id: names.at(-1) ?? null,
    has_more: hasMore,
  })
})

test.each([
  ['a chat', 'painter', '/openai/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }],
  ['a chat', 'director', '/openai/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }],
  [
    'a chat of other makers',
    'ranker',
    '/models/chat/completions?api-version=2024-05-01-preview',
    { messages: [{ role: 'user', content: 'Hi' }] },
  ],
  ['an image', 'chat', '/openai/v1/images/generations', { prompt: 'a square' }],
  ['speech', 'chat', '/openai/v1/audio/speech', { input: 'Hi', voice: 'alloy' }],
  ['a ranking', 'chat', '/providers/cohere/v2/rerank', { query: 'a', documents: ['a'] }],
])('%s by %s answers 400 OperationNotSupported', async (_, model, target, body) => {
  expect(await asked(target, { model, ...body })).toMatchObject({
    status: 400,
    body: { error: { code: 'OperationNotSupported' } },
  })
})

test('speech by a transcription model answers 400', async () => {
  const reply = await asked('/openai/v1/audio/speech', { model: 'listener', input: 'Hi', voice: 'alloy' })
  expect(reply).toMatchObject({ status: 400, body: { error: { param: 'model' } } })
})
