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

const kinds: readonly { kind: DeploymentKind; isOfKind: (properties: Properties) => boolean }[] = [
  { kind: 'messages', isOfKind: ({ model }) => model.format === 'Anthropic' },
  { kind: 'embeddings', isOfKind: ({ model }) => model.format === 'OpenAI' && /embedding/i.test(model.name) },
  {
    kind: 'chat',
    isOfKind: ({ model, capabilities }) =>
      model.format === 'OpenAI' && capabilities.chatCompletion === 'true' && !/^o\d|gpt-5/i.test(model.name),
  },
  {
    kind: 'model-inference',
    isOfKind: ({ model }) => /DeepSeek|Meta|Mistral|Cohere command/i.test(model.format),
  },
]

/** The first deployment of each kind, by what Resource Manager lists. @throws ValiError */
export function deploymentsByKind(reply: unknown): Map<DeploymentKind, string> {
  const { value } = v.parse(deploymentsReply, reply)
  const found = kinds.flatMap(({ kind, isOfKind }) => {
    const deployment = value.find(({ properties }) => isOfKind(properties))
    return deployment === undefined ? [] : [[kind, deployment.name] as const]
  })
  return new Map(found)
}
