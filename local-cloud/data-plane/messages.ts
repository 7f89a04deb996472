import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import { content, optional, textOf } from './bodies.ts'
import { requireDeployment } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { generate } from './model.ts'
import type { Call } from './pipeline.ts'
import { apiNotSupported, Refusal } from './refusals.ts'

/** Anthropic's Messages API for Claude deployments; whole answers only, no streams. */

const messagesRequest = v.looseObject({
  model: v.string(),
  max_tokens: v.pipe(v.number(), v.integer(), v.minValue(1)),
  messages: v.pipe(v.array(v.looseObject({ role: v.string(), content })), v.nonEmpty()),
  system: optional(content),
  stream: optional(v.literal(false)),
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
  const { text, truncated, promptTokens, outputTokens } = generate(deployment, prompt, request.max_tokens)
  return {
    status: 200,
    headers: modelHeaders(deployment, promptTokens + outputTokens),
    body: {
      id: `msg_${randomUUID().replaceAll('-', '')}`,
      type: 'message',
      role: 'assistant',
      model: deployment.model.name,
      content: text === '' ? [] : [{ type: 'text', text }],
      stop_reason: truncated ? 'max_tokens' : 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: promptTokens,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: outputTokens,
      },
    },
  }
}

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

const invalidMessage = (message: string) =>
  new Refusal({ status: 400, body: { type: 'error', error: { type: 'invalid_request_error', message } } })
