import { execFileSync } from 'node:child_process'
import { globSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../scripts/tools.ts'
import { growthTable } from './growth.ts'
import { propagationTable } from './propagation.ts'
import { rowTable } from './row.ts'
import { type Run, run, timeProcess, warmInputs } from './runs.ts'

/**
 * Measures what the project promises about speed, size and waiting; prints it, and writes bench/RESULTS.md. Fails where a promise is
 * not kept. Bundles of other actions are started beside ours: `npm run bench -- --beside 'name version'=/path/to/their/dist/index.js`,
 * as often as there are others.
 */

const rounds = 21
/** Added to every reply, as a network would. */
const latencyMs = 100

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const ms = (value: number) => `${value.toFixed(0)} ms`
const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)} MB`

/** Bundles to compare with, by the name that the table gives them. */
function readBeside(): ReadonlyMap<string, string> {
  const { values } = parseArgs({ options: { beside: { type: 'string', multiple: true } } })
  return new Map(
    (values.beside ?? []).map(given => {
      const [, name, path] = /^([^=]+)=(.+)$/.exec(given) ?? []
      if (name === undefined || path === undefined)
        throw new Error(`--beside takes name=/path/to/dist/index.js, not ${given}`)
      return [name, resolve(path)]
    }),
  )
}

/** Runs that pass at once, quick and with slower replies. */
interface Warm {
  tookMs: number[]
  delayedMs: number[]
  firstRequestMs: number[]
  memoryMb: number
  operations: readonly string[]
  arrivals: ReadonlyMap<string, readonly number[]>
}

const noRuns = () => ({
  tookMs: [] as number[],
  delayedMs: [] as number[],
  firstRequestMs: [] as number[],
  arrivals: new Map<string, number[]>(),
  memoryMb: 0,
  operations: [] as readonly string[],
})

/** One run as it is, and one in which every reply takes `latencyMs` longer, added to `warm`. */
async function runBoth(cloud: LocalCloud, warm: ReturnType<typeof noRuns>): Promise<void> {
  const inputs = warmInputs(cloud)
  cloud.journal.clear()
  const quick: Run = await run(cloud, inputs)
  warm.tookMs.push(quick.tookMs)
  warm.firstRequestMs.push((cloud.journal.entries[0]?.at ?? Number.NaN) - quick.startedAt)
  warm.memoryMb = Math.max(warm.memoryMb, quick.memoryMb)
  warm.operations = cloud.journal.entries.map(({ operation }) => operation)
  cloud.faults.add({ name: 'latency', effect: { kind: 'delay', ms: latencyMs } })
  cloud.journal.clear()
  const delayed = await run(cloud, inputs)
  cloud.faults.clear()
  warm.delayedMs.push(delayed.tookMs)
  for (const { operation, at } of cloud.journal.entries)
    warm.arrivals.set(operation, [...(warm.arrivals.get(operation) ?? []), at - delayed.startedAt])
}

/** A pipeline that may call models, and may not read role assignments: what documents recommend. */
async function createLeastPrivileged(): Promise<LocalCloud> {
  const cloud = await createLocalCloud({ granted: true })
  cloud.world.roleAssignments = cloud.world.roleAssignments.filter(({ roleDefinitionId }) =>
    roleDefinitionId.endsWith('a97b65f3-24c7-4388-baec-2e87135dc908'),
  )
  return cloud
}

/** Each round measures everything once, so that what else the machine does falls on all alike. */
async function measure(beside: ReadonlyMap<string, string>) {
  const [usual, least] = await Promise.all([createLocalCloud({ granted: true }), createLeastPrivileged()])
  try {
    const [bare, badInput, localCloud] = [[] as number[], [] as number[], [] as number[]]
    const others = [...beside].map(([name, path]) => ({ name, path, times: [] as number[] }))
    const [warm, leastPrivileged] = [noRuns(), noRuns()]
    for (let round = 0; round < rounds; round += 1) {
      bare.push(timeProcess(['-e', '0']))
      badInput.push(timeProcess([join(repositoryRoot, 'dist/index.js')]))
      localCloud.push(timeProcess([join(repositoryRoot, 'local-cloud/cli.ts'), '--', 'true']))
      for (const other of others) other.times.push(timeProcess([other.path]))
      await runBoth(usual, warm)
      await runBoth(least, leastPrivileged)
    }
    return {
      bare: median(bare),
      badInput: median(badInput),
      localCloud: median(localCloud),
      others,
      warm,
      leastPrivileged,
    }
  } finally {
    await Promise.all([usual.close(), least.close()])
  }
}

/** OIDC token; discovery (an authority of one's own is asked for its endpoints first); access token; inference or roles. */
const criticalMs = 4 * latencyMs
/** A row of successes follows the first answer. */
const criticalWithRowMs = 5 * latencyMs

interface Promised {
  what: string
  measured: string
  promised: string
  isKept: boolean
}

function atMost(
  what: string,
  measured: number,
  limit: number,
  inWords = (value: number) => value.toFixed(2),
): Promised {
  return {
    what,
    measured: inWords(measured),
    promised: `at most ${inWords(limit)}`,
    isKept: measured <= limit,
  }
}

const sizeOf = (pattern: string) =>
  globSync(join(repositoryRoot, pattern)).reduce((sum, path) => sum + statSync(path).size, 0)

const downloaded = () =>
  execFileSync('git', ['archive', 'HEAD'], { cwd: repositoryRoot, maxBuffer: 64 * 1024 * 1024 }).length

const megabytesOf = (value: number) => `${value.toFixed(0)} MB`

const loadBefore = loadavg()[0] ?? Number.NaN
const { bare, badInput, localCloud, others, warm, leastPrivileged } = await measure(readBeside())
const loadAfter = loadavg()[0] ?? Number.NaN
const firstRequest = median(warm.firstRequestMs)
const beyond = (runs: Warm, critical: number) => (median(runs.delayedMs) - bare) / critical

const ratios: readonly Promised[] = [
  atMost('First request on the wire ÷ `node -e 0`', firstRequest / bare, 2.3),
  atMost('(Warm run − `node -e 0`) ÷ critical path', beyond(warm, criticalMs), 1.3),
  atMost('The same, where roles may not be read', beyond(leastPrivileged, criticalWithRowMs), 1.3),
  atMost('The local cloud: its start, a command that does nothing, its end', localCloud, 2000, ms),
  atMost('Peak memory', Math.max(warm.memoryMb, leastPrivileged.memoryMb), 90, megabytesOf),
  atMost('`dist/`, the gate', sizeOf('dist/*.{js,txt,json}'), 1.6 * 1024 * 1024, megabytes),
  atMost('Its entry', sizeOf('dist/index.js'), 120_000, value => `${(value / 1000).toFixed(0)} kB`),
  atMost('What a runner downloads, unpacked', downloaded(), 3 * 1024 * 1024, megabytes),
]

const kept = (isKept: boolean) => (isKept ? 'kept' : '**missed**')

const figures: readonly (readonly [string, string])[] = [
  ['`node -e 0`', ms(bare)],
  ['Bad input, from start to exit', ms(badInput)],
  ['First request on the wire', ms(firstRequest)],
  ['Warm run', ms(median(warm.tookMs))],
  [
    `Warm run with ${latencyMs} ms added to each reply; critical path ${ms(criticalMs)}`,
    ms(median(warm.delayedMs)),
  ],
  ['Warm run where roles may not be read', ms(median(leastPrivileged.tookMs))],
  [
    `The same with ${latencyMs} ms added; critical path ${ms(criticalWithRowMs)}`,
    ms(median(leastPrivileged.delayedMs)),
  ],
]

const named = ({ operations }: Warm) =>
  `${operations.length}: ${operations.map(name => `\`${name}\``).join(', ')}`

/** Empty where there is nothing to compare with. */
function besideTable(): string {
  if (others.length === 0) return ''
  const rows = [
    { name: '**Key-less Gate**', took: badInput },
    ...others.map(({ name, times }) => ({ name, took: median(times) })),
  ].toSorted((one, other) => one.took - other.took)
  return `## Beside other actions

Cold start of a whole process without inputs, up to where it ends for want of them. What an action does before it looks at its inputs differs, and
so does what it can do: this is what a step costs before it begins.

| Action | ÷ \`node -e 0\` | |
| --- | --- | --- |
${rows.map(({ name, took }) => `| ${name} | ${(took / bare).toFixed(2)} | ${ms(took)} |`).join('\n')}

`
}

const [processor] = cpus()
const text = `# What was measured

Written by \`npm run bench\`, which fails where a promise is missed. Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${megabytes(totalmem())} memory, Node ${process.version}.
Medians of ${rounds} runs, interleaved; whole processes, the built action, on the local cloud.
Load average of the machine before and after: ${loadBefore.toFixed(1)} and ${loadAfter.toFixed(1)}. Where it is above ${cpus().length}, others were at work on it, and ratios say more than figures.

## Promises

| What | Measured | Promised | |
| --- | --- | --- | --- |
${ratios.map(({ what, measured, promised, isKept }) => `| ${what} | ${measured} | ${promised} | ${kept(isKept)} |`).join('\n')}

## Figures

| What | |
| --- | --- |
${figures.map(([what, figure]) => `| ${what} | ${figure} |`).join('\n')}

Requests of a warm run, ${named(warm)}. Where roles may not be read, ${named(leastPrivileged)}. In the public clouds there is no discovery.

${besideTable()}## Where the time of the delayed run goes

Arrival of each kind of request at the local cloud, after the start of the process; its reply leaves ${latencyMs} ms later. What lies between a reply and the next request is
the processor's. Before the first request only what reads the inputs is loaded; the rest is, while GitHub's reply is awaited. TLS handshakes are made while earlier replies are awaited, but their other end runs on the same
processors. Over a real network, opening connections early saves two round trips before Entra and two more before the models, which loopback does not show.

| Request | Arrives after |
| --- | --- |
${[...warm.arrivals].map(([operation, at]) => `| \`${operation}\` | ${ms(median(at))} |`).join('\n')}
| end of the process | ${ms(median(warm.delayedMs))} |

${await growthTable()}
${rowTable()}
${await propagationTable()}`

process.stdout.write(text)
writeFileSync(join(repositoryRoot, 'bench/RESULTS.md'), text)
if (ratios.some(({ isKept }) => !isKept)) process.exitCode = 1
