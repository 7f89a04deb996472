import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import * as core from '@actions/core'
import { StepFailure } from './diagnosis/verdict.ts'
import { noFacts, type Outcome } from './facts.ts'
import { factsOf, gate, type Tools } from './gate.ts'
import { createHttp } from './http.ts'
import { readSettings, reportPath, type Settings } from './inputs.ts'
import { proxySecrets } from './proxy.ts'
import { runnerLog } from './report/log.ts'
import { tell } from './report/tell.ts'
import type { Clock } from './tools.ts'
import { plain } from './untrusted-text.ts'
import { readWorkflowRun } from './workflow-run.ts'

/** What the runner starts: reads the settings, runs the gate, tells how it ended. */
async function main(): Promise<Outcome> {
  // The Azure SDKs read these by themselves, and would sign in somewhere else than the inputs say.
  delete process.env.AZURE_AUTHORITY_HOST
  delete process.env.AZURE_REGIONAL_AUTHORITY_NAME
  for (const secret of proxySecrets(process.env)) core.setSecret(secret)
  // Before they are read: whatever is wrong with the inputs is printed.
  for (const name of ['github-token', 'retired-key']) {
    const secret = core.getInput(name)
    if (secret !== '') core.setSecret(secret)
  }
  const run = readWorkflowRun(process.env)
  // The offset of the monotonic clock: a correction of the wall clock must not end a wait, or stretch it.
  const clock: Clock = { now: () => performance.timeOrigin + performance.now(), sleep: ms => sleep(ms) }
  const startedAt = clock.now()
  let settings: Settings
  try {
    settings = readSettings(core.getInput, process.env)
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    const outcome: Outcome = { result: 'failed', facts: noFacts(run), failure: error }
    const withSummary = core.getInput('summary').trim() !== 'false'
    await tell(outcome, { path: reportPath(core.getInput, process.env), withSummary, clock, startedAt })
    return outcome
  }
  const tools: Tools = {
    http: createHttp(settings.waiting.requestTimeoutMs, process.env),
    clock,
    log: runnerLog,
    mask: core.setSecret,
    random: Math.random,
    run,
  }
  const facts = factsOf(settings, tools)
  const { path, summary: withSummary } = settings.report
  const tellOnce = once((outcome: Outcome) => tell(outcome, { path, withSummary, clock, startedAt }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await tellOnce({ result: 'cancelled', facts, signal })
      process.exit(128 + constants.signals[signal])
    })
  }
  const outcome = await gate(settings, tools, facts)
  await tellOnce(outcome)
  return outcome
}

/** The first call counts, and every other gets its result: a signal may come while the end is being told. */
function once<T>(tellIt: (outcome: T) => Promise<void>): (outcome: T) => Promise<void> {
  let telling: Promise<void> | undefined
  return outcome => {
    telling ??= tellIt(outcome)
    return telling
  }
}

try {
  const { result } = await main()
  // Requests that the outcome no longer depends on must not keep the job waiting.
  process.exit(result === 'failed' ? 1 : 0)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  core.setOutput('result', 'failed')
  core.setFailed(`Key-less Gate met an error that it does not know: ${plain(message)}`)
  process.exit(1)
}
