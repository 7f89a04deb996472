import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { workflowInputs } from '../__tests__/support/workflow-inputs.ts'
import { type ActionResult, startAction } from '../action-runner/index.ts'
import type { LocalCloud } from '../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../scripts/tools.ts'

/** One run of a process, and its measurements. If one hangs, the bench ends and says which. */

const limitMs = 120_000

const folder = () => mkdtempSync(join(tmpdir(), 'key-less-gate-bench-'))

/** A whole process, without inputs, from start to exit; milliseconds. @throws Error if it does not end */
export function timeProcess(args: readonly string[]): number {
  const own = folder()
  try {
    const output = join(own, 'output')
    writeFileSync(output, '')
    const startedAt = performance.now()
    const { error } = spawnSync(process.execPath, args, {
      env: { PATH: process.env.PATH ?? '', RUNNER_TEMP: own, GITHUB_OUTPUT: output },
      stdio: 'ignore',
      timeout: limitMs,
    })
    if (error !== undefined) throw new Error(`node ${args.join(' ')}: ${error.message}`)
    return performance.now() - startedAt
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

/** From the start of a script to the arrival of its first request at the local cloud; milliseconds. @throws Error if none arrives */
export async function timeRequest(cloud: LocalCloud, script: string): Promise<number> {
  cloud.journal.clear()
  const startedAt = Date.now()
  await promisify(execFile)(process.execPath, ['-e', script], {
    env: { PATH: process.env.PATH ?? '', ...cloud.runnerEnvironment() },
    timeout: limitMs,
  })
  const [first] = cloud.journal.entries
  if (first === undefined) throw new Error('The script sent no request')
  return first.at - startedAt
}

interface Run extends ActionResult {
  /** Milliseconds since the epoch. */
  startedAt: number
  tookMs: number
}

type Inputs = Readonly<Record<string, string>>

/** Runs the built action as the runner starts it. @throws Error if it does not pass, or does not end */
export const run = (cloud: LocalCloud, inputs: Inputs): Promise<Run> => runWith([], { cloud, inputs })

/** The same, and its peak memory. Measuring memory adds some milliseconds to the start. */
export async function runWithMemory(cloud: LocalCloud, inputs: Inputs): Promise<Run & { memoryMb: number }> {
  const ended = await runWith(['--import', join(repositoryRoot, 'bench/report-memory.mjs')], {
    cloud,
    inputs,
  })
  const [, memory] = /peak memory (\d+)/.exec(ended.log.join('\n')) ?? []
  if (memory === undefined) throw new Error('The run did not report its memory')
  return { ...ended, memoryMb: Number(memory) }
}

async function runWith(
  nodeOptions: readonly string[],
  { cloud, inputs }: { cloud: LocalCloud; inputs: Inputs },
): Promise<Run> {
  const own = folder()
  const { startedAt, ...action } = startAction({
    action: repositoryRoot,
    inputs,
    env: cloud.runnerEnvironment(),
    nodeOptions,
    workFolder: own,
  })
  const limit = setTimeout(() => action.process.kill('SIGKILL'), limitMs)
  try {
    const ended = await action.result
    const tookMs = Date.now() - startedAt
    if (ended.outputs.result !== 'passed')
      throw new Error(['The run did not pass:', ...ended.log.slice(-20)].join('\n'))
    return { ...ended, startedAt, tookMs }
  } finally {
    clearTimeout(limit)
    rmSync(own, { recursive: true, force: true })
  }
}

/** The requests of gates. The local cloud itself asks for the issuer's keys, so these are left out. */
export const requestsTo = ({ journal }: LocalCloud) =>
  journal.entries.filter(({ operation }) => operation !== 'oidc.keys')

/** Inputs of a run that gets its endpoint and one deployment, and need not look them up. */
export function warmInputs(cloud: LocalCloud): Record<string, string> {
  const endpoint = [...cloud.endpoints.accounts.values()][0] ?? ''
  return { ...workflowInputs(cloud), endpoint, deployments: 'chat=chat-completions' }
}
