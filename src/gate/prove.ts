import { type Refusal, StepFailure } from '../core/failures/failure.ts'
import { pauseWhenThrottled } from '../core/failures/retry.ts'
import type { Clock, Log, Random } from '../core/ports.ts'
import { progressLine, sayRefusal } from '../report/progress-lines.ts'
import { waitingForNew } from '../services/inference/new-deployments.ts'
import { smokeRound } from '../services/inference/round.ts'
import type { Route } from '../services/inference/route.ts'
import type { SmokeTools } from '../services/inference/smoke-call.ts'
import { ageOf } from './assignment-age.ts'
import { mayLapse } from './grant.ts'
import type { View } from './inspect.ts'
import type { Facts } from './record.ts'
import type { Settings } from './settings.ts'
import { roundOf } from './waiting/round.ts'
import { type AssignmentAge, doubtFor, patienceFor } from './waiting/schedule.ts'
import { type Probe, type Progress, type Round, untilLive, type WaitOptions } from './waiting/wait.ts'

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
  const assumed = ageOfAccess(view, age, facts)
  const probe = probeOf(settings, view, tools, facts)
  const probes: Probe[] = []
  facts.probes = probes
  const options: WaitOptions = {
    first: view.first.round,
    firstAt: view.first.endedAt,
    grantedAt: age === undefined ? undefined : tools.clock.now(),
    doubtMs: age !== undefined && mayLapse(view, facts) ? doubtFor(age, propagationTimeoutMs) : 0,
    probe,
    consecutiveSuccesses,
    denialPatienceMs: patienceFor(assumed, propagationTimeoutMs),
    overallMs: propagationTimeoutMs,
    clock: tools.clock,
    random: tools.random,
    onPause: progress => tools.log.info(progressLine(progress, answered(progress))),
  }
  const result = await untilLive(options, probes)
  facts.propagationMs = result.propagationMs
  if (result.failure !== undefined) throw failureOf(result.failure, facts)
  if (facts.roleState !== 'missing') return
  // It answers, and nobody may say by which right.
  if (facts.permissions === undefined) facts.roleState = 'covered'
  else if (mayLapse(view, facts)) tools.log.warning(unexplained)
}

/** Only a run that must not grant gets there: any other replaces what may lapse. */
const unexplained =
  'The call was let through, and no role that Resource Manager knows of gives the right to it. If a role was taken away a moment ago, access ends within minutes.'

/** What is held by a group without the pipeline never becomes live for it, however new it is. */
export function ageOfAccess(
  { roles }: View,
  granted: AssignmentAge | undefined,
  facts: Facts,
): AssignmentAge {
  if (facts.membership === 'not-member') return { kind: 'none' }
  return granted ?? (roles === undefined ? { kind: 'unknown' } : ageOf(roles, facts))
}

/**
 * A round while some deployments still refuse asks only those, and none before the time that it named: those that have answered
 * cost tokens. Once all have answered, whole rounds show whether the replicas agree.
 */
function probeOf(settings: Settings, view: View, tools: SmokeTools, facts: Facts): () => Promise<Round> {
  const notBefore = new Map<Route, number>()
  return async () => {
    const refused = facts.smoke.filter(({ kind }) => kind === 'refused').map(({ route }) => route)
    const due = refused.filter(route => (notBefore.get(route) ?? 0) <= tools.clock.now())
    const asked = due.length > 0 ? due : refused.length > 0 ? refused : view.routes
    const results = await smokeRound(asked, settings.smoke, tools)
    const known = waitingForNew(results, facts.deployments, tools.clock.now())
    const answers = new Map(known.map(result => [result.route, result]))
    for (const result of answers.values()) {
      if (result.kind === 'refused' && result.refusal.kind === 'throttled')
        notBefore.set(result.route, tools.clock.now() + pauseWhenThrottled(result.refusal, 0))
    }
    facts.smoke = facts.smoke.map(before => answers.get(before.route) ?? before)
    facts.rounds += 1
    return roundOf(facts.smoke)
  }
}

/** Denied to the end: what is known of the grant decides what that means. */
function failureOf(refusal: Refusal, { grant, membership }: Facts): StepFailure {
  if (refusal.kind !== 'wait' || membership === 'not-member')
    return new StepFailure('calling the model', refusal)
  if (grant?.refusedWith !== undefined) return grant.refusedWith
  if (grant?.outcome !== 'granted') return new StepFailure('calling the model', refusal)
  return new StepFailure('waiting for the role to become live', {
    ...refusal,
    kind: 'fatal',
    code: 'access-not-propagated',
  })
}

function answered({ round, successesInARow, successesWanted, inDoubt }: Progress): string {
  if (round.kind === 'refused') return sayRefusal(round.refusal)
  if (inDoubt) return 'live, but perhaps still by a role that was taken away'
  return `live, ${successesInARow} of ${successesWanted} in a row`
}
