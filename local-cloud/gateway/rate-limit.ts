/** So many calls a minute, as the policy rate-limit counts them: in minutes that begin with the first call. */
export interface RateLimit {
  /**
   * Counts a call.
   * @param now Milliseconds since the epoch.
   * @returns undefined where it may pass; else the seconds until the next one may.
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
