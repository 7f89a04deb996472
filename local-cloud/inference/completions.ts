import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import { optional, parseBody, temperature, tokenCount, topP } from './bodies.ts'
import type { Call } from './call.ts'
import { answerFilterResults, promptFilterResults, requireHarmless } from './content-filter.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { generate, modelId } from './model.ts'

/** Tokens of an answer if the request sets no limit. */
const DEFAULT_BUDGET = 16

const completionRequest = v.looseObject({
  prompt: v.union([v.string(), v.pipe(v.array(v.string()), v.nonEmpty())]),
  max_tokens: tokenCount(1),
  temperature,
  top_p: topP,
  stream: optional(v.literal(false)),
})

/** `POST /openai/deployments/{deployment-id}/completions`: one choice per prompt, and no stream. */
export function createClassicCompletion(call: Call): ServiceReply {
  const deployment = requireDeployment(call.account, call.params.deployment ?? '')
  requireOperation(deployment, 'completion')
  const request = parseBody(completionRequest, call.body)
  const prompts = typeof request.prompt === 'string' ? [request.prompt] : request.prompt
  requireHarmless(prompts.join('\n'))
  const generations = prompts.map(prompt =>
    generate(deployment, prompt, { budget: request.max_tokens ?? DEFAULT_BUDGET }),
  )
  const sum = (count: (generation: ReturnType<typeof generate>) => number) =>
    generations.reduce((total, generation) => total + count(generation), 0)
  const [prompt_tokens, completion_tokens] = [sum(each => each.promptTokens), sum(each => each.outputTokens)]
  const usage = { completion_tokens, prompt_tokens, total_tokens: prompt_tokens + completion_tokens }
  return {
    status: 200,
    headers: modelHeaders(deployment, usage.total_tokens),
    body: {
      choices: generations.map(({ text, truncated }, index) => ({
        content_filter_results: answerFilterResults,
        finish_reason: truncated ? 'length' : 'stop',
        index,
        logprobs: null,
        text,
      })),
      created: Math.floor(call.now / 1000),
      id: `cmpl-${randomUUID().replaceAll('-', '')}`,
      model: modelId(deployment),
      object: 'text_completion',
      prompt_filter_results: prompts.map((_, prompt_index) => ({
        prompt_index,
        content_filter_results: promptFilterResults,
      })),
      usage,
    },
  }
}
