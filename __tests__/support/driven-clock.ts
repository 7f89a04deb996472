import { createRequire, syncBuiltinESMExports } from 'node:module'

/**
 * Preloaded into a spawned action (`node --import`): its sleeps take no time, and move the time of the local cloud instead.
 * Everything that the process calls time (Date, performance) moves along, so that tokens age as they would.
 */

const control = process.env.KEYLESS_GATE_TEST_CONTROL
const token = process.env.KEYLESS_GATE_TEST_CONTROL_TOKEN
if (control === undefined || token === undefined)
  throw new Error('The driven clock needs a local cloud to drive')

let offsetMs = 0
const RealDate = Date
const realPerformanceNow = performance.now.bind(performance)

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

/** Sleeps that overlap end at their own times, one after the other. */
let lastSleep: Promise<void> = Promise.resolve()

async function advanceTo(target: number): Promise<void> {
  const ms = target - Date.now()
  if (ms <= 0) return
  const reply = await fetch(`${control}/clock`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ advanceSeconds: ms / 1000 }),
  })
  if (!reply.ok) throw new Error(`The local cloud did not move its clock: ${reply.status}`)
  offsetMs += ms
}

const timers: { setTimeout: unknown } = createRequire(import.meta.url)('node:timers/promises')
timers.setTimeout = (ms: number): Promise<void> => {
  const target = Date.now() + ms
  lastSleep = lastSleep.then(() => advanceTo(target))
  return lastSleep
}
syncBuiltinESMExports()
