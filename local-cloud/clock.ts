/** Real time plus an offset that only grows when somebody drives it: the time of every service of one local cloud. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Moves the time forward by `ms` milliseconds, at once. */
  advance(ms: number): void
}

export function createClock(realNow: () => number = Date.now): Clock {
  let offset = 0
  return {
    now: () => realNow() + offset,
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`A clock only moves forward: ${ms}`)
      offset += ms
    },
  }
}
