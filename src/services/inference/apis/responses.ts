import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { atLeast } from '../shapes.ts'
import { dataAction, type InferenceApi, postJson, v1Url } from './api.ts'
import { choiceOf } from './choices.ts'

/** The Responses API of `/openai/v1`, on the account or in a project. Data actions: from error messages of the service. */

const ofAccount = dataAction('OpenAI/responses/write')
const ofProject = dataAction('AIServices/responses/write')

/** The smallest budget that it accepts. */
const leastTokens = 16

const response = v.object({
  model: v.optional(v.string()),
  status: v.picklist(['completed', 'incomplete']),
  output: v.array(
    v.object({
      type: v.string(),
      content: v.optional(
        v.array(
          v.object({ type: v.string(), text: v.optional(v.string()), refusal: v.optional(v.string()) }),
        ),
      ),
    }),
  ),
})

export const responses = {
  ...choiceOf('responses'),
  calls: 'models that only the Responses API serves',
  keyHeader: 'api-key',
  answersPrompt: true,
  placesOf: (_, { project, ...endpoints }) =>
    project === undefined
      ? [{ url: v1Url(endpoints, 'responses'), dataAction: ofAccount }]
      : [{ url: `${project}/openai/v1/responses`, dataAction: ofProject }],
  // Projects accept Foundry's own audience only.
  audiencesOf: (audiences, { project }) =>
    project === undefined || audiences.foundry === undefined
      ? knownAudiences(audiences)
      : [audiences.foundry],
  firstShape: ({ maxOutputTokens }) => ({ max_output_tokens: maxOutputTokens }),
  // The service need not store a smoke call.
  requestOf: ({ deployment }, prompt, shape) =>
    postJson({ model: deployment, input: prompt, store: false, ...shape }),
  readAnswer: ({ body }) =>
    readJsonAnswer(response, body, ({ output, status, model }) => {
      const said = output.filter(({ type }) => type === 'message')
      const parts = said.flatMap(({ content }) => content ?? [])
      const isSilent = parts.every(({ text, refusal }) => text === undefined && refusal === undefined)
      // A completed response has said something, at least a thought; and a message contains a text or a refusal.
      if (status === 'completed' && (output.length === 0 || (said.length > 0 && isSilent))) return undefined
      const refusal = parts.map(part => part.refusal ?? '').join('')
      return {
        text: parts.map(part => part.text ?? '').join(''),
        cutShort: status === 'incomplete',
        model,
        ...(refusal !== '' && { instead: `a refusal: "${refusal}"` }),
      }
    }),
  adapt: (shape, failure) => atLeast(shape, failure, { max_output_tokens: leastTokens }),
} as const satisfies InferenceApi
