import './step/early-tls.ts'
import { basename } from 'node:path'
import { clearTimeout, setTimeout } from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'
import * as core from '@actions/core'
import { removeSdkVariables } from './azure/sdk-environment.ts'
import { failureOf } from './core/failures/failure.ts'
import { proxySecrets } from './core/http/proxy.ts'
import type { Clock } from './core/ports.ts'
import { readSettings } from './inputs/index.ts'
import { reportingOf } from './inputs/report.ts'
import { givenReportPath } from './report/report-file.ts'
import { runnerLog, silenceStandardError } from './report/runner-log.ts'
import { addressSecrets } from './services/app/address.ts'
import { keptGrant } from './services/github/post-state.ts'
import { readWorkflowRun } from './services/github/workflow-run.ts'
import { exit, lastWords, stopped, uncaught } from './step/ending.ts'
import type { Beginning, Ready } from './step/main.ts'

/**
 * What the runner starts: before the job's next step, and at the end of the job again, through dist/post.js. Compiling code
 * takes longer than many replies. So this file only reads the inputs and asks GitHub for the job's token; everything else loads
 * while the gate waits for that reply.
 */

function prepare(): void {
  silenceStandardError()
  removeSdkVariables(process.env)
  for (const secret of proxySecrets(process.env)) core.setSecret(secret)
  // Before the inputs are read, because problems with them are printed.
  for (const name of ['github-token', 'retired-key']) {
    const secret = core.getInput(name)
    if (secret !== '') core.setSecret(secret)
  }
  for (const secret of addressSecrets(core.getInput('probe-url'))) core.setSecret(secret)
}

const untrimmedInput = (name: string) => core.getInput(name, { trimWhitespace: false })

const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6
const epochMs = Date.now() - monotonicMs()

/**
 * The wall clock as it was at the start: a correction of the clock must not end or stretch a wait. It does not use
 * `performance`, because its first use makes Node load eight modules.
 */
const clock: Clock = {
  now: () => epochMs + monotonicMs(),
  sleep: ms => sleep(ms),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}

const run = readWorkflowRun(process.env)

/**
 * In the same file of the bundle, but run only if the job may ask for a token, or the inputs are good: Node's own HTTPS stack takes
 * a tenth of the time of a run that ends here.
 */
const loadTools = () => import(/* webpackMode: "eager" */ './step/tools.ts')

/** @throws StepError `input-invalid` */
async function ready(): Promise<Ready> {
  const surroundings = { run, clock, env: process.env }
  const routes = run.oidc && (await (await loadTools()).openToGitHub(surroundings))
  const settings = readSettings(untrimmedInput, process.env)
  const { toolsFor } = await loadTools()
  return { settings, tools: toolsFor(settings, { ...surroundings, routes }) }
}

async function begin(): Promise<Beginning> {
  const startedAt = clock.now()
  prepare()
  const { summary, path } = reportingOf(core.getInput)
  const beginning = { startedAt, clock, run, summary, uncaught: uncaught(), stopped: stopped() }
  let givenPath: string | undefined
  try {
    if (path !== undefined) givenPath = givenReportPath(path, process.env)
    return { ...beginning, givenPath, ready: await ready() }
  } catch (error) {
    return { ...beginning, givenPath, ready: failureOf(error, 'getting ready') }
  }
}

async function runMain(): Promise<number> {
  const beginning = await begin()
  if ('tools' in beginning.ready) {
    const { askForAssertion } = await loadTools()
    await Promise.race([askForAssertion(beginning.ready.tools), beginning.stopped])
  }
  const { runMainStep } = await import('./step/main.ts')
  return runMainStep(beginning)
}

async function runPost(): Promise<number> {
  const grant = keptGrant()
  if (grant === undefined) return 0
  prepare()
  const { runPostStep } = await import('./step/post.ts')
  await runPostStep(grant, { log: runnerLog }, ready)
  return 0
}

/**
 * Not by the runner's state: variables of the job could fake it, and a gate that believes it is its post step lets everything
 * pass.
 */
const isPostStep = /^post\./.test(basename(process.argv[1] ?? ''))

await exit(await (isPostStep ? runPost() : runMain()).catch(lastWords))
