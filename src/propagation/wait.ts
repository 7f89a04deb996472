import type { Refusal } from '../diagnosis/verdict.ts'
import { pauseWhenThrottled } from '../retry.ts'
import type { Clock, Random } from '../tools.ts'
import { pauseAfterDenial, pauseAfterSuccessMs } from './schedule.ts'

/** What a round of smoke calls, one a deployment, came to. */
export type Round = { kind: 'ok' } | { kind: 'refused'; refusal: Refusal }

export interface WaitOptions {
  /** The round that was made before anything was granted. */
  first: Round
  /** When `first` ended; milliseconds since the epoch. */
  firstAt: number
  /**
   * When a grant that came after `first` was made: patience counts from there, and the next round waits for nothing. Milliseconds
   * since the epoch; undefined where nothing was granted.
   */
  grantedAt: number | undefined
  /** Makes one more round. */
  probe: () => Promise<Round>
  /** Successes in a row that count once a denial was seen. */
  consecutiveSuccesses: number
  /** How long denials are waited out, and how long anything else is; milliseconds from the grant, or from `firstAt`. */
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

interface State {
  round: Round
  successes: number
  denied: boolean
  transient: number
  throttled: number
  /** Start of the current row of successes. */
  liveSinceMs: number
}

const beginning: Omit<State, 'round'> = {
  successes: 0,
  denied: false,
  transient: 0,
  throttled: 0,
  liveSinceMs: 0,
}

/**
 * Probes until access is live, a refusal is final, or patience ends. Never sleeps past a deadline, nor after the last try.
 * @param probes Filled as rounds are made, for whoever has to tell of them before the end.
 */
export async function untilLive(options: WaitOptions, probes: Probe[] = []): Promise<WaitResult> {
  const { clock, firstAt, grantedAt } = options
  let state = account(beginning, options.first, 0)
  probes.push({ atMs: 0, outcome: outcomeOf(options.first) })
  for (;;) {
    if (isLive(state, options)) {
      return { failure: undefined, propagationMs: state.denied ? state.liveSinceMs : 0, probes }
    }
    const elapsedMs = clock.now() - (grantedAt ?? firstAt)
    const step = probes.length === 1 && grantedAt !== undefined ? atOnce : nextStep(state, elapsedMs, options)
    if (step.kind === 'give-up') return { failure: step.refusal, propagationMs: 0, probes }
    if (step.pauseMs > 0) {
      const { round, successes: successesInARow } = state
      const { limitMs, pauseMs } = step
      options.onPause({ round, rounds: probes.length, successesInARow, elapsedMs, limitMs, pauseMs })
      await clock.sleep(pauseMs)
    }
    const atMs = clock.now() - firstAt
    const round = await options.probe()
    probes.push({ atMs, outcome: outcomeOf(round) })
    state = account(state, round, clock.now() - firstAt)
  }
}

/** One success is proof where nothing was ever denied; after a denial it takes several in a row. */
function isLive({ round, successes, denied }: State, { consecutiveSuccesses }: WaitOptions): boolean {
  return round.kind === 'ok' && successes >= (denied ? consecutiveSuccesses : 1)
}

const outcomeOf = (round: Round) => (round.kind === 'ok' ? 'ok' : round.refusal.code)

function account(before: Omit<State, 'round'>, round: Round, nowMs: number): State {
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

/** Whatever was refused before the grant has not been asked since. */
const atOnce: Step = { kind: 'pause', pauseMs: 0, limitMs: 0 }

function nextStep(state: State, elapsedMs: number, options: WaitOptions): Step {
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
  return { kind: 'pause', pauseMs: Math.min(wanted, left), limitMs }
}

function pauseFor(refusal: Refusal, state: State, elapsedMs: number, random: number): number | undefined {
  if (refusal.kind === 'wait') return pauseAfterDenial(elapsedMs, random)
  if (refusal.kind === 'throttled') return pauseWhenThrottled(refusal, state.throttled - 1)
  // A hang costs a whole request timeout: as elsewhere, it is tried once more only.
  if (refusal.code === 'request-timeout' && state.transient > 1) return undefined
  return transientPauses[state.transient - 1]
}
