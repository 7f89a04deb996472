import { type InferenceAudiences, knownAudiences } from '../../azure/clouds.ts'
import type { Endpoints } from '../resource-manager/account.ts'
import type { Api } from './apis/index.ts'

/** Where a deployment is called, by which API, with which audience, and which data action that takes. */
export interface Route {
  api: Api
  deployment: string
  url: string
  /** Audiences the route may accept, the likeliest first. */
  audiences: readonly string[]
  dataAction: string
}

/** What the routes need to be let through, each once. */
export const dataActionsOf = (routes: readonly Route[]): string[] => [
  ...new Set(routes.map(({ dataAction }) => dataAction)),
]

/** What is known of a deployment's model; from Resource Manager, or nothing. */
export interface ModelFacts {
  name: string | undefined
  format: string | undefined
  capabilities: ReadonlySet<string>
}

const azureOpenAIVersion = '2024-10-21'
const modelInferenceVersion = '2024-05-01-preview'

/** learn.microsoft.com, permissions/ai-machine-learning; error texts of the service for responses, MaaS and Claude. */
const dataActions: Record<Api, string> = {
  'chat-completions': 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action',
  'azure-openai': 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action',
  responses: 'Microsoft.CognitiveServices/accounts/OpenAI/responses/write',
  embeddings: 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action',
  models: 'Microsoft.CognitiveServices/accounts/MaaS/chat/completions/action',
  messages: 'Microsoft.CognitiveServices/accounts/AIServices/providers/action',
}
const projectResponsesDataAction = 'Microsoft.CognitiveServices/accounts/AIServices/responses/write'

export function routeOf(
  deployment: string,
  api: Api,
  endpoints: Endpoints,
  audiences: InferenceAudiences,
): Route {
  const common = { api, deployment, audiences: audiencesOf(api, endpoints, audiences) }
  if (isProjectRoute(api, endpoints)) {
    const url = `${endpoints.project}/openai/v1/responses`
    return { ...common, url, dataAction: projectResponsesDataAction }
  }
  const url = `${hostOf(api, endpoints)}${pathOf(api, deployment)}`
  return { ...common, url, dataAction: dataActions[api] }
}

type Project = Pick<Endpoints, 'project'>

const isProjectRoute = (api: Api, { project }: Project) => api === 'responses' && project !== undefined

/** Audiences that a route may accept, the likeliest first. */
export function audiencesOf(api: Api, project: Project, audiences: InferenceAudiences): string[] {
  const all = knownAudiences(audiences)
  // Project routes accept Foundry's own audience only.
  if (isProjectRoute(api, project)) return audiences.foundry === undefined ? all : [audiences.foundry]
  // Claude's documents named the one at first, and name Foundry's now; which is refused, the service says.
  return api === 'messages' ? all.toReversed() : all
}

/** Models that are not OpenAI's are served at Foundry's own host; projects have no such routes. */
const hostOf = (api: Api, { openAI, modelInference }: Endpoints): string =>
  api === 'models' || api === 'messages' ? modelInference : openAI

function pathOf(api: Api, deployment: string): string {
  if (api === 'azure-openai') {
    return `/openai/deployments/${encodeURIComponent(deployment)}/chat/completions?api-version=${azureOpenAIVersion}`
  }
  if (api === 'models') return `/models/chat/completions?api-version=${modelInferenceVersion}`
  if (api === 'messages') return '/anthropic/v1/messages'
  return `/openai/v1/${api === 'chat-completions' ? 'chat/completions' : api}`
}

/** Models that only the Responses API serves. */
const responsesOnly = /codex|deep-research|computer-use|(^|-)o\d+-pro|-pro(-|$)/i
const embedding = /embed/i
/** Models that answer no text prompt with text. */
const notChat =
  /embed|whisper|tts|transcri|realtime|audio|dall-e|image|sora|rerank|flux|ocr|moderation|video/i

/** Claude models speak Anthropic's API and no other. */
export const isAnthropic = (format: string | undefined): boolean => format === 'Anthropic'
const claude = /claude/i

/**
 * The API of a deployment for which `auto` was asked: by the model, or by the deployment's name where the model is not
 * known. A project is reached by its responses route.
 */
export function automaticApi(deployment: string, model: ModelFacts | undefined, { project }: Project): Api {
  const name = model?.name ?? deployment
  if (model?.capabilities.has('embeddings') || embedding.test(name)) return 'embeddings'
  if (model?.format === undefined ? claude.test(name) : isAnthropic(model.format)) return 'messages'
  if (project !== undefined) return 'responses'
  if (model?.format !== undefined && model.format !== 'OpenAI') return 'models'
  return responsesOnly.test(name) ? 'responses' : 'chat-completions'
}

export function isChatCapable({ name, capabilities }: ModelFacts): boolean {
  if (capabilities.has('chatCompletion') || capabilities.has('responses')) return true
  return name !== undefined && !notChat.test(name)
}
