import { execFileSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { alsoHolds, holds, roles } from '../__tests__/support/arrange.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../scripts/tools.ts'
import { atMost, median, ms, type Part, type Promised, table } from './part.ts'
import { requestsTo, run, runWithMemory, timeProcess, timeRequest, warmInputs } from './runs.ts'

/** Start, size and memory, and runs that pass without a wait: whole processes of the built action on the local cloud. */

const rounds = 21
/** Runs for each pipeline, besides the timed ones. */
const memoryRuns = 5
/** Delay added to every reply, as a network would add it. */
const latencyMs = 100
/** OIDC token; discovery (only for a custom authority, whose endpoints must be asked for first); access token; inference or roles. */
const criticalMs = 4 * latencyMs
/** After the first answer comes a row of successes. */
const criticalWithRowMs = 5 * latencyMs

/** Runs that pass without a wait, with fast and with slow replies. */
const noRuns = () => ({
  tookMs: [] as number[],
  delayedMs: [] as number[],
  firstRequestMs: [] as number[],
  memoryMb: [] as number[],
  arrivals: new Map<string, number[]>(),
  operations: [] as readonly string[],
})
type Runs = ReturnType<typeof noRuns>

/** A pipeline, and the inputs of its gate. */
interface Pipeline {
  cloud: LocalCloud
  inputs: Readonly<Record<string, string>>
}

/** Its role was assigned long ago, and it can read role assignments. */
async function usual(): Promise<Pipeline> {
  const cloud = await createLocalCloud()
  alsoHolds(cloud, { role: roles.user, createdOn: new Date(cloud.clock.now() - 86_400_000) })
  return { cloud, inputs: warmInputs(cloud) }
}

/** It can call models, but cannot read role assignments, and its gate only verifies: the setup that docs/setup.md recommends. */
async function leastPrivileged(): Promise<Pipeline> {
  const cloud = await createLocalCloud()
  holds(cloud, { role: roles.user })
  return { cloud, inputs: { ...warmInputs(cloud), grant: 'never' } }
}

/** Adds two runs to `runs`: one as it is, and one in which every reply takes `latencyMs` longer. */
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

/** The least that a program on Node's HTTPS stack does before its first request. It asks for the same token as the gate. */
const oneRequest = `
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = process.env
  require('node:https').get(url + '&audience=any', { headers: { authorization: 'Bearer ' + token } }, reply => reply.resume())`

/** Each round measures everything once, so that other load on the machine affects all measurements alike. */
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
      bareRequest.push(await timeRequest(warm.cloud, oneRequest))
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

/** The action that bad input is compared with, if its bundle is given: its name begins with this. */
const compared = 'actions/create-github-app-token'

/** Where the time goes that a delayed run takes beyond the replies that it waits for. */
function whyLonger({ firstRequestMs, delayedMs }: Runs, bare: number, critical: number): string {
  const before = median(firstRequestMs) - bare
  const all = median(delayedMs) - bare - critical
  return [
    `Of the ${ms(all)} beyond the replies, ${ms(before)} pass before the first request: Node's HTTPS stack and the gate's entry load, and the gate reads the inputs.`,
    'The rest passes between a reply and the next request, and after the last reply: the gate reads replies, decides and reports on one thread, and the process ends.',
    'Its code is compiled by then, because the gate rehearses the run while it waits.',
    'The local cloud signs tokens and answers lists one after the other, on the same processors.',
    "V8's compile cache does not help, because a hosted runner starts with an empty disk.",
  ].join(' ')
}

function promisesOf(measured: Measured): Promised[] {
  const { bare, bareRequest, badInput, localCloud, others, warm, least } = measured
  const beyond = ({ delayedMs }: Runs, critical: number) => (median(delayedMs) - bare) / critical
  const other = others.find(({ name }) => name.startsWith(compared))
  const ratios: Promised[] = [
    {
      ...atMost('First request on the wire ÷ `node -e 0`', median(warm.firstRequestMs) / bare, 2.3),
      because: `Most of it is Node's own: a script of three lines that asks for the same token, with Node's HTTPS stack and nothing else, has its request on the wire at ${(bareRequest / bare).toFixed(2)}. The gate takes ${ms(median(warm.firstRequestMs) - bareRequest)} longer: it loads its entry, and reads the inputs.`,
    },
    {
      ...atMost('(Warm run − `node -e 0`) ÷ critical path', beyond(warm, criticalMs), 1.3),
      because: whyLonger(warm, bare, criticalMs),
    },
    {
      ...atMost('The same, if the gate cannot read roles', beyond(least, criticalWithRowMs), 1.3),
      because: whyLonger(least, bare, criticalWithRowMs),
    },
  ]
  if (other !== undefined)
    ratios.push({
      ...atMost(`Bad input ÷ ${other.name}`, badInput / other.took, 1),
      because:
        'Bad input loads the code that explains it: the log, the summary and the report each say what is wrong and how to fix it.',
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
    atMost('Download of a runner, unpacked', downloaded(), 3 * 1024 * 1024, megabytes),
    atMost('The local cloud: start, a command that does nothing, and end', localCloud, 2000, ms),
  ]
}

const named = ({ operations }: Runs) =>
  `${operations.length} requests: ${operations.map(name => `\`${name}\``).join(', ')}`

function besideText({ bare, badInput, others }: Measured): string {
  if (others.length === 0) return ''
  const rows = [{ name: '**Key-less Gate**', took: badInput }, ...others]
    .toSorted((one, other) => one.took - other.took)
    .map(({ name, took }) => [name, (took / bare).toFixed(2), ms(took)])
  return `### Beside other actions

Cold start of a whole process without inputs, until it fails because they are missing. Actions differ in what they do before they read their inputs, and
in what they can do. The figure is the cost of a step before it begins its work.

${table(['Action', '÷ `node -e 0`', ''], rows)}

`
}

function textOf(measured: Measured): string {
  const { bare, bareRequest, badInput, warm, least } = measured
  const figures = [
    ['`node -e 0`', ms(bare)],
    ['First request of a script of three lines on `node:https`, on the wire', ms(bareRequest)],
    ['Bad input, from start to exit', ms(badInput)],
    ['First request on the wire', ms(median(warm.firstRequestMs))],
    ['Warm run', ms(median(warm.tookMs))],
    [
      `Warm run with ${latencyMs} ms added to each reply; critical path ${ms(criticalMs)}`,
      ms(median(warm.delayedMs)),
    ],
    ['Warm run that cannot read roles', ms(median(least.tookMs))],
    [
      `The same with ${latencyMs} ms added; critical path ${ms(criticalWithRowMs)}`,
      ms(median(least.delayedMs)),
    ],
  ]
  const arrivals = [...warm.arrivals].map(([operation, at]) => [`\`${operation}\``, ms(median(at))])
  return `## Start and warm runs

Medians of ${rounds} runs, interleaved.

${table(['What', ''], figures)}

A warm run sends ${named(warm)}. One model call costs some 30 tokens. A warm run that cannot read roles sends ${named(least)}. That includes a row of three
model calls. The public clouds need no discovery.

${besideText(measured)}### Where the time of the delayed run goes

The table shows when each kind of request arrives at the local cloud, counted from the start of the process. Its reply leaves ${latencyMs} ms later. The time between a reply and the next request is
processor time. Before its first request the gate loads only the code that reads the inputs. While it waits for replies it loads the rest, and rehearses the run on replies that are written down. TLS handshakes also happen during these waits, but both ends run on the same
processors. Over a real network, opening connections early saves two round trips before Entra, two more before the models, and two before the row of a gate that never grants. Loopback does not show that.

${table(['Request', 'Arrives after'], [...arrivals, ['end of the process', ms(median(warm.delayedMs))]])}
`
}

/** @param beside Bundles of other actions to start beside ours, by their name in the table. */
export async function measureStart(beside: ReadonlyMap<string, string>): Promise<Part> {
  const measured = await measure(beside)
  return { promises: promisesOf(measured), text: textOf(measured) }
}
