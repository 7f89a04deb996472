import type { Failure } from '../../core/failures/failure.ts'
import type { SmokeResult } from '../../services/inference/smoke-call.ts'

/** Result of a round of smoke calls, one call per deployment. */
export type Round = { kind: 'ok' } | { kind: 'refused'; failure: Failure }

/** How much a kind of refusal says about access; more is better. */
const weight: Record<Failure['kind'], number> = { fatal: 3, wait: 2, throttled: 1, transient: 0 }

/** Result of the round: ok only if every deployment answered, otherwise the refusal that says most. */
export function roundOf(results: readonly SmokeResult[]): Round {
  const worst = worstRefusal(results)
  return worst === undefined ? { kind: 'ok' } : { kind: 'refused', failure: worst }
}

/** The refusal that says most about access. */
export function worstRefusal(results: ReadonlyArray<SmokeResult | Round>): Failure | undefined {
  const refusals = results.flatMap(result => (result.kind === 'refused' ? [result.failure] : []))
  return refusals.toSorted((a, b) => weight[b.kind] - weight[a.kind])[0]
}
