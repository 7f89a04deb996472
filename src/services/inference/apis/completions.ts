import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { dataAction, type InferenceApi, postJson } from './api.ts'
import { deploymentUrl } from './azure-openai.ts'
import { choiceOf } from './choices.ts'

/** The completions API from before chat, with the deployment in the path. Route: official description of Azure OpenAI, 2024-06-01. */

const completion = v.object({
  model: v.optional(v.string()),
  choices: v.pipe(
    v.array(v.object({ text: v.string(), finish_reason: v.nullish(v.string()) })),
    v.minLength(1),
  ),
})

export const completions = {
  ...choiceOf('completions'),
  calls: 'older completion models',
  keyHeader: 'api-key',
  answersPrompt: true,
  placesOf: (target, endpoints) => [
    {
      url: deploymentUrl(target, endpoints, 'completions'),
      dataAction: dataAction('OpenAI/deployments/completions/action'),
    },
  ],
  audiencesOf: knownAudiences,
  firstShape: ({ maxOutputTokens }) => ({ max_tokens: maxOutputTokens }),
  requestOf: (_, prompt, shape) => postJson({ prompt, ...shape }),
  readAnswer: ({ body }) =>
    readJsonAnswer(completion, body, ({ model, choices: [first] }) => ({
      text: first?.text ?? '',
      cutShort: first?.finish_reason === 'length',
      model,
    })),
} as const satisfies InferenceApi
