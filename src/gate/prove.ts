import { type Refusal, StepFailure } from '../core/failures/failure.ts'
import { pauseWhenThrottled } from '../core/failures/retry.ts'
import type { Clock, Random } from '../core/ports.ts'
import { waitingForNew } from '../services/inference/new-deployments.ts'
import { smokeRound } from '../services/inference/round.ts'
import type { Route } from '../services/inference/route.ts'
import type { SmokeResult, SmokeTools } from '../services/inference/smoke-call.ts'
import { ageOfAccess, mayExpire } from './access.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import { roleStateOf } from './role-state.ts'
import type { Settings } from './settings.ts'
import type { GrantResult, Inspection } from './values.ts'
import { roundOf } from './waiting/round.ts'
import { doubtFor, patienceFor } from './waiting/schedule.ts'
import { type Probe, type Round, untilLive } from './waiting/wait.ts'

interface Known {
  settings: Settings
  inspection: Inspection
  /** Undefined where nothing was granted. */
  grant: GrantResult | undefined
}

type ProveTools = SmokeTools & { clock: Clock; random: Random; reporter: Reporter }

/**
 * Waits until the data plane agrees, by the very call that is the proof.
 * @returns the last answer of each deployment.
 * @throws StepFailure where access is not live within the patience that it deserves.
 */
export async function prove(
  known: Known,
  tools: ProveTools,
  note: Note<'proof'>,
): Promise<readonly SmokeResult[]> {
  const { settings, inspection, grant } = known
  const { clock, random, reporter } = tools
  const { propagationTimeoutMs, consecutiveSuccesses } = settings.waiting
  const prober = createProber(known, tools, note)
  const probes: Probe[] = []
  const { failure, propagationMs } = await untilLive({
    first: inspection.first.round,
    firstAt: inspection.first.endedAt,
    grantedAt: grant === undefined ? undefined : clock.now(),
    doubtMs: grant !== undefined && mayExpire(inspection) ? doubtFor(grant.age, propagationTimeoutMs) : 0,
    probe: prober.probe,
    consecutiveSuccesses,
    denialPatienceMs: patienceFor(ageOfAccess(inspection, grant?.age), propagationTimeoutMs),
    overallMs: propagationTimeoutMs,
    clock,
    random,
    onProbe(probe) {
      probes.push(probe)
      note({ probes: [...probes] })
    },
    onPause: reporter.waitingForAccess,
  })
  note({ propagationMs, isLive: failure === undefined })
  if (failure !== undefined) throw failureOf(failure, known)
  if (isUnexplained(known)) reporter.accessUnexplained()
  return prober.latest()
}

/** It answers, and no role gives the right to it. Only a run that must not grant gets there: any other replaces what may expire. */
function isUnexplained({ inspection, grant }: Known): boolean {
  const { roles } = inspection
  if (roles === undefined) return false
  const { holder, held, membership, permissions } = roles
  const state = roleStateOf({
    holder,
    held: held.state,
    membership,
    grant: grant?.outcome,
    arePermissionsKnown: permissions !== undefined,
    isLive: true,
  })
  return state === 'missing' && mayExpire(inspection)
}

interface Prober {
  probe(): Promise<Round>
  /** The last call to each deployment. */
  latest(): readonly SmokeResult[]
}

/**
 * A round while some deployments still refuse asks only those, and none before the time that it named: those that have answered
 * cost tokens. Once all have answered, whole rounds show whether the replicas agree.
 */
function createProber(
  { settings, inspection }: Known,
  { clock, ...tools }: ProveTools,
  note: Note<'proof'>,
): Prober {
  const { routes, deployments } = inspection
  const notBefore = new Map<Route, number>()
  let calls = inspection.first.results
  let rounds = 0

  function routesToAsk(): readonly Route[] {
    const refused = calls.filter(({ kind }) => kind === 'refused').map(({ route }) => route)
    const due = refused.filter(route => (notBefore.get(route) ?? 0) <= clock.now())
    if (due.length > 0) return due
    return refused.length > 0 ? refused : routes
  }

  return {
    latest: () => calls,
    async probe() {
      const results = await smokeRound(routesToAsk(), settings.smoke, { ...tools, clock })
      const known = waitingForNew(results, deployments, clock.now())
      for (const result of known) {
        if (result.kind === 'refused' && result.refusal.kind === 'throttled')
          notBefore.set(result.route, clock.now() + pauseWhenThrottled(result.refusal, 0))
      }
      const answers = new Map(known.map(result => [result.route, result]))
      calls = calls.map(before => answers.get(before.route) ?? before)
      rounds += 1
      note({ calls, rounds })
      return roundOf(calls)
    },
  }
}

/** Denied to the end: what is known of the grant decides what that means. */
function failureOf(refusal: Refusal, { inspection, grant }: Known): StepFailure {
  if (refusal.kind !== 'wait' || inspection.roles?.membership === 'not-member')
    return new StepFailure('calling the model', refusal)
  if (grant?.refusedWith !== undefined) return grant.refusedWith
  if (grant?.outcome !== 'granted') return new StepFailure('calling the model', refusal)
  return new StepFailure('waiting for the role to become live', {
    ...refusal,
    kind: 'fatal',
    code: 'access-not-propagated',
  })
}
