import { knownAudiences } from '../../../azure/clouds.ts'
import { type InferenceApi, postJson } from './api.ts'
import { chatDataAction, messagesOf, readChatCompletion, withOtherBudget } from './chat-completions.ts'

/** Azure OpenAI's classic chat completions: the deployment is in the path, the version in the query. */

const apiVersion = '2024-10-21'

export const azureOpenAI = {
  name: 'azure-openai',
  about: 'classic chat completions, with `api-version`',
  calls: 'chat models, as callers with an api-version call them',
  keyHeader: 'api-key',
  cost: 'tokens',
  answersPrompt: true,
  placeOf: (deployment, { openAI }) => ({
    url: `${openAI}/openai/deployments/${encodeURIComponent(deployment)}/chat/completions?api-version=${apiVersion}`,
    dataAction: chatDataAction,
  }),
  audiencesOf: knownAudiences,
  firstShape: ({ maxOutputTokens }) => ({ max_completion_tokens: maxOutputTokens }),
  requestOf: (_, prompt, shape) => postJson({ messages: messagesOf(prompt), ...shape }),
  readAnswer: readChatCompletion,
  adapt: withOtherBudget,
} as const satisfies InferenceApi
