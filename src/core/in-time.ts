import type { Clock } from './ports.ts'

/** Resolves to the result of `reading`, or to `otherwise` after `limitMs` milliseconds. Rejects if `reading` rejects. */
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
    // A reason is given because making the default one, an error with its stack, takes long.
    done.abort('done')
  }
}
