import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ActionInvocation, startAction } from '../../action-runner/index.ts'
import { APP_USER_AGENT } from '../../local-cloud/app/index.ts'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { requireFreshBundle } from '../../scripts/bundle-sources.ts'
import { childEnvironment, compileCache } from './child-node.ts'
import type { GateRun } from './gate-run.ts'
import { expectValidReport } from './report-validator.ts'
import { expectNoSecrets, expectOneStory } from './shared-checks.ts'
import { workflowInputs } from './workflow-inputs.ts'

/** Spawns the built action against a local cloud, as the runner does, and gathers all that a user sees. */

export const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

export interface ScenarioOptions {
  inputs?: Readonly<Record<string, string>>
  /** Replaces or removes (undefined) variables of the runner's environment. */
  env?: Readonly<Record<string, string | undefined>>
  /** The event of the run, as it stands in the file that GITHUB_EVENT_PATH names. */
  event?: object
}

export function usualInputs(cloud: LocalCloud): Record<string, string> {
  return { ...workflowInputs(cloud), deployments: 'chat' }
}

export function accountScope(cloud: LocalCloud): string {
  const [account] = cloud.world.accounts
  return `/subscriptions/${account?.subscriptionId}/resourceGroups/${account?.resourceGroup}/providers/Microsoft.CognitiveServices/accounts/${account?.name}`
}

/** Runs the gate once, and checks what holds for every run whatever it is about. */
export async function runGate(cloud: LocalCloud, options: ScenarioOptions = {}): Promise<GateRun> {
  const run = await spawnStep(cloud, options, {})
  expectOneStory(run)
  return run
}

/** The same, where the run is one that cannot tell its story as others do. */
export const runUnchecked = (cloud: LocalCloud, options: ScenarioOptions = {}): Promise<GateRun> =>
  spawnStep(cloud, options, {})

/** What the process finds when it begins, although the runner had set it otherwise, or what happens to it while it runs. */
export const preloaded = (javascript: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(javascript)}`,
})

/** Variables that the runner sets by itself; undefined: it does not. */
export const withVariables = (
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string> =>
  preloaded(
    Object.entries(variables)
      .map(([name, value]) =>
        value === undefined ? `delete process.env.${name}` : `process.env.${name} = ${JSON.stringify(value)}`,
      )
      .join(';'),
  )

/** Runs the post step of the same job, as the runner does at its end. It sets no outputs, and never fails. */
export async function runPost(
  cloud: LocalCloud,
  { state }: Pick<GateRun, 'state'>,
  options: ScenarioOptions = {},
): Promise<GateRun> {
  const run = await spawnStep(cloud, options, { step: 'post', state })
  expect(run.exitCode).toBe(0)
  expect(run.outputs).toEqual({})
  expect(run.annotations.filter(({ level }) => level === 'error')).toEqual([])
  for (const { title } of run.annotations) expect(title).toMatch(/^Key-less Gate: \S/)
  return run
}

/** Masks of all runs so far, by cloud. */
const masksOf = new WeakMap<LocalCloud, readonly string[]>()

async function spawnStep(
  cloud: LocalCloud,
  options: ScenarioOptions,
  step: Pick<ActionInvocation, 'step' | 'state'>,
): Promise<GateRun> {
  const workFolder = mkdtempSync(join(tmpdir(), 'key-less-gate-scenario-'))
  const before = cloud.journal.entries.length
  try {
    const { result: running } = startAction({
      action: repositoryRoot,
      ...step,
      inputs: { ...usualInputs(cloud), ...options.inputs },
      env: { ...environmentOf(cloud, options), ...eventFile(workFolder, options) },
      ...withDrivenClock,
      workFolder,
      ...withLog(),
    })
    const result = await running
    const requests = cloud.journal.entries
      .slice(before)
      .filter(
        ({ operation, headers }) => operation !== 'oidc.keys' && headers['user-agent'] !== APP_USER_AGENT,
      )
    const { report: path } = result.outputs
    const report: unknown =
      path !== undefined && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
    const run = { ...result, report, requests }
    const masks = masksOf.get(cloud) ?? []
    expectNoSecrets(run, masks)
    masksOf.set(cloud, [...masks, ...run.masks])
    if (report !== undefined) expectValidReport(report)
    return run
  } finally {
    rmSync(workFolder, { recursive: true, force: true })
  }
}

/** Types are taken out here, once, and not again in each of the hundreds of processes. */
const asDataUrl = (path: string) =>
  `data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(readFileSync(path, 'utf8')))}`

/** The action's sleeps move the cloud's clock instead of taking time. */
export const withDrivenClock: Pick<ActionInvocation, 'nodeOptions'> = {
  nodeOptions: ['--import', asDataUrl(join(repositoryRoot, '__tests__/support/driven-clock.ts'))],
}

/** Keeps the log of a run for a test that fails. */
export function withLog(): Pick<ActionInvocation, 'onLine'> {
  const log: string[] = []
  globalThis.runLogs?.push(log)
  return { onLine: line => log.push(line) }
}

/** Says how many sleeps of the action end; after them its time stands still. Absent: all do. */
export const sleepsVariable = 'KEYLESS_GATE_TEST_SLEEPS'

/** Scenarios that go the ways of others again, in many variations: what they run of the action is not counted. */
const repetitions = /\/scenarios\/(codes-|network)/

const isRepetition = () => repetitions.test(expect.getState().testPath ?? '')

/** What a process of the built action finds. */
export function environmentOf(cloud: LocalCloud, { env = {} }: ScenarioOptions): Record<string, string> {
  requireFreshBundle()
  const all: Record<string, string | undefined> = {
    ...cloud.runnerEnvironment(),
    KEYLESS_GATE_TEST_CONTROL: cloud.endpoints.control,
    KEYLESS_GATE_TEST_CONTROL_TOKEN: cloud.controlToken,
    ...(isRepetition() ? compileCache : childEnvironment),
    ...env,
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function eventFile(folder: string, { event }: ScenarioOptions): Record<string, string> {
  if (event === undefined) return {}
  const path = join(folder, 'event.json')
  writeFileSync(path, JSON.stringify(event))
  return { GITHUB_EVENT_PATH: path }
}

export const operations = (run: GateRun) => run.requests.map(({ operation }) => operation)

/** The whole log as one text. */
export const logOf = (run: GateRun) => run.log.join('\n')
