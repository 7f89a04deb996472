import type { Failure } from '../src/core/failures/failure.ts'
import type { Round } from '../src/gate/waiting/round.ts'
import { untilLive } from '../src/gate/waiting/wait.ts'

/** A simulated wait for replicas: the schedule of the action on a simulated clock. */

export interface World {
  /** The moment when each replica honours the role; milliseconds since the grant. */
  liveAt: readonly number[]
  /** How a balancer distributes calls to them. */
  hands: 'in turn' | 'by chance'
  /** Duration of a call in milliseconds. */
  callMs: number
}

export interface Waited {
  /** Milliseconds from the moment when every replica honoured the role to the end of the wait. */
  lagMs: number
  /** Whether the wait ended before that moment: the last call was made too early. */
  isEarly: boolean
  probes: number
  /** Calls that the model answered. A denied call costs nothing. */
  answered: number
  /** The highest number of them in any five minutes. */
  answeredInFiveMinutes: number
}

const fiveMinutesMs = 300_000
const timeoutMs = 60 * 60_000

const denied: Failure = { kind: 'wait', code: 'access-denied', said: { message: 'denied', ids: {} } }

/** Asks the replicas in the order that the balancer chooses. */
export function dataPlane({ liveAt, hands }: World): (nowMs: number) => Round {
  let turn = Math.floor(Math.random() * liveAt.length)
  return nowMs => {
    turn = hands === 'in turn' ? turn + 1 : Math.floor(Math.random() * liveAt.length)
    return nowMs >= (liveAt[turn % liveAt.length] ?? 0)
      ? { kind: 'ok' }
      : { kind: 'refused', failure: denied }
  }
}

/** A first run: access was denied before the grant. */
export async function simulate(world: World, consecutiveSuccesses: number): Promise<Waited> {
  const answer = dataPlane(world)
  let now = 0
  let lastCallAt = 0
  const { probes } = await untilLive({
    first: { kind: 'refused', failure: denied },
    firstAt: 0,
    grantedAt: 0,
    doubtMs: 0,
    isSettled: false,
    async probe(count) {
      lastCallAt = now
      const rounds = Array.from({ length: count }, () => answer(now))
      now += world.callMs
      return rounds
    },
    consecutiveSuccesses,
    denialPatienceMs: timeoutMs,
    overallMs: timeoutMs,
    clock: {
      now: () => now,
      sleep: async ms => {
        now += ms
      },
    },
    random: Math.random,
    onPause: () => {},
  })
  const liveAt = Math.max(...world.liveAt)
  const answeredAt = probes.filter(({ outcome }) => outcome === 'ok').map(({ atMs }) => atMs)
  return {
    lagMs: now - liveAt,
    isEarly: lastCallAt < liveAt,
    probes: probes.length,
    answered: answeredAt.length,
    answeredInFiveMinutes: mostWithin(answeredAt, fiveMinutesMs),
  }
}

/** @param times Ascending. */
function mostWithin(times: readonly number[], spanMs: number): number {
  let [from, most] = [0, 0]
  for (const [index, time] of times.entries()) {
    while (time - (times[from] ?? 0) >= spanMs) from += 1
    most = Math.max(most, index - from + 1)
  }
  return most
}
