import { constants } from 'node:os'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as core from '@actions/core'
import { StepFailure } from './core/failures/failure.ts'
import { createHttpClient } from './core/http/client.ts'
import { proxySecrets } from './core/http/proxy.ts'
import type { Clock } from './core/ports.ts'
import { plain } from './core/text/untrusted.ts'
import { gate, type Tools } from './gate/gate.ts'
import { type Outcome, openRecord } from './gate/record.ts'
import type { Settings } from './gate/settings.ts'
import { readSettings, reportingOf } from './inputs.ts'
import { createLogReporter } from './report/log-reporter.ts'
import { publish } from './report/publish.ts'
import { runnerLog } from './report/runner-log.ts'
import { keepGrant, keptGrant } from './services/github/post-state.ts'
import { readWorkflowRun } from './services/github/workflow-run.ts'

/** What the runner starts, before the job's next step and again, by way of post.ts, at its end. */

function prepare(): void {
  // The Azure SDKs read these by themselves, and would sign in somewhere else than the inputs say.
  delete process.env.AZURE_AUTHORITY_HOST
  delete process.env.AZURE_REGIONAL_AUTHORITY_NAME
  for (const secret of proxySecrets(process.env)) core.setSecret(secret)
  // Before they are read: whatever is wrong with the inputs is printed.
  for (const name of ['github-token', 'retired-key']) {
    const secret = core.getInput(name)
    if (secret !== '') core.setSecret(secret)
  }
}

/** The offset of the monotonic clock: a correction of the wall clock must not end a wait, or stretch it. */
const clock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
}

const toolsFor = (settings: Settings): Tools => ({
  ...createHttpClient({ timeoutMs: settings.waiting.requestTimeoutMs, env: process.env, clock }),
  clock,
  log: runnerLog,
  reporter: createLogReporter(runnerLog, settings),
  mask: core.setSecret,
  random: Math.random,
  run: readWorkflowRun(process.env),
  keep: keepGrant,
})

/** Reads the settings, runs the gate, tells how it ended. */
async function main(): Promise<Outcome> {
  const startedAt = clock.now()
  prepare()
  let settings: Settings
  try {
    settings = readSettings(core.getInput, process.env)
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    const record = openRecord(readWorkflowRun(process.env)).snapshot()
    const outcome: Outcome = { result: 'failed', record, failure: error }
    await publish(outcome, { ...reportingOf(core.getInput, process.env), clock, startedAt })
    return outcome
  }
  const tools = toolsFor(settings)
  const record = openRecord(tools.run, settings)
  const publishOnce = once((outcome: Outcome) => publish(outcome, { ...settings.report, clock, startedAt }))
  whenStopped(async signal => {
    await publishOnce({ result: 'cancelled', record: record.snapshot(), signal })
    await exit(128 + constants.signals[signal])
  })
  const outcome = await gate(settings, tools, record)
  await publishOnce(outcome)
  return outcome
}

/** The runner sends one signal, and the other some seconds later. */
function whenStopped(stop: (signal: NodeJS.Signals) => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(signal))
}

/** The first call counts, and every other gets its result: a signal may come while the end is being told. */
function once<T>(tellIt: (outcome: T) => Promise<void>): (outcome: T) => Promise<void> {
  let telling: Promise<void> | undefined
  return outcome => {
    telling ??= tellIt(outcome)
    return telling
  }
}

async function runMain(): Promise<number> {
  try {
    const { result } = await main()
    return result === 'failed' ? 1 : 0
  } catch (error) {
    core.setOutput('result', 'failed')
    core.setFailed(`Key-less Gate met an error that it does not know: ${inWords(error)}`)
    return 1
  }
}

/** Takes back what was granted for this job only. Whatever goes wrong here, the job has ended as it has. */
async function runPost(): Promise<number> {
  const grant = keptGrant()
  if (grant === undefined) return 0
  try {
    prepare()
    const settings = readSettings(core.getInput, process.env)
    const [{ revoke }, { byHand, logRevocation }] = await Promise.all([
      import('./gate/revoke.ts'),
      import('./report/revocation.ts'),
    ])
    whenStopped(async signal => {
      runnerLog.warning(
        `Stopped by ${signal} before it was certain that the temporary role assignment is gone. ${byHand(grant)}`,
      )
      await exit(0)
    })
    const revocation = await revoke(grant, settings, toolsFor(settings))
    if (revocation !== undefined) logRevocation(revocation, grant, runnerLog)
  } catch (error) {
    runnerLog.warning(
      `The role assignment ${plain(grant.assignmentId)} was not removed, by an error that is not known: ${inWords(error)}`,
    )
  }
  return 0
}

const inWords = (error: unknown) => plain(error instanceof Error ? error.message : String(error))

/**
 * Requests that the outcome no longer depends on must not keep the job waiting; what was printed has to leave first, for where pipes
 * are written asynchronously an exit cuts it off (nodejs.org, process: a note on process I/O).
 */
async function exit(code: number): Promise<never> {
  await new Promise(resolve => process.stdout.write('', resolve))
  process.exit(code)
}

/** Not by the runner's state: variables of the job could feign that, and a gate that takes itself for its post step lets all through. */
const isPostStep = /^post\./.test(basename(process.argv[1] ?? ''))

await exit(await (isPostStep ? runPost() : runMain()))
