import * as v from 'valibot'
import { callerForAll, errorOf, eventsOf } from './caller.ts'

/** Anthropic's Messages API beyond words: tools, JSON, thinking, counting, and what is refused. */

const { ask } = callerForAll()

const MESSAGES = '/anthropic/v1/messages'
const messages = [{ role: 'user', content: 'What is the weather in Paris?' }]
const say = (more: object, path = MESSAGES) =>
  ask(path, { model: 'claude', ...(path === MESSAGES && { max_tokens: 2048 }), messages, ...more })

const weather = {
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const finish = { name: 'finish', input_schema: { type: 'object', properties: {} } }

describe('answers', () => {
  test('call a required tool', async () => {
    const { body } = await say({ tools: [weather, finish], tool_choice: { type: 'any' } })
    expect(body).toMatchObject({
      content: [
        {
          type: 'tool_use',
          id: expect.stringMatching(/^toolu_/),
          name: 'get_weather',
          input: { city: 'text' },
        },
      ],
      stop_reason: 'tool_use',
    })
  })

  test('call the named tool, or the one that was not called yet', async () => {
    const named = await say({ tools: [weather, finish], tool_choice: { type: 'tool', name: 'finish' } })
    expect(named.body).toMatchObject({ content: [{ name: 'finish' }] })
    const use = { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {} }
    const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny' }
    const soFar = [...messages, { role: 'assistant', content: [use] }, { role: 'user', content: [result] }]
    const next = await say({ messages: soFar, tools: [weather, finish], tool_choice: { type: 'any' } })
    expect(next.body).toMatchObject({ content: [{ name: 'finish' }] })
  })

  test('are text if the model can choose', async () => {
    const { body } = await say({ tools: [weather] })
    expect(body).toMatchObject({ content: [{ type: 'text' }], stop_reason: 'end_turn' })
  })

  test('are JSON for a schema', async () => {
    const schema = {
      type: 'object',
      properties: { n: { enum: [7] } },
      required: ['n'],
      additionalProperties: false,
    }
    for (const form of [
      { output_config: { format: { type: 'json_schema', schema } } },
      { output_format: { type: 'json_schema', schema } },
    ]) {
      expect((await say(form)).body).toMatchObject({ content: [{ type: 'text', text: '{"n":7}' }] })
    }
  })

  test('end before a stop sequence', async () => {
    expect((await say({ stop_sequences: [' cloud'] })).body).toMatchObject({
      content: [{ text: 'This is the local' }],
      stop_reason: 'stop_sequence',
      stop_sequence: ' cloud',
    })
  })

  test('come after thinking if it is enabled', async () => {
    const { body } = await say({ thinking: { type: 'enabled', budget_tokens: 1024 } })
    expect(body).toMatchObject({
      content: [
        { type: 'thinking', thinking: expect.any(String), signature: expect.any(String) },
        { type: 'text' },
      ],
    })
  })

  test('stream as content blocks with deltas', async () => {
    const delta = v.looseObject({ type: v.optional(v.string()), partial_json: v.optional(v.string()) })
    const event = v.looseObject({ type: v.string(), index: v.optional(v.number()), delta: v.optional(delta) })
    const stream = async (more: object) =>
      eventsOf(await say({ stream: true, ...more })).map(each => v.parse(event, each))
    const called = await stream({ tools: [weather], tool_choice: { type: 'any' } })
    expect(called.map(each => each.delta?.partial_json ?? '').join('')).toBe('{"city":"text"}')
    expect(called.find(({ type }) => type === 'content_block_start')).toMatchObject({
      content_block: { type: 'tool_use', name: 'get_weather', input: {} },
    })
    const thought = await stream({ thinking: { type: 'enabled', budget_tokens: 1024 } })
    const kinds = thought.flatMap(each =>
      each.type === 'content_block_delta' ? [`${each.index} ${each.delta?.type}`] : [],
    )
    expect([...new Set(kinds)]).toEqual(['0 thinking_delta', '0 signature_delta', '1 text_delta'])
  })
})

describe('counting', () => {
  const COUNT = `${MESSAGES}/count_tokens`
  const count = v.object({ input_tokens: v.pipe(v.number(), v.minValue(1)) })

  test('counts the input tokens, tools included', async () => {
    const [plain, tooled] = [await say({}, COUNT), await say({ tools: [weather] }, COUNT)]
    const [few, many] = [v.parse(count, plain.body), v.parse(count, tooled.body)]
    expect(many.input_tokens).toBeGreaterThan(few.input_tokens)
    expect((await say({})).body).toMatchObject({ usage: few })
  })

  test('refuses max_tokens', async () => {
    const answer = await say({ max_tokens: 5 }, COUNT)
    expect([answer.status, errorOf(answer).message]).toEqual([
      400,
      'max_tokens: Extra inputs are not permitted',
    ])
  })
})

describe('refused', () => {
  const use = { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }] }
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '' }] }
  const enabled = (budget_tokens: number) => ({ thinking: { type: 'enabled', budget_tokens } })

  test.each<[string, object, string]>([
    ['an unknown parameter', { spell: 1 }, 'spell: Extra inputs are not permitted'],
    [
      'an unknown parameter before a bad one',
      { max_tokens: 0, spell: 1 },
      'spell: Extra inputs are not permitted',
    ],
    ['an unknown role', { messages: [{ role: 'wizard', content: '' }] }, 'messages.0.role'],
    [
      'a tool_result without its tool_use',
      { messages: [result] },
      'unexpected `tool_use_id` found in `tool_result` blocks: toolu_1',
    ],
    [
      'a tool_use without its tool_result',
      { messages: [...messages, use, ...messages] },
      'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1',
    ],
    ['a tool_use in the last message', { messages: [...messages, use] }, 'messages.1: `tool_use` ids'],
    ['tool_choice without tools', { tool_choice: { type: 'any' } }, 'tool_choice'],
    [
      'tool_choice of a tool that is not listed',
      { tools: [finish], tool_choice: { type: 'tool', name: 'start' } },
      "Tool 'start' not found",
    ],
    [
      'thinking with a forced tool call',
      { tools: [finish], tool_choice: { type: 'any' }, ...enabled(1024) },
      'Thinking may not be enabled',
    ],
    ['a thinking budget below the minimum', enabled(10), 'thinking.budget_tokens'],
    [
      'a thinking budget above max_tokens',
      enabled(4096),
      '`max_tokens` must be greater than `thinking.budget_tokens`',
    ],
    ['temperature above 1', { temperature: 1.5 }, 'temperature'],
  ])('%s', async (_what, more, message) => {
    const answer = await say(more)
    expect(answer).toMatchObject({ status: 400, body: { type: 'error', request_id: expect.any(String) } })
    expect(errorOf(answer)).toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringContaining(message),
    })
  })

  test('a container and a tool of Anthropic answer 501 with their name', async () => {
    expect(errorOf(await say({ container: 'c' }))).toMatchObject({ code: 'LocalCloudNotImplemented' })
    const tools = [{ type: 'bash_20250124', name: 'bash' }]
    expect(errorOf(await say({ tools, tool_choice: { type: 'any' } }))).toMatchObject({
      code: 'LocalCloudNotImplemented',
    })
  })
})
