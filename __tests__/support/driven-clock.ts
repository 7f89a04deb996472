import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { text } from 'node:stream/consumers'

/**
 * Preloaded into a spawned action (`node --import`): its sleeps take no time, and move the time of the local cloud instead.
 * Everything that the process calls time (Date, performance, hrtime) moves along, so that tokens age as they would. Limits, which are
 * timers that can be cleared, end when the cloud holds back every request that is under way: nothing but time can go on then.
 */

const control = process.env.KEYLESS_GATE_TEST_CONTROL
const token = process.env.KEYLESS_GATE_TEST_CONTROL_TOKEN
if (control === undefined || token === undefined)
  throw new Error('The driven clock needs a local cloud to drive')

const sleeps: Record<string, unknown> = process.getBuiltinModule('node:timers/promises')
const { setTimeout: realSleep } = process.getBuiltinModule('node:timers/promises')
const timers: Record<string, unknown> = process.getBuiltinModule('node:timers')

let offsetMs = 0
const RealDate = Date
const realPerformanceNow = performance.now.bind(performance)
const realHrtime = process.hrtime.bigint

class DrivenDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    if (given.length === 0) super(RealDate.now() + offsetMs)
    else super(given[0])
  }

  static override now(): number {
    return RealDate.now() + offsetMs
  }
}
globalThis.Date = DrivenDate as DateConstructor
performance.now = () => realPerformanceNow() + offsetMs
process.hrtime.bigint = () => realHrtime() + BigInt(Math.round(offsetMs * 1e6))

/** Requests of the action. */
const underWay = new Set<ClientRequest>()
/** When one of them began or ended last, in milliseconds of real time. */
let changedAt = 0
subscribe('http.client.request.created', message => {
  const { request: created } = message as { request: ClientRequest }
  underWay.add(created)
  changedAt = realPerformanceNow()
  created.once('close', () => {
    underWay.delete(created)
    changedAt = realPerformanceNow()
  })
})

/** Of our own, to the cloud. */
const connection = new Agent({ keepAlive: true })

/** Moves the clock of the cloud, and says how many requests wait there for it to move. */
async function askClock(advanceSeconds = 0): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const asked = request(`${control}/clock`, { method: 'POST', headers, agent: connection })
  // Not one of the action's.
  underWay.delete(asked)
  asked.end(JSON.stringify({ advanceSeconds }))
  const [reply]: IncomingMessage[] = await once(asked, 'response')
  if (reply?.statusCode !== 200)
    throw new Error(`The local cloud did not move its clock: ${reply?.statusCode}`)
  return Number(/"waiting":(\d+)/.exec(await text(reply))?.[1])
}

/** How many sleeps still end. */
let sleepsLeft = Number(process.env.KEYLESS_GATE_TEST_SLEEPS ?? Number.POSITIVE_INFINITY)

/** What waits for time to move on: the process stays, as it would in reality. */
function standStill(): Promise<never> {
  setInterval(() => {}, 60_000)
  return new Promise(() => {})
}

async function advanceTo(target: number): Promise<void> {
  const ms = target - Date.now()
  if (ms <= 0) return
  await askClock(ms / 1000)
  offsetMs += ms
}

/** Sleeps that overlap end at their own times, one after the other. */
let lastSleep: Promise<void> = Promise.resolve()

function inTurn(end: () => Promise<void>): Promise<void> {
  lastSleep = lastSleep.then(end)
  return lastSleep
}

interface Limit {
  target: number
  end(): void
}

const limits = new Set<Limit>()

/** A request that waits for its tunnel and the CONNECT that asks for it are one; the CONNECT may outlive it. */
function countUnderWay(): number {
  const tunnels = [...underWay].filter(({ method }) => method === 'CONNECT').length
  return Math.max(tunnels, underWay.size - tunnels)
}

/** While requests come and go, time is not all that can go on: the cloud is asked only if none has for as long as that. */
const lookEveryMs = 50

let isWatching = false
async function watchLimits(): Promise<void> {
  if (isWatching) return
  isWatching = true
  while (limits.size > 0) {
    await realSleep(lookEveryMs, undefined, { ref: false })
    if (realPerformanceNow() - changedAt >= lookEveryMs) await inTurn(endNextLimit)
  }
  isWatching = false
}

async function endNextLimit(): Promise<void> {
  if (Number.isFinite(sleepsLeft) || countUnderWay() === 0) return
  const heldBack = await askClock()
  // Counted after the question: a request may have ended meanwhile, and the next one may not be made yet.
  if (countUnderWay() === 0 || heldBack < countUnderWay()) return
  const [next] = [...limits].toSorted((one, other) => one.target - other.target)
  if (next === undefined) return
  await advanceTo(next.target)
  limits.delete(next)
  next.end()
  // What is given up leaves the cloud before anything else happens.
  do await realSleep(1)
  while ((await askClock()) > countUnderWay())
}

timers.setTimeout = (end: () => void, ms: number): Limit => {
  const limit = { target: Date.now() + ms, end }
  limits.add(limit)
  watchLimits()
  return limit
}
timers.clearTimeout = (limit: Limit) => limits.delete(limit)

sleeps.setTimeout = (ms: number): Promise<void> => {
  const target = Date.now() + ms
  sleepsLeft -= 1
  if (sleepsLeft < 0) return standStill()
  return inTurn(() => advanceTo(target))
}
syncBuiltinESMExports()
