import { constants } from 'node:os'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as core from '@actions/core'
import { enforceFailOn } from './advice/findings/forbidden.ts'
import { removeSdkVariables } from './azure/sdk-environment.ts'
import { failureOf, type StepError } from './core/failures/failure.ts'
import { createHttpClient } from './core/http/client.ts'
import { proxySecrets } from './core/http/proxy.ts'
import type { Clock } from './core/ports.ts'
import { inertLine } from './core/text/untrusted.ts'
import { gate, type Tools } from './gate/gate.ts'
import { type Outcome, openRecord } from './gate/record.ts'
import type { Settings } from './gate/settings.ts'
import { readSettings, reportingOf } from './inputs.ts'
import { createLogReporter } from './report/log-reporter.ts'
import { publish } from './report/publish.ts'
import { givenReportPath, ownReportPath } from './report/report-file.ts'
import { byHand, logRevocation } from './report/revocation.ts'
import { runnerLog, silenceStandardError } from './report/runner-log.ts'
import { keepGrant, keptGrant } from './services/github/post-state.ts'
import { readWorkflowRun } from './services/github/workflow-run.ts'

/** What the runner starts, before the job's next step and again, by way of post.ts, at its end. */

function prepare(): void {
  silenceStandardError()
  removeSdkVariables(process.env)
  for (const secret of proxySecrets(process.env)) core.setSecret(secret)
  // Before they are read: whatever is wrong with the inputs is printed.
  for (const name of ['github-token', 'retired-key']) {
    const secret = core.getInput(name)
    if (secret !== '') core.setSecret(secret)
  }
}

const untrimmedInput = (name: string) => core.getInput(name, { trimWhitespace: false })

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

/** Reads the settings, runs the gate, tells how it ended: each end once, and the first one counts. */
async function runMain(): Promise<number> {
  const startedAt = clock.now()
  prepare()
  let record = openRecord(readWorkflowRun(process.env))
  const { summary, path: given } = reportingOf(core.getInput)
  let givenPath: string | undefined
  const finish = once(async (outcome: Outcome) => {
    try {
      const path = givenPath ?? ownReportPath(process.env)
      const { result } = await publish(outcome, { summary, path, clock, startedAt })
      return result === 'failed' ? 1 : 0
    } catch (error) {
      return lastWords(error)
    }
  })
  const fail = (failure: StepError) => finish({ result: 'failed', record: record.snapshot(), failure })
  onUncaught(async error => {
    const exitCode = await fail(failureOf(error, 'doing something on the side'))
    await exit(exitCode === 0 ? lastWords(error) : exitCode)
  })
  try {
    if (given !== undefined) givenPath = givenReportPath(given, process.env)
    const settings = readSettings(untrimmedInput, process.env)
    const tools = toolsFor(settings)
    record = openRecord(tools.run, settings)
    whenStopped(async signal => {
      await finish({ result: 'cancelled', record: record.snapshot(), signal })
      await exit(128 + constants.signals[signal])
    })
    return await finish(enforceFailOn(await gate(settings, tools, record)))
  } catch (error) {
    return fail(failureOf(error, 'getting ready'))
  }
}

/** Where the end cannot be told as it should be: one annotation. @returns the exit code */
function lastWords(error: unknown): number {
  const { code, said } = failureOf(error, 'telling how it ended').failure
  core.error(inertLine(said.message), { title: `Key-less Gate: ${code}` })
  return 1
}

/** What nobody caught, rejections included: Node would print the line of code, and that is all of the bundle. */
function onUncaught(end: (error: unknown) => Promise<void>): void {
  process.once('uncaughtException', end)
}

/** The runner sends one signal, and the other some seconds later. */
function whenStopped(stop: (signal: NodeJS.Signals) => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(signal))
}

/** The first call counts, and every other gets its result: a signal may come while the end is being told. */
function once<T, R>(tellIt: (outcome: T) => Promise<R>): (outcome: T) => Promise<R> {
  let telling: Promise<R> | undefined
  return outcome => {
    telling ??= tellIt(outcome)
    return telling
  }
}

/** Takes back what was granted for this job only. Whatever goes wrong here, the job has ended as it has. */
async function runPost(): Promise<number> {
  const grant = keptGrant()
  if (grant === undefined) return 0
  const failed = (error: unknown) => {
    const { message } = failureOf(error, 'removing the role assignment').failure.said
    runnerLog.warning(
      `It is not certain that the temporary role assignment is gone, by an error that is not known: ${message}. ${byHand(grant)}`,
    )
  }
  onUncaught(async error => {
    failed(error)
    await exit(0)
  })
  try {
    prepare()
    const settings = readSettings(untrimmedInput, process.env)
    const { revoke } = await import('./gate/revoke.ts')
    whenStopped(async signal => {
      runnerLog.warning(
        `Stopped by ${signal} before it was certain that the temporary role assignment is gone. ${byHand(grant)}`,
      )
      await exit(0)
    })
    const revocation = await revoke(grant, settings, toolsFor(settings))
    if (revocation !== undefined) logRevocation(revocation, grant, runnerLog)
  } catch (error) {
    failed(error)
  }
  return 0
}

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
