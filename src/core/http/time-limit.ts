import type { Clock } from '../ports.ts'

/** A time limit that starts at once. */
export interface TimeLimit {
  /** Aborts when the time is up. */
  readonly signal: AbortSignal
  /** Removes the limit when the work is done. */
  clear(): void
}

export function timeLimit(clock: Pick<Clock, 'after'>, ms: number): TimeLimit {
  const up = new AbortController()
  return { signal: up.signal, clear: clock.after(ms, () => up.abort()) }
}
