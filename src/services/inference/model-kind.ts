import type { Endpoints } from '../resource-manager/account.ts'
import type { InferenceApi } from './apis/api.ts'
import { azureOpenAI } from './apis/azure-openai.ts'
import { chatCompletions } from './apis/chat-completions.ts'
import { embeddings } from './apis/embeddings.ts'
import { messages } from './apis/messages.ts'
import { models } from './apis/models.ts'
import { responses } from './apis/responses.ts'

/** What is known of a deployment's model; from Resource Manager, or nothing. */
export interface ModelFacts {
  name: string | undefined
  format: string | undefined
  capabilities: ReadonlySet<string>
}

interface Line {
  kind: string
  /** The APIs that call models of this kind, the usual one first; none where there is no call yet. */
  apis: readonly InferenceApi[]
  /** Any of them, as Resource Manager lists them of a deployment, makes a model one of this kind. */
  capabilities?: readonly string[]
  /** Where no capability tells. */
  names?: RegExp
}

/** One line a kind of model: how it is told, and what calls it. Whatever no line tells by its name is taken for chat. */
export const kinds = [
  {
    kind: 'chat',
    apis: [chatCompletions, responses, models, messages, azureOpenAI],
    capabilities: ['chatCompletion', 'responses'],
  },
  { kind: 'embedding', apis: [embeddings], capabilities: ['embeddings'], names: /embed/i },
  { kind: 'transcription', apis: [], names: /whisper|transcri/i },
  { kind: 'speech', apis: [], names: /(^|[^a-z])tts([^a-z]|$)/i },
  { kind: 'realtime', apis: [], names: /realtime/i },
  { kind: 'audio', apis: [], names: /audio/i },
  { kind: 'image', apis: [], names: /dall-e|image|flux/i },
  { kind: 'video', apis: [], names: /sora|video/i },
  { kind: 'rerank', apis: [], names: /rerank/i },
  { kind: 'ocr', apis: [], names: /(^|[^a-z])ocr([^a-z]|$)|document-ai/i },
  { kind: 'moderation', apis: [], names: /moderation/i },
] as const satisfies readonly Line[]

export type ModelKind = (typeof kinds)[number]['kind']
export type Api = (typeof kinds)[number]['apis'][number]['name']

interface KnownLine extends Line {
  kind: ModelKind
  apis: ReadonlyArray<InferenceApi & { readonly name: Api }>
}
const lines: readonly KnownLine[] = kinds

interface KindOfModel {
  line: KnownLine
  /** What told it. */
  by: string
}

/** @param name Of the model; or of the deployment, where nothing is known of the model. */
export function kindOf({ name = '', capabilities }: Pick<ModelFacts, 'name' | 'capabilities'>): KindOfModel {
  for (const line of lines) {
    const capability = line.capabilities?.find(candidate => capabilities.has(candidate))
    if (capability !== undefined) return { line, by: `its capability ${capability}` }
  }
  const named = lines.find(({ names }) => names?.test(name))
  if (named !== undefined) return { line: named, by: 'its name' }
  return { line: kinds[0], by: 'nothing that says otherwise' }
}

/** Claude models speak Anthropic's API and no other. */
export const isAnthropic = (format: string | undefined): boolean => format === 'Anthropic'
const claude = /claude/i

/** Models that only the Responses API serves. */
const responsesOnly = /codex|deep-research|computer-use|(^|-)o\d+-pro|-pro(-|$)/i

/** The API of the one kind that has several: by the maker of the model. A project is reached by its responses route. */
function apiOfChat({ name = '', format, capabilities }: ModelFacts, project: string | undefined): Api {
  if (format === undefined ? claude.test(name) : isAnthropic(format)) return 'messages'
  if (project !== undefined) return 'responses'
  if (format !== undefined && format !== 'OpenAI') return 'models'
  if (capabilities.has('chatCompletion')) return 'chat-completions'
  return capabilities.has('responses') || responsesOnly.test(name) ? 'responses' : 'chat-completions'
}

/** What `auto` means for a deployment; `api` is undefined where there is no call for models of its kind. */
export interface AutomaticApi {
  api: Api | undefined
  kind: ModelKind
  by: string
}

/** By the model, or by the deployment's name where the model is not known. */
export function automaticApi(
  deployment: string,
  model: ModelFacts | undefined,
  { project }: Pick<Endpoints, 'project'>,
): AutomaticApi {
  const facts = {
    format: undefined,
    capabilities: new Set<string>(),
    ...model,
    name: model?.name ?? deployment,
  }
  const { line, by } = kindOf(facts)
  const api = line.kind === 'chat' ? apiOfChat(facts, project) : line.apis[0]?.name
  return { api, kind: line.kind, by }
}

/** A model of which nothing but its name is known answers a chat where the name does not say otherwise. */
export const isChatCapable = (model: ModelFacts): boolean =>
  (model.name !== undefined || model.capabilities.size > 0) && kindOf(model).line.kind === 'chat'

/** Kinds of which a deployment can be proven, with the API that does it. */
export const callableKinds: ReadonlyArray<{ kind: ModelKind; api: Api }> = lines.flatMap(({ kind, apis }) =>
  apis.slice(0, 1).map(({ name }) => ({ kind, api: name })),
)
