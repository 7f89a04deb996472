import type { Refusal } from '../../core/failures/failure.ts'
import type { Round } from '../../gate/waiting/wait.ts'
import type { Route } from './route.ts'
import { type SmokeResult, type SmokeSettings, type SmokeTools, smokeCall } from './smoke-call.ts'

/** One smoke call to each deployment, side by side. @throws StepFailure where signing in fails. */
export function smokeRound(
  routes: readonly Route[],
  settings: SmokeSettings,
  tools: SmokeTools,
): Promise<SmokeResult[]> {
  return Promise.all(routes.map(route => smokeCall(route, settings, tools)))
}

const weight: Record<Refusal['kind'], number> = { fatal: 3, wait: 2, throttled: 1, transient: 0 }

/** What the round came to: ok only where every deployment answered; else the refusal that says most. */
export function roundOf(results: readonly SmokeResult[]): Round {
  const refusals = results.flatMap(result => (result.kind === 'refused' ? [result.refusal] : []))
  const [worst] = refusals.toSorted((a, b) => weight[b.kind] - weight[a.kind])
  return worst === undefined ? { kind: 'ok' } : { kind: 'refused', refusal: worst }
}
