import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { workflowInputs } from '../__tests__/support/workflow-inputs.ts'
import { type ActionResult, startAction } from '../action-runner/index.ts'
import type { LocalCloud } from '../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../scripts/tools.ts'

/** One run of a process, and what it took. */

const folder = () => mkdtempSync(join(tmpdir(), 'key-less-gate-bench-'))

/** A whole process, without inputs, from start to exit; milliseconds. */
export function timeProcess(args: readonly string[]): number {
  const own = folder()
  const output = join(own, 'output')
  writeFileSync(output, '')
  const startedAt = performance.now()
  spawnSync(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', RUNNER_TEMP: own, GITHUB_OUTPUT: output },
    stdio: 'ignore',
  })
  const tookMs = performance.now() - startedAt
  rmSync(own, { recursive: true, force: true })
  return tookMs
}

export interface Run extends ActionResult {
  /** Milliseconds since the epoch. */
  startedAt: number
  tookMs: number
  memoryMb: number
}

/** The built action, as the runner starts it. @throws Error where it does not pass */
export async function run(cloud: LocalCloud, inputs: Readonly<Record<string, string>>): Promise<Run> {
  const own = folder()
  try {
    const startedAt = Date.now()
    const began = performance.now()
    const { result } = startAction({
      action: repositoryRoot,
      inputs,
      env: cloud.runnerEnvironment(),
      nodeOptions: ['--import', join(repositoryRoot, 'bench/report-memory.mjs')],
      workFolder: own,
    })
    const ended = await result
    const tookMs = performance.now() - began
    if (ended.outputs.result !== 'passed') throw new Error(['The run did not pass:', ...ended.log].join('\n'))
    const memoryMb = Number(/peak memory (\d+)/.exec(ended.log.join('\n'))?.[1])
    return { ...ended, startedAt, tookMs, memoryMb }
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

/** Inputs of a run that knows its endpoint and one deployment beforehand. */
export function warmInputs(cloud: LocalCloud): Record<string, string> {
  const endpoint = [...cloud.endpoints.accounts.values()][0] ?? ''
  return { ...workflowInputs(cloud), endpoint, deployments: 'chat=chat-completions' }
}
