import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { type ActionResult, startAction } from '../local-cloud/runner.ts'
import { workflowInputs } from '../local-cloud/workflow-inputs.ts'
import { propagationTable } from './propagation.ts'

/** Measures what the project promises about speed, size and waiting; prints it, and writes bench/RESULTS.md. */

const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const rounds = 21
/** Added to every reply, as a network would. */
const latencyMs = 50

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const ms = (value: number) => `${value.toFixed(0)} ms`

/** What nearly every action of a workflow costs: a process that does nothing, and one that only says what is wrong. */
function measureStart() {
  const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-bench-'))
  const env = { PATH: process.env.PATH ?? '', RUNNER_TEMP: folder, GITHUB_OUTPUT: join(folder, 'output') }
  writeFileSync(env.GITHUB_OUTPUT, '')
  const time = (args: string[]) => {
    const startedAt = performance.now()
    spawnSync(process.execPath, args, { env, stdio: 'ignore' })
    return performance.now() - startedAt
  }
  const bare: number[] = []
  const failFast: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    bare.push(time(['-e', '0']))
    failFast.push(time([join(repositoryRoot, 'dist/index.js')]))
  }
  rmSync(folder, { recursive: true, force: true })
  return { bare: median(bare), failFast: median(failFast) }
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
  return { ...workflowInputs(cloud), endpoint, deployments: 'gpt-4o-mini=chat-completions' }
}

/** The warm path: the role is held, every reply takes `latencyMs`. */
async function measureWarm(bareMs: number) {
  const cloud = await createLocalCloud()
  try {
    const inputs = inputsOf(cloud)
    await run(cloud, inputs)
    const quick: number[] = []
    const slow: number[] = []
    const firstRequest: number[] = []
    const memory: number[] = []
    const arrivals = new Map<string, number[]>()
    let operations: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      cloud.journal.clear()
      const warm = await run(cloud, inputs)
      quick.push(warm.tookMs)
      firstRequest.push((cloud.journal.entries[0]?.at ?? Number.NaN) - warm.startedAt)
      memory.push(Number(/peak memory (\d+)/.exec(warm.log.join('\n'))?.[1]))
      operations = cloud.journal.entries.map(({ operation }) => operation)
      cloud.faults.add({ name: 'latency', effect: { kind: 'delay', ms: latencyMs } })
      cloud.journal.clear()
      const delayed = await run(cloud, inputs)
      slow.push(delayed.tookMs)
      for (const { operation, at } of cloud.journal.entries)
        arrivals.set(operation, [...(arrivals.get(operation) ?? []), at - delayed.startedAt])
      cloud.faults.clear()
    }
    return {
      quick: median(quick),
      slow: median(slow),
      firstRequest: median(firstRequest) - bareMs,
      memory: Math.max(...memory),
      operations,
      arrivals: [...arrivals].map(([operation, times]) => ({ operation, atMs: median(times) })),
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

const start = measureStart()
const warm = await measureWarm(start.bare)
const { distBytes, archiveBytes } = measureSize()
// OIDC token; discovery (an authority of one's own is asked for its endpoints first); access token; inference or roles.
const criticalMs = 4 * latencyMs
const startMs = start.failFast
const [processor] = cpus()

const text = `# What was measured

Written by \`npm run bench\`. Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${megabytes(totalmem())} memory, Node ${process.version}.
Medians of ${rounds} runs, interleaved; whole processes, the built action, on the local cloud.

## Start and size

| What | Measured | Promised |
| --- | --- | --- |
| \`node -e 0\` | ${ms(start.bare)} | |
| Bad input, from start to exit, above \`node -e 0\` | ${ms(start.failFast - start.bare)} | 75 ms |
| First request on the wire, above \`node -e 0\` | ${ms(warm.firstRequest)} | 90 ms |
| Warm run, whole process | ${ms(warm.quick)} | 1 s |
| Warm run with ${latencyMs} ms added to each reply | ${ms(warm.slow)} | |
| Its critical path: OIDC, discovery, token, inference | ${ms(criticalMs)} | |
| (Run − start) ÷ critical path, start being that of the bad input | ${((warm.slow - startMs) / criticalMs).toFixed(2)} | 1.3 |
| Requests of a warm run | ${warm.operations.length} (${warm.operations.filter(name => name === 'oidc.token').length} OIDC) | 8 (1) |
| Peak memory | ${warm.memory} MB | 150 MB |
| \`dist/\` | ${megabytes(distBytes)} | 2 MB |
| What a runner downloads, unpacked | ${megabytes(archiveBytes)} | 3 MB |

Requests of a warm run: ${warm.operations.map(name => `\`${name}\``).join(', ')}. In the public clouds there is no discovery.

## Where the time of the delayed run goes

Arrival of each kind of request at the local cloud, after the start of the process; its reply leaves ${latencyMs} ms later. What lies between a reply and the next request is
the processor's: loading and running the Azure SDKs, and a TLS handshake with each of four hosts, whose other end runs on the same machine.

| Request | Arrives after |
| --- | --- |
${warm.arrivals.map(({ operation, atMs }) => `| \`${operation}\` | ${ms(atMs)} |`).join('\n')}
| end of the process | ${ms(warm.slow)} |

${await propagationTable()}`

process.stdout.write(text)
writeFileSync(join(repositoryRoot, 'bench/RESULTS.md'), text)
