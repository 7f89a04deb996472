import {
  codes,
  type Expectation,
  expectations,
  type HopClass,
  hops,
  type Row,
  rowOf,
} from '../__tests__/faults/expectations.ts'

/** docs/faults.md: what one network or service fault does to a run. Generated from the table that the tests use. */

const classes = Object.keys(codes).filter((name): name is HopClass => name in codes)

/** The hops of these classes, in words. */
const titlesOf = (hopClasses: readonly HopClass[]) =>
  Object.values(hops)
    .filter(hop => hopClasses.includes(hop.class))
    .map(({ title }) => title)
    .join(', ')

const families: Readonly<Record<string, string>> = {
  unavailable: '*unavailable*',
  throttled: '*throttled*',
  rejected: '*rejected*',
  unauthorized: '*unauthorized*',
  forbidden: '*forbidden*',
  absent: '*absent*',
  passes: '✅',
}

const cell = (end: Row[number]) => families[end] ?? `\`${end}\``

function inWords([once, thrice, forever]: Row): string {
  if (once === thrice && thrice === forever) return once === 'passes' ? '✅' : cell(once)
  return `once ${cell(once)}, three times ${cell(thrice)}, every time ${cell(forever)}`
}

/** Classes that handle the fault differently from the rest, grouped by how they do. */
function exceptionsOf(expectation: Expectation): string {
  const own = classes.flatMap(hopClass => {
    const row = rowOf(expectation, hopClass)
    return row === undefined || row === expectation.otherwise ? [] : [{ hopClass, end: inWords(row) }]
  })
  return [...Map.groupBy(own, ({ end }) => end)]
    .map(([end, group]) => `${titlesOf(group.map(({ hopClass }) => hopClass))}: ${end}`)
    .join('; ')
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const familyNames = ['unavailable', 'throttled', 'rejected', 'unauthorized', 'forbidden', 'absent'] as const

export function faultsPage(): string {
  const rows = Object.values<Expectation>(expectations).map(expectation => [
    expectation.title,
    ...expectation.otherwise.map(cell),
    exceptionsOf(expectation),
  ])
  const codeRows = [...Map.groupBy(classes, hopClass => codes[hopClass])].map(([ofClass, group]) => [
    titlesOf(group),
    ...familyNames.map(family => cell(ofClass[family])),
  ])
  return `# What network and service faults do to a run

Each row is a fault that hits one request of a run: once, three times, or on every try. ✅ means that the run still passes.
Otherwise it fails with the code in that cell. A word in italics is a family of codes: the second table has its code for each
hop. \`npm test\` runs every row at every hop. Each time it checks that the run ends in time, passes only if every deployment has
really answered, grants at most once and says correctly whether it did, and sends no token to another host.

${table(['Fault', 'once', 'three times', 'every time', 'exceptions'], rows)}

## Codes by hop

${table(['Hop', ...familyNames.map(family => families[family] ?? family)], codeRows)}
`
}
