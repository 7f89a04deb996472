import * as v from 'valibot'
import type { ServiceReply } from '../../service.ts'
import type { Deployment } from '../../world.ts'
import { parseBody, parseKnown, textOf, unrecognizedArguments } from '../bodies.ts'
import type { Call } from '../call.ts'
import { requireHarmless } from '../content-filter.ts'
import { requireDeployment, requireOperation } from '../deployments.ts'
import { eventStream } from '../event-stream.ts'
import { answerIn, type Format } from '../formats.ts'
import { modelHeaders } from '../headers.ts'
import { generate } from '../model.ts'
import { requiredUse, type Tool, type ToolChoice } from '../tools.ts'
import { checkChat } from './checks.ts'
import { chunksOf } from './chunks.ts'
import { describeCompletion, wholeCompletion } from './completion.ts'
import { type ChatRequest, chatRequest } from './request.ts'

/** `POST …/openai/v1/chat/completions`, on the account and in its projects: the deployment is named in the body. */
export function createChatCompletion(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  return completeChat(call, requireDeployment(call.account, model))
}

/** `POST /openai/deployments/{deployment-id}/chat/completions` */
export function createClassicChatCompletion(call: Call): ServiceReply {
  return completeChat(call, requireDeployment(call.account, call.params.deployment ?? ''))
}

const parseChat = (body: string) => parseKnown(chatRequest, body, unrecognizedArguments)

export function completeChat(call: Call, deployment: Deployment, parse = parseChat): ServiceReply {
  requireOperation(deployment, 'chatCompletion')
  const request = parse(call.body)
  checkChat(request, deployment)
  const prompt = request.messages.map(message => textOf(message.content)).join('\n')
  requireHarmless(prompt)

  const use = requiredUse(deployment, toolsOf(request), choiceOf(request), usedTools(request))
  const generation = generate(deployment, prompt, {
    budget: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    text: use?.text ?? answerIn(deployment, formatOf(request)),
    // Stop sequences do not cut the arguments of a tool.
    stop: use === undefined ? [request.stop ?? []].flat() : [],
    reasons: request.reasoning_effort !== 'none' && request.reasoning_effort !== 'minimal',
  })
  const completion = describeCompletion(call, deployment, request, { generation, tool: use?.tool })
  const headers = modelHeaders(deployment, completion.usage.total_tokens)
  return request.stream === true
    ? eventStream(chunksOf(completion, request.stream_options ?? {}), headers)
    : { status: 200, headers, body: wholeCompletion(completion) }
}

function formatOf({ response_format }: ChatRequest): Format {
  switch (response_format?.type) {
    case 'json_object':
      return { kind: 'json-object' }
    case 'json_schema':
      return { kind: 'json-schema', schema: response_format.json_schema.schema ?? { type: 'object' } }
    default:
      return { kind: 'text' }
  }
}

/** `functions` is the older name of tools. */
function toolsOf({ tools, functions }: ChatRequest): Tool[] {
  const offered = (tools ?? []).map(
    (tool): Tool =>
      tool.type === 'function'
        ? { kind: 'function', name: tool.function.name, parameters: tool.function.parameters ?? undefined }
        : { kind: 'custom', name: tool.custom.name, hasGrammar: tool.custom.format?.type === 'grammar' },
  )
  return functions
    ? functions.map(each => ({ kind: 'function', name: each.name, parameters: each.parameters ?? undefined }))
    : offered
}

function choiceOf({ tool_choice, function_call }: ChatRequest): ToolChoice {
  if (function_call && typeof function_call === 'object')
    return { mode: 'required', among: [function_call.name] }
  const choice = tool_choice ?? 'auto'
  if (typeof choice === 'string') return { mode: choice }
  switch (choice.type) {
    case 'function':
      return { mode: 'required', among: [choice.function.name] }
    case 'custom':
      return { mode: 'required', among: [choice.custom.name] }
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools
      return { mode, among: tools.flatMap(tool => tool.function?.name ?? tool.custom?.name ?? []) }
    }
  }
}

function usedTools({ messages }: ChatRequest): string[] {
  return messages.flatMap(message => {
    if (message.role !== 'assistant') return []
    const calls = (message.tool_calls ?? []).map(use =>
      use.type === 'function' ? use.function.name : use.custom.name,
    )
    return message.function_call ? [...calls, message.function_call.name] : calls
  })
}
