import type { Failure } from '../src/core/failures/failure.ts'
import type { Round } from '../src/gate/waiting/round.ts'
import { untilLive } from '../src/gate/waiting/wait.ts'

/**
 * How long after access is live the wait notices, and how many probes that takes, against what people write by hand. Simulated: the
 * schedule of the action with a clock that is driven, for replicas that agree one after the other.
 */

const delays = [0, 5, 15, 30, 60, 120, 300, 600, 900]
const samples = 200
/** Milliseconds that a probe takes. */
const probeMs = 150
const timeoutMs = 20 * 60_000

const denied: Failure = { kind: 'wait', code: 'access-denied', said: { message: 'denied', ids: {} } }

interface Outcome {
  /** Seconds from the moment when every replica agreed to the end of the wait. */
  lagSeconds: number
  probes: number
}

interface GateOutcome extends Outcome {
  /** Probes that the model answered: a denied one costs nothing. */
  answered: number
}

/** A data plane whose replicas, visited in turn, agree one by one; the last of them at `delaySeconds`. */
function dataPlane(delaySeconds: number, replicas: number) {
  const liveAt = Array.from(
    { length: replicas },
    (_, index) => (1000 * delaySeconds * (replicas - index)) / replicas,
  )
  let turn = 0
  return (now: number): Round => {
    const replica = turn % replicas
    turn += 1
    return now >= (liveAt[replica] ?? 0) ? { kind: 'ok' } : { kind: 'refused', failure: denied }
  }
}

async function gate(delaySeconds: number, replicas: number): Promise<GateOutcome> {
  const answer = dataPlane(delaySeconds, replicas)
  let now = 0
  const probe = async (count: number) => {
    const rounds = Array.from({ length: count }, () => answer(now))
    now += probeMs
    return rounds
  }
  const { probes } = await untilLive({
    // A first run: access was denied before the grant, whatever the delay.
    first: { kind: 'refused', failure: denied },
    firstAt: 0,
    grantedAt: 0,
    doubtMs: 0,
    isSettled: false,
    probe,
    consecutiveSuccesses: 3,
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
  const answered = probes.filter(({ outcome }) => outcome === 'ok').length
  return { lagSeconds: now / 1000 - delaySeconds, probes: probes.length, answered }
}

/** A loop in a shell script that asks every so many seconds, and believes the first success. */
function poll(everySeconds: number, delaySeconds: number, replicas: number): Outcome {
  const answer = dataPlane(delaySeconds, replicas)
  let now = 0
  let probes = 1
  while (answer(now).kind !== 'ok') {
    now += probeMs + 1000 * everySeconds
    probes += 1
  }
  return { lagSeconds: (now + probeMs) / 1000 - delaySeconds, probes }
}

/** No delay is a round number of seconds: each sample has one of its own, within a fifth of the nominal one. */
const sampled = (delaySeconds: number) => delaySeconds * (0.8 + 0.4 * Math.random())

function averageOfPoll(everySeconds: number, delaySeconds: number, replicas: number): Outcome {
  const outcomes = Array.from({ length: samples }, () => poll(everySeconds, sampled(delaySeconds), replicas))
  return {
    lagSeconds: outcomes.reduce((sum, { lagSeconds }) => sum + lagSeconds, 0) / samples,
    probes: Math.max(...outcomes.map(({ probes }) => probes)),
  }
}

async function averageOfGate(delaySeconds: number, replicas: number) {
  const outcomes = await Promise.all(
    Array.from({ length: samples }, () => gate(sampled(delaySeconds), replicas)),
  )
  const lags = outcomes.map(({ lagSeconds }) => lagSeconds)
  return {
    mean: lags.reduce((sum, lag) => sum + lag, 0) / samples,
    worst: Math.max(...lags),
    probes: Math.max(...outcomes.map(({ probes }) => probes)),
    answered: Math.max(...outcomes.map(({ answered }) => answered)),
    early: outcomes.filter(({ lagSeconds }) => lagSeconds < 0).length,
  }
}

const seconds = (value: number) => (value < 0 ? `**${value.toFixed(1)} s**` : `${value.toFixed(1)} s`)

export async function propagationTable(): Promise<string> {
  const lines: string[] = []
  for (const replicas of [1, 4]) {
    lines.push(
      `## Noticing that access is live, ${replicas === 1 ? 'one replica' : `${replicas} replicas`}`,
      '',
      '| Delay | Gate: mean lag | promised | worst lag | probes at most (answered) | ended early | `sleep 300` | every 5 s: lag (probes) | every 30 s: lag (probes) |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    )
    for (const delay of delays) {
      const { mean, worst, probes, answered, early } = await averageOfGate(delay, replicas)
      const [five, thirty] = [averageOfPoll(5, delay, replicas), averageOfPoll(30, delay, replicas)]
      lines.push(
        `| ${delay} s | ${seconds(mean)} | ${seconds(0.07 * delay + 1)} | ${seconds(worst)} | ${probes} (${answered}) | ${early} of ${samples} | ${seconds(300 - delay)} | ${seconds(five.lagSeconds)} (${five.probes}) | ${seconds(thirty.lagSeconds)} (${thirty.probes}) |`,
      )
    }
    lines.push('')
  }
  lines.push(
    'A negative lag (bold) is a deploy that starts before access is live everywhere. Simulated with probes of 150 ms and delays within a fifth of',
    'the nominal one. With four replicas the last one agrees at the delay, the others a quarter, a half and three quarters of it earlier, and requests',
    'visit them in turn: the hardest case for three successes in a row, which then meet the other three. A row that a denial breaks was too short, so',
    'the next has to be three longer, up to twelve. What that costs: the probes of the row itself, some three seconds at the end, and a denial more for',
    'every row that breaks. The number of probes in five minutes is promised for one replica; with four it is larger, and those that the model answers',
    'cost their tokens. What it cannot do: where all four agree within some ten seconds (half a minute where a probe takes 1.5 s), and in another order than here, the first row may happen',
    'upon the three that agree already, before any was broken.',
    '',
  )
  return lines.join('\n')
}
