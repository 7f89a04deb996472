import * as v from 'valibot'
import type { ServiceReply } from '../../service.ts'
import type { Deployment } from '../../world.ts'
import { parseBody, parseKnown, unknownParameter } from '../bodies.ts'
import type { Call } from '../call.ts'
import { requireHarmless } from '../content-filter.ts'
import { requireDeployment, requireOperation } from '../deployments.ts'
import { eventStream } from '../event-stream.ts'
import { answerIn, type Format } from '../formats.ts'
import { modelHeaders } from '../headers.ts'
import { generate } from '../model.ts'
import { invalidRequest } from '../refusals.ts'
import { requiredUse, type Tool, type ToolChoice } from '../tools.ts'
import { checkCalls, checkResponse, requireMentionOfJson, wantedTools } from './checks.ts'
import { requireConversation } from './conversations.ts'
import { eventsOf } from './events.ts'
import { type Item, itemsIn, textOfItem, usedTools } from './items.ts'
import { allowedChoice, customTool, functionTool, type ResponseRequest, responseRequest } from './request.ts'
import { asOf, describeResponse, type Made, type ResponseBody, reasons } from './response.ts'
import type { Store } from './store.ts'

/** `POST …/openai/v1/responses`, on the account and in its projects, and `/openai/responses`. */
export function createResponse(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  const deployment = requireDeployment(call.account, model)
  requireOperation(deployment, 'responses')
  const request = parseKnown(responseRequest, call.body, unknownParameter)
  checkResponse(request, deployment)
  const context = contextOf(request, call.store)
  const items = [...context.history, ...context.input]
  checkCalls(items)
  requireMentionOfJson(request, items)
  const prompt = [request.instructions ?? '', ...items.map(textOfItem)].join('\n')
  requireHarmless(prompt)

  const made = make(request, deployment, prompt, usedTools(items))
  const now = Math.floor(call.now / 1000)
  const response = describeResponse(request, deployment, made, now)
  const isObfuscated = request.stream_options?.include_obfuscation !== false
  const events = eventsOf(response, { tokens: made.generation.tokens, isObfuscated })
  remember(call.store, request, response, { ...context, events })
  const headers = modelHeaders(deployment, response.usage.total_tokens)
  return request.stream === true
    ? eventStream(events, headers)
    : { status: 200, headers, body: asOf(response, now) }
}

interface Context {
  /** The items of earlier responses or of the conversation. */
  history: readonly Item[]
  input: readonly Item[]
}

/** @throws Refusal if it refers to something that is not stored */
function contextOf({ input, previous_response_id, conversation }: ResponseRequest, store: Store): Context {
  const given = itemsIn(input)
  if (conversation) {
    const id = typeof conversation === 'string' ? conversation : conversation.id
    return { history: requireConversation(store, id).items, input: given }
  }
  if (!previous_response_id) return { history: [], input: given.map(item => resolved(item, [], store)) }
  const previous = store.responses.get(previous_response_id)
  if (previous === undefined) {
    throw invalidRequest(
      `Previous response with id '${previous_response_id}' not found.`,
      'previous_response_id',
      'previous_response_not_found',
    )
  }
  const history = [...previous.history, ...previous.input, ...previous.response.output]
  return { history, input: given.map(item => resolved(item, history, store)) }
}

/**
 * The stored item that a reference names.
 * @throws Refusal
 */
function resolved(item: Item, history: readonly Item[], { responses }: Store): Item {
  if (item.type !== 'item_reference') return item
  const stored = [...responses.values()].flatMap(({ input, response }) => [...input, ...response.output])
  const found = [...history, ...stored].find(({ id }) => id === item.id)
  if (found === undefined) {
    throw invalidRequest(
      `Item with id '${item.id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
      'input',
      null,
    )
  }
  return found
}

function make(
  request: ResponseRequest,
  deployment: Deployment,
  prompt: string,
  used: readonly string[],
): Made {
  const use = requiredUse(deployment, toolsOf(request), choiceOf(request), used)
  const generation = generate(deployment, prompt, {
    budget: request.max_output_tokens ?? undefined,
    text: use?.text ?? answerIn(deployment, formatOf(request)),
    reasons: reasons(request, deployment),
  })
  return { generation, tool: use?.tool, promptLength: prompt.length }
}

function formatOf({ text }: ResponseRequest): Format {
  switch (text?.format?.type) {
    case 'json_object':
      return { kind: 'json-object' }
    case 'json_schema':
      return { kind: 'json-schema', schema: text.format.schema }
    default:
      return { kind: 'text' }
  }
}

const toolsOf = ({ tools }: ResponseRequest): Tool[] =>
  (tools ?? []).map(tool => {
    if (v.is(functionTool, tool)) {
      return { kind: 'function', name: tool.name, parameters: tool.parameters ?? undefined }
    }
    if (v.is(customTool, tool)) {
      return { kind: 'custom', name: tool.name, hasGrammar: tool.format?.type === 'grammar' }
    }
    return { kind: 'built-in', name: tool.type }
  })

function choiceOf({ tool_choice: choice }: ResponseRequest): ToolChoice {
  if (choice === 'none' || choice === 'auto' || choice === 'required') return { mode: choice }
  if (choice === undefined || choice === null) return { mode: 'auto' }
  return { mode: v.is(allowedChoice, choice) ? choice.mode : 'required', among: wantedTools(choice) }
}

function remember(
  store: Store,
  { store: isKept, conversation, stream }: ResponseRequest,
  response: ResponseBody,
  { history, input, events }: Context & { events: readonly string[] },
): void {
  if (response.conversation !== null && conversation) {
    requireConversation(store, response.conversation.id).items.push(...input, ...response.output)
  }
  if (isKept === false) return
  const streamed = response.background && stream === true ? events : []
  store.responses.set(response.id, {
    response,
    history: [...history],
    input,
    events: streamed,
    cancelled: false,
  })
}
