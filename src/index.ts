import { setTimeout as sleep } from 'node:timers/promises'
import * as core from '@actions/core'
import { StepFailure } from './diagnosis/verdict.ts'
import { noFacts, type Outcome } from './facts.ts'
import { gate } from './gate.ts'
import { createHttp } from './http.ts'
import { readSettings, reportPath, type Settings } from './inputs.ts'
import { proxySecrets } from './proxy.ts'
import { runnerLog } from './report/log.ts'
import { tell } from './report/tell.ts'
import { plain } from './untrusted-text.ts'
import { readWorkflowRun } from './workflow-run.ts'

/** What the runner starts: reads the settings, runs the gate, tells how it ended. */
async function main(): Promise<Outcome> {
  // The Azure SDKs read these by themselves, and would sign in somewhere else than the inputs say.
  delete process.env.AZURE_AUTHORITY_HOST
  delete process.env.AZURE_REGIONAL_AUTHORITY_NAME
  for (const secret of proxySecrets(process.env)) core.setSecret(secret)
  const run = readWorkflowRun(process.env)
  let settings: Settings
  try {
    settings = readSettings(core.getInput, process.env)
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    const outcome: Outcome = { result: 'failed', facts: noFacts(run), failure: error }
    await tell(outcome, reportPath(core.getInput, process.env), true)
    return outcome
  }
  if (settings.report.githubToken !== undefined) core.setSecret(settings.report.githubToken)
  const outcome = await gate(settings, {
    http: createHttp(settings.waiting.requestTimeoutMs, process.env),
    // The offset of the monotonic clock: a correction of the wall clock must not end a wait, or stretch it.
    clock: { now: () => performance.timeOrigin + performance.now(), sleep: ms => sleep(ms) },
    log: runnerLog,
    mask: core.setSecret,
    random: Math.random,
    run,
  })
  await tell(outcome, settings.report.path, settings.report.summary)
  return outcome
}

try {
  const { result } = await main()
  // Requests that the outcome no longer depends on must not keep the job waiting.
  process.exit(result === 'failed' ? 1 : 0)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  core.setFailed(`Key-less Gate met an error that it does not know: ${plain(message)}`)
  process.exit(1)
}
