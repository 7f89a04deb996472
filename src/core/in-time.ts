import type { Clock } from './ports.ts'

/** What is read, or `otherwise` if it has not come within `limitMs`. Rejects if the reading does. */
export async function inTime<T>(
  clock: Clock,
  reading: Promise<T>,
  otherwise: T,
  limitMs: number,
): Promise<T> {
  const done = new AbortController()
  try {
    return await Promise.race([reading, clock.sleep(limitMs, done.signal).then(() => otherwise)])
  } finally {
    done.abort()
  }
}
