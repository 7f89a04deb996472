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
