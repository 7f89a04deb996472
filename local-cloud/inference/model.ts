import type { Deployment } from '../world.ts'
import { capabilitiesOf } from './capabilities.ts'

/** Tokens that a reasoning model spends before the first word of its answer. */
const REASONING_TOKENS = 64

const DEFAULT_ANSWER = 'This is the local cloud speaking.'

/** A model's answer to a prompt. */
export interface Generation {
  /** The text in pieces, as a stream delivers it. */
  tokens: readonly string[]
  text: string
  /** The budget ended the answer, or left none. */
  truncated: boolean
  /** The stop sequence that ended the answer. */
  stoppedBy?: string
  reasoningTokens: number
  /** Includes reasoning. */
  outputTokens: number
  promptTokens: number
}

/** Limits and format of an answer. */
interface Manner {
  /** In tokens. Includes reasoning, as in the service. */
  budget?: number | undefined
  /** Replaces the answer: the arguments of a call, or an instance of a schema. */
  text?: string
  /** The answer ends before the first of these texts. */
  stop?: readonly string[]
  /** Whether a reasoning model reasons; default true. */
  reasons?: boolean
}

/** Pieces of at most four characters with the space before them: close to what real tokenizers make of English. */
export const tokenize = (text: string): string[] => text.match(/\s*\S{1,4}|\s+$/gu) ?? []

/** The deployment's answer to every prompt. */
export const answerOf = ({ answer }: Deployment) => answer ?? DEFAULT_ANSWER

/** Answers a prompt. The answer is always the same. */
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

/** OpenAI models call themselves by name and version, the others by name. */
export const modelId = ({ model }: Deployment) =>
  model.format === 'OpenAI' && /^\d{4}-\d{2}-\d{2}$/.test(model.version)
    ? `${model.name}-${model.version}`
    : model.name
