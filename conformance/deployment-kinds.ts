import * as v from 'valibot'
import type { DeploymentKind } from './terms.ts'

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

type Properties = v.InferOutput<typeof deploymentsReply>['value'][number]['properties']

type Test = (properties: Properties) => boolean

const isForChat: Test = ({ model, capabilities }) =>
  model.format === 'OpenAI' && capabilities.chatCompletion === 'true'

/** Models that reason before they answer. They are slower, and the length of their answers varies. */
const reasons = /^o\d|gpt-5(?!.*chat)/i

const kinds: readonly { kind: DeploymentKind; isOfKind: Test; orElse?: Test }[] = [
  { kind: 'messages', isOfKind: ({ model }) => model.format === 'Anthropic' },
  { kind: 'embeddings', isOfKind: ({ model }) => model.format === 'OpenAI' && /embedding/i.test(model.name) },
  {
    kind: 'chat',
    isOfKind: properties => isForChat(properties) && !reasons.test(properties.model.name),
    orElse: isForChat,
  },
  {
    kind: 'model-inference',
    isOfKind: ({ model }) => /DeepSeek|Meta|Mistral|Cohere command/i.test(model.format),
  },
]

/** The first deployment of each kind in Resource Manager's list. @throws ValiError */
export function deploymentsByKind(reply: unknown): Map<DeploymentKind, string> {
  const { value } = v.parse(deploymentsReply, reply)
  const found = kinds.flatMap(({ kind, isOfKind, orElse = () => false }) => {
    const deployment =
      value.find(({ properties }) => isOfKind(properties)) ??
      value.find(({ properties }) => orElse(properties))
    return deployment === undefined ? [] : [[kind, deployment.name] as const]
  })
  return new Map(found)
}
