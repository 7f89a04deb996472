import type { Context } from '../context.ts'
import { createAuthorizer } from '../rbac.ts'
import { createReplicas } from '../replicas.ts'
import type { Route, Service, ServiceReply } from '../service.ts'
import type { Host } from './accounts.ts'
import { getAgent, listAgents } from './agents.ts'
import {
  createClassicSpeech,
  createClassicTranscription,
  createSpeech,
  createTranscription,
} from './audio.ts'
import { createChatCompletion, createClassicChatCompletion } from './chat-completions.ts'
import { createClassicCompletion } from './completions.ts'
import { createClassicEmbeddings, createEmbeddings } from './embeddings.ts'
import { commonHeaders } from './headers.ts'
import { createClassicImage, createImage, createImageOfMaker } from './images.ts'
import { createMessage } from './messages.ts'
import { createInferenceChat, createInferenceEmbeddings, getInferenceInfo } from './model-inference.ts'
import { getModel, listClassicModels, listModels } from './models.ts'
import { type OperationName, operations } from './operations.ts'
import { type Call, type Gateway, refuseUnknownPath, serve } from './pipeline.ts'
import { recognize, rerank } from './providers.ts'
import { connectRealtime } from './realtime.ts'
import { createResponse } from './responses.ts'

const answers: Record<OperationName, (call: Call) => ServiceReply> = {
  'chatCompletions.create': createChatCompletion,
  'responses.create': createResponse,
  'embeddings.create': createEmbeddings,
  'models.list': listModels,
  'models.get': getModel,
  'azureOpenai.chatCompletions.create': createClassicChatCompletion,
  'azureOpenai.responses.create': createResponse,
  'azureOpenai.embeddings.create': createClassicEmbeddings,
  'azureOpenai.models.list': listClassicModels,
  'modelInference.chatCompletions.create': createInferenceChat,
  'modelInference.embeddings.create': createInferenceEmbeddings,
  'modelInference.info': getInferenceInfo,
  'messages.create': createMessage,
  'projects.responses.create': createResponse,
  'azureOpenai.completions.create': createClassicCompletion,
  'images.generate': createImage,
  'azureOpenai.images.generate': createClassicImage,
  'blackForestLabs.images.generate': createImageOfMaker,
  'mai.images.generate': createImageOfMaker,
  'audio.speech.create': createSpeech,
  'azureOpenai.audio.speech.create': createClassicSpeech,
  'azureOpenai.audio.transcriptions.create': createClassicTranscription,
  'audio.transcriptions.create': createTranscription,
  'realtime.connect': connectRealtime,
  'cohere.rerank': rerank,
  'mistral.ocr': recognize,
  'projects.agents.list': listAgents,
  'projects.agents.get': getAgent,
}

/** One host of an account, or the one that a region's accounts without a subdomain share. */
export function createDataPlane(context: Context, host: Host): Service {
  const gateway: Gateway = {
    context,
    host,
    authorizer: createAuthorizer(context),
    chooseReplica: createReplicas(context.replicasBy),
  }
  return {
    name: 'inference',
    routes: Object.keys(operations)
      .filter(isOperationName)
      .map(name => route(gateway, name)),
    notFound: request => withContentType(refuseUnknownPath(gateway, request)),
    commonHeaders,
  }
}

const isOperationName = (name: string): name is OperationName => name in operations

function route(gateway: Gateway, name: OperationName): Route {
  const operation = operations[name]
  return {
    operation: name,
    method: operation.method,
    path: operation.path,
    handle: async (request, params) =>
      withContentType(await serve(gateway, { name, ...operation }, request, params, answers[name])),
  }
}

/** The service names no character set in its JSON. */
const withContentType = (reply: ServiceReply): ServiceReply => ({
  ...reply,
  headers: { 'content-type': 'application/json', ...reply.headers },
})
