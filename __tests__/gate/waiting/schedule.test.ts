import fc from 'fast-check'
import {
  type AssignmentAge,
  answersAtOnce,
  answersLeft,
  doubtFor,
  growingPause,
  patienceFor,
  pauseAfterDenial,
  pauseInDoubt,
  rowLength,
} from '../../../src/gate/waiting/schedule.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('the pause after a denial', () => {
  test('is never negative, never longer than half a minute, and never longer than a tenth of the wait and a second', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e8, noNaN: true }), random, (elapsedMs, chance) => {
        const pauseMs = growingPause(elapsedMs, chance)

        expect(pauseMs).toBeGreaterThan(0)
        expect(pauseMs).toBeLessThanOrEqual(30_000)
        expect(pauseMs).toBeLessThanOrEqual(0.1 * elapsedMs + 1000)
      }),
    )
  })

  test('grows with the time waited', () => {
    const times = fc.tuple(fc.nat(900_000), fc.nat(900_000), random)
    fc.assert(
      fc.property(times, ([one, other, chance]) => {
        const [early, late] = one < other ? [one, other] : [other, one]

        expect(growingPause(early, chance)).toBeLessThanOrEqual(growingPause(late, chance))
      }),
    )
  })

  test('differs from gate to gate', () => {
    expect(growingPause(60_000, 0.9)).toBeLessThan(growingPause(60_000, 0.1))
  })
})

test.each([
  ['asked for once: one, whatever was denied', 1, { wasDenied: true, brokenRows: 5 }, 1],
  ['nothing denied: as long as it was asked for', 3, { wasDenied: false, brokenRows: 0 }, 3],
  ['a call was denied: twice that', 3, { wasDenied: true, brokenRows: 0 }, 6],
  ['a row was broken: twice as long again', 3, { wasDenied: true, brokenRows: 1 }, 12],
  ['two were', 3, { wasDenied: true, brokenRows: 2 }, 18],
  ['many were: no longer than that', 3, { wasDenied: true, brokenRows: 9 }, 18],
])('a row, %s', (_, consecutiveSuccesses, seen, expected) => {
  expect(rowLength(consecutiveSuccesses, seen)).toBe(expected)
})

describe('answers are a budget', () => {
  test('that grows with time, up to a limit', () => {
    expect(answersLeft(2, 30_000)).toBe(5)
    expect(answersLeft(-4, 30_000)).toBe(-1)
    expect(answersLeft(11, 3_600_000)).toBe(answersAtOnce)
  })

  test('and a row that took more leads to a pause', () => {
    expect(pauseAfterDenial(0, -3, 0.5)).toBe(30_000)
    expect(pauseAfterDenial(60_000, 0, 0.5)).toBe(growingPause(60_000, 0.5))
    expect(pauseAfterDenial(60_000, -0.1, 0.5)).toBe(growingPause(60_000, 0.5))
  })

  test('in doubt each answer costs, so none comes before the budget allows it', () => {
    expect(pauseInDoubt(0, 0.5)).toBe(10_000)
    expect(pauseInDoubt(300_000, 0.5)).toBe(growingPause(300_000, 0.5))
  })
})

const minute = 60_000
const known = (minutes: number): AssignmentAge => ({ kind: 'known', ageMs: minutes * minute })
const ofGroup = (minutes: number): AssignmentAge => ({ kind: 'of-group', ageMs: minutes * minute })

test.each<[string, AssignmentAge, number, number]>([
  ['granted in this run: all of it', { kind: 'new' }, 15, 15],
  ['granted in this run, and a long time allowed', { kind: 'new' }, 120, 120],
  ['younger than the timeout: all of it', known(14.9), 15, 15],
  ['younger than a long timeout: all of it', known(14), 20, 20],
  ['as old as a long timeout: until it has settled', known(20), 20, 10],
  ['just made', known(0), 15, 15],
  ['somewhat older: until it has settled', known(16), 15, 14],
  ['somewhat older, and a short time allowed', known(16), 2, 2],
  ['nearly settled', known(29), 15, 1],
  ['older than half an hour: none', known(30), 15, 0],
  ['years old: none', known(1_000_000), 15, 0],
  ['unknown: five minutes at most', { kind: 'unknown' }, 15, 5],
  ['unknown, and less allowed', { kind: 'unknown' }, 3, 3],
  ['of a group, and just made: all of it', ofGroup(1), 15, 15],
  ['of a group, and old: five minutes, for a member may be new', ofGroup(1_000_000), 15, 5],
  ['of a group, and old, and less allowed', ofGroup(1_000_000), 3, 3],
  ['nothing that should give access: none', { kind: 'none' }, 15, 0],
  ['no waiting wanted', { kind: 'new' }, 0, 0],
])('patience with an assignment: %s', (_, age, timeoutMinutes, expectedMinutes) => {
  expect(patienceFor(age, timeoutMinutes * minute)).toBe(expectedMinutes * minute)
})

test.each<[string, AssignmentAge, number]>([
  ['granted in this run', { kind: 'new' }, 5],
  ['granted by another run a while ago', known(2), 3],
  ['granted by another run, and known to all since', known(5), 0],
  ['granted at a time that is not known', { kind: 'unknown' }, 5],
])('doubt about a success after a grant: %s', (_, age, expectedMinutes) => {
  expect(doubtFor(age)).toBe(expectedMinutes * minute)
})
