import * as v from 'valibot'
import { knownAudiences } from '../../../azure/clouds.ts'
import { readJsonAnswer } from '../answer.ts'
import { leftOut } from '../shapes.ts'
import {
  type Addresses,
  dataAction,
  type InferenceApi,
  type Place,
  postJson,
  providersDataAction,
  type Shape,
  type Target,
  v1Url,
} from './api.ts'
import { deploymentUrl } from './azure-openai.ts'
import { choiceOf } from './choices.ts'

/** One image, the smallest and cheapest. Each maker has its own route for images. */

const apiVersion = '2025-04-01-preview'

const filled = v.pipe(v.string(), v.nonEmpty())
const imageList = v.object({
  data: v.pipe(v.array(v.union([v.object({ b64_json: filled }), v.object({ url: filled })])), v.minLength(1)),
})

interface Maker {
  models: RegExp
  places: (target: Target, endpoints: Addresses) => readonly [Place, ...Place[]]
  shape: Shape
}

const openAI: Maker = {
  models: /./,
  places: (target, endpoints) => {
    const action = dataAction('OpenAI/images/generations/action')
    return [
      { url: v1Url(endpoints, 'images/generations'), dataAction: action },
      { url: deploymentUrl(target, endpoints, 'images/generations', apiVersion), dataAction: action },
    ]
  },
  shape: { n: 1, size: '1024x1024', quality: 'low' },
}

const others: readonly Maker[] = [
  {
    models: /flux/i,
    places: ({ model }, { modelInference }) => [
      {
        url: `${modelInference}/providers/blackforestlabs/v1/${fluxPath(model)}?api-version=preview`,
        dataAction: providersDataAction,
      },
    ],
    shape: { width: 256, height: 256 },
  },
  {
    models: /mai-image/i,
    places: (_, { modelInference }) => [
      {
        url: `${modelInference}/mai/v1/images/generations`,
        dataAction: dataAction('MaaS/images/generations/action'),
      },
    ],
    shape: { width: 1024, height: 1024 },
  },
]

const makerOf = ({ model }: Target) => others.find(({ models }) => models.test(model)) ?? openAI

/** The maker names its paths differently from its models: FLUX.2-pro is flux-2-pro, but FLUX-1.1-pro is flux-pro-1.1. */
function fluxPath(model: string): string {
  if (/kontext/i.test(model)) return /max/i.test(model) ? 'flux-kontext-max' : 'flux-kontext-pro'
  if (/1\.1/.test(model)) return 'flux-pro-1.1'
  const [, variant = 'pro'] = /flux[.-]?2-(\w+)/i.exec(model) ?? []
  return `flux-2-${variant.toLowerCase()}`
}

export const images = {
  ...choiceOf('images'),
  calls: 'image models',
  keyHeader: 'api-key',
  answersPrompt: false,
  placesOf: (target, endpoints) => makerOf(target).places(target, endpoints),
  audiencesOf: knownAudiences,
  firstShape: (_, target) => makerOf(target).shape,
  requestOf: ({ deployment }, _, shape) =>
    postJson({ model: deployment, prompt: 'A white square', ...shape }),
  readAnswer: ({ body }) =>
    readJsonAnswer(imageList, body, () => ({
      text: '',
      cutShort: false,
      model: undefined,
      instead: 'an image',
    })),
  adapt: (shape, failure) => leftOut(shape, failure, ['quality', 'n']),
} as const satisfies InferenceApi
