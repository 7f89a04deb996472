import { AsyncLocalStorage } from 'node:async_hooks'

/** The time of every service of one local cloud: real time plus an offset, which grows when somebody moves the clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Moves the time forward by `ms` milliseconds, at once. */
  advance(ms: number): void
  /**
   * Resolves when `ms` milliseconds of this time have passed: really, or because somebody moved the clock.
   * @throws the reason of the signal, as soon as it aborts
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** How many sleeps have not ended: requests that a fault is holding back. */
  readonly sleeping: number
}

/** How far the clock is off for the current request; milliseconds. */
const skew = new AsyncLocalStorage<number>()

/** Runs `answer` like a machine whose clock is off by `ms` milliseconds: ahead, or behind if negative. */
export function bySkewedClock<T>(ms: number, answer: () => T): T {
  return skew.run(ms, answer)
}

export function createClock(realNow: () => number = Date.now): Clock {
  let offset = 0
  const now = () => realNow() + offset
  const sleepers = new Set<{ until: number; wake: () => void }>()
  return {
    now: () => now() + (skew.getStore() ?? 0),
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`A clock only moves forward: ${ms}`)
      offset += ms
      for (const { until, wake } of sleepers) if (until <= now()) wake()
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const leave = () => {
          sleepers.delete(sleeper)
          clearTimeout(timer)
          signal.removeEventListener('abort', callOff)
        }
        const callOff = () => {
          leave()
          reject(signal.reason)
        }
        const wake = () => {
          leave()
          resolve()
        }
        const sleeper = { until: now() + ms, wake }
        const timer = Number.isFinite(ms) ? setTimeout(wake, ms) : undefined
        sleepers.add(sleeper)
        signal.addEventListener('abort', callOff)
      }),
    get sleeping() {
      return sleepers.size
    },
  }
}

/** The same clock; calls `advanced` whenever somebody has moved it. */
export function notifyingClock(clock: Clock, advanced: () => void): Clock {
  return {
    now: () => clock.now(),
    advance(ms) {
      clock.advance(ms)
      advanced()
    },
    sleep: (ms, signal) => clock.sleep(ms, signal),
    get sleeping() {
      return clock.sleeping
    },
  }
}
