import { setTimeout as sleep } from 'node:timers/promises'
import { createHttpClient, type Http, type HttpReply } from '../src/core/http/client.ts'

/** The gate's own client: https only, no redirects, limits on time and size, proxies from the environment. */
export type Send = Http
export type Reply = HttpReply

const timeoutMs = 60_000

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** @throws an AbortError, as soon as the signal aborts */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const clock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
}

function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms)
  return () => clearTimeout(timer)
}

export const createSend = (env: Readonly<Record<string, string | undefined>>): Send =>
  createHttpClient({ timeoutMs, env, clock: { ...clock, after } }).http

interface Patience {
  clock: Clock
  signal?: AbortSignal | undefined
}

/** Number of tries. */
const mostRepeats = 4
const longestWaitMs = 65_000
/** All waits of a run together: a job ends after half an hour. */
const longestInAllMs = 8 * 60_000
/** Used if the service does not say how long to wait. */
const usualWaitMs = 10_000

/**
 * If a service throttles, waits as long as the service says and tries again. No exchange is about throttling, and a small deployment
 * allows few requests per minute. @returns the reply of the last try
 */
export function patient(send: Send, { clock, signal }: Patience): Send {
  let waitedMs = 0
  return async request => {
    for (let repeats = 0; ; repeats += 1) {
      const reply = await send(request)
      const isOver = repeats === mostRepeats || waitedMs >= longestInAllMs || signal?.aborted
      if (reply.status !== 429 || isOver) return reply
      const seconds = Number(reply.headers['retry-after'])
      const waitMs = Math.min(seconds > 0 ? seconds * 1000 : usualWaitMs, longestWaitMs)
      waitedMs += waitMs
      await clock.sleep(waitMs, signal).catch(() => {})
    }
  }
}
