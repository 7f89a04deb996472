/**
 * When to look next while access is not known to be live. Intervals grow with the time already waited: access is noticed within a
 * tenth of the wait and a second, and five minutes cost some forty probes.
 */

/** First interval, milliseconds. */
const baseMs = 700
/** Each interval adds this share of the time waited. */
const growth = 0.1
const longestMs = 30_000
/** Gates that started together must not stay in step; jitter only ever shortens, so that the promised lag holds. */
const jitter = 0.04

/**
 * Pause before the next probe, in milliseconds.
 * @param elapsedMs Time since the grant, or the first denial.
 * @param random A number in [0, 1).
 */
export function growingPause(elapsedMs: number, random: number): number {
  return Math.min(longestMs, baseMs + growth * elapsedMs) * (1 - jitter * random)
}

/** Successes in a row are asked for quickly: they only have to meet different replicas. */
export const pauseAfterSuccessMs = 100

const minuteMs = 60_000
const patienceWhenAgeUnknownMs = 5 * minuteMs
/** An assignment older than this has long been everywhere (learn.microsoft.com, RBAC troubleshooting: up to ten minutes). */
export const settledAfterMs = 30 * minuteMs

/** What is known about the assignment that should give access. */
export type AssignmentAge =
  | { kind: 'new' }
  | { kind: 'known'; ageMs: number }
  /** Of the assignment: how long the principal has been in the group that holds the role, nobody tells. */
  | { kind: 'of-group'; ageMs: number }
  | { kind: 'unknown' }
  | { kind: 'none' }

/** How long a denial is worth waiting out, in milliseconds. */
export function patienceFor(age: AssignmentAge, propagationTimeoutMs: number): number {
  switch (age.kind) {
    case 'new':
      return propagationTimeoutMs
    case 'none':
      return 0
    case 'unknown':
      return Math.min(propagationTimeoutMs, patienceWhenAgeUnknownMs)
    case 'of-group':
      return Math.max(
        patienceFor({ kind: 'known', ageMs: age.ageMs }, propagationTimeoutMs),
        patienceFor({ kind: 'unknown' }, propagationTimeoutMs),
      )
    case 'known':
      if (age.ageMs < propagationTimeoutMs) return propagationTimeoutMs
      return Math.min(propagationTimeoutMs, Math.max(0, settledAfterMs - age.ageMs))
  }
}

/** What is said of a role that was assigned (five minutes: learn.microsoft.com, Foundry, configure-entra-id) holds for one that was taken away. */
const lingersForMs = 5 * minuteMs

/**
 * How long a success may be owed to a role that was taken away, in milliseconds: replicas honour it until they hear of that. From the
 * grant that replaces it, which they may hear of later still; without a grant, from the first answer.
 */
export function doubtFor(age: AssignmentAge): number {
  const ageMs = age.kind === 'known' ? age.ageMs : 0
  return Math.max(0, lingersForMs - ageMs)
}
