import type { Refusal } from '../diagnosis/verdict.ts'
import type { Clock, Random } from '../tools.ts'
import { pauseAfterDenial, pauseAfterSuccessMs } from './schedule.ts'

/** What a round of smoke calls, one a deployment, came to. */
export type Round = { kind: 'ok' } | { kind: 'refused'; refusal: Refusal }

export interface WaitOptions {
  /** The round that was made before anything was granted. */
  first: Round
  /** When `first` ended; milliseconds since the epoch. */
  firstAt: number
  /** A grant came after `first`: the next round need not wait for anything. */
  grantedSince: boolean
  /** Makes one more round. */
  probe: () => Promise<Round>
  /** Successes in a row that count once a denial was seen. */
  consecutiveSuccesses: number
  /** How long denials are waited out, and how long anything else is; milliseconds from `firstAt`. */
  denialPatienceMs: number
  overallMs: number
  clock: Clock
  random: Random
  /** Told before each pause. */
  onPause: (progress: Progress) => void
}

export interface Progress {
  round: Round
  rounds: number
  successesInARow: number
  elapsedMs: number
  limitMs: number
  pauseMs: number
}

/** One round on the time axis; milliseconds since the first. */
export interface Probe {
  atMs: number
  outcome: 'ok' | Refusal['code']
}

export interface WaitResult {
  /** Undefined: access is live. */
  failure: Refusal | undefined
  /** From the first denial to the first success of the row that counted; 0 where nothing was denied. */
  propagationMs: number
  probes: readonly Probe[]
}

/** Pauses at refusals that have nothing to do with access; when they are used up without a reply, the run fails. */
const transientPauses = [1000, 2000, 4000, 8000]
const throttledPauses = [2000, 5000, 10_000, 20_000, 30_000]

interface State {
  round: Round
  successes: number
  denied: boolean
  transient: number
  throttled: number
  /** Start of the current row of successes. */
  liveSinceMs: number
}

/** Probes until access is live, a refusal is final, or patience ends. Never sleeps past a deadline, nor after the last try. */
export async function untilLive(options: WaitOptions): Promise<WaitResult> {
  const { clock, firstAt } = options
  const probes: Probe[] = []
  let state: State = {
    round: options.first,
    successes: 0,
    denied: false,
    transient: 0,
    throttled: 0,
    liveSinceMs: 0,
  }
  state = account(state, options.first, 0)
  probes.push({ atMs: 0, outcome: outcomeOf(options.first) })
  for (;;) {
    const needed = state.denied ? options.consecutiveSuccesses : 1
    if (state.round.kind === 'ok' && state.successes >= needed) {
      return { failure: undefined, propagationMs: state.denied ? state.liveSinceMs : 0, probes }
    }
    const elapsedMs = clock.now() - firstAt
    const step = nextStep(state, elapsedMs, options, probes.length === 1 && options.grantedSince)
    if (step.kind === 'give-up') return { failure: step.refusal, propagationMs: 0, probes }
    if (step.pauseMs > 0) {
      options.onPause({
        round: state.round,
        rounds: probes.length,
        successesInARow: state.successes,
        elapsedMs,
        limitMs: step.limitMs,
        pauseMs: step.pauseMs,
      })
      await clock.sleep(step.pauseMs)
    }
    const atMs = clock.now() - firstAt
    const round = await options.probe()
    probes.push({ atMs, outcome: outcomeOf(round) })
    state = account(state, round, clock.now() - firstAt)
  }
}

const outcomeOf = (round: Round) => (round.kind === 'ok' ? 'ok' : round.refusal.code)

function account(before: State, round: Round, nowMs: number): State {
  if (round.kind === 'ok') {
    const liveSinceMs = before.successes === 0 ? nowMs : before.liveSinceMs
    return { ...before, round, successes: before.successes + 1, transient: 0, throttled: 0, liveSinceMs }
  }
  const { kind } = round.refusal
  return {
    ...before,
    round,
    // Replicas disagree: one denial, and the row starts over. A blip says nothing about access.
    successes: kind === 'wait' ? 0 : before.successes,
    denied: before.denied || kind === 'wait',
    transient: kind === 'transient' ? before.transient + 1 : 0,
    throttled: kind === 'throttled' ? before.throttled + 1 : 0,
  }
}

type Step = { kind: 'pause'; pauseMs: number; limitMs: number } | { kind: 'give-up'; refusal: Refusal }

function nextStep(state: State, elapsedMs: number, options: WaitOptions, atOnce: boolean): Step {
  const { round } = state
  if (round.kind === 'ok') {
    const left = Math.max(0, options.overallMs - elapsedMs)
    return { kind: 'pause', pauseMs: Math.min(pauseAfterSuccessMs, left), limitMs: options.overallMs }
  }
  const { refusal } = round
  if (refusal.kind === 'fatal') return { kind: 'give-up', refusal }
  const limitMs = refusal.kind === 'wait' ? options.denialPatienceMs : options.overallMs
  const wanted = pauseFor(refusal, state, elapsedMs, options.random())
  const left = limitMs - elapsedMs
  if (wanted === undefined || left <= 0) return { kind: 'give-up', refusal }
  // Told to stay away for longer than there is time: asking at the deadline would only be refused again.
  if (refusal.kind === 'throttled' && wanted > left) return { kind: 'give-up', refusal }
  return { kind: 'pause', pauseMs: atOnce ? 0 : Math.min(wanted, left), limitMs }
}

function pauseFor(refusal: Refusal, state: State, elapsedMs: number, random: number): number | undefined {
  if (refusal.kind === 'wait') return pauseAfterDenial(elapsedMs, random)
  if (refusal.kind === 'throttled') {
    return refusal.retryAfterMs ?? throttledPauses[Math.min(state.throttled, throttledPauses.length) - 1]
  }
  return transientPauses[state.transient - 1]
}
