import { type Failure, localFailure } from '../../core/failures/failure.ts'
import { pauseWhenThrottled } from '../../core/failures/retry.ts'
import type { Clock, Random } from '../../core/ports.ts'
import { inWords } from '../../core/text/duration.ts'
import { type Round, worstRefusal } from './round.ts'
import { answersAtOnce, answersLeft, pauseAfterDenial, pauseInDoubt, rowLength } from './schedule.ts'

interface WaitOptions {
  /** The round that was made before anything was granted. */
  first: Round
  /** When `first` ended; milliseconds since the epoch. */
  firstAt: number
  /**
   * When a grant was made after `first`: the time limits count from there, and the next round starts at once. Milliseconds
   * since the epoch; undefined if nothing was granted.
   */
  grantedAt: number | undefined
  /**
   * How long a success may come from a removed role; milliseconds from the grant, or from `firstAt`. Until then it is not
   * proof, unless a denial came before it. If `overallMs` ends sooner, the wait gives up. 0 if a role explains the first
   * answer, or if that was a denial.
   */
  doubtMs: number
  /** Whether every answer is billed per item: none is bought while it would not be proof. */
  isPaidByThePiece?: boolean
  /** Whether what gives access has been live everywhere for long: then one success is proof, if nothing was denied. */
  isSettled: boolean
  /** Makes this many rounds in parallel. */
  probe: (count: number) => Promise<readonly Round[]>
  /** Successes in a row that count if one is not proof; more after a denial, or if replicas disagree. */
  consecutiveSuccesses: number
  /** Time limits for denials, and for everything else; milliseconds from the grant, or from `firstAt`. */
  denialPatienceMs: number
  overallMs: number
  clock: Pick<Clock, 'now' | 'sleep'>
  random: Random
  /** Called for each round, the first included. */
  onProbe?: (probe: Probe, round: Round) => void
  /** Called when the answers so far no longer count. */
  onRowBroken?: () => void
  /** Called before each pause after a refusal. */
  onPause: (progress: Progress) => void
  /** Called before each pause after a success that may come from a removed role. */
  onPauseInDoubt?: (progress: PauseProgress) => void
}

/** A pause of a wait: how long the wait has taken so far, and its limit. Milliseconds. */
export interface PauseProgress {
  rounds: number
  elapsedMs: number
  limitMs: number
  pauseMs: number
}

export interface Progress extends PauseProgress {
  /** Of the last round. */
  failure: Failure
}

/** One round on the time axis; milliseconds since the first. */
export interface Probe {
  atMs: number
  outcome: 'ok' | Failure['code']
}

interface WaitResult {
  /** Undefined: access is live. */
  failure: Failure | undefined
  /** From the first denial to the first success of the row that counted; 0 if nothing was denied. */
  propagationMs: number
  probes: readonly Probe[]
}

/** Pauses after refusals that are not about access; when they are used up, the run fails. */
const transientPauses = [1000, 2000, 4000, 8000]

interface State {
  round: Round
  successes: number
  /** When a denial was first seen; milliseconds since the epoch. */
  deniedSince: number | undefined
  /** Rows of successes that a denial ended. */
  brokenRows: number
  transient: number
  throttled: number
  /** Start of the current row of successes; milliseconds since the epoch. */
  liveSince: number
  /** How many successes the budget still allowed, and when. */
  answers: { left: number; at: number }
}

const beginning: Omit<State, 'round'> = {
  successes: 0,
  deniedSince: undefined,
  brokenRows: 0,
  transient: 0,
  throttled: 0,
  liveSince: 0,
  answers: { left: answersAtOnce, at: 0 },
}

/**
 * Probes until access is live, a refusal is final, or the time is up. It does not sleep past a deadline, or after the last try.
 */
export async function untilLive(options: WaitOptions): Promise<WaitResult> {
  const { clock, firstAt } = options
  const startedAt = options.grantedAt ?? firstAt
  const probes: Probe[] = []
  let state: State = { ...beginning, round: options.first }

  function take(rounds: readonly Round[], askedAt: number, endedAt: number): void {
    for (const round of successesFirst(rounds)) {
      const probe: Probe = { atMs: askedAt - firstAt, outcome: outcomeOf(round) }
      probes.push(probe)
      options.onProbe?.(probe, round)
    }
    const inDoubt = isInDoubt(state, askedAt - startedAt, options)
    for (const round of asOne(rounds)) state = account(state, round, { now: endedAt, inDoubt })
    if (state.successes === 0) options.onRowBroken?.()
  }

  take([options.first], firstAt, firstAt)
  for (;;) {
    if (isLive(state, options)) {
      const { liveSince, deniedSince = liveSince } = state
      return { failure: undefined, propagationMs: liveSince - deniedSince, probes }
    }
    const elapsedMs = clock.now() - startedAt
    const isFirstSinceGrant = probes.length === 1 && options.grantedAt !== undefined
    const step = isFirstSinceGrant ? atOnce : nextStep(state, elapsedMs, options)
    if (step.kind === 'give-up') return { failure: step.failure, propagationMs: 0, probes }
    if (step.pauseMs > 0) {
      const { limitMs, pauseMs } = step
      const progress = { rounds: probes.length, elapsedMs, limitMs, pauseMs }
      if (state.round.kind === 'ok') options.onPauseInDoubt?.(progress)
      else options.onPause({ ...progress, failure: state.round.failure })
      await clock.sleep(step.pauseMs)
    }
    const askedAt = clock.now()
    const rounds = await options.probe(sideBySide(state, askedAt - startedAt, options))
    take(rounds, askedAt, clock.now())
  }
}

const isLive = (state: State, options: WaitOptions): boolean =>
  state.round.kind === 'ok' && state.successes >= wanted(state, options)

/** Whether a success may still come from a removed role. */
const isInDoubt = ({ deniedSince }: State, elapsedMs: number, { doubtMs }: WaitOptions): boolean =>
  deniedSince === undefined && elapsedMs < doubtMs

/**
 * How many rounds to make in parallel. If nothing was denied, the whole row: it only has to meet different replicas. After a denial
 * one at first, and then as many as have been answered so far. So a row that breaks early costs little, and one that does not
 * break takes little time.
 */
function sideBySide(state: State, sinceGrantMs: number, options: WaitOptions): number {
  if (state.round.kind !== 'ok' || isInDoubt(state, sinceGrantMs, options)) return 1
  const lacking = Math.max(1, wanted(state, options) - state.successes)
  return state.deniedSince === undefined ? lacking : Math.min(lacking, state.successes)
}

/** Parallel rounds have no order: a row ends with the refusal that breaks it. */
const successesFirst = (rounds: readonly Round[]): Round[] => [
  ...rounds.filter(({ kind }) => kind === 'ok'),
  ...rounds.filter(({ kind }) => kind === 'refused'),
]

/** Result of parallel rounds: all their successes, and then the refusal that says most. */
function asOne(rounds: readonly Round[]): Round[] {
  const successes = rounds.filter(({ kind }) => kind === 'ok')
  const worst = worstRefusal(rounds)
  return worst === undefined ? successes : [...successes, { kind: 'refused', failure: worst }]
}

/**
 * One success is proof if nothing was ever denied and what gives access has been live everywhere for long; otherwise several in
 * a row are needed.
 */
function wanted(state: State, options: WaitOptions): number {
  if (oneIsProof(state, options)) return 1
  const { deniedSince, brokenRows } = state
  return rowLength(options.consecutiveSuccesses, { wasDenied: deniedSince !== undefined, brokenRows })
}

const oneIsProof = ({ deniedSince }: State, { isSettled }: WaitOptions) =>
  deniedSince === undefined && isSettled

const outcomeOf = (round: Round) => (round.kind === 'ok' ? 'ok' : round.failure.code)

/** @param at When the round ended, in milliseconds since the epoch; and whether a success proves nothing yet. */
function account(
  before: Omit<State, 'round'>,
  round: Round,
  { now, inDoubt }: { now: number; inDoubt: boolean },
): State {
  const left = answersLeft(before.answers.left, now - before.answers.at)
  if (round.kind === 'ok') {
    const liveSince = before.successes === 0 ? now : before.liveSince
    const successes = inDoubt ? 0 : before.successes + 1
    const answers = { left: left - 1, at: now }
    return { ...before, round, successes, transient: 0, throttled: 0, liveSince, answers }
  }
  const { kind } = round.failure
  return {
    ...before,
    round,
    // Replicas disagree: after one denial the row starts over. A short outage says nothing about access.
    successes: kind === 'wait' ? 0 : before.successes,
    deniedSince: before.deniedSince ?? (kind === 'wait' ? now : undefined),
    brokenRows: before.brokenRows + (kind === 'wait' && before.successes > 0 ? 1 : 0),
    transient: kind === 'transient' ? before.transient + 1 : 0,
    throttled: kind === 'throttled' ? before.throttled + 1 : 0,
    answers: { left, at: now },
  }
}

type Step = { kind: 'pause'; pauseMs: number; limitMs: number } | { kind: 'give-up'; failure: Failure }

/** After a grant the next probe comes at once, because the calls have not been tried since. */
const atOnce: Step = { kind: 'pause', pauseMs: 0, limitMs: 0 }

function nextStep(state: State, elapsedMs: number, options: WaitOptions): Step {
  const { round } = state
  if (round.kind === 'ok') {
    const inDoubt = isInDoubt(state, elapsedMs, options)
    if (inDoubt && elapsedMs >= options.overallMs)
      return { kind: 'give-up', failure: unexplained(elapsedMs, options) }
    // Only time can show by which right the call was allowed.
    const [limitMs, pauseMs] = inDoubt
      ? [Math.min(options.doubtMs, options.overallMs), pauseWhileInDoubt(elapsedMs, options)]
      : [options.overallMs, 0]
    return { kind: 'pause', pauseMs: Math.min(pauseMs, Math.max(0, limitMs - elapsedMs)), limitMs }
  }
  const { failure } = round
  if (failure.kind === 'fatal') return { kind: 'give-up', failure }
  const limitMs = failure.kind === 'wait' ? options.denialPatienceMs : options.overallMs
  const pauseMs = pauseFor(failure, state, elapsedMs, options.random())
  const left = limitMs - elapsedMs
  if (pauseMs === undefined || left <= 0) return { kind: 'give-up', failure }
  // The service asks for a longer pause than there is time for: a try at the deadline would only be refused again.
  if (failure.kind === 'throttled' && pauseMs > left) return { kind: 'give-up', failure }
  return { kind: 'pause', pauseMs: Math.min(pauseMs, left), limitMs }
}

const pauseWhileInDoubt = (elapsedMs: number, { isPaidByThePiece = false, random }: WaitOptions): number =>
  isPaidByThePiece ? Number.POSITIVE_INFINITY : pauseInDoubt(elapsedMs, random())

const unexplained = (elapsedMs: number, { doubtMs }: WaitOptions): Failure =>
  localFailure(
    'access-unexplained',
    `The calls were answered for ${inWords(elapsedMs)}. A right that was removed may keep working for ${inWords(doubtMs)}.`,
  )

function pauseFor(failure: Failure, state: State, elapsedMs: number, random: number): number | undefined {
  if (failure.kind === 'wait') return pauseAfterDenial(elapsedMs, state.answers.left, random)
  if (failure.kind === 'throttled') return pauseWhenThrottled(failure, state.throttled - 1)
  // A hanging request costs a whole request timeout: as elsewhere, it is retried only once.
  if (failure.code === 'request-timeout' && state.transient > 1) return undefined
  return transientPauses[state.transient - 1]
}
