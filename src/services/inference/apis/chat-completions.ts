import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import type { Failure } from '../../../core/failures/failure.ts'
import type { HttpReply } from '../../../core/http/client.ts'
import { type Answer, readJsonAnswer } from '../answer.ts'
import { renamed } from '../shapes.ts'
import { dataAction, type InferenceApi, postJson, type Shape, v1Url } from './api.ts'
import { choiceOf } from './choices.ts'

/** Chat completions of `/openai/v1`. Data action: learn.microsoft.com, permissions/ai-machine-learning. */

export const chatDataAction = dataAction('OpenAI/deployments/chat/completions/action')

export const chatCompletions = {
  ...choiceOf('chat-completions'),
  calls: 'chat models',
  keyHeader: 'api-key',
  answersPrompt: true,
  placesOf: (_, endpoints) => [{ url: v1Url(endpoints, 'chat/completions'), dataAction: chatDataAction }],
  audiencesOf: knownAudiences,
  firstShape: ({ maxOutputTokens }) => ({ max_completion_tokens: maxOutputTokens }),
  requestOf: ({ deployment }, prompt, shape) =>
    postJson({ model: deployment, messages: messagesOf(prompt), ...shape }),
  readAnswer: readChatCompletion,
  adapt: withOtherBudget,
} as const satisfies InferenceApi

export const messagesOf = (prompt: string) => [{ role: 'user', content: prompt }]

/** Reasoning models refuse the older name of the token budget, and models of other vendors the newer one. */
export function withOtherBudget(shape: Shape, failure: Failure) {
  return (
    renamed(shape, failure, ['max_completion_tokens', 'max_tokens']) ??
    renamed(shape, failure, ['max_tokens', 'max_completion_tokens'])
  )
}

const text = v.nullish(v.string())
const message = v.object({
  content: text,
  refusal: text,
  reasoning_content: text,
})
const choice = v.object({ finish_reason: text, message })
const chatCompletion = v.object({
  model: v.optional(v.string()),
  choices: v.pipe(v.array(choice), v.minLength(1)),
})

/** With these a model may legitimately return no text: reasoning used up its budget, or its answer was filtered. */
const silentEnds: ReadonlySet<string> = new Set(['length', 'content_filter'])

/** A message without text, and without a reason for that, does not come from a model. */
export function readChatCompletion({ body }: HttpReply): Answer | undefined {
  return readJsonAnswer(chatCompletion, body, ({ model, choices: [first] }) => {
    if (first === undefined) return undefined
    const { content, refusal, reasoning_content } = first.message
    const end = first.finish_reason ?? ''
    const says = [content, refusal, reasoning_content].some(said => typeof said === 'string')
    if (!says && !silentEnds.has(end)) return undefined
    return {
      text: content ?? '',
      cutShort: end === 'length',
      model,
      ...(typeof refusal === 'string' && refusal !== '' && { instead: `a refusal: "${refusal}"` }),
    }
  })
}
