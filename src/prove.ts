import { ageOf } from './access/ensure.ts'
import { type Refusal, StepFailure } from './diagnosis/verdict.ts'
import type { Facts } from './facts.ts'
import { roundOf, smokeRound } from './inference/round.ts'
import type { SmokeTools } from './inference/smoke-call.ts'
import type { Settings } from './inputs.ts'
import type { View } from './look.ts'
import { type AssignmentAge, patienceFor } from './propagation/schedule.ts'
import { type Progress, untilLive } from './propagation/wait.ts'
import type { Clock, Log, Random } from './tools.ts'

/**
 * Waits until the data plane agrees, by the very call that is the proof.
 * @param age Of what the grant gave; undefined where nothing was granted.
 * @throws StepFailure where access is not live within the patience that it deserves.
 */
export async function prove(
  settings: Settings,
  view: View,
  age: AssignmentAge | undefined,
  tools: SmokeTools & { clock: Clock; log: Log; random: Random },
  facts: Facts,
): Promise<void> {
  const { propagationTimeoutMs, consecutiveSuccesses } = settings.waiting
  const assumed =
    age ?? (view.roles === undefined ? { kind: 'unknown' as const } : ageOf(view.roles.held, view.roles.asOf))
  const result = await untilLive({
    first: view.first.round,
    firstAt: view.first.endedAt,
    grantedSince: age !== undefined,
    probe: async () => {
      const results = await smokeRound(view.routes, settings.smoke, tools)
      facts.smoke = results
      return roundOf(results)
    },
    consecutiveSuccesses,
    denialPatienceMs: patienceFor(assumed, propagationTimeoutMs),
    overallMs: propagationTimeoutMs,
    clock: tools.clock,
    random: tools.random,
    onPause: progress => tools.log.info(progressLine(progress, consecutiveSuccesses)),
  })
  facts.probes = result.probes
  facts.propagationMs = result.propagationMs
  if (result.failure !== undefined) throw failureOf(result.failure, facts)
  if (facts.roleState === 'missing') facts.roleState = 'covered'
}

/** Denied to the end: what is known of the grant decides what that means. */
function failureOf(refusal: Refusal, { grant }: Facts): StepFailure {
  if (refusal.kind !== 'wait') return new StepFailure('calling the model', refusal)
  if (grant?.refusedWith !== undefined) return grant.refusedWith
  if (grant?.outcome !== 'granted') return new StepFailure('calling the model', refusal)
  return new StepFailure('waiting for the role to become live', {
    ...refusal,
    kind: 'fatal',
    code: 'access-not-propagated',
  })
}

function progressLine(
  { round, rounds, successesInARow, elapsedMs, limitMs, pauseMs }: Progress,
  needed: number,
): string {
  const answered =
    round.kind === 'ok' ? `live, ${successesInARow} of ${needed} in a row` : sayRefusal(round.refusal)
  return `  ${inWords(elapsedMs)} of at most ${inWords(limitMs)} · probe ${rounds}: ${answered} · next in ${inWords(pauseMs)}`
}

function sayRefusal({ code, said }: Refusal): string {
  const detail = [said.status, said.serviceCode].filter(part => part !== undefined).join(' ')
  return detail === '' ? code : `${code} (${detail})`
}

function inWords(ms: number): string {
  if (ms >= 120_000)
    return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`.replace(/ 0 s$/, '')
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
