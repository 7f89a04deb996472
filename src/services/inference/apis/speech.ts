import { knownAudiences } from '../../../azure/clouds.ts'
import { dataAction, type InferenceApi, postJson, v1Url } from './api.ts'
import { deploymentUrl } from './azure-openai.ts'
import { choiceOf } from './choices.ts'

/** Text to speech: one word, in the format that every model has. */

const audioDataAction = dataAction('OpenAI/deployments/audio/action')
const apiVersion = '2025-03-01-preview'

/** How sound begins: MP3 with or without a tag, WAVE, Ogg, FLAC. A byte that is not text was decoded to U+FFFD. */
const sound = /^(ID3|\u{fffd}|RIFF|OggS|fLaC)/u
/** Types that are not sound, even if the first byte is not text. A server that does not know the type says text/plain. */
const otherType = /^(text\/(?!plain)|(image|video|font)\/)|\b(json|xml|zip|pdf)\b/i
/** Shorter sound contains no word, in any format; characters. */
const leastSound = 500

export const speech = {
  ...choiceOf('speech'),
  about: 'text to speech',
  calls: 'text-to-speech models',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: (target, endpoints) => [
    { url: v1Url(endpoints, 'audio/speech'), dataAction: audioDataAction },
    { url: deploymentUrl(target, endpoints, 'audio/speech', apiVersion), dataAction: audioDataAction },
  ],
  audiencesOf: knownAudiences,
  firstShape: () => ({ voice: 'alloy' }),
  requestOf: ({ deployment }, _, shape) => postJson({ model: deployment, input: 'Ready', ...shape }),
  readAnswer: ({ body, headers }) =>
    sound.test(body) && body.length >= leastSound && !otherType.test(headers['content-type'] ?? '')
      ? { text: '', cutShort: false, model: undefined, instead: 'a piece of speech' }
      : undefined,
} as const satisfies InferenceApi
