import type { ChatCompletionCreateParamsBase } from 'openai/resources/chat/completions'
import * as v from 'valibot'
import { chatRequest } from '../../../local-cloud/inference/chat/request.ts'
import { callerForAll, errorOf, eventsOf } from './caller.ts'

/** What a chat completion is asked for beyond words: tools, JSON, several answers, and what is refused. */

const { ask } = callerForAll()

const CHAT = '/openai/v1/chat/completions'
const messages = [{ role: 'user', content: 'What is the weather in Paris, as JSON?' }]
const chat = (more: object) => ask(CHAT, { model: 'chat', messages, ...more })

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'kelvin'] } },
      required: ['city', 'unit'],
      additionalProperties: false,
    },
    strict: true,
  },
}
const finish = { type: 'function', function: { name: 'finish' } }
const note = { type: 'custom', custom: { name: 'note' } }

const choiceSchema = v.looseObject({
  finish_reason: v.string(),
  message: v.looseObject({
    content: v.nullable(v.string()),
    tool_calls: v.optional(
      v.array(
        v.looseObject({
          id: v.string(),
          function: v.optional(v.object({ name: v.string(), arguments: v.string() })),
          custom: v.optional(v.object({ name: v.string(), input: v.string() })),
        }),
      ),
    ),
  }),
})
const completion = v.looseObject({ choices: v.array(choiceSchema) })

async function choiceFor(more: object) {
  const answer = await chat(more)
  expect(answer).toMatchObject({ status: 200 })
  const [choice] = v.parse(completion, answer.body).choices
  if (choice === undefined) throw new Error('A completion has a choice')
  return choice
}

describe('tools', () => {
  test('a required tool is called, with arguments that fit its schema and an id', async () => {
    const { finish_reason, message } = await choiceFor({ tools: [weather], tool_choice: 'required' })
    expect([finish_reason, message.content]).toEqual(['tool_calls', null])
    const [call] = message.tool_calls ?? []
    expect(call).toMatchObject({ id: expect.stringMatching(/^call_\w{24}$/), type: 'function' })
    expect(JSON.parse(call?.function?.arguments ?? '')).toEqual({ city: 'text', unit: 'celsius' })
  })

  test('a named tool is called, and finish_reason is stop', async () => {
    const tool_choice = { type: 'function', function: { name: 'finish' } }
    const { finish_reason, message } = await choiceFor({ tools: [weather, finish], tool_choice })
    expect(finish_reason).toBe('stop')
    expect(message.tool_calls).toMatchObject([{ function: { name: 'finish', arguments: '{}' } }])
  })

  test('with tool_choice auto or none the model answers with text', async () => {
    for (const tool_choice of ['auto', 'none']) {
      const { finish_reason, message } = await choiceFor({ tools: [weather], tool_choice })
      expect([finish_reason, message.content]).toEqual(['stop', 'This is the local cloud speaking.'])
    }
  })

  test('with required tools the model next calls one that the conversation has not used', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }
    const soFar = [
      ...messages,
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
    ]
    const next = await choiceFor({ messages: soFar, tools: [weather, finish], tool_choice: 'required' })
    expect(next.message.tool_calls).toMatchObject([{ function: { name: 'finish' } }])
  })

  test('a custom tool is called with a text', async () => {
    const tool_choice = { type: 'custom', custom: { name: 'note' } }
    const { message } = await choiceFor({ tools: [note], tool_choice })
    expect(message.tool_calls).toMatchObject([
      { type: 'custom', custom: { name: 'note', input: 'This is the local cloud speaking.' } },
    ])
  })

  test('allowed_tools limits which of the tools is called', async () => {
    const allowed_tools = { mode: 'required', tools: [{ type: 'function', function: { name: 'finish' } }] }
    const { message } = await choiceFor({
      tools: [weather, finish],
      tool_choice: { type: 'allowed_tools', allowed_tools },
    })
    expect(message.tool_calls).toMatchObject([{ function: { name: 'finish' } }])
  })

  test('the older parameter functions works too', async () => {
    const { finish_reason, message } = await choiceFor({
      functions: [weather.function],
      function_call: { name: 'get_weather' },
    })
    expect(finish_reason).toBe('stop')
    expect(message).toMatchObject({ content: null, function_call: { name: 'get_weather' } })
  })

  test('a streamed tool call has its arguments in pieces', async () => {
    const answer = await chat({ tools: [weather], tool_choice: 'required', stream: true })
    const deltas = eventsOf(answer).flatMap(chunk => v.parse(chunkSchema, chunk).choices)
    const calls = deltas.flatMap(({ delta }) => delta.tool_calls ?? [])
    expect(calls[0]).toMatchObject({ index: 0, id: expect.stringMatching(/^call_/), type: 'function' })
    const text = calls.map(call => call.function.arguments).join('')
    expect(JSON.parse(text)).toEqual({ city: 'text', unit: 'celsius' })
    expect(deltas.at(-1)).toMatchObject({ delta: {}, finish_reason: 'tool_calls' })
  })

  test('a schema for which no arguments can be generated answers 501 with its name', async () => {
    const parameters = { type: 'object', properties: { a: { type: 'string', pattern: '^(?=a)' } } }
    const tools = [
      { type: 'function', function: { name: 'odd', parameters: { ...parameters, required: ['a'] } } },
    ]
    const answer = await chat({ tools, tool_choice: 'required' })
    expect(answer.status).toBe(501)
    expect(errorOf(answer)).toMatchObject({
      code: 'LocalCloudNotImplemented',
      message: expect.stringContaining('patterns that look around'),
    })
  })
})

const chunkSchema = v.looseObject({
  choices: v.array(
    v.looseObject({
      index: v.number(),
      finish_reason: v.nullable(v.string()),
      delta: v.looseObject({
        content: v.optional(v.nullable(v.string())),
        tool_calls: v.optional(
          v.array(v.looseObject({ index: v.number(), function: v.looseObject({ arguments: v.string() }) })),
        ),
      }),
    }),
  ),
  usage: v.optional(v.unknown()),
})

describe('JSON', () => {
  const schema = {
    type: 'object',
    properties: {
      temperature: { type: 'number', minimum: -5 },
      sky: { anyOf: [{ $ref: '#/$defs/Sky' }, { type: 'null' }] },
    },
    required: ['temperature', 'sky'],
    additionalProperties: false,
    $defs: { Sky: { type: 'string', enum: ['clear', 'cloudy'] } },
  }

  test('JSON for a schema', async () => {
    const json_schema = { name: 'weather', schema, strict: true }
    const { message } = await choiceFor({ response_format: { type: 'json_schema', json_schema } })
    expect(JSON.parse(message.content ?? '')).toEqual({ temperature: 1, sky: 'clear' })
  })

  test('JSON of any form', async () => {
    const { message } = await choiceFor({ response_format: { type: 'json_object' } })
    expect(JSON.parse(message.content ?? '')).toEqual({ answer: 'This is the local cloud speaking.' })
  })
})

describe('answers', () => {
  test('n answers are returned, and usage counts each', async () => {
    const [one, three] = await Promise.all([chat({}), chat({ n: 3 })])
    const counted = v.looseObject({
      choices: v.array(v.looseObject({ index: v.number() })),
      usage: v.looseObject({ completion_tokens: v.number() }),
    })
    const [single, triple] = [v.parse(counted, one.body), v.parse(counted, three.body)]
    expect(triple.choices.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(triple.usage.completion_tokens).toBe(3 * single.usage.completion_tokens)
  })

  test('end before the first stop sequence', async () => {
    const { finish_reason, message } = await choiceFor({ stop: ['speaking', ' cloud'] })
    expect([finish_reason, message.content]).toEqual(['stop', 'This is the local'])
  })

  test('have the log probabilities of their tokens', async () => {
    const { body } = await chat({ logprobs: true, top_logprobs: 2 })
    const tokens = v.array(
      v.object({
        token: v.string(),
        logprob: v.pipe(v.number(), v.maxValue(0)),
        bytes: v.array(v.number()),
        top_logprobs: v.pipe(v.array(v.looseObject({ token: v.string() })), v.length(2)),
      }),
    )
    const schema = v.looseObject({
      choices: v.tuple([v.looseObject({ logprobs: v.object({ content: tokens, refusal: v.null() }) })]),
    })
    const { content } = v.parse(schema, body).choices[0].logprobs
    expect(content.map(({ token }) => token).join('')).toBe('This is the local cloud speaking.')
  })

  test('stream in chunks without a content-length; with include_usage the last chunk has the usage', async () => {
    const answer = await chat({ stream: true, n: 2, stream_options: { include_usage: true } })
    expect(answer.headers.get('content-length')).toBeNull()
    expect(answer.headers.get('transfer-encoding')).toBe('chunked')
    const chunks = eventsOf(answer).map(chunk => v.parse(chunkSchema, chunk))
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
    const second = chunks.flatMap(({ choices }) => choices).filter(({ index }) => index === 1)
    expect(second.map(({ delta }) => delta.content ?? '').join('')).toBe('This is the local cloud speaking.')
    const unasked = eventsOf(await chat({ stream: true })).map(chunk => v.parse(chunkSchema, chunk))
    expect(unasked.some(chunk => 'usage' in chunk)).toBe(false)
  })

  test('have no padding with include_obfuscation false', async () => {
    const stream_options = { include_obfuscation: false }
    expect((await chat({ stream: true, stream_options })).text).not.toContain('obfuscation')
    expect((await chat({ stream: true })).text).toContain('obfuscation')
  })

  test('a reasoning model does not reason with effort minimal', async () => {
    const usage = v.looseObject({
      usage: v.looseObject({ completion_tokens_details: v.looseObject({ reasoning_tokens: v.number() }) }),
    })
    const reasoned = async (reasoning_effort: string) => {
      const { body } = await chat({ model: 'reasoner', reasoning_effort })
      return v.parse(usage, body).usage.completion_tokens_details.reasoning_tokens
    }
    expect([await reasoned('minimal'), await reasoned('low')]).toEqual([0, 64])
  })
})

describe('refused', () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
  const named = (name: string, parameters: object) => ({
    type: 'function',
    function: { name, parameters, strict: true },
  })

  test.each<[string, object, Record<string, unknown>]>([
    [
      'an unknown parameter',
      { spell: 'abracadabra' },
      { message: 'Unrecognized request argument supplied: spell' },
    ],
    [
      'unknown parameters',
      { zeta: 1, alpha: 1 },
      { message: 'Unrecognized request arguments supplied: alpha, zeta' },
    ],
    [
      'an unknown parameter before a bad one',
      { spell: 1, n: 0 },
      { message: 'Unrecognized request argument supplied: spell' },
    ],
    ['n of 0', { n: 0 }, { param: 'n', code: 'integer_below_min_value' }],
    ['n of 129', { n: 129 }, { param: 'n', code: 'integer_above_max_value' }],
    ['temperature above 2', { temperature: 2.1 }, { param: 'temperature', code: 'decimal_above_max_value' }],
    [
      'a penalty above the range',
      { presence_penalty: 3 },
      { param: 'presence_penalty', code: 'decimal_above_max_value' },
    ],
    [
      'a penalty below the range',
      { frequency_penalty: -3 },
      { param: 'frequency_penalty', code: 'decimal_below_min_value' },
    ],
    [
      'five stop sequences',
      { stop: ['a', 'b', 'c', 'd', 'e'] },
      { param: 'stop', code: 'array_above_max_length' },
    ],
    [
      'an unknown role',
      { messages: [{ role: 'wizard', content: 'hi' }] },
      { param: 'messages[0].role', code: 'invalid_value' },
    ],
    [
      'a content part of unknown type',
      { messages: [{ role: 'user', content: [{ type: 'smell' }] }] },
      { param: 'messages[0].content[0].type', code: 'invalid_value' },
    ],
    [
      'a user message without content',
      { messages: [{ role: 'user', content: null }] },
      { param: 'messages[0].content', code: 'invalid_type' },
    ],
    [
      'an assistant message without content',
      { messages: [{ role: 'assistant' }] },
      { param: 'messages.[0].content' },
    ],
    [
      'a tool message that follows no tool call',
      { messages: [...messages, { role: 'tool', tool_call_id: 'call_1', content: '' }] },
      { param: 'messages.[1].role' },
    ],
    [
      'a tool message without tool_call_id',
      { messages: [{ role: 'tool', content: '' }] },
      { param: 'messages[0].tool_call_id', code: 'missing_required_parameter' },
    ],
    [
      'a tool call without a tool message',
      { messages: [{ role: 'assistant', tool_calls: [call] }, ...messages] },
      { param: 'messages', message: expect.stringContaining('call_1') },
    ],
    [
      'a schema without a name',
      { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      { param: 'response_format.json_schema.name', code: 'missing_required_parameter' },
    ],
    [
      'an unknown response_format',
      { response_format: { type: 'xml' } },
      { param: 'response_format.type', code: 'invalid_value' },
    ],
    [
      'json_object without the word JSON in the prompt',
      { messages: [{ role: 'user', content: 'hi' }], response_format: { type: 'json_object' } },
      { param: 'messages' },
    ],
    [
      'a strict schema without additionalProperties false',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 's', strict: true, schema: { type: 'object', properties: {} } },
        },
      },
      {
        param: 'response_format',
        message:
          "Invalid schema for response_format 's': In context=(), 'additionalProperties' is required to be supplied and to be false.",
      },
    ],
    [
      'a strict function that does not require every property',
      {
        tools: [
          named('f', {
            type: 'object',
            properties: { a: { type: 'string' } },
            required: [],
            additionalProperties: false,
          }),
        ],
      },
      {
        param: 'tools[0].function.parameters',
        code: 'invalid_function_parameters',
        message: expect.stringContaining("Missing 'a'."),
      },
    ],
    [
      'a tool with a bad name',
      { tools: [{ type: 'function', function: { name: 'a b' } }] },
      { param: 'tools[0].function.name', code: 'invalid_value' },
    ],
    ['an empty list of tools', { tools: [] }, { param: 'tools', code: 'empty_array' }],
    [
      'too many tools',
      { tools: Array.from({ length: 129 }, () => finish) },
      { param: 'tools', code: 'array_above_max_length' },
    ],
    ['tool_choice without tools', { tool_choice: 'auto' }, { param: 'tool_choice' }],
    [
      'tool_choice of a tool that is not listed',
      { tools: [finish], tool_choice: { type: 'function', function: { name: 'start' } } },
      { param: 'tool_choice' },
    ],
    ['parallel_tool_calls without tools', { parallel_tool_calls: true }, { param: 'parallel_tool_calls' }],
    [
      'stream_options without stream',
      { stream_options: { include_usage: true } },
      { param: 'stream_options' },
    ],
    ['top_logprobs without logprobs', { top_logprobs: 2 }, { param: 'top_logprobs' }],
    [
      'too many top_logprobs',
      { logprobs: true, top_logprobs: 21 },
      { param: 'top_logprobs', code: 'integer_above_max_value' },
    ],
    [
      'too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])) },
      { param: 'metadata' },
    ],
    [
      'reasoning_effort for a model that does not reason',
      { reasoning_effort: 'low' },
      { message: 'Unrecognized request argument supplied: reasoning_effort' },
    ],
    [
      'stop for a reasoning model',
      { model: 'reasoner', stop: 'a' },
      { param: 'stop', code: 'unsupported_parameter' },
    ],
    [
      'logprobs for a reasoning model',
      { model: 'reasoner', logprobs: true },
      { param: 'logprobs', code: 'unsupported_parameter' },
    ],
  ])('%s', async (_what, more, error) => {
    const answer = await chat(more)
    expect(answer.status).toBe(400)
    expect(errorOf(answer)).toMatchObject({ type: 'invalid_request_error', ...error })
  })

  test.each<[string, object]>([
    ['spoken answers', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'mp3' } }],
    ['data of your own', { data_sources: [{ type: 'azure_search' }] }],
    ['the web', { web_search_options: {} }],
  ])('with 501 and its name: %s', async (_what, more) => {
    expect(errorOf(await chat(more))).toMatchObject({ code: 'LocalCloudNotImplemented' })
  })

  test('/models refuses no parameter because of its name', async () => {
    const body = { model: 'deepseek', messages, top_k: 3, safe_prompt: true }
    const answer = await ask('/models/chat/completions?api-version=2024-05-01-preview', body)
    expect(answer.status).toBe(200)
  })
})

test('every parameter of the SDK is known', () => {
  // The compiler asks for a new one here as soon as the SDK has it.
  const names: Record<keyof ChatCompletionCreateParamsBase, true> = {
    audio: true,
    frequency_penalty: true,
    function_call: true,
    functions: true,
    logit_bias: true,
    logprobs: true,
    max_completion_tokens: true,
    max_tokens: true,
    messages: true,
    metadata: true,
    modalities: true,
    model: true,
    moderation: true,
    n: true,
    parallel_tool_calls: true,
    prediction: true,
    presence_penalty: true,
    prompt_cache_key: true,
    prompt_cache_options: true,
    prompt_cache_retention: true,
    reasoning_effort: true,
    response_format: true,
    safety_identifier: true,
    seed: true,
    service_tier: true,
    stop: true,
    store: true,
    stream: true,
    stream_options: true,
    temperature: true,
    tool_choice: true,
    tools: true,
    top_logprobs: true,
    top_p: true,
    user: true,
    verbosity: true,
    web_search_options: true,
  }
  expect(Object.keys(names).filter(name => !(name in chatRequest.entries))).toEqual([])
})
