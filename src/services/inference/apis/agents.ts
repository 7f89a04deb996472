import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { agentsRead, type InferenceApi } from './api.ts'
import { choiceOf } from './choices.ts'

/**
 * An agent of a project, by name: the gate reads it, and does not run it. Route: learn.microsoft.com, REST of Foundry projects,
 * version v1. Data action: from an error message of the service.
 */

const name = v.pipe(v.string(), v.nonEmpty())
const latest = v.object({ latest: v.object({ definition: v.object({ model: name }) }) })
const agent = v.object({
  object: v.literal('agent'),
  name,
  // Some kinds of agents name no model.
  versions: v.fallback(v.optional(latest), undefined),
})

export const agents = {
  ...choiceOf('agents'),
  about: 'of a project, by the name of the agent',
  calls: 'agents of a project',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: ({ deployment }, { project }) => [
    {
      url: `${project}/agents/${encodeURIComponent(deployment)}?api-version=v1`,
      dataAction: agentsRead,
    },
  ],
  // Projects accept Foundry's own audience only.
  audiencesOf: audiences =>
    audiences.foundry === undefined ? knownAudiences(audiences) : [audiences.foundry],
  firstShape: () => ({}),
  requestOf: () => ({ method: 'GET', headers: { accept: 'application/json' } }),
  readAnswer: ({ body }) =>
    readJsonAnswer(agent, body, ({ name: answered, versions }) => ({
      text: '',
      cutShort: false,
      model: undefined,
      instead: `the agent ${answered}`,
      ...(versions && { runsOn: versions.latest.definition.model }),
    })),
} as const satisfies InferenceApi
