import type { Deployment } from '../world.ts'
import { capabilitiesOf } from './capabilities.ts'

/** Tokens that a reasoning model spends before the first word of its answer. */
const REASONING_TOKENS = 64

const DEFAULT_ANSWER = 'This is the local cloud speaking.'

/** What a model made of a prompt. */
export interface Generation {
  /** What it said in pieces, as a stream delivers it. */
  tokens: readonly string[]
  text: string
  /** The budget ended the answer, or came before it. */
  truncated: boolean
  /** The stop sequence that ended it. */
  stoppedBy?: string
  reasoningTokens: number
  /** Reasoning included. */
  outputTokens: number
  promptTokens: number
}

/** How it is to answer. */
interface Manner {
  /** Tokens, reasoning included, as in the service. */
  budget?: number | undefined
  /** In place of its answer: the arguments of a call, an instance of a schema. */
  text?: string
  /** The answer ends before the first of these. */
  stop?: readonly string[]
  /** Whether a model that reasons does so; default true. */
  reasons?: boolean
}

/** Pieces of at most four characters with the space before them: about what real tokenizers make of English. */
export const tokenize = (text: string): string[] => text.match(/\s*\S{1,4}|\s+$/gu) ?? []

/** What the deployment answers to whatever it is asked. */
export const answerOf = ({ answer }: Deployment) => answer ?? DEFAULT_ANSWER

/** Answers a prompt: always the same, whatever it asks. */
export function generate(deployment: Deployment, prompt: string, manner: Manner = {}): Generation {
  const { budget = Number.POSITIVE_INFINITY, text = answerOf(deployment), stop = [], reasons = true } = manner
  const { kept, stoppedBy } = untilStopped(text, stop)
  const answer = tokenize(kept)
  const reasoningTokens = deployment.reasoning && reasons ? Math.min(REASONING_TOKENS, budget) : 0
  const tokens = answer.slice(0, budget - reasoningTokens)
  const truncated = tokens.length < answer.length
  return {
    tokens,
    text: tokens.join(''),
    truncated,
    ...(stoppedBy !== undefined && !truncated && { stoppedBy }),
    reasoningTokens,
    outputTokens: reasoningTokens + tokens.length,
    promptTokens: tokenize(prompt).length,
  }
}

function untilStopped(text: string, stop: readonly string[]): { kept: string; stoppedBy?: string } {
  const found = stop
    .map(sequence => ({ sequence, at: text.indexOf(sequence) }))
    .filter(({ sequence, at }) => sequence !== '' && at >= 0)
    .sort((one, other) => one.at - other.at)[0]
  return found === undefined ? { kept: text } : { kept: text.slice(0, found.at), stoppedBy: found.sequence }
}

export const isEmbeddingModel = (deployment: Deployment) => capabilitiesOf(deployment).embeddings === 'true'

/** Name and version in one, which is how OpenAI models call themselves; the others go by their name. */
export const modelId = ({ model }: Deployment) =>
  model.format === 'OpenAI' && /^\d{4}-\d{2}-\d{2}$/.test(model.version)
    ? `${model.name}-${model.version}`
    : model.name
