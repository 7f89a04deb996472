import { coverageBy } from '../azure/rbac/coverage.ts'
import { type Failure, StepError } from '../core/failures/failure.ts'
import { pauseWhenThrottled } from '../core/failures/retry.ts'
import { onFreshConnections } from '../core/http/wrappers.ts'
import type { Clock, Random } from '../core/ports.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import { waitingForNew } from '../services/inference/new-deployments.ts'
import { smokeRound } from '../services/inference/round.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import { rowRoutesOf } from '../services/inference/row.ts'
import type { SmokeResult, SmokeTools } from '../services/inference/smoke-call.ts'
import { ageOfAccess, isDenied, isSettled, mayExpire } from './access.ts'
import type { Note, Row } from './record.ts'
import type { Reporter } from './reporter.ts'
import type { ModelDates } from './retirement.ts'
import type { Settings } from './settings.ts'
import type { GrantResult, Inspection } from './values.ts'
import { type Round, roundOf } from './waiting/round.ts'
import { doubtFor, patienceFor } from './waiting/schedule.ts'
import { type Probe, untilLive } from './waiting/wait.ts'

interface Known {
  settings: Settings
  inspection: Inspection
  /** Undefined where nothing was granted. */
  grant: GrantResult | undefined
  /** Whether the answers are to show as well that what `also` asks for is live. */
  alsoRests: boolean
  modelDates: ModelDates | undefined
}

type ProveTools = SmokeTools & { clock: Clock; random: Random; reporter: Reporter }

/**
 * Waits until the data plane agrees, by the very call that is the proof.
 * @returns the last answer of each deployment.
 * @throws StepError where access is not live within the patience that it deserves.
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
  const { routes } = inspection
  const isByThePiece = rowRoutesOf(routes).length === 0
  const { failure, propagationMs } = await untilLive({
    first: inspection.first.round,
    firstAt: inspection.first.endedAt,
    grantedAt: grant === undefined ? undefined : clock.now(),
    doubtMs: doubtOf(known),
    isPaidByThePiece: isByThePiece,
    isSettled: isSettled(settings, inspection, grant),
    probe: prober.probe,
    // Where everything is billed per item, one answer has to do.
    consecutiveSuccesses: isByThePiece ? 1 : consecutiveSuccesses,
    onRowBroken: prober.forgetConnections,
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
  note({ row: rowOf(known, probes) })
  if (isUnexplained(known)) reporter.accessUnexplained(inspection.roles?.deniedBy ?? [])
  return prober.latest()
}

function rowOf({ settings, inspection, grant }: Known, probes: readonly Probe[]): Row {
  if (isSettled(settings, inspection, grant) && probes.every(({ outcome }) => outcome === 'ok'))
    return 'not-needed'
  if (settings.waiting.consecutiveSuccesses === 1) return 'off'
  return rowRoutesOf(inspection.routes.filter(isOfDeployment)).length === 0 ? 'paid-by-the-piece' : 'made'
}

/** How long an answer may be owed to a right that was taken away, milliseconds from the grant, or from the first answer. */
function doubtOf(known: Known): number {
  const { roles, first } = known.inspection
  const ofDeny = roles?.newDeny === undefined || first.round.kind !== 'ok' ? 0 : doubtFor(roles.newDeny)
  return Math.max(ofDeny, doubtOfRoles(known))
}

function doubtOfRoles(known: Known): number {
  const { inspection, grant, alsoRests } = known
  // A role that was taken away would be answered as well, and shows nothing of what it did not give.
  if (alsoRests && inspection.first.round.kind === 'ok') return doubtFor({ kind: 'new' })
  if (grant !== undefined) return mayExpire(inspection) ? doubtFor(grant.age) : 0
  return isUnexplained(known) ? doubtFor({ kind: 'new' }) : 0
}

/** It answers, and no role gives the right to it, or a deny assignment takes it away. Only a run that must not grant gets there: any other replaces what may expire. */
function isUnexplained({ inspection, grant }: Known): boolean {
  const { roles, routes, first } = inspection
  if (roles === undefined || first.round.kind !== 'ok') return false
  if (isDenied(roles)) return true
  const isMade = grant?.outcome === 'granted' || grant?.outcome === 'exists'
  return !isMade && coverageBy(roles.permissions, dataActionsOf(routes)) === 'insufficient'
}

interface Prober {
  /** Rounds side by side, each call on a connection of its own. */
  probe(count: number): Promise<readonly Round[]>
  /** What was answered so far counts no more. */
  forgetConnections(): void
  /** The last call to each deployment. */
  latest(): readonly SmokeResult[]
}

/**
 * A round while some deployments still refuse asks only those, and none before the time that it named: those that have answered
 * cost tokens. Once all have answered, the cheapest of each host shows whether the replicas agree.
 */
function createProber(
  { settings, inspection, modelDates }: Known,
  { clock, ...tools }: ProveTools,
  note: Note<'proof'>,
): Prober {
  const { routes, deployments } = inspection
  const rowRoutes = rowRoutesOf(routes)
  const notBefore = new Map<Route, number>()
  const callTools = { ...tools, clock, http: onFreshConnections(tools.http) }
  let calls = inspection.first.results
  let rounds = 0
  let connections = new Set<number>()
  meet(calls)

  function routesToAsk(): readonly Route[] {
    const refused = calls.filter(({ kind }) => kind === 'refused').map(({ route }) => route)
    const due = refused.filter(route => (notBefore.get(route) ?? 0) <= clock.now())
    if (due.length > 0) return due
    if (refused.length > 0) return refused
    return rowRoutes.length > 0 ? rowRoutes : routes
  }

  function meet(results: readonly SmokeResult[]): void {
    for (const result of results)
      if (result.kind === 'ok' && result.connection !== undefined) connections.add(result.connection)
    note({ connections: connections.size })
  }

  async function ask(asked: readonly Route[]): Promise<readonly SmokeResult[]> {
    const results = await smokeRound(asked, settings.smoke, callTools)
    const answers = waitingForNew(results, deployments, clock.now())
    const known = (await modelDates?.explain(answers, Promise.resolve(deployments))) ?? answers
    for (const result of known) {
      if (result.kind === 'refused' && result.failure.kind === 'throttled')
        notBefore.set(result.route, clock.now() + pauseWhenThrottled(result.failure, 0))
    }
    return known
  }

  return {
    latest: () => calls,
    forgetConnections() {
      connections = new Set()
      note({ connections: 0 })
    },
    async probe(count) {
      const asked = routesToAsk()
      const made = await Promise.all(
        Array.from({ length: count }, (_, at) => ask(rotated(asked, rounds + at))),
      )
      const before = calls
      const afterEach = made.map(results => updated(before, results))
      // Of several answers of one deployment the one counts that says no.
      calls = updated(
        before,
        made.flat().toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
      )
      rounds += count
      note({ calls, rounds })
      meet(made.flat())
      return afterEach.map(roundOf)
    },
  }
}

/** In turns another goes first: where a balancer goes round, each would meet the same replica in every round. */
const rotated = (routes: readonly Route[], turns: number): readonly Route[] => {
  const first = turns % routes.length
  return [...routes.slice(first), ...routes.slice(0, first)]
}

/** The last answer of each deployment. */
function updated(calls: readonly SmokeResult[], results: readonly SmokeResult[]): SmokeResult[] {
  const answers = new Map(results.map(result => [result.route, result]))
  return calls.map(before => answers.get(before.route) ?? before)
}

/** Denied to the end: what is known of the grant decides what that means. */
function failureOf(failure: Failure, { inspection, grant }: Known): StepError {
  if (failure.kind === 'wait' && isDenied(inspection.roles))
    return new StepError('calling the model', {
      ...failure,
      kind: 'fatal',
      code: 'deny-assignment',
      details: { ...failure.details, action: dataActionsOf(inspection.routes).join(', ') },
    })
  if (failure.kind !== 'wait' || inspection.roles?.membership === 'not-member')
    return new StepError('calling the model', failure)
  if (grant?.refusedWith !== undefined) return grant.refusedWith
  if (grant?.outcome !== 'granted') return new StepError('calling the model', failure)
  return new StepError('waiting for the role to become live', {
    ...failure,
    kind: 'fatal',
    code: 'access-not-propagated',
  })
}
