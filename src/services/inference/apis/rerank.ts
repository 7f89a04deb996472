import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { type InferenceApi, postJson, providersDataAction } from './api.ts'
import { choiceOf } from './choices.ts'

/** Cohere's rerank, version 2, at Foundry's own host. */

const ranking = v.object({
  results: v.pipe(v.array(v.object({ index: v.number(), relevance_score: v.number() })), v.minLength(1)),
})

export const rerank = {
  ...choiceOf('rerank'),
  about: 'Cohere',
  calls: 'rerank models',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: (_, { modelInference }) => [
    { url: `${modelInference}/providers/cohere/v2/rerank`, dataAction: providersDataAction },
  ],
  audiencesOf: knownAudiences,
  firstShape: () => ({}),
  requestOf: ({ deployment }) =>
    postJson({ model: deployment, query: 'ready', documents: ['ready'], top_n: 1 }),
  readAnswer: ({ body }) =>
    readJsonAnswer(ranking, body, ({ results }) => ({
      text: '',
      cutShort: false,
      model: undefined,
      instead: `a ranking of ${results.length} document${results.length === 1 ? '' : 's'}`,
    })),
} as const satisfies InferenceApi
