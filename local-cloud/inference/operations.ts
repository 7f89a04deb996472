import {
  type Api,
  anthropic,
  classic,
  classicResponses,
  modelInference,
  openaiV1,
  project,
  projectAgents,
  providers,
} from './apis.ts'

/** One operation of the data plane, before it is known who asks. */
export interface Operation {
  api: Api
  method: 'GET' | 'POST'
  path: RegExp
  /** The path as denials print it. */
  template: string
  /** What the caller's roles must allow, below `Microsoft.CognitiveServices/accounts/`. */
  dataAction: string
}

/**
 * Data actions by operation. Those of chat completions, responses, `/models` chat and `/anthropic` are known from the
 * service's own denials and documents; v1 chat and embeddings are taken to need what their classic forms need, and
 * `MaaS/info/read` is a guess within `MaaS/*`, which is all that the documented roles distinguish. Audio, completions and images are in
 * the list of operations; that v1 and speech need the same is taken for granted. Of the providers' routes only Claude's has been seen
 * to say what it needs, and the others are taken to need that as well; agents say it.
 */
export const operations = {
  'chatCompletions.create': {
    api: openaiV1,
    method: 'POST',
    path: /^\/openai\/v1\/chat\/completions$/,
    template: '/openai/v1/chat/completions',
    dataAction: 'OpenAI/deployments/chat/completions/action',
  },
  'responses.create': {
    api: openaiV1,
    method: 'POST',
    path: /^\/openai\/v1\/responses$/,
    template: '/openai/v1/responses',
    dataAction: 'OpenAI/responses/write',
  },
  'embeddings.create': {
    api: openaiV1,
    method: 'POST',
    path: /^\/openai\/v1\/embeddings$/,
    template: '/openai/v1/embeddings',
    dataAction: 'OpenAI/deployments/embeddings/action',
  },
  'models.list': {
    api: openaiV1,
    method: 'GET',
    path: /^\/openai\/v1\/models$/,
    template: '/openai/v1/models',
    dataAction: 'OpenAI/models/read',
  },
  'models.get': {
    api: openaiV1,
    method: 'GET',
    path: /^\/openai\/v1\/models\/(?<model>[^/]+)$/,
    template: '/openai/v1/models/{model}',
    dataAction: 'OpenAI/models/read',
  },
  'azureOpenai.chatCompletions.create': {
    api: classic,
    method: 'POST',
    path: /^\/openai\/deployments\/(?<deployment>[^/]+)\/chat\/completions$/,
    template: '/openai/deployments/{deployment-id}/chat/completions',
    dataAction: 'OpenAI/deployments/chat/completions/action',
  },
  'azureOpenai.responses.create': {
    api: classicResponses,
    method: 'POST',
    path: /^\/openai\/responses$/,
    template: '/openai/responses',
    dataAction: 'OpenAI/responses/write',
  },
  'azureOpenai.embeddings.create': {
    api: classic,
    method: 'POST',
    path: /^\/openai\/deployments\/(?<deployment>[^/]+)\/embeddings$/,
    template: '/openai/deployments/{deployment-id}/embeddings',
    dataAction: 'OpenAI/deployments/embeddings/action',
  },
  'azureOpenai.models.list': {
    api: classic,
    method: 'GET',
    path: /^\/openai\/models$/,
    template: '/openai/models',
    dataAction: 'OpenAI/models/read',
  },
  'modelInference.chatCompletions.create': {
    api: modelInference,
    method: 'POST',
    path: /^\/models\/chat\/completions$/,
    template: '/models/chat/completions',
    dataAction: 'MaaS/chat/completions/action',
  },
  'modelInference.embeddings.create': {
    api: modelInference,
    method: 'POST',
    path: /^\/models\/embeddings$/,
    template: '/models/embeddings',
    dataAction: 'MaaS/embeddings/action',
  },
  'modelInference.info': {
    api: modelInference,
    method: 'GET',
    path: /^\/models\/info$/,
    template: '/models/info',
    dataAction: 'MaaS/info/read',
  },
  'messages.create': {
    api: anthropic,
    method: 'POST',
    path: /^\/anthropic\/v1\/messages$/,
    template: '/anthropic/v1/*',
    dataAction: 'AIServices/providers/action',
  },
  'projects.responses.create': {
    api: project,
    method: 'POST',
    path: /^\/api\/projects\/(?<project>[^/]+)\/openai\/v1\/responses$/,
    template: '/api/projects/{projectName}/openai/v1/responses',
    dataAction: 'AIServices/responses/write',
  },
  'azureOpenai.completions.create': {
    api: classic,
    method: 'POST',
    path: /^\/openai\/deployments\/(?<deployment>[^/]+)\/completions$/,
    template: '/openai/deployments/{deployment-id}/completions',
    dataAction: 'OpenAI/deployments/completions/action',
  },
  'images.generate': {
    api: openaiV1,
    method: 'POST',
    path: /^\/openai\/v1\/images\/generations$/,
    template: '/openai/v1/images/generations',
    dataAction: 'OpenAI/images/generations/action',
  },
  'azureOpenai.images.generate': {
    api: classic,
    method: 'POST',
    path: /^\/openai\/deployments\/(?<deployment>[^/]+)\/images\/generations$/,
    template: '/openai/deployments/{deployment-id}/images/generations',
    dataAction: 'OpenAI/images/generations/action',
  },
  'blackForestLabs.images.generate': {
    api: providers,
    method: 'POST',
    path: /^\/providers\/blackforestlabs\/v1\/(?<model>flux-[\w.-]+)$/,
    template: '/providers/blackforestlabs/v1/*',
    dataAction: 'AIServices/providers/action',
  },
  'mai.images.generate': {
    api: providers,
    method: 'POST',
    path: /^\/mai\/v1\/images\/generations$/,
    template: '/mai/v1/images/generations',
    dataAction: 'MaaS/images/generations/action',
  },
  'audio.speech.create': {
    api: openaiV1,
    method: 'POST',
    path: /^\/openai\/v1\/audio\/speech$/,
    template: '/openai/v1/audio/speech',
    dataAction: 'OpenAI/deployments/audio/action',
  },
  'azureOpenai.audio.speech.create': {
    api: classic,
    method: 'POST',
    path: /^\/openai\/deployments\/(?<deployment>[^/]+)\/audio\/speech$/,
    template: '/openai/deployments/{deployment-id}/audio/speech',
    dataAction: 'OpenAI/deployments/audio/action',
  },
  'azureOpenai.audio.transcriptions.create': {
    api: classic,
    method: 'POST',
    path: /^\/openai\/deployments\/(?<deployment>[^/]+)\/audio\/transcriptions$/,
    template: '/openai/deployments/{deployment-id}/audio/transcriptions',
    dataAction: 'OpenAI/deployments/audio/action',
  },
  'audio.transcriptions.create': {
    api: openaiV1,
    method: 'POST',
    path: /^\/openai\/v1\/audio\/transcriptions$/,
    template: '/openai/v1/audio/transcriptions',
    dataAction: 'OpenAI/deployments/audio/action',
  },
  'realtime.connect': {
    api: openaiV1,
    method: 'GET',
    path: /^\/openai\/v1\/realtime$/,
    template: '/openai/v1/realtime',
    dataAction: 'OpenAI/deployments/realtime/action',
  },
  'cohere.rerank': {
    api: providers,
    method: 'POST',
    path: /^\/providers\/cohere\/v2\/rerank$/,
    template: '/providers/cohere/v2/rerank',
    dataAction: 'AIServices/providers/action',
  },
  'mistral.ocr': {
    api: providers,
    method: 'POST',
    path: /^\/providers\/mistral\/azure\/ocr$/,
    template: '/providers/mistral/azure/ocr',
    dataAction: 'AIServices/providers/action',
  },
  'projects.agents.list': {
    api: projectAgents,
    method: 'GET',
    path: /^\/api\/projects\/(?<project>[^/]+)\/agents$/,
    template: '/api/projects/{projectName}/agents',
    dataAction: 'AIServices/agents/read',
  },
  'projects.agents.get': {
    api: projectAgents,
    method: 'GET',
    path: /^\/api\/projects\/(?<project>[^/]+)\/agents\/(?<agent>[^/]+)$/,
    template: '/api/projects/{projectName}/agents/{agentName}',
    dataAction: 'AIServices/agents/read',
  },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
