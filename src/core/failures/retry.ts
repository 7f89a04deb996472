import type { Clock, Log } from '../ports.ts'
import { inWords } from '../text/duration.ts'
import type { DiagnosisCode } from './codes.ts'
import { type Failure, StepError } from './failure.ts'

/** How a step retries, outside the wait for access. Times are milliseconds. */
export interface RetryPolicy {
  /** Pauses between retries after a transient failure; their number is the number of retries. */
  transient: readonly number[]
  /** The longest time that a throttling service may make the step wait, in total. */
  throttledBudgetMs: number
  /** Pauses between retries after refusals of kind `wait`, by code; a code that is not listed is final. */
  waiting: Readonly<Partial<Record<DiagnosisCode, readonly number[]>>>
}

/** Short pauses: most outages end within seconds, and people want to see a configuration error quickly. */
export const standardRetry: RetryPolicy = {
  transient: [500, 1000, 2000],
  throttledBudgetMs: 60_000,
  waiting: {},
}

/** Minimum pauses after throttling, because some services name no time, or one that has passed. The last one repeats. */
const throttledPauses = [1000, 3000, 6000, 10_000, 15_000, 20_000]

/** @param count How many throttled replies in a row came before. */
export function pauseWhenThrottled({ retryAfterMs = 0 }: Failure, count: number): number {
  const least = throttledPauses[Math.min(count, throttledPauses.length - 1)] ?? 0
  return retryAfterMs >= 1000 ? retryAfterMs : least
}

/**
 * A hanging request costs a whole `request-timeout`, so it is retried only once.
 */
const hangRetries = 1

/**
 * Tries until it succeeds or the policy is used up.
 * @throws StepError the last failure.
 */
export async function persist<T>(
  tools: { clock: Clock; log: Log },
  attempt: () => Promise<T>,
  policy: RetryPolicy = standardRetry,
): Promise<T> {
  const tries: Tries = { transient: 0, throttled: 0, wait: 0, hang: 0 }
  let throttledMs = 0
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof StepError)) throw error
      const pause = pauseBefore(error.failure, tries, policy)
      if (error.failure.kind === 'throttled') throttledMs += pause ?? 0
      if (pause === undefined || throttledMs > policy.throttledBudgetMs) throw error
      tools.log.info(
        `${error.failure.code} while ${error.operation}; next try in ${(pause / 1000).toFixed(1)} s${limitOf(error.failure, policy)}`,
      )
      await tools.clock.sleep(pause)
    }
  }
}

/** The log says how long a throttled step will wait in total. */
const limitOf = ({ kind }: Failure, { throttledBudgetMs }: RetryPolicy) =>
  kind === 'throttled'
    ? ` (the gate waits for throttling at most ${inWords(throttledBudgetMs)} in total)`
    : ''

type Tries = Record<Exclude<Failure['kind'], 'fatal'> | 'hang', number>

/** Undefined: do not try again. Counts the try. */
function pauseBefore(failure: Failure, tries: Tries, policy: RetryPolicy): number | undefined {
  if (failure.kind === 'fatal') return undefined
  const kind = failure.code === 'request-timeout' ? 'hang' : failure.kind
  const count = tries[kind]
  tries[kind] += 1
  if (kind === 'wait') return policy.waiting[failure.code]?.[count]
  if (kind === 'throttled') return pauseWhenThrottled(failure, count)
  return kind === 'hang' && count >= hangRetries ? undefined : policy.transient[count]
}
