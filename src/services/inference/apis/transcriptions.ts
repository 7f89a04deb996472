import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { toneOfASecond } from '../tone.ts'
import { dataAction, type InferenceApi, v1Url } from './api.ts'
import { deploymentUrl } from './azure-openai.ts'
import { choiceOf } from './choices.ts'

/**
 * Speech to text: a second of a tone. The route with the deployment in its path has been seen to serve it and to accept tokens.
 * v1 has been seen to answer `DeploymentNotFound`, and elsewhere to be the only route that accepts tokens.
 */

const audioDataAction = dataAction('OpenAI/deployments/audio/action')
/** The first version that serves the models after whisper. */
const apiVersion = '2025-03-01-preview'

const transcript = v.object({ text: v.string() })

export const transcriptions = {
  ...choiceOf('transcriptions'),
  about: 'speech to text',
  calls: 'speech-to-text models',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: (target, endpoints) => [
    {
      url: deploymentUrl(target, endpoints, 'audio/transcriptions', apiVersion),
      dataAction: audioDataAction,
    },
    { url: v1Url(endpoints, 'audio/transcriptions'), dataAction: audioDataAction },
  ],
  audiencesOf: knownAudiences,
  firstShape: () => ({}),
  requestOf: ({ deployment }) => {
    const body = new FormData()
    body.set('model', deployment)
    body.set('response_format', 'json')
    body.set('file', new Blob([toneOfASecond()], { type: 'audio/wav' }), 'tone.wav')
    return { method: 'POST', headers: { accept: 'application/json' }, body }
  },
  readAnswer: ({ body }) =>
    readJsonAnswer(transcript, body, ({ text }) => ({
      text: '',
      cutShort: false,
      model: undefined,
      instead: text.trim() === '' ? 'a transcript without words' : `a transcript: "${text}"`,
    })),
} as const satisfies InferenceApi
