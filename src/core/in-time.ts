import type { Clock } from './ports.ts'

/** Resolves to the result of `reading`, or to `otherwise` after `limitMs` milliseconds. Rejects if `reading` rejects. */
export async function inTime<T>(
  clock: Pick<Clock, 'after'>,
  reading: Promise<T>,
  otherwise: T,
  limitMs: number,
): Promise<T> {
  let clear = (): void => {}
  const late = new Promise<T>(resolve => {
    clear = clock.after(limitMs, () => resolve(otherwise))
  })
  try {
    return await Promise.race([reading, late])
  } finally {
    clear()
  }
}
