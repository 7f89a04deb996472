import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { type InferenceApi, postJson, providersDataAction } from './api.ts'
import { messagesOf } from './chat-completions.ts'
import { choiceOf } from './choices.ts'

/**
 * Anthropic's Messages API, at Foundry's own host; projects have no such route. Data action: from an error message of the
 * service.
 */

/** The only version in Claude's documentation; the service refuses a request without one. */
const anthropicVersion = '2023-06-01'

const message = v.object({
  type: v.literal('message'),
  model: v.optional(v.string()),
  stop_reason: v.nullish(v.string()),
  content: v.array(v.object({ type: v.string(), text: v.optional(v.string()) })),
})

export const messages = {
  ...choiceOf('messages'),
  about: 'Anthropic',
  calls: 'Claude models',
  keyHeader: 'x-api-key',
  answersPrompt: true,
  placesOf: (_, { modelInference }) => [
    { url: `${modelInference}/anthropic/v1/messages`, dataAction: providersDataAction },
  ],
  // Claude's documentation first named one audience, and now names Foundry's; the service says which one it refuses.
  audiencesOf: audiences => knownAudiences(audiences).toReversed(),
  firstShape: ({ maxOutputTokens }) => ({ max_tokens: maxOutputTokens }),
  requestOf: ({ deployment }, prompt, shape) =>
    postJson(
      { model: deployment, messages: messagesOf(prompt), ...shape },
      { 'anthropic-version': anthropicVersion },
    ),
  readAnswer: ({ body }) =>
    readJsonAnswer(message, body, ({ content, stop_reason, model }) => {
      // A message may end without text, and then says why.
      if (content.length === 0 && typeof stop_reason !== 'string') return undefined
      // Blocks of other types are thoughts and tools.
      const blocks = content.filter(({ type }) => type === 'text')
      if (blocks.some(({ text }) => text === undefined)) return undefined
      const texts = blocks.map(({ text }) => text)
      return {
        text: stop_reason === 'refusal' ? '' : texts.join(''),
        cutShort: stop_reason === 'max_tokens',
        model,
        ...(stop_reason === 'refusal' && { instead: 'a refusal' }),
      }
    }),
} as const satisfies InferenceApi
