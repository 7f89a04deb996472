import type { Failure } from '../../core/failures/failure.ts'
import type { SmokeResult } from '../../services/inference/smoke-call.ts'

/** What a round of smoke calls, one a deployment, came to. */
export type Round = { kind: 'ok' } | { kind: 'refused'; failure: Failure }

/** How much a refusal says. */
const weight: Record<Failure['kind'], number> = { fatal: 3, wait: 2, throttled: 1, transient: 0 }

/** What the round came to: ok only where every deployment answered; else the refusal that says most. */
export function roundOf(results: readonly SmokeResult[]): Round {
  const worst = worstOf(results)
  return worst === undefined ? { kind: 'ok' } : { kind: 'refused', failure: worst }
}

/** The refusal that says most. */
export function worstOf(results: ReadonlyArray<SmokeResult | Round>): Failure | undefined {
  const refusals = results.flatMap(result => (result.kind === 'refused' ? [result.failure] : []))
  return refusals.toSorted((a, b) => weight[b.kind] - weight[a.kind])[0]
}
