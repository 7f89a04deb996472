import { knownAudiences } from '../../../azure/clouds.ts'
import { dataAction, type InferenceApi, v1Url } from './api.ts'
import { choiceOf } from './choices.ts'

/**
 * A WebSocket to a realtime model: the handshake is refused like any call, so its success is the proof; nothing is sent over
 * it.
 */

export const realtime = {
  ...choiceOf('realtime'),
  calls: 'realtime models',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: ({ deployment }, endpoints) => [
    {
      url: v1Url(endpoints, `realtime?model=${encodeURIComponent(deployment)}`),
      dataAction: dataAction('OpenAI/deployments/realtime/action'),
    },
  ],
  audiencesOf: knownAudiences,
  firstShape: () => ({}),
  requestOf: () => ({ method: 'GET', headers: {}, webSocket: true }),
  readAnswer: ({ status }) =>
    status === 101 ? { text: '', cutShort: false, model: undefined, instead: 'a handshake' } : undefined,
} as const satisfies InferenceApi
