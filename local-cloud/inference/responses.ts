import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { content, optional, parseBody, temperature, textOf, tokenCount, topP } from './bodies.ts'
import { answerFilterResults, promptFilterResults, requireHarmless } from './content-filter.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { eventStream, namedEvent, obfuscationOf } from './event-stream.ts'
import { modelHeaders } from './headers.ts'
import { type Generation, generate } from './model.ts'
import type { Call } from './pipeline.ts'
import { invalidRequest } from './refusals.ts'

const LEAST_OUTPUT_TOKENS = 16

const responseRequest = v.looseObject({
  model: v.string(),
  input: v.union([v.string(), v.array(v.looseObject({ content: optional(content) }))]),
  instructions: optional(v.string()),
  max_output_tokens: tokenCount(LEAST_OUTPUT_TOKENS),
  temperature,
  top_p: topP,
  store: optional(v.boolean()),
  metadata: optional(v.record(v.string(), v.string())),
  user: optional(v.string()),
  stream: optional(v.boolean()),
})

type ResponseRequest = v.InferOutput<typeof responseRequest>

/** `POST …/openai/v1/responses`, on the account and in its projects, and `/openai/responses`. */
export function createResponse(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  const deployment = requireDeployment(call.account, model)
  requireOperation(deployment, 'responses')
  const request = parseBody(responseRequest, call.body)
  requireSupported(request, deployment)
  const prompt = promptOf(request)
  requireHarmless(prompt)

  const generation = generate(deployment, prompt, request.max_output_tokens ?? undefined)
  const response = describeResponse(call, request, generation, deployment)
  const headers = modelHeaders(deployment, response.usage.total_tokens)
  return request.stream === true
    ? eventStream(events(response, generation), headers)
    : { status: 200, headers, body: response }
}

function promptOf({ instructions, input }: ResponseRequest): string {
  const given = typeof input === 'string' ? [input] : input.map(item => textOf(item.content))
  return [instructions ?? '', ...given].join('\n')
}

/** @throws Refusal for what a reasoning model does not take */
function requireSupported(request: ResponseRequest, { reasoning }: Deployment): void {
  if (!reasoning) return
  for (const name of ['temperature', 'top_p'] as const) {
    if ((request[name] ?? 1) !== 1) {
      throw invalidRequest(`Unsupported parameter: '${name}' is not supported with this model.`, name, null)
    }
  }
}

const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`

function describeResponse(
  call: Call,
  request: ResponseRequest,
  generation: Generation,
  deployment: Deployment,
) {
  const { truncated, promptTokens, outputTokens, reasoningTokens } = generation
  const filtered = (source_type: string, content_filter_results: object) => ({
    blocked: false,
    source_type,
    content_filter_results,
  })
  return {
    id: newId('resp'),
    object: 'response',
    created_at: Math.floor(call.now / 1000),
    status: truncated ? 'incomplete' : 'completed',
    background: false,
    content_filters: [filtered('prompt', promptFilterResults), filtered('completion', answerFilterResults)],
    error: null,
    incomplete_details: truncated ? { reason: 'max_output_tokens' } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: null,
    model: request.model,
    output: outputOf(generation, deployment),
    parallel_tool_calls: true,
    previous_response_id: null,
    prompt_cache_key: null,
    reasoning: { effort: deployment.reasoning ? 'medium' : null, summary: null },
    safety_identifier: null,
    service_tier: 'default',
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_logprobs: 0,
    top_p: request.top_p ?? 1,
    truncation: 'disabled',
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: reasoningTokens },
      total_tokens: promptTokens + outputTokens,
    },
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  }
}

const textPart = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text })

/** Reasoning first, where the model does; a message only if the budget reached it. */
function outputOf({ text, truncated }: Generation, { reasoning }: Deployment) {
  const thoughts = { id: newId('rs'), type: 'reasoning' as const, summary: [] }
  const message = {
    id: newId('msg'),
    type: 'message' as const,
    status: truncated ? 'incomplete' : 'completed',
    content: [textPart(text)],
    role: 'assistant',
  }
  const reached = text !== '' || !truncated
  return [...(reasoning ? [thoughts] : []), ...(reached ? [message] : [])]
}

type Response = ReturnType<typeof describeResponse>
type OutputItem = Response['output'][number]
interface StreamEvent {
  type: string
  [field: string]: unknown
}

/** The stream that ends in the same response. */
function events(response: Response, { tokens }: Generation): string[] {
  const { usage: _notYetKnown, ...known } = response
  const begun = { ...known, status: 'in_progress', incomplete_details: null, output: [] }
  const sequence: StreamEvent[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...response.output.flatMap((item, index) => itemEvents(item, index, tokens)),
    { type: `response.${response.status}`, response },
  ]
  return sequence.map((event, sequence_number) => namedEvent(event.type, { ...event, sequence_number }))
}

function itemEvents(item: OutputItem, output_index: number, tokens: readonly string[]): StreamEvent[] {
  const done = { type: 'response.output_item.done', output_index, item }
  if (item.type === 'reasoning') return [{ type: 'response.output_item.added', output_index, item }, done]

  const text = tokens.join('')
  const place = { item_id: item.id, output_index, content_index: 0 }
  const begun = { ...item, status: 'in_progress', content: [] }
  return [
    { type: 'response.output_item.added', output_index, item: begun },
    { type: 'response.content_part.added', ...place, part: textPart('') },
    ...tokens.map(delta => ({
      type: 'response.output_text.delta',
      ...place,
      delta,
      logprobs: [],
      obfuscation: obfuscationOf(delta),
    })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: textPart(text) },
    done,
  ]
}
