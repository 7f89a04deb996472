import * as v from 'valibot'
import { automaticApi } from '../src/services/inference/model-kind.ts'
import { type DeploymentKind, kindsPerItem } from './terms.ts'

const deploymentsReply = v.object({
  value: v.array(
    v.object({
      name: v.string(),
      properties: v.object({
        model: v.object({ format: v.string(), name: v.string() }),
        capabilities: v.optional(v.record(v.string(), v.string()), {}),
      }),
    }),
  ),
})

type Listed = v.InferOutput<typeof deploymentsReply>['value'][number]

type Test = (deployment: Listed) => boolean

const isForChat: Test = ({ properties: { model, capabilities } }) =>
  model.format === 'OpenAI' && capabilities.chatCompletion === 'true'

/** Models that reason before they answer. They are slower, and the length of their answers varies. */
const reasons = /^o\d|gpt-5(?!.*chat)/i

const apiFor = ({ name, properties: { model, capabilities } }: Listed) => {
  const able = Object.entries(capabilities).flatMap(([capability, text]) =>
    text === 'true' ? [capability] : [],
  )
  return automaticApi(name, { ...model, capabilities: new Set(able) }, { project: undefined }).api
}

/** Makers of images have routes of their own, so a model of one is a kind. Of OpenAI's, only these take the cheapest quality. */
const makers: readonly { kind: DeploymentKind; models: RegExp }[] = [
  { kind: 'images', models: /gpt-image/i },
  { kind: 'flux', models: /flux[.-]?2-pro/i },
  { kind: 'mai-image', models: /mai-image/i },
]

const kinds: readonly { kind: DeploymentKind; isOfKind: Test; orElse?: Test }[] = [
  { kind: 'messages', isOfKind: one => apiFor(one) === 'messages' },
  {
    kind: 'embeddings',
    isOfKind: one => one.properties.model.format === 'OpenAI' && apiFor(one) === 'embeddings',
  },
  {
    kind: 'chat',
    isOfKind: one => isForChat(one) && !reasons.test(one.properties.model.name),
    orElse: isForChat,
  },
  { kind: 'model-inference', isOfKind: one => apiFor(one) === 'models' },
  ...(['completions', 'realtime', 'speech', 'transcriptions', 'rerank', 'ocr'] as const).map(kind => ({
    kind,
    isOfKind: (one: Listed) => apiFor(one) === kind,
  })),
  ...makers.map(({ kind, models }) => ({
    kind,
    isOfKind: (one: Listed) => apiFor(one) === 'images' && models.test(one.properties.model.name),
  })),
]

/**
 * The first deployment of each kind in Resource Manager's list; of a kind that is billed per item, the first that a person named.
 * @param named in small letters
 * @throws ValiError
 */
export function deploymentsByKind(
  reply: unknown,
  named: ReadonlySet<string> = new Set(),
): Map<DeploymentKind, string> {
  const { value } = v.parse(deploymentsReply, reply)
  const isNamed = ({ name }: Listed) => named.has(name.toLowerCase())
  const found = kinds.flatMap(({ kind, isOfKind, orElse = () => false }) => {
    const candidates = kindsPerItem.some(one => one === kind) ? value.filter(isNamed) : value
    const deployment = candidates.find(isOfKind) ?? candidates.find(orElse)
    return deployment === undefined ? [] : [[kind, deployment.name] as const]
  })
  return new Map(found)
}
