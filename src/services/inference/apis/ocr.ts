import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { onePage } from '../one-page.ts'
import { type InferenceApi, postJson, providersDataAction } from './api.ts'
import { choiceOf } from './choices.ts'

/** Mistral's document models, at Foundry's own host: a page with one word. They accept documents only in the request itself. */

const recognized = v.object({
  model: v.optional(v.string()),
  pages: v.pipe(v.array(v.object({ index: v.number(), markdown: v.string() })), v.minLength(1)),
})

export const ocr = {
  ...choiceOf('ocr'),
  about: 'Mistral',
  calls: 'models that read documents',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: (_, { modelInference }) => [
    { url: `${modelInference}/providers/mistral/azure/ocr`, dataAction: providersDataAction },
  ],
  audiencesOf: knownAudiences,
  firstShape: () => ({}),
  requestOf: ({ deployment }) => {
    const page = Buffer.from(onePage('Ready')).toString('base64')
    const document = { type: 'document_url', document_url: `data:application/pdf;base64,${page}` }
    return postJson({ model: deployment, document })
  },
  readAnswer: ({ body }) =>
    readJsonAnswer(recognized, body, ({ model, pages }) => ({
      text: '',
      cutShort: false,
      model,
      instead: `${pages.length} page${pages.length === 1 ? '' : 's'} read`,
    })),
} as const satisfies InferenceApi
