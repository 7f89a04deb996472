import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import OpenAI, {
  AuthenticationError,
  AzureOpenAI,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
} from 'openai'
import { accountKeys } from '../../../local-cloud/inference/keys.ts'
import { accountId } from '../../../local-cloud/scopes.ts'
import { COGNITIVE_SERVICES_USER, type DataPlaneFixture, FOUNDRY, startDataPlane } from './fixture.ts'

/** The official client, used as its users use it: only the authority is trusted in process, instead of by NODE_EXTRA_CA_CERTS. */

const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }]
const ANSWER = 'The capital of France is Paris.'
const trusted = getCACertificates('default')

let plane: DataPlaneFixture
/** `/openai/v1` with a token in place of the key. */
let v1: OpenAI
/** The classic API with a token provider. */
let azure: AzureOpenAI

beforeAll(async () => {
  plane = await startDataPlane()
  setDefaultCACertificates([...trusted, plane.caPem])
  v1 = new OpenAI({
    baseURL: `${plane.url}/openai/v1`,
    apiKey: () => plane.token({ aud: FOUNDRY }),
    maxRetries: 0,
  })
  azure = new AzureOpenAI({
    endpoint: plane.url,
    apiVersion: '2024-10-21',
    azureADTokenProvider: () => plane.token(),
    maxRetries: 0,
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

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('expected a rejection')
}

describe('OpenAI on /openai/v1', () => {
  test('chat completion', async () => {
    const completion = await v1.chat.completions.create({ model: 'said', messages })
    expect(completion.choices[0]?.message.content).toBe(ANSWER)
    expect(completion.usage?.total_tokens).toBe(
      (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0),
    )
    expect(completion._request_id).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('chat completion as a stream, with usage at the end', async () => {
    const stream = await v1.chat.completions.create({
      model: 'said',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    const reasons: string[] = []
    let total: number | undefined
    for await (const { choices, usage } of stream) {
      text += choices[0]?.delta.content ?? ''
      if (choices[0]?.finish_reason) reasons.push(choices[0].finish_reason)
      total = usage?.total_tokens ?? total
    }
    expect({ text, reasons }).toEqual({ text: ANSWER, reasons: ['stop'] })
    expect(total).toBeGreaterThan(0)
  })

  test('the stream helper assembles the chunks', async () => {
    const completion = await v1.chat.completions.stream({ model: 'said', messages }).finalChatCompletion()
    expect(completion.choices[0]?.message.content).toBe(ANSWER)
  })

  test('response', async () => {
    const response = await v1.responses.create({ model: 'said', input: 'What is the capital of France?' })
    expect(response.output_text).toBe(ANSWER)
    expect(response.status).toBe('completed')
  })

  test.each(['said', 'reasoner'])('response of %s as a stream, assembled by the helper', async model => {
    const stream = v1.responses.stream({ model, input: 'What is the capital of France?' })
    let text = ''
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta
    })
    const final = await stream.finalResponse()
    expect(final.status).toBe('completed')
    expect(text).toBe(final.output_text)
  })

  test('a stream that ends at the token budget says so', async () => {
    const stream = await v1.responses.create({
      model: 'reasoner',
      input: 'hi',
      max_output_tokens: 16,
      stream: true,
    })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types.at(-1)).toBe('response.incomplete')
  })

  test('embeddings: the client requests base64 and decodes it', async () => {
    const { data } = await v1.embeddings.create({ model: 'vectors', input: ['one', 'two'] })
    expect(plane.journal.entries.at(-1)?.body).toContain('"encoding_format":"base64"')
    expect(data.map(({ embedding }) => embedding.length)).toEqual([3072, 3072])
    expect(Math.hypot(...(data[0]?.embedding ?? []))).toBeCloseTo(1, 5)

    const plain = await v1.embeddings.create({ model: 'vectors', input: 'one', encoding_format: 'float' })
    plain.data[0]?.embedding.slice(0, 16).forEach((value, i) => {
      expect(data[0]?.embedding[i]).toBeCloseTo(value, 6)
    })
  })

  test('models', async () => {
    const ids: string[] = []
    for await (const { id } of v1.models.list()) ids.push(id)
    expect(ids).toContain('gpt-4o-2024-11-20')
    expect((await v1.models.retrieve('gpt-4o-2024-11-20')).object).toBe('model')
  })
})

describe('AzureOpenAI on the classic API', () => {
  test('chat completion', async () => {
    const completion = await azure.chat.completions.create({ model: 'said', messages })
    expect(completion.choices[0]?.message.content).toBe(ANSWER)
    expect(plane.journal.entries.at(-1)).toMatchObject({
      operation: 'azureOpenai.chatCompletions.create',
      target: '/openai/deployments/said/chat/completions?api-version=2024-10-21',
    })
  })

  test('chat completion as a stream', async () => {
    let text = ''
    const stream = await azure.chat.completions.create({ model: 'said', messages, stream: true })
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(text).toBe(ANSWER)
  })

  test('embeddings', async () => {
    const { data } = await azure.embeddings.create({ model: 'small-vectors', input: 'one', dimensions: 64 })
    expect(data[0]?.embedding).toHaveLength(64)
  })

  test('responses, in the API versions that have them', async () => {
    const asked = { model: 'said', input: 'What is the capital of France?' }
    const options = { endpoint: plane.url, azureADTokenProvider: () => plane.token(), maxRetries: 0 }
    const preview = new AzureOpenAI({ ...options, apiVersion: '2025-03-01-preview' })
    expect((await preview.responses.create(asked)).output_text).toBe(ANSWER)
    expect(plane.journal.entries.at(-1)).toMatchObject({
      operation: 'azureOpenai.responses.create',
      target: '/openai/responses?api-version=2025-03-01-preview',
    })
    const error = await rejection(azure.responses.create(asked))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ message: expect.stringContaining('2025-03-01-preview and later') })
  })

  test('with a key', async () => {
    const apiKey = accountKeys(accountId(plane.account)).key1
    const keyed = new AzureOpenAI({ endpoint: plane.url, apiVersion: '2024-10-21', apiKey, maxRetries: 0 })
    const completion = await keyed.chat.completions.create({ model: 'said', messages })
    expect(completion.choices[0]?.message.content).toBe(ANSWER)
  })
})

describe('refusals become the client’s errors', () => {
  test('a missing role', async () => {
    plane.world.roleAssignments = []
    const error = await rejection(v1.chat.completions.create({ model: 'said', messages }))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ status: 401, code: 'PermissionDenied' })
  })

  test('a token for another audience', async () => {
    const stranger = new OpenAI({
      baseURL: `${plane.url}/openai/v1`,
      apiKey: await plane.token({ aud: 'https://graph.microsoft.com' }),
      maxRetries: 0,
    })
    const error = await rejection(stranger.models.list())
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ status: 401, message: expect.stringContaining('audience is incorrect') })
  })

  test('a key while keys are off', async () => {
    plane.account.disableLocalAuth = true
    const keyed = new OpenAI({ baseURL: `${plane.url}/openai/v1`, apiKey: 'some-key', maxRetries: 0 })
    const error = await rejection(keyed.models.list())
    plane.account.disableLocalAuth = false
    expect(error).toBeInstanceOf(PermissionDeniedError)
    expect(error).toMatchObject({ status: 403, code: 'AuthenticationTypeDisabled' })
  })

  test('a deployment that does not exist', async () => {
    const error = await rejection(azure.chat.completions.create({ model: 'missing', messages }))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ status: 404, code: 'DeploymentNotFound' })
  })

  test('a parameter that the model does not take', async () => {
    const error = await rejection(
      v1.chat.completions.create({ model: 'reasoner', messages, max_tokens: 100 }),
    )
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'max_tokens' })
  })
})
