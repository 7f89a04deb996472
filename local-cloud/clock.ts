import { AsyncLocalStorage } from 'node:async_hooks'

/** Real time plus an offset that only grows when somebody drives it: the time of every service of one local cloud. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Moves the time forward by `ms` milliseconds, at once. */
  advance(ms: number): void
}

/** How far off the clock stands for the request that is being answered; milliseconds. */
const skew = new AsyncLocalStorage<number>()

/** Runs `answer` as a machine whose clock is off by `ms` milliseconds would: ahead, or behind where it is negative. */
export function bySkewedClock<T>(ms: number, answer: () => T): T {
  return skew.run(ms, answer)
}

export function createClock(realNow: () => number = Date.now): Clock {
  let offset = 0
  return {
    now: () => realNow() + offset + (skew.getStore() ?? 0),
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`A clock only moves forward: ${ms}`)
      offset += ms
    },
  }
}
