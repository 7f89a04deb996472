import { getAgent, listAgents } from './agents.ts'
import {
  anthropic,
  classic,
  classicResponses,
  modelInference,
  openaiV1,
  project,
  projectResources,
  providers,
} from './apis.ts'
import {
  createClassicSpeech,
  createClassicTranscription,
  createSpeech,
  createTranscription,
} from './audio.ts'
import { createChatCompletion, createClassicChatCompletion } from './chat/index.ts'
import { createClassicCompletion } from './completions.ts'
import { createClassicEmbeddings, createEmbeddings } from './embeddings.ts'
import { createClassicImage, createImage, createImageOfMaker } from './images.ts'
import { countTokens, createMessage } from './messages/index.ts'
import { createInferenceChat, createInferenceEmbeddings, getInferenceInfo } from './model-inference.ts'
import { getModel, listClassicModels, listModels } from './models.ts'
import { type Operation, operationsOf } from './operation.ts'
import { getConnection, getDeployment, listConnections, listDeployments } from './projects.ts'
import { recognize, rerank } from './providers.ts'
import { connectRealtime } from './realtime.ts'
import { createResponse } from './responses/index.ts'
import { storedOperations } from './responses/operations.ts'

const openaiV1Call = operationsOf(openaiV1)
const classicCall = operationsOf(classic)
const classicResponsesCall = operationsOf(classicResponses)
const modelInferenceCall = operationsOf(modelInference)
const anthropicCall = operationsOf(anthropic, '/anthropic/v1/*')
const providersCall = operationsOf(providers)
const fluxCall = operationsOf(providers, '/providers/blackforestlabs/v1/*')
const projectCall = operationsOf(project)
const projectResourcesCall = operationsOf(projectResources)

/**
 * The operations that call models, and those around them.
 * Data actions: the service's own denials and documents name those of chat completions, responses, `/models` chat and
 * `/anthropic`. v1 chat and embeddings are assumed to need what their classic forms need, on the account and in a project.
 * `MaaS/info/read` is a guess within `MaaS/*`, the only action that the documented roles distinguish. Audio, completions and
 * images are in the list of operations; v1 and speech are assumed to need the same. Of the providers' routes only Claude's has
 * been seen to name its action, and the others are assumed to need it too. Denials of agents name theirs; those of deployments
 * and connections are documented (learn.microsoft.com, Foundry permissions).
 */
export const operations = {
  'chatCompletions.create': openaiV1Call(
    ['POST', '/openai/v1/chat/completions'],
    'OpenAI/deployments/chat/completions/action',
    'OpenAPI of /openai/v1, POST /chat/completions; recorded answers of 2024 and 2026',
    createChatCompletion,
  ),
  'responses.create': openaiV1Call(
    ['POST', '/openai/v1/responses'],
    'OpenAI/responses/write',
    'OpenAPI of /openai/v1, POST /responses',
    createResponse,
  ),
  'embeddings.create': openaiV1Call(
    ['POST', '/openai/v1/embeddings'],
    'OpenAI/deployments/embeddings/action',
    'OpenAPI of /openai/v1, POST /embeddings',
    createEmbeddings,
  ),
  'models.list': openaiV1Call(
    ['GET', '/openai/v1/models'],
    'OpenAI/models/read',
    'OpenAPI of /openai/v1, GET /models',
    listModels,
  ),
  'models.get': openaiV1Call(
    ['GET', '/openai/v1/models/{model}'],
    'OpenAI/models/read',
    'OpenAPI of /openai/v1, GET /models/{model}',
    getModel,
  ),
  'azureOpenai.chatCompletions.create': classicCall(
    ['POST', '/openai/deployments/{deployment}/chat/completions'],
    'OpenAI/deployments/chat/completions/action',
    'AzureOpenAI inference 2024-06-01, ChatCompletions_Create; recorded answers',
    createClassicChatCompletion,
  ),
  'azureOpenai.responses.create': classicResponsesCall(
    ['POST', '/openai/responses'],
    'OpenAI/responses/write',
    'codex and other clients call it on every host, with api-version 2025-03-01-preview and later',
    createResponse,
  ),
  'azureOpenai.embeddings.create': classicCall(
    ['POST', '/openai/deployments/{deployment}/embeddings'],
    'OpenAI/deployments/embeddings/action',
    'AzureOpenAI inference 2024-06-01, embeddings_create',
    createClassicEmbeddings,
  ),
  'azureOpenai.models.list': classicCall(
    ['GET', '/openai/models'],
    'OpenAI/models/read',
    'AzureOpenAI data plane, Models_List',
    listClassicModels,
  ),
  'modelInference.chatCompletions.create': modelInferenceCall(
    ['POST', '/models/chat/completions'],
    'MaaS/chat/completions/action',
    'azure-ai-inference (SDK for Python), getChatCompletions',
    createInferenceChat,
  ),
  'modelInference.embeddings.create': modelInferenceCall(
    ['POST', '/models/embeddings'],
    'MaaS/embeddings/action',
    'azure-ai-inference (SDK for Python), getEmbeddings',
    createInferenceEmbeddings,
  ),
  'modelInference.info': modelInferenceCall(
    ['GET', '/models/info'],
    'MaaS/info/read',
    'azure-ai-inference (SDK for Python), getModelInfo',
    getInferenceInfo,
  ),
  'messages.create': anthropicCall(
    ['POST', '/anthropic/v1/messages'],
    'AIServices/providers/action',
    'anthropic-sdk-python, lib/foundry.py and resources/messages',
    createMessage,
  ),
  'projects.responses.create': projectCall(
    ['POST', '/api/projects/{project}/openai/v1/responses'],
    'AIServices/responses/write',
    'azure-ai-projects (SDK for Python), get_openai_client',
    createResponse,
  ),
  'azureOpenai.completions.create': classicCall(
    ['POST', '/openai/deployments/{deployment}/completions'],
    'OpenAI/deployments/completions/action',
    'AzureOpenAI inference 2024-06-01, Completions_Create',
    createClassicCompletion,
  ),
  'images.generate': openaiV1Call(
    ['POST', '/openai/v1/images/generations'],
    'OpenAI/images/generations/action',
    'openai-node, resources/images',
    createImage,
  ),
  'azureOpenai.images.generate': classicCall(
    ['POST', '/openai/deployments/{deployment}/images/generations'],
    'OpenAI/images/generations/action',
    'AzureOpenAI inference 2024-06-01, ImageGenerations_Create',
    createClassicImage,
  ),
  'blackForestLabs.images.generate': fluxCall(
    ['POST', '/providers/blackforestlabs/v1/{model}'],
    'AIServices/providers/action',
    'learn.microsoft.com, FLUX models in Foundry',
    createImageOfMaker,
  ),
  'mai.images.generate': providersCall(
    ['POST', '/mai/v1/images/generations'],
    'MaaS/images/generations/action',
    'learn.microsoft.com, MAI image models in Foundry',
    createImageOfMaker,
  ),
  'audio.speech.create': openaiV1Call(
    ['POST', '/openai/v1/audio/speech'],
    'OpenAI/deployments/audio/action',
    'openai-node, resources/audio/speech',
    createSpeech,
  ),
  'azureOpenai.audio.speech.create': classicCall(
    ['POST', '/openai/deployments/{deployment}/audio/speech'],
    'OpenAI/deployments/audio/action',
    'AzureOpenAI inference 2024-10-21, AudioSpeech_Create',
    createClassicSpeech,
  ),
  'azureOpenai.audio.transcriptions.create': classicCall(
    ['POST', '/openai/deployments/{deployment}/audio/transcriptions'],
    'OpenAI/deployments/audio/action',
    'AzureOpenAI inference 2024-06-01, Transcriptions_Create',
    createClassicTranscription,
  ),
  'audio.transcriptions.create': openaiV1Call(
    ['POST', '/openai/v1/audio/transcriptions'],
    'OpenAI/deployments/audio/action',
    'openai-node, resources/audio/transcriptions',
    createTranscription,
  ),
  'realtime.connect': openaiV1Call(
    ['GET', '/openai/v1/realtime'],
    'OpenAI/deployments/realtime/action',
    'openai-node, realtime',
    connectRealtime,
  ),
  'cohere.rerank': providersCall(
    ['POST', '/providers/cohere/v2/rerank'],
    'AIServices/providers/action',
    'learn.microsoft.com, Cohere rerank in Foundry',
    rerank,
  ),
  'mistral.ocr': providersCall(
    ['POST', '/providers/mistral/azure/ocr'],
    'AIServices/providers/action',
    'learn.microsoft.com, Mistral Document AI in Foundry',
    recognize,
  ),
  'projects.agents.list': projectResourcesCall(
    ['GET', '/api/projects/{project}/agents'],
    'AIServices/agents/read',
    'azure-ai-projects (SDK for Python), agents',
    listAgents,
  ),
  'projects.agents.get': projectResourcesCall(
    ['GET', '/api/projects/{project}/agents/{agent}'],
    'AIServices/agents/read',
    'azure-ai-projects (SDK for Python), agents',
    getAgent,
  ),
  'projects.chatCompletions.create': projectCall(
    ['POST', '/api/projects/{project}/openai/v1/chat/completions'],
    'OpenAI/deployments/chat/completions/action',
    'azure-ai-projects (SDK for Python), get_openai_client',
    createChatCompletion,
  ),
  'projects.embeddings.create': projectCall(
    ['POST', '/api/projects/{project}/openai/v1/embeddings'],
    'OpenAI/deployments/embeddings/action',
    'azure-ai-projects (SDK for Python), get_openai_client',
    createEmbeddings,
  ),
  'projects.models.list': projectCall(
    ['GET', '/api/projects/{project}/openai/v1/models'],
    'OpenAI/models/read',
    'azure-ai-projects (SDK for Python), get_openai_client',
    listModels,
  ),
  'projects.models.get': projectCall(
    ['GET', '/api/projects/{project}/openai/v1/models/{model}'],
    'OpenAI/models/read',
    'azure-ai-projects (SDK for Python), get_openai_client',
    getModel,
  ),
  'projects.deployments.list': projectResourcesCall(
    ['GET', '/api/projects/{project}/deployments'],
    'AIServices/deployments/read',
    'azure-ai-projects (SDK for Python), deployments',
    listDeployments,
  ),
  'projects.deployments.get': projectResourcesCall(
    ['GET', '/api/projects/{project}/deployments/{name}'],
    'AIServices/deployments/read',
    'azure-ai-projects (SDK for Python), deployments',
    getDeployment,
  ),
  'projects.connections.list': projectResourcesCall(
    ['GET', '/api/projects/{project}/connections'],
    'AIServices/connections/read',
    'azure-ai-projects (SDK for Python), connections',
    listConnections,
  ),
  'projects.connections.get': projectResourcesCall(
    ['GET', '/api/projects/{project}/connections/{name}'],
    'AIServices/connections/read',
    'azure-ai-projects (SDK for Python), connections',
    getConnection,
  ),
  'projects.connections.getWithCredentials': projectResourcesCall(
    ['POST', '/api/projects/{project}/connections/{name}/getConnectionWithCredentials'],
    'AIServices/connections/listSecrets/action',
    'azure-ai-projects (SDK for Python), connections',
    getConnection,
  ),
  'messages.countTokens': anthropicCall(
    ['POST', '/anthropic/v1/messages/count_tokens'],
    'AIServices/providers/action',
    'anthropic-sdk-python, resources/messages',
    countTokens,
  ),
} satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

/** Stored responses and conversations: on the account, in its projects, and by the classic paths. */
export const stored: Readonly<Record<string, Operation>> = {
  ...storedOperations({ name: '', path: '/openai/v1', actions: 'OpenAI/responses', api: openaiV1 }),
  ...storedOperations({
    name: 'azureOpenai.',
    path: '/openai',
    actions: 'OpenAI/responses',
    api: classicResponses,
  }),
  ...storedOperations({
    name: 'projects.',
    path: '/api/projects/{project}/openai/v1',
    actions: 'AIServices/responses',
    api: project,
  }),
}
