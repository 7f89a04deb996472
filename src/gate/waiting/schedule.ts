/**
 * When to look next while access is not known to be live, and how often it has to be seen. Intervals grow with the time already
 * waited: access is noticed within a tenth of the wait and a second. What counts first is that nobody is let through early, then what
 * it costs, and the time last.
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

/** The longest row is this many times the first one. */
const longestRow = 3

/**
 * How many successes in a row count where one is no proof. A balancer that goes round is met by a row that is as long as it has replicas,
 * and one that chooses by chance the less likely the longer the row: once a denial shows that there is something to meet, a row
 * is twice as long. One that was broken met not every replica, so the next has to be longer. Who asks for one success only wants no
 * such doubts.
 */
export function rowLength(
  consecutiveSuccesses: number,
  { wasDenied, brokenRows }: { wasDenied: boolean; brokenRows: number },
): number {
  if (consecutiveSuccesses === 1) return 1
  return consecutiveSuccesses * (wasDenied ? 2 : 1) * Math.min(1 + brokenRows, longestRow)
}

/**
 * Answers cost tokens, and those of a row that a denial breaks are spent for nothing. So many may come at once, and one more with each
 * so many milliseconds; a row that has begun is finished. With the longest row, 18 by default, that makes 60 in any five minutes.
 */
export const answersAtOnce = 12
const msForAnAnswer = 10_000

/** What is left of that, less than nothing where a row took more. @param sinceMs Time since `left` was true. */
export const answersLeft = (left: number, sinceMs: number): number =>
  Math.min(answersAtOnce, left + sinceMs / msForAnAnswer)

/** Pause before the next probe after a denial, in milliseconds. @param left What is left of the answers. */
export const pauseAfterDenial = (elapsedMs: number, left: number, random: number): number =>
  Math.max(growingPause(elapsedMs, random), -left * msForAnAnswer)

/** The same while calls are answered, and only time can tell by which right: each of them costs, and none is in a hurry. */
export const pauseInDoubt = (elapsedMs: number, random: number): number =>
  Math.max(growingPause(elapsedMs, random), msForAnAnswer)

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
