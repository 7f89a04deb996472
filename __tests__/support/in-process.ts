import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createFaults } from '../../local-cloud/faults.ts'
import { createJournal, type JournalEntry } from '../../local-cloud/journal.ts'
import { createLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../local-cloud/local-cloud.ts'
import { openServer } from '../../local-cloud/server.ts'
import { createTlsCredentials } from '../../local-cloud/tls.ts'
import type { RoleAssignment } from '../../local-cloud/world.ts'
import type { TemporaryGrant } from '../../src/azure/rbac/lease.ts'
import { createHttpClient, type Preconnect } from '../../src/core/http/client.ts'
import type { Log } from '../../src/core/ports.ts'
import { gate } from '../../src/gate/gate.ts'
import { revoke } from '../../src/gate/revoke.ts'
import type { Settings } from '../../src/gate/settings.ts'
import { readSettings } from '../../src/inputs/index.ts'
import { createLogReporter } from '../../src/report/log-reporter.ts'
import { logRevocation } from '../../src/report/revocation.ts'
import { createAssertions } from '../../src/services/github/assertions.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import { createDrivenTime, type DrivenTime, type HttpClient } from './driven-time.ts'
import { type Published, published } from './published.ts'
import { usualInputs } from './scenario.ts'

/**
 * Runs gates in this process: the story of src/gate/gate.ts through the real door, against a real local cloud whose time is
 * driven. It leaves out what only a process has (the runner's files, exit codes, signals), and takes some 50 ms a run.
 */

export interface Stage {
  readonly cloud: LocalCloud
  /** Origin of a server that nobody has business with, and what arrived there. It answers anything with 200. */
  readonly elsewhere: { readonly url: string; readonly requests: readonly JournalEntry[] }
  /** Resolves when that much time of the cloud has passed. */
  sleep(ms: number): Promise<void>
  run(options?: RunOptions): Promise<InProcessRun>
  /** The post step of the same job; its log. */
  post(run: InProcessRun, options?: RunOptions): Promise<readonly string[]>
  /** As `LocalCloud.reset`, for the other server as well. */
  reset(): void
  close(): Promise<void>
}

export interface RunOptions {
  inputs?: Readonly<Record<string, string>>
  /** Of the runner's environment, what differs. */
  env?: Readonly<Record<string, string>>
  /** How far the runner's clock is ahead of the cloud's; negative where it is behind. */
  runnerAheadMs?: number
  /** The run goes on with the connections of the ones before: where nothing is about connections, they cost more than all the rest. */
  keepsConnections?: boolean
}

export interface InProcessRun extends Published {
  settings: Settings
  log: readonly string[]
  masks: readonly string[]
  /** What was kept for the post step. */
  kept: readonly TemporaryGrant[]
  /** What arrived at the cloud during the run, its own look-ups left out; from other runs at the same time as well. */
  requests: readonly JournalEntry[]
  /** Connections that the gate opened before it had anything to send, by origin. */
  openedAhead: ReadonlyMap<string, number>
  /** Milliseconds of the cloud's time. */
  tookMs: number
  /** Role assignments as they were when the run began. */
  assignmentsBefore: readonly RoleAssignment[]
}

type StageOptions = Omit<LocalCloudOptions, 'clock'>

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const trustedBefore = getCACertificates('default')
  const time = createDrivenTime()
  const { clock } = time
  const cloud = await createLocalCloud({ ...options, clock })
  const elsewhere = await openElsewhere(cloud)
  setDefaultCACertificates([...trustedBefore, cloud.caPem, elsewhere.caPem])
  const sharedClient = createSharedClients()

  async function run(runOptions: RunOptions = {}): Promise<InProcessRun> {
    const settings = settingsOf(cloud, runOptions)
    const { runnerAheadMs = 0, keepsConnections = false } = runOptions
    const clientFor = keepsConnections ? sharedClient : newClient
    const environment = { ...cloud.runnerEnvironment(), ...runOptions.env }
    const assignmentsBefore = structuredClone(cloud.world.roleAssignments)
    const requestsBefore = cloud.journal.entries.length
    const startedAt = clock.now()
    const log: string[] = []
    globalThis.runLogs?.push(log)
    const masks: string[] = []
    const kept: TemporaryGrant[] = []
    const openedAhead = new Map<string, number>()
    const driven = time.enter(clientFor(settings))
    const logging = logTo(log)
    const run = readWorkflowRun(environment)
    const usual = {
      http: driven.http,
      preconnect(origin: string, count: number, options?: Parameters<Preconnect>[2]) {
        openedAhead.set(origin, (openedAhead.get(origin) ?? 0) + count)
        driven.preconnect(origin, count, options)
      },
      clock: { ...driven.clock, now: () => driven.clock.now() + runnerAheadMs },
      log: logging,
      mask: (secret: string) => void masks.push(secret),
    }
    const outcome = await gate(settings, {
      ...usual,
      reporter: createLogReporter(logging, settings),
      random: seededRandom(),
      run,
      assertions: createAssertions(run, settings.identity.assertionAudience, usual),
      keep: grant => kept.push(grant),
    })
    const tookMs = clock.now() - startedAt
    await driven.leave()
    const requests = cloud.journal.entries
      .slice(requestsBefore)
      .filter(({ operation }) => operation !== 'oidc.keys')
    const happened = { requests, openedAhead, tookMs }
    return { ...published(outcome), ...happened, settings, log, masks, kept, assignmentsBefore }
  }

  async function post(
    { settings, kept }: InProcessRun,
    { env }: RunOptions = {},
  ): Promise<readonly string[]> {
    const log: string[] = []
    const driven = time.enter(newClient(settings))
    const run = readWorkflowRun({ ...cloud.runnerEnvironment(), ...env })
    const tools = { ...driven, log: logTo(log), mask() {} }
    for (const grant of kept.slice(-1)) {
      const assertions = createAssertions(run, settings.identity.assertionAudience, tools)
      const revocation = await revoke(grant, settings, { ...tools, assertions })
      if (revocation !== undefined) logRevocation(revocation, grant, logTo(log))
    }
    await driven.leave()
    return log
  }

  return {
    cloud,
    elsewhere,
    sleep: time.sleep,
    run,
    post,
    reset() {
      cloud.reset()
      elsewhere.clear()
    },
    async close() {
      setDefaultCACertificates(trustedBefore)
      await Promise.all([cloud.close(), elsewhere.close()])
    },
  }
}

type ClientFor = (settings: Settings) => Parameters<DrivenTime['enter']>[0]

const newClient: ClientFor =
  ({ waiting }) =>
  clock =>
    createHttpClient({ timeoutMs: waiting.requestTimeoutMs, env: {}, clock })

/** One for all runs that have the same limit. */
function createSharedClients(): ClientFor {
  const clients = new Map<number, HttpClient>()
  return settings => clock => {
    const { requestTimeoutMs } = settings.waiting
    const client = clients.get(requestTimeoutMs) ?? { ...newClient(settings)(clock), preconnect() {} }
    clients.set(requestTimeoutMs, client)
    return client
  }
}

const logTo = (lines: string[]): Log => ({
  info: line => void lines.push(line),
  warning: (_title, line) => void lines.push(line),
})

function settingsOf(cloud: LocalCloud, { inputs }: RunOptions): Settings {
  const given: Readonly<Record<string, string>> = { ...usualInputs(cloud), ...inputs }
  return readSettings(name => given[name] ?? '', cloud.runnerEnvironment())
}

/** Trusted by its certificate like any other host: only the gate's own rules keep tokens from it. */
async function openElsewhere({ clock }: LocalCloud) {
  const tls = await createTlsCredentials()
  const journal = createJournal()
  const server = await openServer({ tls, port: 0, clock, faults: createFaults(), journal })
  server.serve({
    name: 'control',
    routes: [],
    notFound: () => ({ status: 200, body: { value: [] } }),
    commonHeaders: () => ({}),
  })
  return {
    url: server.url,
    caPem: tls.ca,
    get requests() {
      return journal.entries
    },
    clear: () => journal.clear(),
    close: () => server.close(),
  }
}

/** The same jitter in every run: a linear congruential generator (Numerical Recipes). */
function seededRandom(): () => number {
  let state = 1
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}
