/** What steps get as parameters instead of using it directly: time, log, masks. */

export interface Clock {
  /** Milliseconds since the epoch; never goes back within a run. */
  now(): number
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>
  /** Calls `then` after `ms` milliseconds, unless the function returned is called before. */
  after(ms: number, then: () => void): () => void
}

export interface Log {
  info(line: string): void
  /** @param title The subject in a few words: the headline of the annotation. */
  warning(title: string, line: string): void
}

/** Registers a secret with the runner, which then prints `***` instead of it everywhere. */
export type Mask = (secret: string) => void

/** A number in [0, 1), for the jitter of the schedule. */
export type Random = () => number
