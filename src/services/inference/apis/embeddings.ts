import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { dataAction, type InferenceApi, postJson, v1Url } from './api.ts'
import { choiceOf } from './choices.ts'

/** Embeddings of `/openai/v1`. Data action: learn.microsoft.com, permissions/ai-machine-learning. */

const embedding = v.object({ embedding: v.pipe(v.array(v.number()), v.minLength(1)) })
const embeddingList = v.object({
  model: v.optional(v.string()),
  data: v.pipe(v.array(embedding), v.minLength(1)),
})

export const embeddings = {
  ...choiceOf('embeddings'),
  calls: 'embedding models',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: (_, endpoints) => [
    {
      url: v1Url(endpoints, 'embeddings'),
      dataAction: dataAction('OpenAI/deployments/embeddings/action'),
    },
  ],
  audiencesOf: knownAudiences,
  firstShape: () => ({}),
  requestOf: ({ deployment }, prompt) => postJson({ model: deployment, input: prompt }),
  readAnswer: ({ body }) =>
    readJsonAnswer(embeddingList, body, ({ data, model }) => {
      const dimensions = data[0]?.embedding.length ?? 0
      const instead = `an embedding of ${dimensions} dimensions`
      return { text: '', cutShort: false, model, instead, dimensions }
    }),
} as const satisfies InferenceApi
