import type { Clock as CloudClock } from '../../local-cloud/clock.ts'
import type { Http } from '../../src/core/http/client.ts'
import type { Clock } from '../../src/core/ports.ts'

/**
 * Time for gates that run in this process: real time passes only while a request is under way. Once all that is left to do
 * is to sleep, the clock of the cloud moves on to the end of the earliest sleep, so that sleeps which overlap end in order.
 */
export interface DrivenTime {
  /** Sleeps end when it is their turn. */
  sleep(ms: number): Promise<void>
  /** The tools of one run, up to its end. */
  enter(http: Http): DrivenRun
}

/** Milliseconds that somebody moved the clock of a cloud ahead of real time: how long this machine took is not in it. */
export const movedMs = (cloud: CloudClock): number => cloud.now() - Date.now()

export interface DrivenRun {
  clock: Clock
  http: Http
  /** As the end of a process: nothing more is sent, no sleep ends. Resolves when what was under way has come back. */
  leave(): Promise<void>
}

export function createDrivenTime(cloud: CloudClock): DrivenTime {
  const sleepers: Array<{ until: number; wake: () => void }> = []
  let underWay = 0
  let isLookDue = false

  /** Looks again after everything that can go on without time has gone on. */
  function lookSoon(): void {
    if (isLookDue) return
    isLookDue = true
    setImmediate(() => {
      isLookDue = false
      if (underWay === 0) wakeNext()
    })
  }

  function wakeNext(): void {
    sleepers.sort((one, other) => one.until - other.until)
    const next = sleepers.shift()
    if (next === undefined) return
    cloud.advance(Math.max(0, next.until - cloud.now()))
    next.wake()
    lookSoon()
  }

  function sleep(ms: number): Promise<void> {
    return new Promise(wake => {
      sleepers.push({ until: cloud.now() + ms, wake })
      lookSoon()
    })
  }

  function enter(http: Http): DrivenRun {
    const pending = new Set<Promise<unknown>>()
    let hasEnded = false
    const never = new Promise<never>(() => undefined)
    return {
      clock: { now: cloud.now, sleep: async ms => (hasEnded ? never : sleep(ms)) },
      http: async request => {
        if (hasEnded) return never
        underWay += 1
        const reply = http(request)
        pending.add(reply)
        try {
          return await reply
        } finally {
          underWay -= 1
          pending.delete(reply)
          lookSoon()
        }
      },
      async leave() {
        hasEnded = true
        await Promise.allSettled(pending)
      },
    }
  }

  return { sleep, enter }
}
