import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock as CloudClock } from '../../local-cloud/clock.ts'
import type { JournalEntry } from '../../local-cloud/journal.ts'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { Outcome } from '../../src/facts.ts'
import { gate } from '../../src/gate.ts'
import { createHttp, type Http } from '../../src/http.ts'
import { readSettings } from '../../src/inputs.ts'
import type { Clock } from '../../src/tools.ts'
import { readWorkflowRun } from '../../src/workflow-run.ts'

/** Many gates of one process against one local cloud, in a time that they share: it moves on when all of them wait for it. */

export interface FleetOptions {
  /** By gate: inputs of the action. */
  inputs: readonly Readonly<Record<string, string>>[]
  /** How many gates run at any one time. */
  inFlight: number
}

export interface FleetRun {
  outcomes: readonly Outcome[]
  /** By gate: what it asked, in the order of the journal. */
  requests: readonly (readonly JournalEntry[])[]
}

/** Not of the protocol: the services ignore it, the journal keeps it. */
const gateHeader = 'x-test-gate'

/** A runner is found, starts and fetches the action before the gate opens. */
const jobStartMs = { least: 5000, more: 10_000 }

/** The process must trust the cloud already, see `tls.setDefaultCACertificates`. */
export async function runFleet(cloud: LocalCloud, { inputs, inFlight }: FleetOptions): Promise<FleetRun> {
  const { clock, http } = sharedTime(cloud.clock, createHttp(60_000, {}))
  const run = readWorkflowRun(cloud.runnerEnvironment())
  const outcomes: Outcome[] = []

  async function runGate(index: number): Promise<void> {
    const ownInputs = inputs[index] ?? {}
    outcomes[index] = await gate(
      readSettings(name => ownInputs[name] ?? '', {}),
      {
        http: request => http({ ...request, headers: { ...request.headers, [gateHeader]: String(index) } }),
        clock,
        log: { info() {}, warning() {} },
        mask() {},
        random: Math.random,
        run: { ...run, runId: String(index) },
      },
    )
  }

  const waiting = inputs.keys()
  const workOff = async () => {
    for (const index of waiting) {
      await clock.sleep(jobStartMs.least + Math.random() * jobStartMs.more)
      await runGate(index)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, workOff))
  return { outcomes, requests: inputs.map((_, index) => requestsOf(cloud, index)) }
}

const requestsOf = ({ journal }: LocalCloud, index: number) =>
  journal.entries.filter(({ headers }) => headers[gateHeader] === String(index))

/**
 * A clock for gates and cloud alike: once no request is under way, time jumps to where the next sleeper wakes. Who wakes at
 * the same time does so in any order, as on a network.
 */
function sharedTime(cloudClock: CloudClock, door: Http): { clock: Clock; http: Http } {
  let sleepers: Array<{ wakesAt: number; wake: () => void }> = []
  let underWay = 0

  async function moveOnWhenIdle(): Promise<void> {
    // What follows a reply, or a waking, gets to make its requests first.
    for (let turn = 0; turn < 3; turn += 1) {
      if (underWay > 0) return
      await nextTurn()
    }
    const [first] = sleepers.toSorted((a, b) => a.wakesAt - b.wakesAt)
    if (underWay > 0 || first === undefined) return
    cloudClock.advance(Math.max(0, first.wakesAt - cloudClock.now()))
    const due = sleepers.filter(({ wakesAt }) => wakesAt <= cloudClock.now())
    sleepers = sleepers.filter(sleeper => !due.includes(sleeper))
    for (const { wake } of shuffled(due)) wake()
  }

  return {
    clock: {
      now: cloudClock.now,
      sleep(ms) {
        const { promise, resolve } = Promise.withResolvers<void>()
        sleepers.push({ wakesAt: cloudClock.now() + ms, wake: resolve })
        void moveOnWhenIdle()
        return promise
      },
    },
    async http(request) {
      underWay += 1
      try {
        return await door(request)
      } finally {
        underWay -= 1
        void moveOnWhenIdle()
      }
    },
  }
}

const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map(item => ({ item, luck: Math.random() }))
    .toSorted((a, b) => a.luck - b.luck)
    .map(({ item }) => item)
