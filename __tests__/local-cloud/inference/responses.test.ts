import type { ResponseCreateParamsBase } from 'openai/resources/responses/responses'
import * as v from 'valibot'
import { responseRequest } from '../../../local-cloud/inference/responses/request.ts'
import { callerForAll, errorOf, eventsOf } from './caller.ts'

/** Responses beyond words: tools, JSON, what is stored and followed, and what is refused. */

const caller = callerForAll()
const { ask } = caller

const RESPONSES = '/openai/v1/responses'
const respond = (more: object) =>
  ask(RESPONSES, { model: 'chat', input: 'Weather in Paris, as JSON?', ...more })
const get = (path: string) => ask(path, undefined, { method: 'GET' })
const remove = (path: string) => ask(path, undefined, { method: 'DELETE' })

const weather = {
  type: 'function',
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const finish = { type: 'function', name: 'finish' }

const responseSchema = v.looseObject({
  id: v.string(),
  status: v.string(),
  output: v.array(v.looseObject({ id: v.string(), type: v.string(), call_id: v.optional(v.string()) })),
})

async function responseTo(more: object) {
  const answer = await respond(more)
  expect(answer).toMatchObject({ status: 200 })
  return v.parse(responseSchema, answer.body)
}

describe('the parameters of the request come back in the response', () => {
  test('every parameter comes back', async () => {
    const text = { format: { type: 'text' }, verbosity: 'low' }
    const asked = {
      instructions: 'Be brief.',
      max_output_tokens: 100,
      max_tool_calls: 2,
      metadata: { team: 'shop' },
      parallel_tool_calls: false,
      prompt_cache_key: 'k',
      safety_identifier: 's',
      temperature: 0.5,
      text,
      tool_choice: 'none',
      top_logprobs: 1,
      top_p: 0.9,
      truncation: 'auto',
      user: 'u',
    }
    const response = await responseTo({
      ...asked,
      tools: [weather],
      reasoning: { summary: 'auto', context: 'c' },
    })
    expect(response).toMatchObject({
      ...asked,
      tools: [{ ...weather, description: null, strict: true }],
      reasoning: { context: 'c', effort: null, mode: 'standard', summary: 'auto' },
    })
  })

  test('a parameter that is not set has its default', async () => {
    expect(await responseTo({})).toMatchObject({
      background: false,
      completed_at: expect.any(Number),
      max_output_tokens: null,
      metadata: {},
      parallel_tool_calls: true,
      previous_response_id: null,
      store: true,
      text: { format: { type: 'text' }, verbosity: 'medium' },
      tool_choice: 'auto',
      tools: [],
      truncation: 'disabled',
      output: [{ type: 'message', phase: 'final_answer', status: 'completed' }],
      content_filters: [
        {
          source_type: 'prompt',
          content_filter_raw: [],
          content_filter_offsets: { check_offset: 0, start_offset: 0 },
        },
        { source_type: 'completion', content_filter_offsets: { end_offset: 33 } },
      ],
    })
  })

  test.each([
    ['gpt-5-mini', 'medium', ['reasoning', 'message']],
    ['gpt-5.1', 'none', ['message']],
    ['gpt-6', 'none', ['message']],
  ])('%s reasons with effort %s by default', async (name, effort, types) => {
    const [first] = caller.plane.account.deployments
    if (first === undefined) throw new Error('The account has deployments')
    const model = { ...first.model, name }
    caller.plane.account.deployments.push({ ...first, name: `own-${name}`, model, reasoning: true })
    const response = await responseTo({ model: `own-${name}` })
    expect(response).toMatchObject({ reasoning: { effort }, output: types.map(type => ({ type })) })
  })
})

describe('tools', () => {
  test('a required tool is called, and its output can follow the call', async () => {
    const first = await responseTo({ tools: [weather, finish], tool_choice: 'required' })
    expect(first.output).toMatchObject([
      { type: 'function_call', name: 'get_weather', arguments: '{"city":"text"}', status: 'completed' },
    ])
    const input = [{ type: 'function_call_output', call_id: first.output[0]?.call_id, output: 'sunny' }]
    const next = await responseTo({
      input,
      previous_response_id: first.id,
      tools: [weather, finish],
      tool_choice: 'required',
    })
    expect(next.output).toMatchObject([{ type: 'function_call', name: 'finish' }])
  })

  test('a custom tool is called with a text', async () => {
    const tools = [{ type: 'custom', name: 'note' }]
    const { output } = await responseTo({ tools, tool_choice: { type: 'custom', name: 'note' } })
    expect(output).toMatchObject([
      { type: 'custom_tool_call', name: 'note', input: 'This is the local cloud speaking.' },
    ])
  })

  test.each([
    ['function_call_arguments', weather, 'arguments'],
    ['custom_tool_call_input', { type: 'custom', name: 'note' }, 'input'],
  ])('a call streams as %s', async (event, tool, field) => {
    const answer = await respond({ tools: [tool], tool_choice: 'required', stream: true })
    const events = eventsOf(answer).map(each =>
      v.parse(v.looseObject({ type: v.string(), delta: v.optional(v.string()) }), each),
    )
    const deltas = events.filter(({ type }) => type === `response.${event}.delta`)
    const done = events.find(({ type }) => type === `response.${event}.done`)
    expect(done).toMatchObject({ [field]: deltas.map(({ delta }) => delta).join('') })
    expect(events.at(-1)).toMatchObject({ type: 'response.completed' })
  })

  test('a tool that the service runs is returned; requiring a call answers 501', async () => {
    const tools = [{ type: 'web_search' }]
    expect(await responseTo({ tools })).toMatchObject({ tools, output: [{ type: 'message' }] })
    const answer = await respond({ tools, tool_choice: 'required' })
    expect(errorOf(answer)).toMatchObject({ code: 'LocalCloudNotImplemented' })
  })
})

describe('formats of an answer', () => {
  const textOf = async (format: object) => {
    const { body } = await respond({ text: { format } })
    const content = v.tuple([v.looseObject({ text: v.string() })])
    const schema = v.looseObject({ output: v.tuple([v.looseObject({ content })]) })
    return JSON.parse(v.parse(schema, body).output[0].content[0].text)
  }

  test('JSON for a schema, and any JSON', async () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer', minimum: 3 } },
      required: ['n'],
      additionalProperties: false,
    }
    expect(await textOf({ type: 'json_schema', name: 'n', schema, strict: true })).toEqual({ n: 3 })
    expect(await textOf({ type: 'json_object' })).toEqual({ answer: 'This is the local cloud speaking.' })
  })

  test('log probabilities, and encrypted reasoning', async () => {
    const include = ['message.output_text.logprobs', 'reasoning.encrypted_content']
    const [said, thought] = [await responseTo({ include }), await responseTo({ include, model: 'reasoner' })]
    expect(said.output[0]).toMatchObject({
      content: [{ logprobs: expect.arrayContaining([expect.anything()]) }],
    })
    expect(thought.output[0]).toMatchObject({ type: 'reasoning', encrypted_content: expect.any(String) })
  })
})

describe('stored responses', () => {
  test('can be read at every host of the account until they are deleted, and not in a project', async () => {
    const { id } = await responseTo({ input: 'Remember this.' })
    const { hosts } = caller.plane
    for (const host of [hosts.openAI, hosts.foundry]) {
      expect(await get(`${host}${RESPONSES}/${id}`)).toMatchObject({ status: 200, body: { id } })
    }
    expect((await get(`/openai/responses/${id}?api-version=2025-04-01-preview`)).status).toBe(401)
    expect((await get(`/api/projects/shop/openai/v1/responses/${id}`)).status).toBe(404)

    expect(await remove(`${RESPONSES}/${id}`)).toMatchObject({
      status: 200,
      body: { id, object: 'response', deleted: true },
    })
    const gone = await get(`${RESPONSES}/${id}`)
    expect([gone.status, errorOf(gone).message]).toEqual([404, `Response with id '${id}' not found.`])
  })

  test('with store false a response cannot be read', async () => {
    const { id } = await responseTo({ store: false })
    expect((await get(`${RESPONSES}/${id}`)).status).toBe(404)
  })

  test('list their input items in pages', async () => {
    const input = ['one', 'two', 'three'].map(content => ({ role: 'user', content }))
    const { id } = await responseTo({ input })
    const list = v.looseObject({
      data: v.array(v.looseObject({ id: v.string(), content: v.array(v.looseObject({ text: v.string() })) })),
      has_more: v.boolean(),
    })
    const page = async (query: string) =>
      v.parse(list, (await get(`${RESPONSES}/${id}/input_items${query}`)).body)
    const texts = ({ data }: v.InferOutput<typeof list>) => data.map(({ content }) => content[0]?.text)

    expect(texts(await page(''))).toEqual(['three', 'two', 'one'])
    const first = await page('?order=asc&limit=2')
    expect([texts(first), first.has_more]).toEqual([['one', 'two'], true])
    const second = await page(`?order=asc&limit=2&after=${first.data[1]?.id}`)
    expect([texts(second), second.has_more]).toEqual([['three'], false])
    expect(errorOf(await get(`${RESPONSES}/${id}/input_items?limit=0`))).toMatchObject({ param: 'limit' })
    expect(errorOf(await get(`${RESPONSES}/${id}/input_items?order=up`))).toMatchObject({ param: 'order' })
  })

  test('previous_response_id adds the earlier conversation to the input tokens', async () => {
    const usage = v.looseObject({ id: v.string(), usage: v.looseObject({ input_tokens: v.number() }) })
    const first = v.parse(usage, (await respond({ input: 'one two three four' })).body)
    const next = v.parse(usage, (await respond({ input: 'five', previous_response_id: first.id })).body)
    const third = v.parse(usage, (await respond({ input: 'six', previous_response_id: next.id })).body)
    expect(next.usage.input_tokens).toBeGreaterThan(first.usage.input_tokens)
    expect(third.usage.input_tokens).toBeGreaterThan(next.usage.input_tokens)
    expect(third).toMatchObject({ previous_response_id: next.id })
  })

  test('items can be referenced by id', async () => {
    const { output } = await responseTo({})
    const reference = { type: 'item_reference', id: output[0]?.id }
    expect(await responseTo({ input: [reference, { role: 'user', content: 'again' }] })).toBeDefined()
    const unknown = await respond({ input: [{ type: 'item_reference', id: 'msg_0' }] })
    expect([unknown.status, errorOf(unknown).param]).toEqual([400, 'input'])
  })
})

describe('in the background', () => {
  test('a response is queued, then in_progress, then completed', async () => {
    const { id, status } = await responseTo({ background: true })
    const seen = [status]
    for (const ms of [1000, 1000]) {
      caller.plane.clock.advance(ms)
      const now = v.parse(responseSchema, (await get(`${RESPONSES}/${id}`)).body)
      seen.push(`${now.status} ${now.output.length}`)
    }
    expect(seen).toEqual(['queued', 'in_progress 0', 'completed 1'])
  })

  test('it can be cancelled until it is completed', async () => {
    const [early, late] = [await responseTo({ background: true }), await responseTo({ background: true })]
    const cancelled = await ask(`${RESPONSES}/${early.id}/cancel`)
    expect(cancelled.body).toMatchObject({ status: 'cancelled' })
    caller.plane.clock.advance(5000)
    expect((await get(`${RESPONSES}/${early.id}`)).body).toMatchObject({ status: 'cancelled', output: [] })
    expect((await ask(`${RESPONSES}/${late.id}/cancel`)).body).toMatchObject({ status: 'completed' })
    const { id } = await responseTo({})
    expect((await ask(`${RESPONSES}/${id}/cancel`)).status).toBe(400)
  })

  test('its stream can be read again from any event', async () => {
    const whole = await respond({ background: true, stream: true })
    const events = eventsOf(whole)
    expect(events.slice(0, 3)).toMatchObject([
      { type: 'response.created' },
      { type: 'response.queued' },
      { type: 'response.in_progress' },
    ])
    const { response } = v.parse(v.looseObject({ response: responseSchema }), events.at(-1))
    const rest = await get(`${RESPONSES}/${response.id}?stream=true&starting_after=2`)
    expect(eventsOf(rest)).toEqual(events.slice(3))
    const { id } = await responseTo({})
    expect((await get(`${RESPONSES}/${id}?stream=true`)).status).toBe(400)
  })
})

describe('conversations', () => {
  const CONVERSATIONS = '/openai/v1/conversations'
  const conversation = v.looseObject({ id: v.string() })
  const create = async (body: object = {}) => v.parse(conversation, (await ask(CONVERSATIONS, body)).body).id

  test('get the input and output of responses', async () => {
    const id = await create({ metadata: { topic: 'a' }, items: [{ role: 'user', content: 'Hello' }] })
    expect(await responseTo({ conversation: id })).toMatchObject({ conversation: { id } })
    const { body } = await get(`${CONVERSATIONS}/${id}/items?order=asc`)
    expect(body).toMatchObject({ data: [{ role: 'user' }, { role: 'user' }, { role: 'assistant' }] })
  })

  test('can be changed, read and deleted, and so can their items', async () => {
    const id = await create()
    const added = await ask(`${CONVERSATIONS}/${id}/items`, { items: [{ role: 'user', content: 'Hello' }] })
    const item = v.parse(v.looseObject({ data: v.tuple([v.looseObject({ id: v.string() })]) }), added.body)
    const path = `${CONVERSATIONS}/${id}/items/${item.data[0].id}`
    expect((await get(path)).body).toMatchObject({ content: [{ type: 'input_text', text: 'Hello' }] })
    expect((await remove(path)).body).toMatchObject({ id, object: 'conversation' })
    expect((await get(path)).status).toBe(404)
    expect((await ask(`${CONVERSATIONS}/${id}`, { metadata: { a: 'b' } })).body).toMatchObject({
      metadata: { a: 'b' },
    })
    expect((await get(`${CONVERSATIONS}/${id}`)).body).toMatchObject({ id, metadata: { a: 'b' } })
    expect((await remove(`${CONVERSATIONS}/${id}`)).body).toMatchObject({ deleted: true })
    expect((await respond({ conversation: id })).status).toBe(404)
  })
})

describe('refused', () => {
  const message = (content: unknown) => ({ input: [{ role: 'user', content }] })

  test.each<[string, object, Record<string, unknown>]>([
    [
      'an unknown parameter',
      { spell: 1 },
      { param: 'spell', code: 'unknown_parameter', message: "Unknown parameter: 'spell'." },
    ],
    [
      'an unknown parameter before a bad one',
      { max_output_tokens: 1, spell: 1 },
      { code: 'unknown_parameter' },
    ],
    ['no input', { input: undefined }, { param: 'input', code: 'missing_required_parameter' }],
    [
      'an unknown previous_response_id',
      { previous_response_id: 'resp_0' },
      { param: 'previous_response_id', code: 'previous_response_not_found' },
    ],
    [
      'previous_response_id together with conversation',
      { previous_response_id: 'resp_0', conversation: 'conv_0' },
      { code: 'mutually_exclusive_parameters' },
    ],
    ['background with store false', { background: true, store: false }, { param: 'background' }],
    ['an unknown truncation', { truncation: 'sometimes' }, { param: 'truncation', code: 'invalid_value' }],
    [
      'an unknown role',
      { input: [{ role: 'wizard', content: 'hi' }] },
      { param: 'input[0].role', code: 'invalid_value' },
    ],
    [
      'a content part of chat completions',
      message([{ type: 'text', text: 'hi' }]),
      { param: 'input[0].content[0].type', code: 'invalid_value' },
    ],
    [
      'an input item of unknown type',
      { input: [{ type: 'spell' }] },
      { param: 'input[0].type', code: 'invalid_value' },
    ],
    [
      'a tool output without its call',
      { input: [{ type: 'function_call_output', call_id: 'call_1', output: '' }] },
      { param: 'input', message: 'No tool call found for function call output with call_id call_1.' },
    ],
    [
      'a tool call without its output',
      { input: [{ type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }] },
      { param: 'input', message: 'No tool output found for function call call_1.' },
    ],
    [
      'a schema without a name',
      { text: { format: { type: 'json_schema', schema: {} } } },
      { param: 'text.format.name', code: 'missing_required_parameter' },
    ],
    [
      'a strict schema without additionalProperties false',
      { text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' } } } },
      { param: 'text.format.schema', code: 'invalid_json_schema' },
    ],
    [
      'a strict function with an incomplete schema',
      { tools: [{ ...weather, strict: true }] },
      { param: 'tools[0].parameters', code: 'invalid_function_parameters' },
    ],
    [
      'json_object without the word JSON in the input',
      { input: 'hi', text: { format: { type: 'json_object' } } },
      { param: 'input' },
    ],
    [
      'tool_choice of a tool that is not listed',
      { tools: [weather], tool_choice: { type: 'function', name: 'g' } },
      { param: 'tool_choice', message: "Tool choice 'g' not found in 'tools' parameter." },
    ],
    ['tool_choice required without tools', { tool_choice: 'required' }, { param: 'tool_choice' }],
    [
      'reasoning effort for a model that does not reason',
      { reasoning: { effort: 'low' } },
      { param: 'reasoning.effort', code: 'unsupported_parameter' },
    ],
    ['temperature for a reasoning model', { model: 'reasoner', temperature: 0.2 }, { param: 'temperature' }],
    ['an unknown include', { include: ['everything'] }, { param: 'include[0]', code: 'invalid_value' }],
  ])('%s', async (_what, more, error) => {
    const answer = await respond(more)
    expect(answer.status).toBe(400)
    expect(errorOf(answer)).toMatchObject({ type: 'invalid_request_error', ...error })
  })

  test.each(['prompt', 'moderation', 'image', 'context_management', 'agent_reference'])(
    'by name: %s',
    async name => {
      const answer = await respond({ [name]: { id: 'x' } })
      expect([answer.status, errorOf(answer).message]).toEqual([
        501,
        `The local cloud does not have the parameter ${name} of responses.`,
      ])
    },
  )
})

test('every parameter of the SDK is known', () => {
  // The compiler asks for a new one here as soon as the SDK has it.
  const names: Record<keyof ResponseCreateParamsBase, true> = {
    access_programs: true,
    background: true,
    context_management: true,
    conversation: true,
    image: true,
    include: true,
    input: true,
    instructions: true,
    max_output_tokens: true,
    max_tool_calls: true,
    metadata: true,
    model: true,
    moderation: true,
    parallel_tool_calls: true,
    previous_response_id: true,
    prompt: true,
    prompt_cache_key: true,
    prompt_cache_options: true,
    prompt_cache_retention: true,
    reasoning: true,
    safety_identifier: true,
    service_tier: true,
    store: true,
    stream: true,
    stream_options: true,
    temperature: true,
    text: true,
    tool_choice: true,
    tools: true,
    top_logprobs: true,
    top_p: true,
    truncation: true,
    user: true,
  }
  expect(Object.keys(names).filter(name => !(name in responseRequest.entries))).toEqual([])
})
