import type { Clock } from '../../src/core/ports.ts'

/** A clock whose sleeps take no time: `now` moves on by what was slept. Nothing comes after a time. */
interface SimulatedClock extends Clock {
  /** Every sleep so far, milliseconds. */
  readonly sleeps: readonly number[]
  /** Lets time pass without a sleep, as a request does. */
  pass(ms: number): void
}

export function simulatedClock(startsAt = Date.parse('2026-11-01T12:00:00Z')): SimulatedClock {
  const sleeps: number[] = []
  let now = startsAt
  return {
    sleeps,
    now: () => now,
    async sleep(ms) {
      sleeps.push(ms)
      now += ms
    },
    after: () => () => {},
    pass(ms) {
      now += ms
    },
  }
}
