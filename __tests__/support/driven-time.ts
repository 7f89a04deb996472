import { type Clock as CloudClock, createClock } from '../../local-cloud/clock.ts'
import type { Http, Preconnect } from '../../src/core/http/client.ts'
import type { Clock } from '../../src/core/ports.ts'

/**
 * Time for gates and their cloud in one process. It stands still while anything can go on without it. Once all that is left to do
 * is to sleep, and every request that is under way is held back by the cloud, it moves on to the end of the earliest sleep.
 */
export interface DrivenTime {
  /** That of the cloud. */
  readonly clock: CloudClock
  /** Sleeps end when it is their turn. */
  sleep(ms: number): Promise<void>
  /** The tools of one run, up to its end. @param connect Makes its HTTP client, whose limits go by the clock. */
  enter(connect: (clock: Pick<Clock, 'now' | 'after'>) => HttpClient): DrivenRun
}

export type HttpClient = Readonly<{ http: Http; preconnect: Preconnect }>

interface DrivenRun extends HttpClient {
  readonly clock: Clock
  /** As the end of a process: nothing more is sent, no sleep ends. Resolves when what was under way has come back. */
  leave(): Promise<void>
}

interface Sleeper {
  until: number
  wake(): void
}

/** @param startsAt Milliseconds since the epoch. */
export function createDrivenTime(startsAt = Date.now()): DrivenTime {
  const time = createClock(() => startsAt)
  const sleepers = new Set<Sleeper>()
  /** Requests of gates that have not ended. */
  let underWay = 0
  /** Of those, the ones that the cloud holds back. */
  let held = 0
  /** Requests that were given up, and of which the cloud has not noticed it. */
  let givenUp = 0
  let isLookDue = false

  /** Looks again after everything that can go on without time has gone on. */
  function lookSoon(): void {
    if (isLookDue) return
    isLookDue = true
    setImmediate(() => {
      isLookDue = false
      if (underWay === held && givenUp === 0) wakeNext()
    })
  }

  function wakeNext(): void {
    const [next] = [...sleepers].toSorted((one, other) => one.until - other.until)
    // What hangs sleeps for ever.
    if (next === undefined || next.until === Number.POSITIVE_INFINITY) return
    time.advance(Math.max(0, next.until - time.now()))
    next.wake()
    lookSoon()
  }

  async function sleepUntil(until: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const sleeper = { until, wake: resolve }
    const leave = () => reject(signal?.reason)
    sleepers.add(sleeper)
    signal?.addEventListener('abort', leave)
    lookSoon()
    try {
      await promise
    } finally {
      sleepers.delete(sleeper)
      signal?.removeEventListener('abort', leave)
    }
  }

  const sleep = (ms: number, signal?: AbortSignal) => sleepUntil(time.now() + ms, signal)

  function after(ms: number, then: () => void): () => void {
    const cleared = new AbortController()
    sleep(ms, cleared.signal).then(then, () => {})
    return () => cleared.abort('cleared')
  }

  /** Of a request's limit: when it is up, the request is given up. */
  const limit = (ms: number, then: () => void) =>
    after(ms, () => {
      givenUp += 1
      then()
    })

  /** Of the cloud, which holds a request back. */
  async function hold(ms: number, signal: AbortSignal): Promise<void> {
    held += 1
    try {
      await sleep(ms, signal)
    } catch (error) {
      givenUp -= 1
      throw error
    } finally {
      held -= 1
      lookSoon()
    }
  }

  function enter(connect: (clock: Pick<Clock, 'now' | 'after'>) => HttpClient): DrivenRun {
    const { http, preconnect } = connect({ now: time.now, after: limit })
    const pending = new Set<Promise<unknown>>()
    let hasEnded = false
    const never = new Promise<never>(() => undefined)
    return {
      clock: {
        now: time.now,
        sleep: async ms => (hasEnded ? never : sleep(ms)),
        after: (ms, then) => (hasEnded ? () => {} : after(ms, then)),
      },
      preconnect,
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

  return {
    clock: {
      now: time.now,
      advance: time.advance,
      sleep: hold,
      get sleeping() {
        return held
      },
    },
    sleep,
    enter,
  }
}
