import { mean, type Part, type Promised, table } from './part.ts'
import { dataPlane, simulate, type Waited, type World } from './simulation.ts'

/** How soon the wait notices that access is live, and with how many probes, compared with loops that people write by hand. */

/** Seconds. */
const delays = [0, 5, 15, 30, 60, 120, 300, 600, 900]
const samples = 200
const callMs = 150

/** The last replica agrees at the delay, the others earlier, at even intervals. Each sample varies the delay by up to a fifth, so none is a round number. */
function sampled(delaySeconds: number, replicas: number): World {
  const lastMs = 1000 * delaySeconds * (0.8 + 0.4 * Math.random())
  const liveAt = Array.from({ length: replicas }, (_, index) => (lastMs * (replicas - index)) / replicas)
  return { liveAt, hands: 'in turn', callMs }
}

/** A loop in a shell script that asks at a fixed interval and believes the first success. */
function poll(everySeconds: number, world: World): Pick<Waited, 'lagMs' | 'probes'> {
  const answer = dataPlane(world)
  let now = 0
  let probes = 1
  while (answer(now).kind !== 'ok') {
    now += callMs + 1000 * everySeconds
    probes += 1
  }
  return { lagMs: now + callMs - Math.max(...world.liveAt), probes }
}

interface Noticed {
  delay: number
  replicas: number
  gate: readonly Waited[]
}

async function notice(delay: number, replicas: number): Promise<Noticed> {
  const gate: Waited[] = []
  for (let sample = 0; sample < samples; sample += 1) gate.push(await simulate(sampled(delay, replicas), 3))
  return { delay, replicas, gate }
}

const seconds = (ms: number) => (ms < 0 ? `**${(ms / 1000).toFixed(1)} s**` : `${(ms / 1000).toFixed(1)} s`)
const promisedMs = (delay: number) => 100 * delay + 1000
const meanLag = ({ gate }: Noticed) => mean(gate.map(({ lagMs }) => lagMs))

function polled(everySeconds: number, { delay, replicas }: Noticed): string {
  const polls = Array.from({ length: samples }, () => poll(everySeconds, sampled(delay, replicas)))
  const lag = mean(polls.map(({ lagMs }) => lagMs))
  return `${seconds(lag)} (${Math.max(...polls.map(({ probes }) => probes))})`
}

const rowOf = (noticed: Noticed) => [
  `${noticed.delay} s`,
  seconds(meanLag(noticed)),
  seconds(promisedMs(noticed.delay)),
  seconds(Math.max(...noticed.gate.map(({ lagMs }) => lagMs))),
  `${Math.max(...noticed.gate.map(({ probes }) => probes))} (${Math.max(...noticed.gate.map(({ answered }) => answered))})`,
  seconds(1000 * (300 - noticed.delay)),
  polled(5, noticed),
  polled(30, noticed),
]

function promiseOf(noticed: readonly Noticed[]): Promised {
  const missed = noticed.filter(each => meanLag(each) > promisedMs(each.delay))
  return {
    what: 'Mean time to notice that access is live, with one replica and with four that disagree',
    measured:
      missed.length === 0
        ? 'within the limit'
        : `not ${missed.map(({ delay, replicas }) => `after ${delay} s, replicas: ${replicas}`).join('; ')}`,
    promised: 'at most a tenth of the wait and a second',
    isKept: missed.length === 0,
  }
}

export async function simulateNoticing(): Promise<Part> {
  const noticed: Noticed[] = []
  for (const replicas of [1, 4]) for (const delay of delays) noticed.push(await notice(delay, replicas))
  const heads = [
    'Delay',
    'Gate: mean lag',
    'limit: a tenth and a second',
    'worst lag',
    'most probes (answered)',
    '`sleep 300`',
  ]
  const tableFor = (replicas: number) =>
    table(
      [...heads, 'every 5 s: lag (probes)', 'every 30 s: lag (probes)'],
      noticed.filter(each => each.replicas === replicas).map(rowOf),
    )
  return {
    promises: [promiseOf(noticed)],
    text: `## Noticing that access is live

Simulated, with calls of ${callMs} ms and delays within a fifth of the nominal one. A negative lag (bold) is a deploy that starts before access is live everywhere.
A row begins with one call. Then the gate makes as many calls in parallel as have been answered so far.

One replica:

${tableFor(1)}

Four replicas, visited in turn. The last one agrees at the delay, the others a quarter, a half and three quarters of it earlier, so they disagree for minutes. A row that
a denial breaks costs answers, and the gate then pauses longer to limit their number. So a single wait can end later than a tenth after the delay: fewer calls matter more than time.

${tableFor(4)}
`,
  }
}
