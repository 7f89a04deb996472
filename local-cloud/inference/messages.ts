import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { content, optional, textOf } from './bodies.ts'
import { requireDeployment } from './deployments.ts'
import { eventStream, namedEvent } from './event-stream.ts'
import { modelHeaders } from './headers.ts'
import { type Generation, generate } from './model.ts'
import type { Call } from './pipeline.ts'
import { apiNotSupported, Refusal } from './refusals.ts'

/** Anthropic's Messages API for Claude deployments. What the gateway refuses comes in its own form, not in Anthropic's. */

const messagesRequest = v.looseObject({
  model: v.string(),
  max_tokens: v.pipe(v.number(), v.integer(), v.minValue(1)),
  messages: v.pipe(v.array(v.looseObject({ role: v.string(), content })), v.nonEmpty()),
  system: optional(content),
  stream: optional(v.boolean()),
})

/** `POST /anthropic/v1/messages` */
export function createMessage(call: Call): ServiceReply {
  if (call.headers['anthropic-version'] === undefined)
    throw invalidMessage('anthropic-version: header is required')
  const request = parseMessage(call.body)
  const deployment = requireDeployment(call.account, request.model)
  if (deployment.model.format !== 'Anthropic') throw apiNotSupported()

  const prompt = [textOf(request.system), ...request.messages.map(message => textOf(message.content))].join(
    '\n',
  )
  const generation = generate(deployment, prompt, request.max_tokens)
  const message = describeMessage(deployment, generation)
  const headers = {
    ...modelHeaders(deployment, generation.promptTokens + generation.outputTokens),
    'request-id': newId('req'),
  }
  return request.stream === true
    ? eventStream(events(message, generation), headers)
    : { status: 200, headers, body: message }
}

const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`

function describeMessage({ model }: Deployment, { text, truncated, promptTokens, outputTokens }: Generation) {
  return {
    id: newId('msg'),
    type: 'message',
    role: 'assistant',
    model: model.name,
    content: text === '' ? [] : [{ type: 'text', text }],
    stop_reason: truncated ? 'max_tokens' : 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: promptTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: outputTokens,
    },
  }
}

type Message = ReturnType<typeof describeMessage>
interface StreamEvent {
  type: string
  [field: string]: unknown
}

/** The stream that ends in the same message. Nothing marks its end but the last event. */
function events(message: Message, { tokens }: Generation): string[] {
  const { stop_reason, stop_sequence, usage } = message
  const begun = {
    ...message,
    content: [],
    stop_reason: null,
    // The first event counts what is known by then.
    usage: { ...usage, output_tokens: Math.min(1, usage.output_tokens) },
  }
  const sequence: StreamEvent[] = [
    { type: 'message_start', message: begun },
    ...message.content.flatMap((_, index) => blockEvents(index, tokens)),
    { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage },
    { type: 'message_stop' },
  ]
  return sequence.map(event => namedEvent(event.type, event))
}

const blockEvents = (index: number, tokens: readonly string[]): StreamEvent[] => [
  { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  ...tokens.map(text => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index },
]

/** @throws Refusal in Anthropic's form */
function parseMessage(body: string): v.InferOutput<typeof messagesRequest> {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    throw invalidMessage('The request body is not valid JSON')
  }
  const parsed = v.safeParse(messagesRequest, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const reason = issue.received === 'undefined' ? 'Field required' : issue.message
  throw invalidMessage(`${v.getDotPath(issue) ?? 'body'}: ${reason}`)
}

/** The id of the request stands in the body and in a header. */
function invalidMessage(message: string): Refusal {
  const request_id = newId('req')
  return new Refusal({
    status: 400,
    headers: { 'request-id': request_id },
    body: { type: 'error', error: { type: 'invalid_request_error', message }, request_id },
  })
}
