import type { Endpoints } from '../../azure/endpoint.ts'
import { agents } from './apis/agents.ts'
import type { InferenceApi } from './apis/api.ts'
import { azureOpenAI } from './apis/azure-openai.ts'
import { chatCompletions } from './apis/chat-completions.ts'
import type { Api } from './apis/choices.ts'
import { completions } from './apis/completions.ts'
import { embeddings } from './apis/embeddings.ts'
import { images } from './apis/images.ts'
import { messages } from './apis/messages.ts'
import { models } from './apis/models.ts'
import { ocr } from './apis/ocr.ts'
import { realtime } from './apis/realtime.ts'
import { rerank } from './apis/rerank.ts'
import { responses } from './apis/responses.ts'
import { speech } from './apis/speech.ts'
import { transcriptions } from './apis/transcriptions.ts'

/** What is known about a deployment's model; from Resource Manager, or nothing. */
export interface ModelFacts {
  name: string | undefined
  format: string | undefined
  capabilities: ReadonlySet<string>
}

interface Line {
  /** In words that follow "a model for". */
  kind: string
  /** The APIs that call models of this kind, the usual one first; empty if this action has none. */
  apis: readonly InferenceApi[]
  /** A deployment with any of these capabilities, as Resource Manager lists them, is of this kind. */
  capabilities?: readonly string[]
  /** Models with one of these capabilities are of another kind, no matter what else they list. */
  unless?: readonly string[]
  /** Makers that have only such models; used if no capability shows the kind. */
  formats?: readonly string[]
  /** Used last. */
  names?: RegExp
}

const chat = {
  kind: 'chat',
  apis: [chatCompletions, responses, models, messages, azureOpenAI],
  capabilities: ['chatCompletion', 'responses'],
  unless: ['realtime', 'imageGenerations'],
  formats: ['Anthropic'],
} as const satisfies Line

/**
 * One line per kind of model: how to recognise it, and what calls it. The first match wins; a model without a match counts as
 * chat.
 */
export const kinds = [
  chat,
  { kind: 'embeddings', apis: [embeddings], capabilities: ['embeddings'], names: /embed/i },
  {
    kind: 'completions',
    apis: [completions],
    capabilities: ['completion'],
    names: /turbo-instruct|davinci-002|babbage-002/i,
  },
  { kind: 'live transcription', apis: [], names: /realtime-whisper|live-transcribe/i },
  { kind: 'transcription', apis: [transcriptions], names: /whisper|transcri/i },
  { kind: 'speech', apis: [speech], names: /(^|[^a-z])tts([^a-z]|$)/i },
  {
    kind: 'images',
    apis: [images],
    capabilities: ['imageGenerations'],
    formats: ['Black Forest Labs'],
    names: /dall-e|image|flux/i,
  },
  { kind: 'realtime', apis: [realtime], capabilities: ['realtime'], names: /realtime/i },
  { kind: 'reranking', apis: [rerank], names: /rerank/i },
  { kind: 'reading documents', apis: [ocr], names: /(^|[^a-z])ocr([^a-z]|$)|document-ai/i },
  { kind: 'agents', apis: [agents] },
  { kind: 'spoken chat', apis: [], names: /audio/i },
  { kind: 'video', apis: [], names: /sora|video/i },
  { kind: 'moderation', apis: [], names: /moderation/i },
] as const satisfies readonly Line[]

type ModelKind = (typeof kinds)[number]['kind']

interface KnownLine extends Line {
  kind: ModelKind
  apis: ReadonlyArray<InferenceApi & { readonly name: Api }>
}
const lines: readonly KnownLine[] = kinds

interface KindOfModel {
  line: KnownLine
  /** What showed it. */
  by: string
}

/** @param name Of the model, or of the deployment if the model is not known. */
function kindOf({ name = '', format = '', capabilities }: ModelFacts): KindOfModel {
  for (const line of lines) {
    const capability = line.capabilities?.find(candidate => capabilities.has(candidate))
    const isSpecial = line.unless?.some(candidate => capabilities.has(candidate)) ?? false
    if (capability !== undefined && !isSpecial) return { line, by: `its capability ${capability}` }
  }
  const ofMaker = lines.find(({ formats }) => formats?.includes(format))
  if (ofMaker !== undefined) return { line: ofMaker, by: `its format ${format}` }
  const named = lines.find(({ names }) => names?.test(name))
  if (named !== undefined) return { line: named, by: 'its name' }
  return { line: chat, by: 'a name that says nothing else' }
}

/** Claude models accept only Anthropic's API. */
export const isAnthropic = (format: string | undefined): boolean => format === 'Anthropic'
const claude = /claude/i

/** Models that only the Responses API serves. */
const responsesOnly = /codex|deep-research|computer-use|(^|-)o\d+-pro|-pro(-|$)/i

/**
 * The API for the one kind that has several: it depends on the maker of the model. A project is called by its responses route.
 */
function apiOfChat({ name = '', format, capabilities }: ModelFacts, project: string | undefined): Api {
  if (format === undefined ? claude.test(name) : isAnthropic(format)) return 'messages'
  if (project !== undefined) return 'responses'
  if (format !== undefined && format !== 'OpenAI') return 'models'
  if (capabilities.has('chatCompletion')) return 'chat-completions'
  return capabilities.has('responses') || responsesOnly.test(name) ? 'responses' : 'chat-completions'
}

/** The API for `auto`; undefined if this action calls no models of that kind. */
export interface AutomaticApi {
  api: Api | undefined
  kind: ModelKind
  by: string
}

/** From the model, or from the deployment's name if the model is not known. */
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
  const api: Api | undefined = line.kind === 'chat' ? apiOfChat(facts, project) : line.apis[0]?.name
  return { api, kind: line.kind, by }
}

/** Whether an API is for models like this; `auto` means chat. If nothing is known about a model, no API is for it. */
export function isFor(model: ModelFacts, api: Api | 'auto'): boolean {
  if (model.name === undefined && model.capabilities.size === 0) return false
  const { line } = kindOf(model)
  return api === 'auto' ? line.kind === 'chat' : line.apis.some(({ name }) => name === api)
}

/** As far as the name shows. */
export const isForText = (name: string): boolean =>
  kindOf({ name, format: undefined, capabilities: new Set() }).line.apis.some(({ cost }) => cost === 'tokens')

/** Kinds whose deployments can be proven, with the API for each. */
export const callableKinds: ReadonlyArray<{ kind: ModelKind; api: Api }> = lines.flatMap(({ kind, apis }) =>
  apis.slice(0, 1).map(({ name }) => ({ kind, api: name })),
)
