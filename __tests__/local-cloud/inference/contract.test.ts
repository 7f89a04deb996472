import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { chatRequest } from '../../../local-cloud/inference/chat/request.ts'
import { embeddingRequest } from '../../../local-cloud/inference/embeddings.ts'
import { responseRequest } from '../../../local-cloud/inference/responses/request.ts'
import { toneOfASecond } from '../../../src/services/inference/tone.ts'
import { describeComparison, inDescriptions } from '../descriptions-folder.ts'
import { pinnedFile } from '../official-descriptions.ts'
import {
  type Answer,
  type Ask,
  COGNITIVE_SERVICES_USER,
  type DataPlaneFixture,
  startDataPlane,
} from './fixture.ts'

/** What clients send and get here, checked against the official descriptions and against recorded traffic. */

const V1 = inDescriptions('openai-v1/essentials.json')
const CLASSIC = pinnedFile('inference.json')
const RECORDED = inDescriptions('recorded/openai-data-plane.json')

const load = <T>(file: URL): T => JSON.parse(readFileSync(file, 'utf8'))

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const get = (value: Json | undefined, ...path: string[]): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => (isObject(inner) ? inner[key] : undefined), value)

const REF = '#/components/schemas/'
const DISPATCHED = ' by discriminator'

/**
 * OpenAPI 3.0 as JSON Schema: `nullable` becomes an alternative, and a reference to a base type with a discriminator
 * becomes a reference to whichever subtype the discriminator names. `isBase` keeps subtypes' references to their base.
 */
function toJsonSchema(schema: Json, bases: ReadonlySet<string>, isBase = false): Json {
  if (Array.isArray(schema)) return schema.map(entry => toJsonSchema(entry, bases, isBase))
  if (!isObject(schema)) return schema
  const { nullable, discriminator: _discriminator, ...rest } = schema
  const converted: JsonObject = {}
  for (const [key, value] of Object.entries(rest)) {
    converted[key] =
      key === '$ref' && !isBase && bases.has(String(value))
        ? `${value}${encodeURIComponent(DISPATCHED)}`
        : toJsonSchema(value, bases, isBase && key === 'allOf')
  }
  return nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted
}

function dispatch(name: string, { propertyName, mapping }: JsonObject): Json {
  const cases = Object.entries(isObject(mapping) ? mapping : {}).map(([value, ref]) => ({
    anyOf: [{ not: { properties: { [String(propertyName)]: { const: value } } } }, { $ref: ref }],
  }))
  return { allOf: [{ $ref: `${REF}${name}` }, ...cases] }
}

/** Validators of an OpenAPI document, by JSON pointer below `paths` or `components`. */
function createContract(document: JsonObject) {
  const schemas = get(document, 'components', 'schemas')
  if (!isObject(schemas)) throw new Error('The description has no schemas')
  const withDiscriminator = Object.entries(schemas).flatMap(([name, schema]) => {
    const discriminator = get(schema, 'discriminator')
    return isObject(discriminator) && discriminator.mapping ? [{ name, discriminator }] : []
  })
  const bases = new Set(withDiscriminator.map(({ name }) => `${REF}${name}`))

  const converted: JsonObject = {}
  for (const [name, schema] of Object.entries(schemas)) converted[name] = toJsonSchema(schema, bases, true)
  for (const { name, discriminator } of withDiscriminator)
    converted[`${name}${DISPATCHED}`] = dispatch(name, discriminator)

  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema({ $id: 'https://spec.example/', components: { schemas: converted } })

  /** Of an object, those of its base types included. */
  function properties(schema: Json | undefined): JsonObject {
    if (!isObject(schema)) return {}
    const ref = get(schemas, String(schema.$ref).slice(REF.length))
    const bases = Array.isArray(schema.allOf) ? schema.allOf : []
    return Object.assign({}, ...[ref, ...bases].map(properties), get(schema, 'properties'))
  }

  /** Everything in `value` that contradicts the schema. */
  function problems(schema: Json | undefined, value: unknown): string[] {
    if (!isObject(schema)) throw new Error('The description has no such schema')
    const text = JSON.stringify(toJsonSchema(schema, bases)).replaceAll(
      `"${REF}`,
      `"https://spec.example/${REF}`,
    )
    const validate = ajv.compile(JSON.parse(text))
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }

  return {
    schema: (name: string) => schemas[name],
    request: (path: string) =>
      get(document, 'paths', path, 'post', 'requestBody', 'content', 'application/json', 'schema'),
    reply: (path: string, method = 'post') =>
      get(document, 'paths', path, method, 'responses', '200', 'content', 'application/json', 'schema'),
    problems,
    properties,
  }
}

let plane: DataPlaneFixture
let headers: Record<string, string>

beforeAll(async () => {
  plane = await startDataPlane()
  plane.grant(COGNITIVE_SERVICES_USER)
  const [chat] = plane.account.deployments
  if (chat === undefined) throw new Error('The seed has a deployment')
  const deploy = (name: string, model: string) =>
    plane.account.deployments.push({ ...chat, name, model: { ...chat.model, name: model } })
  deploy('completer', 'gpt-35-turbo-instruct')
  deploy('painter', 'gpt-image-1')
  deploy('listener', 'whisper')
  headers = { authorization: `Bearer ${await plane.token()}` }
})

afterAll(() => plane.close())

const ask = (target: string, options: Ask = {}): Promise<Answer> => plane.ask(target, { ...options, headers })

/** The data of server-sent events, without the final mark. */
const eventsOf = ({ text }: Answer): JsonObject[] =>
  text
    .split('\n')
    .filter(line => line.startsWith('data: {'))
    .map(line => JSON.parse(line.slice('data: '.length)))

const messages = [
  { role: 'system', content: 'You are brief.' },
  { role: 'user', content: [{ type: 'text', text: 'What is the capital of France?' }] },
]

const schema = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
}
const tool = { type: 'function', function: { name: 'look', parameters: schema } }
const flatTool = { type: 'function', name: 'look', parameters: schema, strict: true }

describeComparison('the description of /openai/v1', V1, () => {
  const contract = createContract(load(V1))

  test.each([
    { path: '/chat/completions', body: { model: 'chat', messages, max_completion_tokens: 16 } },
    { path: '/chat/completions', body: { model: 'reasoner', messages, max_completion_tokens: 16 } },
    { path: '/chat/completions', body: { model: 'deepseek', messages } },
    { path: '/responses', body: { model: 'chat', input: 'Hello', max_output_tokens: 16 } },
    {
      path: '/responses',
      body: { model: 'said', input: [{ type: 'message', role: 'user', content: 'Hello' }] },
    },
    { path: '/responses', body: { model: 'reasoner', input: 'Hello', max_output_tokens: 16 } },
    { path: '/responses', body: { model: 'reasoner', input: 'Hello', instructions: 'Be brief.' } },
    { path: '/chat/completions', body: { model: 'chat', messages, tools: [tool], tool_choice: 'required' } },
    { path: '/chat/completions', body: { model: 'chat', messages, n: 2, logprobs: true, top_logprobs: 2 } },
    {
      path: '/chat/completions',
      body: {
        model: 'chat',
        messages,
        response_format: { type: 'json_schema', json_schema: { name: 's', schema } },
      },
    },
    {
      path: '/responses',
      body: { model: 'chat', input: 'Hello', tools: [flatTool], tool_choice: 'required' },
    },
    { path: '/responses', body: { model: 'chat', input: 'Hello', background: true } },
    {
      path: '/responses',
      body: { model: 'chat', input: 'Hello', text: { format: { type: 'json_schema', name: 's', schema } } },
    },
    { path: '/embeddings', body: { model: 'vectors', input: ['one', 'two'] } },
    {
      path: '/embeddings',
      body: { model: 'vectors', input: 'one', encoding_format: 'base64', dimensions: 8 },
    },
  ])('POST $path $body', async ({ path, body }) => {
    expect(contract.problems(contract.request(path), body)).toEqual([])
    const answer = await ask(`/openai/v1${path}`, { body })
    expect(answer.status).toBe(200)
    expect(contract.problems(contract.reply(path), answer.body)).toEqual([])
  })

  test.each([
    ['/chat/completions', chatRequest],
    ['/responses', responseRequest],
    ['/embeddings', embeddingRequest],
  ])('every parameter of POST %s is known', (path, { entries }) => {
    const described = Object.keys(contract.properties(contract.request(path)))
    expect(described.length).toBeGreaterThan(3)
    expect(described.filter(name => !(name in entries))).toEqual([])
  })

  test('GET /models, all and one', async () => {
    const list = await ask('/openai/v1/models', { method: 'GET' })
    expect(contract.problems(contract.reply('/models', 'get'), list.body)).toEqual([])
    const one = await ask('/openai/v1/models/gpt-4o-2024-11-20', { method: 'GET' })
    expect(contract.problems(contract.reply('/models/{model}', 'get'), one.body)).toEqual([])
  })

  test('chunks of a chat completion', async () => {
    const body = { model: 'chat', messages, stream: true, stream_options: { include_usage: true } }
    expect(contract.problems(contract.request('/chat/completions'), body)).toEqual([])
    // The first tells of the prompt filter, in a form that the description does not know but the recordings do.
    const [, ...chunks] = eventsOf(await ask('/openai/v1/chat/completions', { body }))
    expect(chunks.length).toBeGreaterThan(3)
    const schema = contract.schema('AzureCreateChatCompletionStreamResponse')
    expect(chunks.flatMap(chunk => contract.problems(schema, chunk))).toEqual([])
  })

  test.each([
    { model: 'chat' },
    { model: 'reasoner' },
    { model: 'chat', background: true },
    { model: 'chat', tools: [flatTool], tool_choice: 'required' },
  ])('events of a response to %j', async more => {
    const events = eventsOf(
      await ask('/openai/v1/responses', { body: { input: 'Hello', stream: true, ...more } }),
    )
    expect(events.length).toBeGreaterThan(6)
    const problems = events.flatMap(event =>
      contract
        .problems({ $ref: `${REF}OpenAI.ResponseStreamEvent` }, event)
        .map(problem => `${event.type}: ${problem}`),
    )
    expect(problems).toEqual([])
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, i) => i))
  })

  test.each([
    { target: '/openai/v1/chat/completions', body: { model: 'missing', messages }, status: 404 },
    {
      target: '/openai/v1/chat/completions?api-version=2024-10-21',
      body: { model: 'chat', messages },
      status: 400,
    },
    { target: '/openai/v1/embeddings', body: { model: 'chat', input: 'one' }, status: 400 },
  ])('refusal $status of $target', async ({ target, body, status }) => {
    const answer = await ask(target, { body })
    expect(answer.status).toBe(status)
    // `type` is described as the constant "error"; the service says `invalid_request_error`.
    const problems = contract.problems(contract.schema('AzureErrorResponse'), answer.body)
    expect(problems.filter(problem => !problem.startsWith('/error/type'))).toEqual([])
  })

  test('the validators find mistakes', () => {
    expect(contract.problems(contract.reply('/responses'), { id: 'resp_1', object: 'response' })).not.toEqual(
      [],
    )
    const item = { type: 'response.output_text.delta', sequence_number: 0 }
    expect(contract.problems({ $ref: `${REF}OpenAI.ResponseStreamEvent` }, item)).not.toEqual([])
  })
})

describeComparison('the description of the classic API', CLASSIC, () => {
  const contract = createContract(load(CLASSIC))

  test.each([
    {
      path: '/deployments/{deployment-id}/chat/completions',
      deployment: 'chat',
      body: { messages, max_tokens: 5 },
    },
    {
      path: '/deployments/{deployment-id}/embeddings',
      deployment: 'vectors',
      body: { input: ['one'], dimensions: 8 },
    },
    {
      path: '/deployments/{deployment-id}/completions',
      deployment: 'completer',
      body: { prompt: ['tell me a joke about mango'], max_tokens: 5 },
    },
    {
      path: '/deployments/{deployment-id}/images/generations',
      deployment: 'painter',
      body: { prompt: 'In the style of WordArt', n: 1 },
    },
  ])('POST $path', async ({ path, deployment, body }) => {
    expect(contract.problems(contract.request(path), body)).toEqual([])
    const target = `/openai${path.replace('{deployment-id}', deployment)}?api-version=2024-06-01`
    const answer = await ask(target, { body })
    expect(answer.status).toBe(200)
    expect(contract.problems(contract.reply(path), answer.body)).toEqual([])
  })

  test('POST /deployments/{deployment-id}/audio/transcriptions', async () => {
    const form = new FormData()
    form.append('file', new Blob([toneOfASecond()], { type: 'audio/wav' }), 'tone.wav')
    const sent = new Response(form)
    const answer = await plane.ask(
      '/openai/deployments/listener/audio/transcriptions?api-version=2024-06-01',
      {
        headers: { ...headers, 'content-type': sent.headers.get('content-type') ?? '' },
        body: new Uint8Array(await sent.arrayBuffer()),
      },
    )

    expect(answer.status).toBe(200)
    expect(contract.problems(contract.schema('audioResponse'), answer.body)).toEqual([])
    expect(contract.problems(contract.schema('audioResponse'), {})).not.toEqual([])
  })
})

interface Exchange {
  from: string
  request: { url: string; body: JsonObject }
  response: { status: number; headers: Record<string, string>; body: Json }
}

/** Every path in a value; list entries count as one. */
function shapeOf(value: Json, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap(entry => shapeOf(entry, `${path}[]`))
  if (!isObject(value)) return [path]
  const inner = Object.entries(value).flatMap(([key, entry]) => shapeOf(entry, `${path}.${key}`))
  return inner.length > 0 ? inner : [path]
}

const sortedSet = (values: string[]) => [...new Set(values)].sort()

/** Real, but of the wire or of random content: not for this service to repeat. */
const NOT_COMPARED = ['content-length', 'date', 'transfer-encoding', 'connection']

describeComparison('recorded traffic', RECORDED, () => {
  const { exchanges } = load<{ exchanges: Exchange[] }>(RECORDED)
  /** From 2026 on; older replies lack fields that were added since. */
  const recent = exchanges.filter(({ response }) => response.headers.Date?.includes('2026'))
  const streamed = recent.filter(({ request }) => request.body.stream === true)
  const whole = recent.filter(
    ({ request, response }) => request.body.stream !== true && response.status === 200,
  )
  const refused = recent.filter(({ response }) => response.status !== 200)

  async function repeat({ request, response }: Exchange): Promise<Answer> {
    const url = new URL(request.url)
    const name = response.status === 200 ? 'chat' : 'missing'
    return ask(url.pathname.replace(/deployments\/[^/]+/, `deployments/${name}`) + url.search, {
      body: request.body,
    })
  }

  const namesOf = (headers: Iterable<[string, string]>) =>
    sortedSet([...headers].map(([name]) => name.toLowerCase())).filter(name => !NOT_COMPARED.includes(name))

  test('the folder has the exchanges that are compared here', () => {
    expect([whole.length, streamed.length, refused.length].every(count => count > 0)).toBe(true)
  })

  test.each(whole)('completion: $from', async exchange => {
    const answer = await repeat(exchange)
    expect(answer.status).toBe(200)
    expect(sortedSet(shapeOf(JSON.parse(answer.text)))).toEqual(sortedSet(shapeOf(exchange.response.body)))
    expect(namesOf(answer.headers)).toEqual(
      expect.arrayContaining(namesOf(Object.entries(exchange.response.headers))),
    )
    for (const name of [
      'Content-Type',
      'x-ms-region',
      'x-ratelimit-limit-requests',
      'x-ratelimit-limit-tokens',
    ]) {
      expect(answer.headers.get(name)).toBe(exchange.response.headers[name])
    }
  })

  test.each(streamed)('stream: $from', async exchange => {
    const answer = await repeat(exchange)
    expect(answer.headers.get('content-type')).toBe(exchange.response.headers['Content-Type'])
    // The recording is cut: its last line is no whole event.
    const recorded = String(exchange.response.body).split('\n\n').slice(0, -1)
    const shapes = recorded.map(line => sortedSet(shapeOf(JSON.parse(line.slice('data: '.length)))))
    const own = eventsOf(answer)
    expect(own.slice(0, 3).map(event => sortedSet(shapeOf(event)))).toEqual(shapes.slice(0, 3))
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test.each(refused)('refusal: $from', async exchange => {
    const answer = await repeat(exchange)
    expect(answer.status).toBe(exchange.response.status)
    expect(answer.body).toEqual(exchange.response.body)
    expect(namesOf(answer.headers)).toEqual(
      expect.arrayContaining(namesOf(Object.entries(exchange.response.headers))),
    )
  })
})
