import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Deployment } from '../world.ts'
import { content, optional, parseBody, temperature, textOf, tokenCount, topP } from './bodies.ts'
import { answerFilterResults, promptFilterResults, requireHarmless } from './content-filter.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { dataEvent, eventStream, obfuscationOf } from './event-stream.ts'
import { modelHeaders } from './headers.ts'
import { type Generation, generate, modelId } from './model.ts'
import type { Call } from './pipeline.ts'
import { invalidRequest } from './refusals.ts'

/** Below this a reasoning model is not even started; from here to its reasoning it answers with nothing. */
const LEAST_REASONING_BUDGET = 16

/** Tokens that a message costs besides its text. */
const TOKENS_PER_MESSAGE = 4

const chatRequest = v.looseObject({
  messages: v.pipe(v.array(v.looseObject({ role: v.string(), content: optional(content) })), v.nonEmpty()),
  max_tokens: tokenCount(1),
  max_completion_tokens: tokenCount(1),
  temperature,
  top_p: topP,
  stream: optional(v.boolean()),
  stream_options: optional(v.looseObject({ include_usage: optional(v.boolean()) })),
})

type ChatRequest = v.InferOutput<typeof chatRequest>

/** `POST /openai/v1/chat/completions`: the deployment is named in the body. */
export function createChatCompletion(call: Call): ServiceReply {
  const { model } = parseBody(v.looseObject({ model: v.string() }), call.body)
  return completeChat(call, requireDeployment(call.account, model))
}

/** `POST /openai/deployments/{deployment-id}/chat/completions` */
export function createClassicChatCompletion(call: Call): ServiceReply {
  return completeChat(call, requireDeployment(call.account, call.params.deployment ?? ''))
}

export function completeChat(call: Call, deployment: Deployment): ServiceReply {
  requireOperation(deployment, 'chatCompletion')
  const request = parseBody(chatRequest, call.body)
  requireSupported(request, deployment)
  const prompt = request.messages.map(message => textOf(message.content)).join('\n')
  requireHarmless(prompt)

  const generation = generate(
    deployment,
    prompt,
    request.max_completion_tokens ?? request.max_tokens ?? undefined,
  )
  const completion = describeCompletion(call, deployment, generation, request.messages.length)
  const headers = modelHeaders(deployment, completion.usage.total_tokens)
  return request.stream === true
    ? eventStream(chunks(completion, generation, request.stream_options?.include_usage === true), headers)
    : { status: 200, headers, body: wholeCompletion(completion, generation) }
}

/** @throws Refusal for what a model of this kind does not take */
function requireSupported(request: ChatRequest, { reasoning }: Deployment): void {
  if (typeof request.max_tokens === 'number' && typeof request.max_completion_tokens === 'number') {
    throw invalidRequest(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'max_tokens',
      'invalid_parameter_combination',
    )
  }
  if (!reasoning) return
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
  if ((request.top_p ?? 1) !== 1) {
    throw invalidRequest(
      "Unsupported parameter: 'top_p' is not supported with this model.",
      'top_p',
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

/** What a completion says of itself, whole or in chunks. */
function describeCompletion(call: Call, deployment: Deployment, generation: Generation, messages: number) {
  const promptTokens = generation.promptTokens + TOKENS_PER_MESSAGE * messages
  return {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(call.now / 1000),
    model: modelId(deployment),
    system_fingerprint: 'fp_10ca1c10fd',
    finishReason: generation.truncated ? 'length' : 'stop',
    usage: {
      completion_tokens: generation.outputTokens,
      completion_tokens_details: {
        accepted_prediction_tokens: 0,
        audio_tokens: 0,
        reasoning_tokens: generation.reasoningTokens,
        rejected_prediction_tokens: 0,
      },
      prompt_tokens: promptTokens,
      prompt_tokens_details: { audio_tokens: 0, cached_tokens: 0 },
      total_tokens: promptTokens + generation.outputTokens,
    },
  }
}

type Completion = ReturnType<typeof describeCompletion>

const promptResults = [{ prompt_index: 0, content_filter_results: promptFilterResults }]

function wholeCompletion(
  { id, created, model, system_fingerprint, finishReason, usage }: Completion,
  { text }: Generation,
) {
  return {
    choices: [
      {
        // A filter that saw no text has nothing to say.
        content_filter_results: text === '' ? {} : answerFilterResults,
        finish_reason: finishReason,
        index: 0,
        logprobs: null,
        message: { annotations: [], content: text, refusal: null, role: 'assistant' },
      },
    ],
    created,
    id,
    model,
    object: 'chat.completion',
    prompt_filter_results: promptResults,
    system_fingerprint,
    usage,
  }
}

/** The first chunk tells only of the prompt and leaves its other fields empty, as the service does. */
function chunks(completion: Completion, { tokens }: Generation, includeUsage: boolean): string[] {
  const { id, created, model, system_fingerprint, finishReason, usage } = completion
  const chunk = (choices: unknown[], extra: object = {}) =>
    dataEvent({ choices, created, id, model, object: 'chat.completion.chunk', system_fingerprint, ...extra })
  const piece = (
    delta: object,
    token: string,
    finish_reason: string | null,
    content_filter_results: object,
  ) =>
    chunk([{ content_filter_results, delta, finish_reason, index: 0, logprobs: null }], {
      obfuscation: obfuscationOf(token),
    })
  return [
    dataEvent({
      choices: [],
      created: 0,
      id: '',
      model: '',
      object: '',
      prompt_filter_results: promptResults,
    }),
    piece({ content: '', refusal: null, role: 'assistant' }, '', null, {}),
    ...tokens.map(token => piece({ content: token }, token, null, answerFilterResults)),
    piece({}, '', finishReason, {}),
    ...(includeUsage ? [chunk([], { usage })] : []),
    'data: [DONE]',
  ]
}
