import type { Clock } from '../ports.ts'

/** A limit that runs from its making on. */
export interface TimeLimit {
  /** Aborts when the time is up. */
  readonly signal: AbortSignal
  /** Ends the limit: what it was for is done. */
  clear(): void
}

export function timeLimit(clock: Clock, ms: number): TimeLimit {
  const up = new AbortController()
  const cleared = new AbortController()
  clock.sleep(ms, cleared.signal).then(
    () => up.abort(),
    () => {},
  )
  // A reason is given because making the usual one, an error with its stack, costs more than the rest.
  return { signal: up.signal, clear: () => cleared.abort('cleared') }
}
