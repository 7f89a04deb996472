import type { ServiceReply } from '../../service.ts'
import type { Deployment } from '../../world.ts'
import { textOf } from '../bodies.ts'
import type { Call } from '../call.ts'
import { requireDeployment } from '../deployments.ts'
import { eventStream } from '../event-stream.ts'
import { answerIn, type Format } from '../formats.ts'
import { modelHeaders } from '../headers.ts'
import { generate, tokenize } from '../model.ts'
import { apiNotSupported } from '../refusals.ts'
import { requiredUse, type Tool, type ToolChoice } from '../tools.ts'
import { blocksOf, checkConversation, checkMessages } from './checks.ts'
import { eventsOf } from './events.ts'
import { describeMessage } from './message.ts'
import {
  type CountRequest,
  countRequest,
  invalidMessage,
  type MessagesRequest,
  messagesRequest,
  newId,
  parseMessages,
} from './request.ts'

/** Anthropic's Messages API for Claude deployments. The gateway's refusals have the gateway's format, not Anthropic's. */

/** `POST /anthropic/v1/messages` */
export function createMessage(call: Call): ServiceReply {
  requireVersion(call)
  const request = parseMessages(messagesRequest, call.body)
  const deployment = requireClaude(call, request.model)
  checkMessages(request)

  const use = requiredUse(deployment, toolsOf(request), choiceOf(request), usedTools(request))
  const generation = generate(deployment, promptOf(request), {
    budget: request.max_tokens,
    text: use?.text ?? answerIn(deployment, formatOf(request)),
    stop: use === undefined ? (request.stop_sequences ?? []) : [],
  })
  const message = describeMessage(deployment, {
    generation,
    tool: use?.tool,
    thinks: request.thinking?.type === 'enabled',
  })
  const { input_tokens, output_tokens } = message.usage
  const headers = { ...modelHeaders(deployment, input_tokens + output_tokens), 'request-id': newId('req') }
  return request.stream === true
    ? eventStream(eventsOf(message, generation), headers)
    : { status: 200, headers, body: message }
}

/** `POST /anthropic/v1/messages/count_tokens` */
export function countTokens(call: Call): ServiceReply {
  requireVersion(call)
  const request = parseMessages(countRequest, call.body)
  requireClaude(call, request.model)
  checkConversation(request)
  const tools = (request.tools ?? []).map(tool => JSON.stringify(tool)).join('\n')
  return {
    status: 200,
    headers: { 'request-id': newId('req') },
    body: { input_tokens: tokenize(promptOf(request)).length + tokenize(tools).length },
  }
}

/** @throws Refusal */
function requireVersion({ headers }: Call): void {
  if (headers['anthropic-version'] === undefined)
    throw invalidMessage('anthropic-version: header is required')
}

/** @throws Refusal if there is no such deployment, or if its model is another maker's */
function requireClaude({ account }: Call, name: string): Deployment {
  const deployment = requireDeployment(account, name)
  if (deployment.model.format !== 'Anthropic') throw apiNotSupported()
  return deployment
}

const promptOf = ({ system, messages }: CountRequest) =>
  [textIn(system), ...messages.map(({ content }) => textIn(content))].join('\n')

function textIn(content: CountRequest['system']): string {
  if (typeof content === 'string') return content
  return textOf((content ?? []).map(({ text }) => ({ text: text ?? undefined })))
}

function formatOf({ output_config, output_format }: MessagesRequest): Format {
  const format = output_config?.format ?? output_format
  return format ? { kind: 'json-schema', schema: format.schema } : { kind: 'text' }
}

/** Tools with a type of their own are Anthropic's; those of type `custom`, or without a type, are the caller's. */
const toolsOf = ({ tools }: MessagesRequest): Tool[] =>
  (tools ?? []).map(({ name, type, input_schema }) =>
    (type ?? 'custom') === 'custom'
      ? { kind: 'function', name, parameters: input_schema ?? undefined }
      : { kind: 'built-in', name },
  )

function choiceOf({ tool_choice }: MessagesRequest): ToolChoice {
  switch (tool_choice?.type) {
    case 'any':
      return { mode: 'required' }
    case 'tool':
      return { mode: 'required', among: [tool_choice.name] }
    case 'none':
      return { mode: 'none' }
    default:
      return { mode: 'auto' }
  }
}

const usedTools = ({ messages }: MessagesRequest): string[] =>
  messages.flatMap(message => blocksOf(message, 'tool_use').flatMap(({ name }) => name ?? []))
