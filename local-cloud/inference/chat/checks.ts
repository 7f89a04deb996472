import { notImplemented } from '../../service.ts'
import type { Deployment } from '../../world.ts'
import { textOf } from '../bodies.ts'
import { complaintAbout } from '../json-schema/strict.ts'
import { invalidRequest, Refusal } from '../refusals.ts'
import type { ChatMessage, ChatRequest } from './request.ts'

/** Requests whose parameters are each valid, but not together. */

/** With a smaller budget a reasoning model does not start. With one below its reasoning, its answer is empty. */
const LEAST_REASONING_BUDGET = 16

/**
 * @throws Refusal 400 for parameters that do not go together or that the model does not take, 501 for those that would change the
 * answer in a way that the local cloud does not have
 */
export function checkChat(request: ChatRequest, deployment: Deployment): void {
  checkMessages(request.messages)
  checkTools(request)
  checkFormat(request)
  checkCompanions(request)
  if (deployment.reasoning) checkReasoning(request)
  else if (typeof request.reasoning_effort === 'string' && deployment.model.format === 'OpenAI') {
    throw invalidRequest('Unrecognized request argument supplied: reasoning_effort', null, null)
  }
  checkHere(request)
}

/** Each tool call needs a result, and each result a call before it. */
function checkMessages(messages: readonly ChatMessage[]): void {
  let open: string[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (!open.includes(message.tool_call_id)) throw toolWithoutCall(index)
      open = open.filter(id => id !== message.tool_call_id)
      continue
    }
    if (open.length > 0) throw callWithoutTool(open)
    if (message.role !== 'assistant') continue
    open = (message.tool_calls ?? []).map(({ id }) => id)
    const says = [message.content, message.refusal, message.tool_calls, message.function_call, message.audio]
    if (says.every(part => part === undefined || part === null)) {
      throw invalidRequest(
        `Invalid value for 'content': expected a string, got null.`,
        `messages.[${index}].content`,
        null,
      )
    }
  }
  if (open.length > 0) throw callWithoutTool(open)
}

const toolWithoutCall = (index: number) =>
  invalidRequest(
    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    `messages.[${index}].role`,
    null,
  )

const callWithoutTool = (ids: readonly string[]) =>
  invalidRequest(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(', ')}`,
    'messages',
    null,
  )

function checkTools(request: ChatRequest): void {
  const { tools, tool_choice, parallel_tool_calls, functions, function_call } = request
  if (!tools && tool_choice) throw onlyWith('tool_choice', 'tools')
  if (!tools && typeof parallel_tool_calls === 'boolean') throw onlyWith('parallel_tool_calls', 'tools')
  if (!functions && function_call) throw onlyWith('function_call', 'functions')
  checkChoice(request)
  for (const [index, tool] of (tools ?? []).entries()) checkSchema(tool, index)
}

const onlyWith = (name: string, companion: string) =>
  invalidRequest(
    `Invalid value for '${name}': '${name}' is only allowed when '${companion}' are specified.`,
    name,
    null,
  )

type Tool = NonNullable<ChatRequest['tools']>[number]

function checkChoice({ tools, tool_choice, functions, function_call }: ChatRequest): void {
  const nameOf = (tool: Tool) => (tool.type === 'function' ? tool.function.name : tool.custom.name)
  if (tool_choice && typeof tool_choice === 'object' && tool_choice.type !== 'allowed_tools') {
    const wanted = tool_choice.type === 'function' ? tool_choice.function.name : tool_choice.custom.name
    if (!tools?.some(tool => nameOf(tool) === wanted)) throw notOffered('tool_choice', wanted, 'tools')
  }
  if (function_call && typeof function_call === 'object') {
    const { name } = function_call
    if (!functions?.some(each => each.name === name)) throw notOffered('function_call', name, 'functions')
  }
}

function checkSchema(tool: Tool, index: number): void {
  if (tool.type !== 'function' || tool.function.strict !== true) return
  const complaint = complaintAbout(tool.function.parameters)
  if (complaint === undefined) return
  throw invalidRequest(
    `Invalid schema for function '${tool.function.name}': ${complaint}`,
    `tools[${index}].function.parameters`,
    'invalid_function_parameters',
  )
}

const notOffered = (param: string, name: string, list: string) =>
  invalidRequest(
    `Invalid value for '${param}': no function named '${name}' was specified in the '${list}' parameter.`,
    param,
    null,
  )

function checkFormat({ response_format, messages }: ChatRequest): void {
  if (response_format?.type === 'json_object' && !messages.some(mentionsJson)) {
    throw invalidRequest(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      'messages',
      null,
    )
  }
  if (response_format?.type !== 'json_schema' || response_format.json_schema.strict !== true) return
  const { name, schema } = response_format.json_schema
  const complaint = complaintAbout(schema)
  if (complaint === undefined) return
  throw invalidRequest(`Invalid schema for response_format '${name}': ${complaint}`, 'response_format', null)
}

const mentionsJson = ({ content }: ChatMessage) => /json/i.test(textOf(content))

/** Parameters that need or exclude another one. */
function checkCompanions({
  max_tokens,
  max_completion_tokens,
  logprobs,
  top_logprobs,
  stream,
  stream_options,
}: ChatRequest): void {
  if (typeof max_tokens === 'number' && typeof max_completion_tokens === 'number') {
    throw invalidRequest(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'max_tokens',
      'invalid_parameter_combination',
    )
  }
  if (typeof top_logprobs === 'number' && logprobs !== true) {
    throw invalidRequest(
      "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
      'top_logprobs',
      null,
    )
  }
  if (stream_options && stream !== true) {
    throw invalidRequest(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
      null,
    )
  }
}

/** Parameters that reasoning models refuse (learn.microsoft.com, Azure OpenAI reasoning models). */
function checkReasoning(request: ChatRequest): void {
  if (typeof request.max_tokens === 'number') {
    throw invalidRequest(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
      'unsupported_parameter',
    )
  }
  if ((request.temperature ?? 1) !== 1) {
    throw invalidRequest(
      `Unsupported value: 'temperature' does not support ${request.temperature} with this model. Only the default (1) value is supported.`,
      'temperature',
      'unsupported_value',
    )
  }
  const untaken = {
    top_p: (request.top_p ?? 1) !== 1,
    presence_penalty: (request.presence_penalty ?? 0) !== 0,
    frequency_penalty: (request.frequency_penalty ?? 0) !== 0,
    logprobs: request.logprobs === true,
    logit_bias: Object.keys(request.logit_bias ?? {}).length > 0,
    stop: request.stop !== undefined && request.stop !== null,
  }
  const [name] = Object.entries(untaken).find(([, isGiven]) => isGiven) ?? []
  if (name !== undefined) {
    throw invalidRequest(
      `Unsupported parameter: '${name}' is not supported with this model.`,
      name,
      'unsupported_parameter',
    )
  }
  if ((request.max_completion_tokens ?? LEAST_REASONING_BUDGET) < LEAST_REASONING_BUDGET) {
    throw invalidRequest(
      'Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.',
      null,
      null,
    )
  }
}

/** The answer would have to show these. */
function checkHere({ modalities, audio, data_sources, moderation, web_search_options }: ChatRequest): void {
  const missing = {
    'the modality audio of chat completions': modalities?.includes('audio') === true || Boolean(audio),
    'the parameter data_sources of chat completions': Boolean(data_sources),
    'the parameter moderation of chat completions': Boolean(moderation),
    'the parameter web_search_options of chat completions': Boolean(web_search_options),
  }
  const [what] = Object.entries(missing).find(([, isAsked]) => isAsked) ?? []
  if (what !== undefined) throw new Refusal(notImplemented(what))
}
