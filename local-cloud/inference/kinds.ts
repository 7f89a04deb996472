import type { Deployment } from '../world.ts'
import { capabilitiesOf } from './capabilities.ts'

/** What a deployment is for, in the words of the service's refusals. */
export type ModelOperation =
  | 'chatCompletion'
  | 'responses'
  | 'embeddings'
  | 'completion'
  | 'imageGenerations'
  | 'audio'
  | 'realtime'
  | 'rerank'
  | 'ocr'
  | 'video'

/** Models of other makers list no capability that tells them apart. */
const byName: ReadonlyArray<readonly [RegExp, ModelOperation]> = [
  [/rerank/i, 'rerank'],
  [/document-ai|ocr/i, 'ocr'],
  [/flux|mai-image/i, 'imageGenerations'],
  [/sora/i, 'video'],
]
const byCapability: readonly ModelOperation[] = [
  'realtime',
  'imageGenerations',
  'audio',
  'embeddings',
  'completion',
]

/** The one operation of a model that does not chat; undefined if it chats. */
function purposeOf(deployment: Deployment): ModelOperation | undefined {
  const capabilities = capabilitiesOf(deployment)
  return (
    byCapability.find(operation => capabilities[operation] === 'true') ??
    byName.find(([pattern]) => pattern.test(deployment.model.name))?.[1]
  )
}

/** A model that chats does so by either API. */
export function isFor(deployment: Deployment, operation: ModelOperation): boolean {
  const purpose = purposeOf(deployment)
  const chats = operation === 'chatCompletion' || operation === 'responses'
  return purpose === undefined ? chats : purpose === operation
}
