import { knownAudiences } from '../../../azure/clouds.ts'
import { type Addresses, type InferenceApi, postJson, type Target } from './api.ts'
import { chatDataAction, messagesOf, readChatCompletion, withOtherBudget } from './chat-completions.ts'
import { choiceOf } from './choices.ts'

/** Azure OpenAI's classic chat completions: the deployment is in the path, the version in the query. */

const usualVersion = '2024-10-21'

/** The address of an operation of a deployment, in the form used before v1. */
export const deploymentUrl = (
  { deployment }: Target,
  { openAI, apiVersion }: Addresses,
  operation: string,
  version = usualVersion,
): string =>
  `${openAI}/openai/deployments/${encodeURIComponent(deployment)}/${operation}?api-version=${apiVersion ?? version}`

export const azureOpenAI = {
  ...choiceOf('azure-openai'),
  about: 'classic chat completions, with `api-version`',
  calls: 'chat models, as callers with an api-version call them',
  keyHeader: 'api-key',
  answersPrompt: true,
  placesOf: (target, endpoints) => [
    { url: deploymentUrl(target, endpoints, 'chat/completions'), dataAction: chatDataAction },
  ],
  audiencesOf: knownAudiences,
  firstShape: ({ maxOutputTokens }) => ({ max_completion_tokens: maxOutputTokens }),
  requestOf: (_, prompt, shape) => postJson({ messages: messagesOf(prompt), ...shape }),
  readAnswer: readChatCompletion,
  adapt: withOtherBudget,
} as const satisfies InferenceApi
