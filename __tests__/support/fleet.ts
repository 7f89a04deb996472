import type { JournalEntry } from '../../local-cloud/journal.ts'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { createHttpClient, type Http } from '../../src/core/http/client.ts'
import type { Log } from '../../src/core/ports.ts'
import { gate } from '../../src/gate/gate.ts'
import { readSettings } from '../../src/inputs/index.ts'
import { createLogReporter } from '../../src/report/log-reporter.ts'
import { createAssertions } from '../../src/services/github/assertions.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import type { DrivenTime } from './driven-time.ts'
import { type Published, published } from './published.ts'

/** Many gates in this process against one local cloud: jobs of a matrix, so many of them at a time. */

interface Fleet {
  /** By gate: inputs of the action. */
  inputs: readonly Readonly<Record<string, string>>[]
  /** How many jobs run at any one time. */
  inFlight: number
}

export interface GateOfFleet extends Published {
  /** What this gate asked, in the order of the journal. */
  requests: readonly JournalEntry[]
}

/** Not of any protocol: the services ignore it, the journal keeps it. */
const gateHeader = 'x-test-gate'

/** A runner is found and made ready, and fetches the action, before the gate begins. */
const jobStartMs = { least: 5000, most: 15_000 }

const silent: Log = { info() {}, warning() {} }

/** The process must trust the cloud, see `tls.setDefaultCACertificates`. */
export async function runFleet(
  cloud: LocalCloud,
  time: DrivenTime,
  { inputs, inFlight }: Fleet,
): Promise<GateOfFleet[]> {
  // One client for all of them: thousands of connections would cost more than the gates do.
  const { http, clock } = time.enter(clock => createHttpClient({ timeoutMs: 60_000, env: {}, clock }))
  const run = readWorkflowRun(cloud.runnerEnvironment())

  async function runJob(index: number, own: Readonly<Record<string, string>>): Promise<Published> {
    await time.sleep(jobStartMs.least + Math.random() * (jobStartMs.most - jobStartMs.least))
    const settings = readSettings(name => own[name] ?? '', {})
    const numbered: Http = request =>
      http({ ...request, headers: { ...request.headers, [gateHeader]: String(index) } })
    const usual = { http: numbered, preconnect() {}, clock, log: silent, mask() {} }
    const outcome = await gate(settings, {
      ...usual,
      reporter: createLogReporter(silent, settings),
      random: Math.random,
      run,
      assertions: createAssertions(run, settings.identity.assertionAudience, usual),
      keep() {},
    })
    return published(outcome)
  }

  const seen: Published[] = []
  const queue = inputs.entries()
  const runner = async () => {
    for (const [index, own] of queue) seen[index] = await runJob(index, own)
  }
  await Promise.all(Array.from({ length: inFlight }, runner))
  const requests = Map.groupBy(cloud.journal.entries, ({ headers }) => headers[gateHeader])
  return seen.map((gateRun, index) => ({ ...gateRun, requests: requests.get(String(index)) ?? [] }))
}
