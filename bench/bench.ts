import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { workflowInputs } from '../__tests__/support/workflow-inputs.ts'
import { type ActionResult, startAction } from '../action-runner/index.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { propagationTable } from './propagation.ts'

/**
 * Measures what the project promises about speed, size and waiting; prints it, and writes bench/RESULTS.md. Bundles of other actions
 * are started beside ours: `npm run bench -- --beside 'name version'=/path/to/their/dist/index.js`, as often as there are others.
 */

const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const rounds = 21
/** Added to every reply, as a network would. */
const latencyMs = 50

/** Milliseconds of the median run, and of the fastest: what other work on the machine adds, it adds to the median first. */
interface Spread {
  median: number
  fastest: number
}

const spread = (values: readonly number[]): Spread => ({
  median: values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN,
  fastest: Math.min(...values),
})
const above = (one: Spread, other: Spread): Spread => ({
  median: one.median - other.median,
  fastest: one.fastest - other.fastest,
})
const ms = (value: number) => `${value.toFixed(0)} ms`
const both = ({ median, fastest }: Spread) => `${ms(median)} (${ms(fastest)})`

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

/** A whole process, without inputs, from start to exit; milliseconds. */
function timeProcess(args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-bench-'))
  const output = join(folder, 'output')
  writeFileSync(output, '')
  const startedAt = performance.now()
  spawnSync(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', RUNNER_TEMP: folder, GITHUB_OUTPUT: output },
    stdio: 'ignore',
  })
  const tookMs = performance.now() - startedAt
  rmSync(folder, { recursive: true, force: true })
  return tookMs
}

async function run(
  cloud: LocalCloud,
  inputs: Record<string, string>,
): Promise<ActionResult & { startedAt: number; tookMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-bench-'))
  try {
    const startedAt = Date.now()
    const began = performance.now()
    const { result } = startAction({
      action: repositoryRoot,
      inputs,
      env: cloud.runnerEnvironment(),
      nodeOptions: ['--import', join(repositoryRoot, 'bench/report-memory.mjs')],
      workFolder: folder,
    })
    const ended = await result
    if (ended.outputs.result !== 'passed') throw new Error(['The run did not pass:', ...ended.log].join('\n'))
    return { ...ended, startedAt, tookMs: performance.now() - began }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function inputsOf(cloud: LocalCloud): Record<string, string> {
  const endpoint = [...cloud.endpoints.accounts.values()][0] ?? ''
  return { ...workflowInputs(cloud), endpoint, deployments: 'chat=chat-completions' }
}

/**
 * Each round measures everything once, so that what else the machine does falls on all alike: a process that does nothing, one that
 * only says what is wrong (ours and others'), a warm run, and one in which every reply takes `latencyMs` longer.
 */
async function measure(beside: ReadonlyMap<string, string>) {
  const cloud = await createLocalCloud()
  try {
    const inputs = inputsOf(cloud)
    await run(cloud, inputs)
    const times = {
      bare: [] as number[],
      failFast: [] as number[],
      firstRequest: [] as number[],
      warm: [] as number[],
      delayed: [] as number[],
      localCloud: [] as number[],
    }
    const others = [...beside].map(([name, path]) => ({ name, path, times: [] as number[] }))
    const arrivals = new Map<string, number[]>()
    const memory: number[] = []
    let operations: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      times.bare.push(timeProcess(['-e', '0']))
      times.failFast.push(timeProcess([join(repositoryRoot, 'dist/index.js')]))
      times.localCloud.push(timeProcess([join(repositoryRoot, 'local-cloud/cli.ts'), '--', 'true']))
      for (const other of others) other.times.push(timeProcess([other.path]))
      cloud.journal.clear()
      const warm = await run(cloud, inputs)
      times.warm.push(warm.tookMs)
      times.firstRequest.push((cloud.journal.entries[0]?.at ?? Number.NaN) - warm.startedAt)
      memory.push(Number(/peak memory (\d+)/.exec(warm.log.join('\n'))?.[1]))
      operations = cloud.journal.entries.map(({ operation }) => operation)
      cloud.faults.add({ name: 'latency', effect: { kind: 'delay', ms: latencyMs } })
      cloud.journal.clear()
      const delayed = await run(cloud, inputs)
      times.delayed.push(delayed.tookMs)
      for (const { operation, at } of cloud.journal.entries)
        arrivals.set(operation, [...(arrivals.get(operation) ?? []), at - delayed.startedAt])
      cloud.faults.clear()
    }
    return {
      bare: spread(times.bare),
      failFast: spread(times.failFast),
      firstRequest: spread(times.firstRequest),
      warm: spread(times.warm),
      delayed: spread(times.delayed),
      localCloud: spread(times.localCloud),
      others: others.map(({ name, times: took }) => ({ name, took: spread(took) })),
      arrivals: [...arrivals].map(([operation, at]) => ({ operation, at: spread(at) })),
      memory: Math.max(...memory),
      operations,
    }
  } finally {
    await cloud.close()
  }
}

function measureSize() {
  const distBytes = globSync(join(repositoryRoot, 'dist/*')).reduce(
    (sum, path) => sum + statSync(path).size,
    0,
  )
  const archiveBytes = execFileSync('git', ['archive', 'HEAD'], {
    cwd: repositoryRoot,
    maxBuffer: 64 * 1024 * 1024,
  }).length
  return { distBytes, archiveBytes }
}

const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)} MB`

const [processor] = cpus()
const loadBefore = loadavg()[0] ?? Number.NaN
const measured = await measure(readBeside())
const loadAfter = loadavg()[0] ?? Number.NaN
const { bare, failFast, firstRequest, warm, delayed, localCloud, others, arrivals, memory, operations } =
  measured
const { distBytes, archiveBytes } = measureSize()
// OIDC token; discovery (an authority of one's own is asked for its endpoints first); access token; inference or roles.
const criticalMs = 4 * latencyMs
const toCritical = above(delayed, failFast)

/** Empty where there is nothing to compare with. */
function besideTable(): string {
  if (others.length === 0) return ''
  const rows = [{ name: '**Key-less Gate**', took: failFast }, ...others].toSorted(
    (one, other) => one.took.fastest - other.took.fastest,
  )
  return `## Beside other actions

Cold start of a whole process without inputs, up to where it ends for want of them. What an action does before it looks at its inputs differs, and
so does what it can do: this is what a step costs before it begins.

| Action | Above \`node -e 0\` |
| --- | --- |
${rows.map(({ name, took }) => `| ${name} | ${both(above(took, bare))} |`).join('\n')}

`
}

const text = `# What was measured

Written by \`npm run bench\`. Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${megabytes(totalmem())} memory, Node ${process.version}.
Medians of ${rounds} runs, and the fastest of them in brackets; interleaved; whole processes, the built action, on the local cloud.
Load average of the machine before and after: ${loadBefore.toFixed(1)} and ${loadAfter.toFixed(1)}. Where it is above ${cpus().length}, others were at work on it: then the fastest runs say more than the medians.

## Start and size

| What | Measured | Promised |
| --- | --- | --- |
| \`node -e 0\` | ${both(bare)} | |
| Bad input, from start to exit, above \`node -e 0\` | ${both(above(failFast, bare))} | 75 ms |
| First request on the wire, above \`node -e 0\` | ${both(above(firstRequest, bare))} | 90 ms |
| Warm run, whole process | ${both(warm)} | 1 s |
| Warm run with ${latencyMs} ms added to each reply | ${both(delayed)} | |
| Its critical path: OIDC, discovery, token, inference | ${ms(criticalMs)} | |
| (Run − start) ÷ critical path, start being that of the bad input | ${(toCritical.median / criticalMs).toFixed(2)} (${(toCritical.fastest / criticalMs).toFixed(2)}) | 1.3 |
| Requests of a warm run | ${operations.length} (${operations.filter(name => name === 'oidc.token').length} OIDC) | 8 (1) |
| The local cloud: its start, a command that does nothing, its end | ${both(localCloud)} | 2 s |
| Peak memory | ${memory} MB | 150 MB |
| \`dist/\`, the gate | ${megabytes(distBytes)} | 2 MB |
| What a runner downloads, unpacked | ${megabytes(archiveBytes)} | 3 MB |

Requests of a warm run: ${operations.map(name => `\`${name}\``).join(', ')}. In the public clouds there is no discovery.

${besideTable()}## Where the time of the delayed run goes

Arrival of each kind of request at the local cloud, after the start of the process; its reply leaves ${latencyMs} ms later. What lies between a reply and the next request is
the processor's. Until the first request: Node itself, and the HTTP stack that the toolkit loads. After GitHub's reply: what is left of loading the Azure SDK that signs in, most of
which the wait for that reply hides; then each SDK's first use of its code. TLS handshakes are made while earlier replies are awaited, but their other end runs on the same
processors, and the second token finds no connection where the authority had to be asked for its endpoints. After the last reply: outputs, summary, report, and the end of the process.
Over a real network, opening connections early saves two round trips before Entra and two more before the models, which loopback does not show.

| Request | Arrives after |
| --- | --- |
${arrivals.map(({ operation, at }) => `| \`${operation}\` | ${both(at)} |`).join('\n')}
| end of the process | ${both(delayed)} |

${await propagationTable()}`

process.stdout.write(text)
writeFileSync(join(repositoryRoot, 'bench/RESULTS.md'), text)
