/** What the steps are given instead of reaching for it: time, log, masks. */

export interface Clock {
  /** Milliseconds since the epoch; never goes back within a run. */
  now(): number
  /**
   * Resolves after `ms` milliseconds.
   * @throws an AbortError, as soon as the signal aborts
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Log {
  info(line: string): void
  /** @param title What it is about, in a few words: the headline of the annotation. */
  warning(title: string, line: string): void
}

/** Registers a secret with the runner, so that it is starred out wherever it would be printed. */
export type Mask = (secret: string) => void

/** A number in [0, 1): the jitter of the schedule. */
export type Random = () => number
