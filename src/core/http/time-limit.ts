import type { Clock } from '../ports.ts'

/** A time limit that starts at once. */
export interface TimeLimit {
  /** Aborts when the time is up. */
  readonly signal: AbortSignal
  /** Removes the limit when the work is done. */
  clear(): void
}

export function timeLimit(clock: Clock, ms: number): TimeLimit {
  const up = new AbortController()
  const cleared = new AbortController()
  clock.sleep(ms, cleared.signal).then(
    () => up.abort(),
    () => {},
  )
  // A reason is given because making the default one, an error with its stack, costs more than the rest.
  return { signal: up.signal, clear: () => cleared.abort('cleared') }
}
