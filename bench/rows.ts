import { atMost, mean, type Part, table } from './part.ts'
import { simulate, type Waited } from './simulation.ts'

/** How often a wait ends before every replica honours the role, and how many calls that care costs. */

const waits = 10_000
const replicaCounts = [2, 3, 4, 6]
const rows = [1, 3, 5, 10]
const usualRow = 3

const callTimesMs = [150, 500, 1500]
/** How long before the last replica the first one may learn about the role; milliseconds. */
const spreadsMs = [1000, 10_000, 60_000, 900_000]

const oneOf = (values: readonly number[]) => values[Math.floor(Math.random() * values.length)] ?? 0

/** The last replica learns about the role at a random moment within a quarter of an hour, the others some time before it. */
function liveTimes(replicas: number): number[] {
  const lastMs = 900_000 * Math.random()
  const spreadMs = oneOf(spreadsMs)
  return Array.from({ length: replicas }, (_, index) =>
    index === 0 ? lastMs : Math.max(0, lastMs - spreadMs * Math.random()),
  ).toSorted(() => Math.random() - 0.5)
}

interface Counted {
  replicas: number
  row: number
  hands: 'in turn' | 'by chance'
  early: number
  waited: readonly Waited[]
}

async function count(replicas: number, row: number, hands: Counted['hands']): Promise<Counted> {
  const waited: Waited[] = []
  for (let wait = 0; wait < waits; wait += 1)
    waited.push(await simulate({ liveAt: liveTimes(replicas), hands, callMs: oneOf(callTimesMs) }, row))
  return { replicas, row, hands, early: waited.filter(({ isEarly }) => isEarly).length, waited }
}

const mostAnswered = ({ waited }: Counted) =>
  waited.reduce((most, { answeredInFiveMinutes }) => Math.max(most, answeredInFiveMinutes), 0)

function cellOf({ early, waited }: Counted): string {
  const rate = early === 0 ? 'none' : `${((100 * early) / waits).toFixed(early < 100 ? 2 : 1)} %`
  return `${rate} (${mean(waited.map(({ answered }) => answered)).toFixed(0)})`
}

export async function simulateRows(): Promise<Part> {
  const counted: Counted[] = []
  for (const hands of ['in turn', 'by chance'] as const)
    for (const replicas of replicaCounts)
      for (const row of rows) counted.push(await count(replicas, row, hands))
  const usual = counted.filter(({ row }) => row === usualRow)
  const earlyInTurn = usual
    .filter(({ hands }) => hands === 'in turn')
    .reduce((sum, { early }) => sum + early, 0)
  const lines = (hands: Counted['hands']) =>
    replicaCounts.map(replicas => [
      `${replicas}, ${hands}`,
      ...counted.filter(each => each.hands === hands && each.replicas === replicas).map(cellOf),
    ])
  const once = replicaCounts.map(replicas => [
    String(replicas),
    ...rows.flatMap(row => [
      `${((100 * Math.max(0, replicas - row)) / replicas).toFixed(0)} %`,
      `${(100 * (1 - 1 / replicas) ** row).toFixed(1)} %`,
    ]),
  ])
  return {
    promises: [
      atMost(
        `Waits that ended early, of ${(waits * replicaCounts.length).toLocaleString('en')}, with a balancer that visits up to six replicas in turn`,
        earlyInTurn,
        0,
        String,
      ),
      atMost(
        'Most answers of a deployment in any five minutes',
        Math.max(...usual.map(mostAnswered)),
        60,
        String,
      ),
    ],
    text: `## Waits that end too early

Each cell shows the share of ${waits.toLocaleString('en')} simulated waits that ended before every replica honoured the role, and in brackets the mean number of calls that the model answered in a wait. The last replica learns
about the role within a quarter of an hour, the others up to a second, ten seconds, a minute or that whole time earlier. A call takes 0.15, 0.5 or 1.5 s. \`consecutive-successes\` is 3 by default; 1 means no row. After a denied
call a row is twice as long. If a balancer visits no more replicas than that in turn, the gate meets all of them. If the balancer chooses at random, no length is certain, but each further call makes an early end rarer.

${table(['Replicas', ...rows.map(row => `\`consecutive-successes: ${row}\``)], [...lines('in turn'), ...lines('by chance')])}

If nothing was denied and the age of the role is not known, the gate makes one row of \`consecutive-successes\` calls in parallel. The table shows the chance that this row misses the only replica that
does not honour the role yet, for a balancer that visits replicas in turn and for one that chooses at random:

${table(['Replicas', ...rows.flatMap(row => [`${row}, in turn`, `${row}, by chance`])], once)}
`,
  }
}
