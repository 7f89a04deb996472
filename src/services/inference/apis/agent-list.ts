import * as v from 'valibot'
import { readJsonAnswer } from '../answer.ts'
import { agents } from './agents.ts'
import { agentsRead, type InferenceApi } from './api.ts'

/**
 * Lists the agents of a project: that proves the right to read them if no agent is named. It calls no deployment, and is used
 * for `also` only. Route: learn.microsoft.com, REST of Foundry projects, version v1.
 */

const list = v.object({ object: v.literal('list'), data: v.array(v.unknown()) })

export const agentList = {
  name: 'agent-list',
  calls: agents.calls,
  keyHeader: agents.keyHeader,
  cost: 'nothing',
  answersPrompt: false,
  ofProject: true,
  placesOf: (_target, { project }) => [
    { url: `${project}/agents?api-version=v1&limit=1`, dataAction: agentsRead },
  ],
  audiencesOf: agents.audiencesOf,
  firstShape: agents.firstShape,
  requestOf: agents.requestOf,
  readAnswer: ({ body }) =>
    readJsonAnswer(list, body, () => ({
      text: '',
      cutShort: false,
      model: undefined,
      instead: 'the list of agents',
    })),
} as const satisfies InferenceApi
