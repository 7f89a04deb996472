import { knownAudiences } from '../../../azure/clouds.ts'
import { dataAction, type InferenceApi, postJson } from './api.ts'
import { messagesOf, readChatCompletion, withOtherBudget } from './chat-completions.ts'
import { choiceOf } from './choices.ts'

/**
 * Foundry model inference: chat with models of any maker, at Foundry's own host. Data action: from an error message of the
 * service.
 */

const apiVersion = '2024-05-01-preview'

export const models = {
  ...choiceOf('models'),
  about: 'Foundry model inference',
  calls: 'chat models of other vendors',
  keyHeader: 'api-key',
  answersPrompt: true,
  placesOf: (_, { modelInference }) => [
    {
      url: `${modelInference}/models/chat/completions?api-version=${apiVersion}`,
      dataAction: dataAction('MaaS/chat/completions/action'),
    },
  ],
  audiencesOf: knownAudiences,
  firstShape: ({ maxOutputTokens }) => ({ max_tokens: maxOutputTokens }),
  requestOf: ({ deployment }, prompt, shape) =>
    postJson({ model: deployment, messages: messagesOf(prompt), ...shape }),
  readAnswer: readChatCompletion,
  adapt: withOtherBudget,
} as const satisfies InferenceApi
