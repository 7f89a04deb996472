import * as v from 'valibot'
import type { Deployment } from '../../world.ts'
import { tokenLogprobs } from '../chat/logprobs.ts'
import { answerFilterResults, promptFilterResults } from '../content-filter.ts'
import type { Generation } from '../model.ts'
import type { Tool } from '../tools.ts'
import { newId } from './items.ts'
import { customTool, functionTool, type ResponseRequest } from './request.ts'

/** The model's result. */
export interface Made {
  generation: Generation
  tool: Tool | undefined
  /** Characters of the prompt. */
  promptLength: number
}

/** When a background response is in progress and when it is complete, in seconds after the request. */
const BACKGROUND = { starts: 1, ends: 2 } as const

export type ResponseBody = ReturnType<typeof describeResponse>
export type OutputItem = ResponseBody['output'][number]

/** @param now seconds since the epoch */
export function describeResponse(
  request: ResponseRequest,
  deployment: Deployment,
  { generation, tool, promptLength }: Made,
  now: number,
) {
  const { truncated, promptTokens, outputTokens, reasoningTokens } = generation
  const background = or(request.background, false)
  return {
    id: newId('resp'),
    object: 'response',
    created_at: now,
    status: truncated ? 'incomplete' : 'completed',
    background,
    completed_at: truncated ? null : now + (background ? BACKGROUND.ends : 0),
    content_filters: [
      filtered('prompt', promptFilterResults, promptLength),
      filtered('completion', answerFilterResults, generation.text.length),
    ],
    conversation: conversationOf(request),
    error: null,
    incomplete_details: truncated ? { reason: 'max_output_tokens' } : null,
    model: request.model,
    output: outputOf(request, deployment, generation, tool),
    reasoning: reasoningOf(request, deployment),
    service_tier: 'default',
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: reasoningTokens },
      total_tokens: promptTokens + outputTokens,
    },
    ...echoOf(request),
  }
}

const or = <T, F>(value: T | null | undefined, otherwise: F): T | F => value ?? otherwise

/** What a response repeats of its request, with the defaults filled in. */
const echoOf = (request: ResponseRequest) => ({
  instructions: or(request.instructions, null),
  max_output_tokens: or(request.max_output_tokens, null),
  max_tool_calls: or(request.max_tool_calls, null),
  metadata: or(request.metadata, {}),
  parallel_tool_calls: or(request.parallel_tool_calls, true),
  previous_response_id: or(request.previous_response_id, null),
  prompt_cache_key: or(request.prompt_cache_key, null),
  safety_identifier: or(request.safety_identifier, null),
  store: or(request.store, true),
  temperature: or(request.temperature, 1),
  text: {
    format: or(request.text?.format, { type: 'text' }),
    verbosity: or(request.text?.verbosity, 'medium'),
  },
  tool_choice: or(request.tool_choice, 'auto'),
  tools: (request.tools ?? []).map(echoed),
  top_logprobs: or(request.top_logprobs, 0),
  top_p: or(request.top_p, 1),
  truncation: or(request.truncation, 'disabled'),
  user: or(request.user, null),
})

const reasoningOf = ({ reasoning }: ResponseRequest, deployment: Deployment) => ({
  context: or(reasoning?.context, null),
  effort: or(reasoning?.effort, defaultEffort(deployment)),
  mode: or(reasoning?.mode, 'standard'),
  summary: or(reasoning?.summary, null),
})

const filtered = (source_type: string, content_filter_results: object, end_offset: number) => ({
  blocked: false,
  content_filter_offsets: { check_offset: 0, start_offset: 0, end_offset },
  content_filter_raw: [],
  content_filter_results,
  source_type,
})

function conversationOf({ conversation }: ResponseRequest): { id: string } | null {
  if (conversation === undefined || conversation === null) return null
  return { id: typeof conversation === 'string' ? conversation : conversation.id }
}

/** From gpt-5.1 on, a reasoning model reasons only if the request asks for it. */
function defaultEffort({ model, reasoning }: Deployment): string | null {
  if (!reasoning) return null
  const [, major = '0', minor = '0'] = /^gpt-(\d+)(?:\.(\d+))?/.exec(model.name) ?? []
  return Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 1) ? 'none' : 'medium'
}

/** Whether the model reasons before it answers. */
export function reasons(request: ResponseRequest, deployment: Deployment): boolean {
  const effort = request.reasoning?.effort ?? defaultEffort(deployment)
  return effort !== 'none' && effort !== 'minimal'
}

/** Functions are strict by default. */
function echoed(tool: NonNullable<ResponseRequest['tools']>[number]) {
  if (v.is(functionTool, tool)) {
    const { name, description, parameters, strict, ...rest } = tool
    return {
      ...rest,
      type: 'function',
      name,
      description: description ?? null,
      parameters: parameters ?? null,
      strict: strict ?? true,
    }
  }
  return v.is(customTool, tool) ? { ...tool, format: tool.format ?? { type: 'text' } } : tool
}

/** The reasoning first, if there is any; then a message or a call, if the budget lasts for it. */
function outputOf(
  request: ResponseRequest,
  deployment: Deployment,
  generation: Generation,
  tool: Tool | undefined,
) {
  const { text, truncated, tokens } = generation
  const status = truncated ? 'incomplete' : 'completed'
  const isWanted = (what: string) => request.include?.some(each => each === what) === true
  const thoughts = {
    id: newId('rs'),
    type: 'reasoning' as const,
    summary: [],
    // Only the service can read it; clients send it back.
    ...(isWanted('reasoning.encrypted_content') && { encrypted_content: `gAAAAA${newId('')}` }),
  }
  const alternatives = request.top_logprobs ?? 0
  const hasLogprobs = isWanted('message.output_text.logprobs') || alternatives > 0
  const logprobs = hasLogprobs ? tokenLogprobs(tokens, alternatives) : []
  const said =
    tool === undefined
      ? {
          id: newId('msg'),
          type: 'message' as const,
          status,
          phase: 'final_answer',
          content: [{ ...textPart(text), logprobs }] as const,
          role: 'assistant',
        }
      : callItem(tool, text, status)
  const reached = text !== '' || !truncated
  return [
    ...(deployment.reasoning && reasons(request, deployment) ? [thoughts] : []),
    ...(reached ? [said] : []),
  ]
}

export const textPart = (text: string) => ({
  type: 'output_text',
  annotations: [],
  logprobs: noLogprobs,
  text,
})

const noLogprobs: readonly unknown[] = []

function callItem({ kind, name }: Tool, text: string, status: string) {
  const call_id = newId('call')
  return kind === 'function'
    ? { id: newId('fc'), type: 'function_call' as const, status, arguments: text, call_id, name }
    : { id: newId('ctc'), type: 'custom_tool_call' as const, status, call_id, input: text, name }
}

/**
 * The response at a moment.
 * @param now seconds since the epoch
 */
export function asOf(response: ResponseBody, now: number, cancelled = false): object {
  if (cancelled) return { ...unfinished(response), status: 'cancelled' }
  if (!response.background || now >= response.created_at + BACKGROUND.ends) return response
  return {
    ...unfinished(response),
    status: now < response.created_at + BACKGROUND.starts ? 'queued' : 'in_progress',
  }
}

/** The fields that are known before the answer is. */
export const unfinished = ({ usage: _later, ...known }: ResponseBody) => ({
  ...known,
  completed_at: null,
  incomplete_details: null,
  output: [],
})

export const isFinished = (response: ResponseBody, now: number): boolean =>
  !response.background || now >= response.created_at + BACKGROUND.ends
