import { randomUUID } from 'node:crypto'
import type { Deployment } from '../../world.ts'
import type { Call } from '../call.ts'
import { answerFilterResults, promptFilterResults } from '../content-filter.ts'
import { type Generation, modelId } from '../model.ts'
import type { Tool } from '../tools.ts'
import { logprobsOf } from './logprobs.ts'
import type { ChatRequest } from './request.ts'

/** Tokens that a message costs in addition to its text. */
const TOKENS_PER_MESSAGE = 4

/** The model's result: words, or a tool call. */
interface Made {
  generation: Generation
  tool: Tool | undefined
}

/** What a completion says about itself, whole or in chunks. */
export interface Completion extends Made {
  id: string
  created: number
  model: string
  system_fingerprint: string
  finishReason: 'stop' | 'length' | 'tool_calls' | 'function_call'
  /** The number of choices, which are all alike. */
  count: number
  /** The number of alternatives listed for each token; undefined if the request does not ask for logprobs. */
  alternatives: number | undefined
  /** Whether the request uses `functions`, the older form of tools. */
  isLegacy: boolean
  usage: ReturnType<typeof usageOf>
}

export function describeCompletion(
  call: Call,
  deployment: Deployment,
  request: ChatRequest,
  made: Made,
): Completion {
  return {
    ...made,
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(call.now / 1000),
    model: modelId(deployment),
    system_fingerprint: 'fp_10ca1c10fd',
    finishReason: finishReason(request, made),
    count: request.n ?? 1,
    alternatives: request.logprobs === true ? (request.top_logprobs ?? 0) : undefined,
    isLegacy: Boolean(request.functions),
    usage: usageOf(request, made.generation),
  }
}

/** A call of a function that the request names ends like an answer in words; one that the model chooses does not. */
function finishReason({ tool_choice, functions, function_call }: ChatRequest, { generation, tool }: Made) {
  if (generation.truncated) return 'length'
  const isNamed = typeof (functions ? function_call : tool_choice) === 'object'
  if (tool === undefined || isNamed) return 'stop'
  return functions ? 'function_call' : 'tool_calls'
}

function usageOf({ messages, n }: ChatRequest, generation: Generation) {
  const prompt_tokens = generation.promptTokens + TOKENS_PER_MESSAGE * messages.length
  const completion_tokens = generation.outputTokens * (n ?? 1)
  return {
    completion_tokens,
    completion_tokens_details: {
      accepted_prediction_tokens: 0,
      audio_tokens: 0,
      reasoning_tokens: generation.reasoningTokens * (n ?? 1),
      rejected_prediction_tokens: 0,
    },
    prompt_tokens,
    prompt_tokens_details: { audio_tokens: 0, cached_tokens: 0 },
    total_tokens: prompt_tokens + completion_tokens,
  }
}

export const promptResults = [{ prompt_index: 0, content_filter_results: promptFilterResults }]

export const newCallId = () => `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`

export function wholeCompletion(completion: Completion) {
  const { id, created, model, system_fingerprint, finishReason: finish_reason, usage, count } = completion
  return {
    choices: Array.from({ length: count }, (_, index) => ({
      // A filter that saw no text has no results.
      content_filter_results: saysWords(completion) ? answerFilterResults : {},
      finish_reason,
      index,
      logprobs:
        completion.alternatives === undefined
          ? null
          : logprobsOf(completion.generation.tokens, completion.alternatives),
      message: { annotations: [], ...messageOf(completion), refusal: null, role: 'assistant' },
    })),
    created,
    id,
    model,
    object: 'chat.completion',
    prompt_filter_results: promptResults,
    system_fingerprint,
    usage,
  }
}

const saysWords = ({ tool, generation }: Completion) => tool === undefined && generation.text !== ''

function messageOf({ tool, generation: { text }, isLegacy }: Completion) {
  if (tool === undefined) return { content: text }
  if (isLegacy) return { content: null, function_call: { name: tool.name, arguments: text } }
  return { content: null, tool_calls: [{ id: newCallId(), ...toolCall(tool, text) }] }
}

/** @param text the arguments of a function, or the input of a custom tool */
export const toolCall = ({ kind, name }: Tool, text: string) =>
  kind === 'function'
    ? { type: 'function', function: { name, arguments: text } }
    : { type: 'custom', custom: { name, input: text } }
