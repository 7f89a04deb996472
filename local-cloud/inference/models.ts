import type { ServiceReply } from '../service.ts'
import type { Account, Deployment } from '../world.ts'
import type { Call } from './call.ts'
import { isEmbeddingModel, modelId } from './model.ts'
import { resourceNotFound } from './refusals.ts'

/** When the models were announced, in seconds since the epoch. No client depends on it. */
const CREATED = 1_735_689_600

/** The models of the deployments, each once. Azure lists every model of the region, deployed or not. */
function modelsOf({ deployments }: Account): Deployment[] {
  return [...new Map(deployments.map(deployment => [modelId(deployment), deployment])).values()]
}

const describe = (deployment: Deployment) => ({
  id: modelId(deployment),
  object: 'model',
  created: CREATED,
  owned_by: 'system',
})

/** `GET /openai/v1/models` */
export function listModels({ account }: Call): ServiceReply {
  return { status: 200, body: { object: 'list', data: modelsOf(account).map(describe) } }
}

/** `GET /openai/v1/models/{model}` */
export function getModel({ account, params }: Call): ServiceReply {
  const found = modelsOf(account).find(deployment => modelId(deployment) === params.model)
  if (!found) throw resourceNotFound()
  return { status: 200, body: describe(found) }
}

/** `GET /openai/models` */
export function listClassicModels({ account }: Call): ServiceReply {
  const data = modelsOf(account).map(deployment => ({
    status: 'succeeded',
    capabilities: {
      fine_tune: false,
      inference: true,
      completion: false,
      chat_completion: !isEmbeddingModel(deployment),
      embeddings: isEmbeddingModel(deployment),
    },
    lifecycle_status: 'generally-available',
    id: modelId(deployment),
    created_at: CREATED,
    updated_at: CREATED,
    object: 'model',
  }))
  return { status: 200, body: { data, object: 'list' } }
}
