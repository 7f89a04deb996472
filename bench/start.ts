import { execFileSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { alsoHolds, holds, roles } from '../__tests__/support/arrange.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../scripts/tools.ts'
import { atMost, median, ms, type Part, type Promised, table } from './part.ts'
import { requestsTo, run, runWithMemory, timeProcess, warmInputs } from './runs.ts'

/** Start, size, memory, and runs that pass at once: whole processes of the built action, on the local cloud. */

const rounds = 21
/** Of each pipeline, beside the runs that are timed. */
const memoryRuns = 5
/** Added to every reply, as a network would. */
const latencyMs = 100
/** OIDC token; discovery (an authority of one's own is asked for its endpoints first); access token; inference or roles. */
const criticalMs = 4 * latencyMs
/** A row of successes follows the first answer. */
const criticalWithRowMs = 5 * latencyMs

/** Runs that pass at once, quick and with slower replies. */
const noRuns = () => ({
  tookMs: [] as number[],
  delayedMs: [] as number[],
  firstRequestMs: [] as number[],
  memoryMb: [] as number[],
  arrivals: new Map<string, number[]>(),
  operations: [] as readonly string[],
})
type Runs = ReturnType<typeof noRuns>

/** A pipeline, and how its gate is told to run. */
interface Pipeline {
  cloud: LocalCloud
  inputs: Readonly<Record<string, string>>
}

/** Its role was assigned long ago, and may be read. */
async function usual(): Promise<Pipeline> {
  const cloud = await createLocalCloud()
  alsoHolds(cloud, { role: roles.user, createdOn: new Date(cloud.clock.now() - 86_400_000) })
  return { cloud, inputs: warmInputs(cloud) }
}

/** It may call models, and may not read who holds which role; its gate only verifies: the set-up that docs/setup.md recommends. */
async function leastPrivileged(): Promise<Pipeline> {
  const cloud = await createLocalCloud()
  holds(cloud, { role: roles.user })
  return { cloud, inputs: { ...warmInputs(cloud), grant: 'never' } }
}

/** One run as it is, and one in which every reply takes `latencyMs` longer, added to `runs`. */
async function runBoth({ cloud, inputs }: Pipeline, runs: Runs): Promise<void> {
  cloud.journal.clear()
  const quick = await run(cloud, inputs)
  runs.tookMs.push(quick.tookMs)
  runs.firstRequestMs.push((cloud.journal.entries[0]?.at ?? Number.NaN) - quick.startedAt)
  runs.operations = requestsTo(cloud).map(({ operation }) => operation)
  cloud.faults.add({ name: 'latency', effect: { kind: 'delay', ms: latencyMs } })
  cloud.journal.clear()
  const delayed = await run(cloud, inputs)
  cloud.faults.clear()
  runs.delayedMs.push(delayed.tookMs)
  for (const { operation, at } of requestsTo(cloud))
    runs.arrivals.set(operation, [...(runs.arrivals.get(operation) ?? []), at - delayed.startedAt])
}

/** The least that a request by Node's own HTTPS stack takes: nobody listens there. */
const requestThatFails = "require('node:https').get('https://127.0.0.1:9').on('error', () => {})"

/** Each round measures everything once, so that what else the machine does falls on all alike. */
async function measure(beside: ReadonlyMap<string, string>) {
  const [warm, least] = await Promise.all([usual(), leastPrivileged()])
  try {
    const bare: number[] = []
    const bareRequest: number[] = []
    const badInput: number[] = []
    const localCloud: number[] = []
    const others = [...beside].map(([name, path]) => ({ name, path, times: [] as number[] }))
    const [ofWarm, ofLeast] = [noRuns(), noRuns()]
    for (let round = 0; round < rounds; round += 1) {
      bare.push(timeProcess(['-e', '0']))
      bareRequest.push(timeProcess(['-e', requestThatFails]))
      badInput.push(timeProcess([join(repositoryRoot, 'dist/index.js')]))
      localCloud.push(timeProcess([join(repositoryRoot, 'local-cloud/cli.ts'), '--', 'true']))
      for (const { path, times } of others) times.push(timeProcess([path]))
      await runBoth(warm, ofWarm)
      await runBoth(least, ofLeast)
    }
    for (let count = 0; count < memoryRuns; count += 1) {
      ofWarm.memoryMb.push((await runWithMemory(warm.cloud, warm.inputs)).memoryMb)
      ofLeast.memoryMb.push((await runWithMemory(least.cloud, least.inputs)).memoryMb)
    }
    return {
      bare: median(bare),
      bareRequest: median(bareRequest),
      badInput: median(badInput),
      localCloud: median(localCloud),
      others: others.map(({ name, times }) => ({ name, took: median(times) })),
      warm: ofWarm,
      least: ofLeast,
    }
  } finally {
    await Promise.all([warm.cloud.close(), least.cloud.close()])
  }
}
type Measured = Awaited<ReturnType<typeof measure>>

const sizeOf = (pattern: string) =>
  globSync(join(repositoryRoot, pattern)).reduce((sum, path) => sum + statSync(path).size, 0)

const downloaded = () =>
  execFileSync('git', ['archive', 'HEAD'], { cwd: repositoryRoot, maxBuffer: 64 * 1024 * 1024 }).length

const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)} MB`

/** The action that bad input is compared with; its name begins so where its bundle is given. */
const compared = 'actions/create-github-app-token'

const firstUse =
  "Code is compiled at its first use. What can be is run ahead while replies are awaited; what depends on a reply is not, and the processor is the same for the local cloud. V8's compile cache does not help: a hosted runner begins with an empty disk."

function promisesOf(measured: Measured): Promised[] {
  const { bare, bareRequest, badInput, localCloud, others, warm, least } = measured
  const beyond = ({ delayedMs }: Runs, critical: number) => (median(delayedMs) - bare) / critical
  const other = others.find(({ name }) => name.startsWith(compared))
  const ratios: Promised[] = [
    {
      ...atMost('First request on the wire ÷ `node -e 0`', median(warm.firstRequestMs) / bare, 2.3),
      because: `Node's own HTTPS stack is loaded, and the entry compiled: a script of one request that fails is at ${(bareRequest / bare).toFixed(2)}.`,
    },
    {
      ...atMost('(Warm run − `node -e 0`) ÷ critical path', beyond(warm, criticalMs), 1.3),
      because: firstUse,
    },
    {
      ...atMost('The same, where roles may not be read', beyond(least, criticalWithRowMs), 1.3),
      because: firstUse,
    },
  ]
  if (other !== undefined)
    ratios.push({
      ...atMost(`Bad input ÷ ${other.name}`, badInput / other.took, 1),
      because:
        'What is wrong is explained, with its fix, in log, summary and report, and what does so is loaded for it.',
    })
  return [
    ...ratios,
    atMost(
      'Peak memory',
      median([...warm.memoryMb, ...least.memoryMb]),
      90,
      value => `${value.toFixed(0)} MB`,
    ),
    atMost('`dist/`, the gate', sizeOf('dist/*.{js,txt,json}'), 1.6 * 1024 * 1024, megabytes),
    atMost('Its entry', sizeOf('dist/index.js'), 120_000, value => `${(value / 1000).toFixed(0)} kB`),
    atMost('What a runner downloads, unpacked', downloaded(), 3 * 1024 * 1024, megabytes),
    atMost('The local cloud: its start, a command that does nothing, its end', localCloud, 2000, ms),
  ]
}

const named = ({ operations }: Runs) =>
  `${operations.length}: ${operations.map(name => `\`${name}\``).join(', ')}`

function besideText({ bare, badInput, others }: Measured): string {
  if (others.length === 0) return ''
  const rows = [{ name: '**Key-less Gate**', took: badInput }, ...others]
    .toSorted((one, other) => one.took - other.took)
    .map(({ name, took }) => [name, (took / bare).toFixed(2), ms(took)])
  return `### Beside other actions

Cold start of a whole process without inputs, up to where it ends for want of them. What an action does before it looks at its inputs differs, and
so does what it can do: this is what a step costs before it begins.

${table(['Action', '÷ `node -e 0`', ''], rows)}

`
}

function textOf(measured: Measured): string {
  const { bare, bareRequest, badInput, warm, least } = measured
  const figures = [
    ['`node -e 0`', ms(bare)],
    ['One request on `node:https` that nobody answers, from start to exit', ms(bareRequest)],
    ['Bad input, from start to exit', ms(badInput)],
    ['First request on the wire', ms(median(warm.firstRequestMs))],
    ['Warm run', ms(median(warm.tookMs))],
    [
      `Warm run with ${latencyMs} ms added to each reply; critical path ${ms(criticalMs)}`,
      ms(median(warm.delayedMs)),
    ],
    ['Warm run where roles may not be read', ms(median(least.tookMs))],
    [
      `The same with ${latencyMs} ms added; critical path ${ms(criticalWithRowMs)}`,
      ms(median(least.delayedMs)),
    ],
  ]
  const arrivals = [...warm.arrivals].map(([operation, at]) => [`\`${operation}\``, ms(median(at))])
  return `## Start and warm runs

Medians of ${rounds} runs, interleaved.

${table(['What', ''], figures)}

Requests of a warm run, ${named(warm)}. One model call: some 30 tokens. Where roles may not be read, ${named(least)}: a row, of three
model calls. In the public clouds there is no discovery.

${besideText(measured)}### Where the time of the delayed run goes

Arrival of each kind of request at the local cloud, after the start of the process; its reply leaves ${latencyMs} ms later. What lies between a reply and the next request is
the processor's. Before the first request only what reads the inputs is loaded; the rest is, and is run ahead as far as its first request, while replies are awaited. TLS handshakes are made while earlier replies are awaited, but their other end runs on the same
processors. Over a real network, opening connections early saves two round trips before Entra and two more before the models, which loopback does not show.

${table(['Request', 'Arrives after'], [...arrivals, ['end of the process', ms(median(warm.delayedMs))]])}
`
}

/** @param beside Bundles of other actions to start beside ours, by the name that the table gives them. */
export async function measureStart(beside: ReadonlyMap<string, string>): Promise<Part> {
  const measured = await measure(beside)
  return { promises: promisesOf(measured), text: textOf(measured) }
}
