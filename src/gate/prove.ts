import { coverageBy } from '../azure/rbac/coverage.ts'
import { type Failure, StepError } from '../core/failures/failure.ts'
import { pauseWhenThrottled } from '../core/failures/retry.ts'
import { onFreshConnections } from '../core/http/wrappers.ts'
import type { Clock, Random } from '../core/ports.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import { waitingForNew } from '../services/inference/new-deployments.ts'
import { givenBy, smokeRound } from '../services/inference/round.ts'
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
  /** Undefined if nothing was granted. */
  grant: GrantResult | undefined
  /** Whether the answers also have to show that what `also` asks for is live. */
  alsoRests: boolean
  modelDates: ModelDates | undefined
}

type ProveTools = SmokeTools & { clock: Clock; random: Random; reporter: Reporter }

/**
 * Waits until the data plane agrees, with the very call that is the proof.
 * @returns the last answer of each deployment.
 * @throws StepError if access is not live when the time for it is up.
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
    // If everything is billed per item, one answer has to be enough.
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
    onPauseInDoubt: reporter.waitingInDoubt,
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

/** How long an answer may come from a right that was removed; milliseconds from the grant, or from the first answer. */
function doubtOf(known: Known): number {
  const { roles, first } = known.inspection
  const ofDeny = roles?.newDeny === undefined || first.round.kind !== 'ok' ? 0 : doubtFor(roles.newDeny)
  return Math.max(ofDeny, doubtOfRoles(known))
}

function doubtOfRoles(known: Known): number {
  const { inspection, grant, alsoRests } = known
  // Calls by a removed role would be answered too, and show nothing about what that role did not give.
  if (alsoRests && inspection.first.round.kind === 'ok') return doubtFor({ kind: 'new' })
  if (grant !== undefined) return mayExpire(inspection) ? doubtFor(grant.age) : 0
  return isUnexplained(known) ? doubtFor({ kind: 'new' }) : 0
}

/**
 * The calls are answered, but no role allows them, or a deny assignment forbids them. Only a run that must not grant gets here:
 * any other run replaces a right that may expire.
 */
function isUnexplained({ inspection, grant }: Known): boolean {
  const { roles, routes, first } = inspection
  if (roles === undefined || first.round.kind !== 'ok') return false
  if (isDenied(roles)) return true
  const isMade = grant?.outcome === 'granted' || grant?.outcome === 'exists'
  return !isMade && coverageBy(roles.permissions, dataActionsOf(routes)) === 'insufficient'
}

interface Prober {
  /** Rounds in parallel, each call on a new connection. */
  probe(count: number): Promise<readonly Round[]>
  /** The answers so far no longer count. */
  forgetConnections(): void
  /** The last call to each deployment. */
  latest(): readonly SmokeResult[]
}

/**
 * While some deployments still refuse, a round calls only those, and none before the time that it named, because calls to the
 * others cost tokens. Once all have answered, one deployment for each host and right shows whether the replicas agree.
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
  const given = givenBy(calls)
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
    const results = await smokeRound(asked, settings.smoke, callTools, given)
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
      // Of several replies of one deployment, a refusal counts.
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

/**
 * Each round begins with a different deployment: behind a balancer that takes turns, each would otherwise meet the same replica
 * in every round.
 */
const rotated = (routes: readonly Route[], turns: number): readonly Route[] => {
  const first = turns % routes.length
  return [...routes.slice(first), ...routes.slice(0, first)]
}

/** The last answer of each deployment. */
function updated(calls: readonly SmokeResult[], results: readonly SmokeResult[]): SmokeResult[] {
  const answers = new Map(results.map(result => [result.route, result]))
  return calls.map(before => answers.get(before.route) ?? before)
}

/** Still denied at the end: what is known about the grant decides what that means. */
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
