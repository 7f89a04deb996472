import type { Refusal } from '../../core/failures/failure.ts'
import type { SmokeResult } from '../../services/inference/smoke-call.ts'
import type { Round } from './wait.ts'

const weight: Record<Refusal['kind'], number> = { fatal: 3, wait: 2, throttled: 1, transient: 0 }

/** What the round came to: ok only where every deployment answered; else the refusal that says most. */
export function roundOf(results: readonly SmokeResult[]): Round {
  const refusals = results.flatMap(result => (result.kind === 'refused' ? [result.refusal] : []))
  const [worst] = refusals.toSorted((a, b) => weight[b.kind] - weight[a.kind])
  return worst === undefined ? { kind: 'ok' } : { kind: 'refused', refusal: worst }
}
