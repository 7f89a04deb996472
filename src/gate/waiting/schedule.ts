/**
 * When to probe next while access is not known to be live, and how many successes are needed. Intervals grow with the time
 * already waited, so access is noticed within a tenth of the wait plus a second. The aims, in this order: no false pass, low cost,
 * short waits.
 */

/** First interval, milliseconds. */
const baseMs = 700
/** Each interval adds this share of the time waited. */
const growth = 0.1
const longestMs = 30_000
/** Share of a pause that is random, so that gates that started together spread out. It only shortens pauses, so the promised lag holds. */
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
 * How many successes in a row are needed, if one is not proof. With a balancer that takes turns, a row has to be as long as the
 * number of replicas; with one that chooses at random, a longer row misses a replica less often. After a denial, replicas are
 * known to disagree, and a row is twice as long. A broken row did not meet every replica, so the next one is longer. If the user
 * asks for one success, it stays one.
 */
export function rowLength(
  consecutiveSuccesses: number,
  { wasDenied, brokenRows }: { wasDenied: boolean; brokenRows: number },
): number {
  if (consecutiveSuccesses === 1) return 1
  return consecutiveSuccesses * (wasDenied ? 2 : 1) * Math.min(1 + brokenRows, longestRow)
}

/**
 * A budget for answers, which cost tokens and are worth nothing if a denial breaks their row. So many are allowed at once, and one
 * more after each `msForAnAnswer`. A row that has begun is finished. With the longest row, 18 by default, that is at most 60 in
 * any five minutes.
 */
export const answersAtOnce = 12
const msForAnAnswer = 10_000

/** What is left of that budget; negative if a row took more. @param sinceMs Milliseconds since `left` was computed. */
export const answersLeft = (left: number, sinceMs: number): number =>
  Math.min(answersAtOnce, left + sinceMs / msForAnAnswer)

/** Pause before the next probe after a denial, in milliseconds. @param left What is left of the budget. */
export const pauseAfterDenial = (elapsedMs: number, left: number, random: number): number =>
  Math.max(growingPause(elapsedMs, random), -left * msForAnAnswer)

/** Pause while calls are answered and only time shows by which right. Each call costs, and none is urgent. */
export const pauseInDoubt = (elapsedMs: number, random: number): number =>
  Math.max(growingPause(elapsedMs, random), msForAnAnswer)

const minuteMs = 60_000
const patienceWhenAgeUnknownMs = 5 * minuteMs
/**
 * An assignment older than this has been live everywhere for long (learn.microsoft.com, RBAC troubleshooting: up to ten
 * minutes).
 */
export const settledAfterMs = 30 * minuteMs

/** What is known about the assignment that should give access. */
export type AssignmentAge =
  | { kind: 'new' }
  | { kind: 'known'; ageMs: number }
  /** Age of the assignment. Nothing shows how long the principal has been in the group that holds the role. */
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

/**
 * What the documentation says about a new role (five minutes: learn.microsoft.com, Foundry, configure-entra-id) also holds for
 * a removed one.
 */
const lingersForMs = 5 * minuteMs

/**
 * How long a success may come from a removed role, in milliseconds: replicas honour it until they hear of the removal. Counted
 * from the grant that replaces it, which they may hear of even later; without a grant, from the first answer.
 */
export function doubtFor(age: AssignmentAge): number {
  const ageMs = age.kind === 'known' ? age.ageMs : 0
  return Math.max(0, lingersForMs - ageMs)
}
