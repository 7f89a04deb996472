import * as v from 'valibot'
import type { ServiceReply } from '../service.ts'
import type { Account, Deployment } from '../world.ts'
import { optional, parseBody } from './bodies.ts'
import type { Call } from './call.ts'
import { completeChat } from './chat/index.ts'
import { chatRequest } from './chat/request.ts'
import { servedDeployment } from './deployments.ts'
import { embed, embeddingRequest } from './embeddings.ts'
import { isEmbeddingModel } from './model.ts'
import { noModelName, unknownModel } from './refusals.ts'

/**
 * The Foundry model inference API. It serves the models of every maker, and its refusals of names have a wording of their own.
 */

/**
 * `POST /models/chat/completions`. Nobody here knows which parameters the models of other makers take, so none is refused for its
 * name.
 */
export const createInferenceChat = (call: Call): ServiceReply =>
  completeChat(call, deploymentInBody(call), body => parseBody(chatRequest, body))

/** `POST /models/embeddings` */
export const createInferenceEmbeddings = (call: Call): ServiceReply =>
  embed(call, deploymentInBody(call), body => parseBody(embeddingRequest, body))

/** `GET /models/info`: about the first deployment, because the request names none. */
export function getInferenceInfo({ account }: Call): ServiceReply {
  const first = account.deployments.find(({ provisioningState }) => provisioningState === 'Succeeded')
  if (!first) throw noModelName()
  return {
    status: 200,
    body: {
      model_name: first.model.name,
      model_type: isEmbeddingModel(first) ? 'embeddings' : 'chat-completion',
      model_provider_name: first.model.format,
    },
  }
}

function deploymentInBody({ account, body }: Call): Deployment {
  const { model } = parseBody(v.looseObject({ model: optional(v.string()) }), body)
  if (!model) throw noModelName()
  return requireModel(account, model)
}

function requireModel(account: Account, name: string): Deployment {
  const deployment = servedDeployment(account, name)
  if (!deployment) throw unknownModel(name)
  return deployment
}
