/**
 * How often a row of successes is passed although a replica does not honour the role yet. Counted, not measured: rows of calls on
 * connections of their own, by how a balancer hands them out.
 */

const runs = 10_000

interface Row {
  replicas: number
  /** Replicas that do not honour the role yet. */
  behind: number
  length: number
  hands: 'in turn' | 'by chance'
}

/** Share of rows that meet none of the replicas that are behind. */
function earlyShare({ replicas, behind, length, hands }: Row): number {
  let early = 0
  for (let run = 0; run < runs; run += 1) {
    const first = Math.floor(Math.random() * replicas)
    const met = Array.from({ length }, (_, call) =>
      hands === 'in turn' ? (first + call) % replicas : Math.floor(Math.random() * replicas),
    )
    if (met.every(replica => replica >= behind)) early += 1
  }
  return early / runs
}

const lengths = [3, 5, 10]

/** For replicas of which one is behind: the hardest case to notice. */
export function rowTable(): string {
  const lines = [2, 3, 4, 6].map(replicas => {
    const cells = lengths.flatMap(length =>
      (['in turn', 'by chance'] as const).map(
        hands => `${(100 * earlyShare({ replicas, behind: 1, length, hands })).toFixed(1)} %`,
      ),
    )
    return `| ${replicas} | ${cells.join(' | ')} |`
  })
  const heads = lengths.flatMap(length => [`${length}, in turn`, `${length}, by chance`])
  return `## Rows that end too early

One replica of several does not honour the role yet, and a row of calls on new connections is asked once: how often it meets none but the others, in ${runs.toLocaleString('en')} rows. \`consecutive-successes\` is
the length; each call of it is paid for. A balancer that goes round is met by a row as long as it has replicas. By chance no length is enough, and the rate falls with each call.

| Replicas | ${heads.join(' | ')} |
| --- |${' --- |'.repeat(heads.length)}
${lines.join('\n')}
`
}
