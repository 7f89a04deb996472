import type { Failure } from '../../core/failures/failure.ts'
import type { Adaptation, Shape } from './apis/api.ts'

/** Shapes as models want them: the token budget by another name, or larger; or without what some have and others not. */

/** Reasoning comes out of the same budget; this much lets every current model finish a one-word answer. */
const roomForReasoning = 2048

const budgetNames: readonly string[] = ['max_completion_tokens', 'max_tokens', 'max_output_tokens']

/** The budget raised once; undefined where it is already, or the API has none. */
export function withMoreRoom(shape: Shape, why: string): Adaptation | undefined {
  const name = budgetNames.find(candidate => candidate in shape)
  if (name === undefined || Number(shape[name]) >= roomForReasoning) return undefined
  return { shape: { ...shape, [name]: roomForReasoning }, because: `${roomForReasoning} tokens: ${why}` }
}

/** The same value under the other name, where the first was refused. */
export function renamed(
  shape: Shape,
  { details }: Failure,
  [from, to]: readonly [string, string],
): Adaptation | undefined {
  const { [from]: value, ...others } = shape
  if (details?.parameter !== from || value === undefined) return undefined
  return { shape: { ...others, [to]: value }, because: `${to} instead of ${from}` }
}

/** The least that the API takes, where less was refused. */
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

/** The shape without the parameter that was refused, where the call can do without it. */
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
