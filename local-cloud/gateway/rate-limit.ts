/** A limit of calls per minute, as the policy rate-limit counts them: a minute begins with its first call. */
export interface RateLimit {
  /**
   * Counts a call.
   * @param now Milliseconds since the epoch.
   * @returns undefined if it may pass; otherwise the seconds until the next call may.
   */
  take(callsPerMinute: number, now: number): number | undefined
}

const MINUTE = 60_000

export function createRateLimit(): RateLimit {
  let began = Number.NEGATIVE_INFINITY
  let calls = 0
  return {
    take(callsPerMinute, now) {
      if (now - began >= MINUTE) {
        began = now
        calls = 0
      }
      calls += 1
      return calls <= callsPerMinute ? undefined : Math.max(1, Math.ceil((began + MINUTE - now) / 1000))
    },
  }
}
