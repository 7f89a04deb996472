import { setTimeout as sleep } from 'node:timers/promises'
import { createHttpClient, type Http, type HttpReply } from '../src/core/http/client.ts'
import type { Clock } from '../src/core/ports.ts'

/** The gate's own client: https only, no redirects, bounded in time and size, proxies as the environment says. */
export type Send = Http
export type Reply = HttpReply

const timeoutMs = 60_000

export const clock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
}

export const createSend = (env: Readonly<Record<string, string | undefined>>): Send =>
  createHttpClient({ timeoutMs, env, clock }).http

interface Patience {
  clock: Clock
  signal?: AbortSignal | undefined
}

/** Times. */
const mostRepeats = 4
const longestWaitMs = 65_000
/** Where a service does not say how long. */
const usualWaitMs = 10_000

/**
 * Waits where a service says that it is asked too often, as it says, and asks again: no exchange is about that, and a small deployment
 * takes few requests a minute. @returns the reply of the last try
 */
export const patient =
  (send: Send, { clock, signal }: Patience): Send =>
  async request => {
    for (let repeats = 0; ; repeats += 1) {
      const reply = await send(request)
      if (reply.status !== 429 || repeats === mostRepeats || signal?.aborted) return reply
      const seconds = Number(reply.headers['retry-after'])
      const waitMs = seconds > 0 ? seconds * 1000 : usualWaitMs
      await clock.sleep(Math.min(waitMs, longestWaitMs), signal).catch(() => {})
    }
  }
