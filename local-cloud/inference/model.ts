import type { Deployment } from '../world.ts'
import { capabilitiesOf } from './capabilities.ts'

/** Tokens that a reasoning model spends before the first word of its answer. */
const REASONING_TOKENS = 64

const DEFAULT_ANSWER = 'This is the local cloud speaking.'

/** What a model made of a prompt. */
export interface Generation {
  /** The answer in pieces, as a stream delivers it. */
  tokens: readonly string[]
  text: string
  /** The budget ended the answer, or came before it. */
  truncated: boolean
  reasoningTokens: number
  /** Reasoning included. */
  outputTokens: number
  promptTokens: number
}

/** Pieces of at most four characters with the space before them: about what real tokenizers make of English. */
export const tokenize = (text: string): string[] => text.match(/\s*\S{1,4}|\s+$/gu) ?? []

/** Answers a prompt: always the same, whatever it asks. `budget` counts reasoning tokens, as in the service. */
export function generate(
  deployment: Deployment,
  prompt: string,
  budget = Number.POSITIVE_INFINITY,
): Generation {
  const answer = tokenize(deployment.answer ?? DEFAULT_ANSWER)
  const reasoningTokens = deployment.reasoning ? Math.min(REASONING_TOKENS, budget) : 0
  const tokens = answer.slice(0, budget - reasoningTokens)
  return {
    tokens,
    text: tokens.join(''),
    truncated: tokens.length < answer.length,
    reasoningTokens,
    outputTokens: reasoningTokens + tokens.length,
    promptTokens: tokenize(prompt).length,
  }
}

export const isEmbeddingModel = (deployment: Deployment) => capabilitiesOf(deployment).embeddings === 'true'

/** Name and version in one, which is how OpenAI models call themselves; the others go by their name. */
export const modelId = ({ model }: Deployment) =>
  model.format === 'OpenAI' && /^\d{4}-\d{2}-\d{2}$/.test(model.version)
    ? `${model.name}-${model.version}`
    : model.name
