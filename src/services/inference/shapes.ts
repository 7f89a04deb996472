import type { Failure } from '../../core/failures/failure.ts'
import type { Adaptation, Shape } from './apis/api.ts'

/**
 * Request shapes that models want: the token budget with another name, or larger; or without parameters that only some models
 * have.
 */

/** Reasoning uses the same budget; this is enough for every current model to finish a one-word answer. */
const roomForReasoning = 2048

const budgetNames: readonly string[] = ['max_completion_tokens', 'max_tokens', 'max_output_tokens']

/** Raises the budget once; undefined if it is raised already, or the API has none. */
export function withMoreRoom(shape: Shape, why: string): Adaptation | undefined {
  const name = budgetNames.find(candidate => candidate in shape)
  if (name === undefined || Number(shape[name]) >= roomForReasoning) return undefined
  return { shape: { ...shape, [name]: roomForReasoning }, because: `${roomForReasoning} tokens: ${why}` }
}

/** The same value with the other name, if the first name was refused. */
export function renamed(
  shape: Shape,
  { details }: Failure,
  [from, to]: readonly [string, string],
): Adaptation | undefined {
  const { [from]: value, ...others } = shape
  if (details?.parameter !== from || value === undefined) return undefined
  return { shape: { ...others, [to]: value }, because: `${to} instead of ${from}` }
}

/** The minimum of the API, if a smaller value was refused. */
export function atLeast(
  shape: Shape,
  { details }: Failure,
  least: Readonly<Record<string, number>>,
): Adaptation | undefined {
  const name = details?.parameter ?? ''
  const tokens = least[name]
  if (tokens === undefined || Number(shape[name]) >= tokens) return undefined
  return { shape: { ...shape, [name]: tokens }, because: `at least ${tokens} tokens` }
}

/** The shape without the refused parameter, if the call works without it. */
export function leftOut(
  shape: Shape,
  { details }: Failure,
  optional: readonly string[],
): Adaptation | undefined {
  const name = details?.parameter ?? ''
  if (!optional.includes(name) || !(name in shape)) return undefined
  const { [name]: _, ...others } = shape
  return { shape: others, because: `without ${name}` }
}
