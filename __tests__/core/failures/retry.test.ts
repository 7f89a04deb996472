import { type Failure, localFailure, StepError } from '../../../src/core/failures/failure.ts'
import { persist, type RetryPolicy, standardRetry } from '../../../src/core/failures/retry.ts'
import { simulatedClock } from '../../support/simulated-clock.ts'

const failure = (kind: Failure['kind'], retryAfterMs?: number) =>
  new StepError('asking', {
    ...localFailure('resource-manager-unavailable', 'no'),
    kind,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })

interface Tried {
  result: unknown
  tries: number
  sleeps: readonly number[]
  told: readonly string[]
}

/** Fails with each of the errors in turn, and then succeeds. */
async function tryWith(errors: readonly unknown[], policy?: RetryPolicy): Promise<Tried> {
  const clock = simulatedClock()
  const told: string[] = []
  const log = {
    info: (line: string) => told.push(line),
    warning: (_title: string, line: string) => told.push(line),
  }
  let tries = 0
  const attempt = async () => {
    const error = errors[tries++]
    if (error !== undefined) throw error
    return 'done'
  }
  const result = await persist({ clock, log }, attempt, policy).catch(error => error)
  return { result, tries, sleeps: clock.sleeps, told }
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

test('a success is not repeated', async () => {
  expect(await tryWith([])).toEqual({ result: 'done', tries: 1, sleeps: [], told: [] })
})

test('a final failure is not repeated', async () => {
  const fatal = failure('fatal', 1000)

  expect(await tryWith([fatal])).toEqual({ result: fatal, tries: 1, sleeps: [], told: [] })
})

test('an unknown error is not retried', async () => {
  const unknown = new TypeError('x is not a function')

  expect(await tryWith([unknown])).toMatchObject({ result: unknown, tries: 1, sleeps: [] })
})

test('a temporary failure is retried after growing pauses, and each pause is reported', async () => {
  const { result, sleeps, told } = await tryWith(times(3, failure('transient')))

  expect(result).toBe('done')
  expect(sleeps).toEqual(standardRetry.transient)
  expect(told[0]).toBe('resource-manager-unavailable while asking; next try in 0.5 s')
  expect(told).toHaveLength(3)
})

test('if the failure stays, it ends with the last refusal, without a last sleep', async () => {
  const last = failure('transient')

  expect(await tryWith([...times(3, failure('transient')), last, last])).toMatchObject({
    result: last,
    tries: 4,
    sleeps: standardRetry.transient,
  })
})

describe('throttling', () => {
  test('is waited out as long as the service says', async () => {
    expect(await tryWith([failure('throttled', 7000), failure('throttled', 2000)])).toMatchObject({
      result: 'done',
      sleeps: [7000, 2000],
      told: [7, 2].map(seconds =>
        expect.stringContaining(
          `next try in ${seconds}.0 s (the gate waits for throttling at most 60 s in total)`,
        ),
      ),
    })
  })

  test('is waited out for a second each time, if the service says so', async () => {
    expect((await tryWith(times(3, failure('throttled', 1000)))).sleeps).toEqual([1000, 1000, 1000])
  })

  test('has its own budget', async () => {
    expect(
      await tryWith([failure('transient')], { transient: [5000], throttledBudgetMs: 1000, waiting: {} }),
    ).toMatchObject({ result: 'done', sleeps: [5000] })
  })

  test('never leads to a retry at once: an invalid time uses the budget', async () => {
    const now = failure('throttled', 0)
    const { result, sleeps } = await tryWith(times(50, now))

    expect(result).toBe(now)
    expect(sleeps.every(ms => ms >= 1000)).toBe(true)
  })

  test('is not waited out if that needs more than the budget', async () => {
    const day = failure('throttled', 86_400_000)
    const half = failure('throttled', 40_000)

    expect(await tryWith([day])).toMatchObject({ result: day, tries: 1, sleeps: [] })
    expect(await tryWith([half, half])).toMatchObject({ result: half, tries: 2, sleeps: [40_000] })
  })

  test('can use the budget to the last millisecond', async () => {
    expect(await tryWith(times(2, failure('throttled', 30_000)))).toMatchObject({
      result: 'done',
      sleeps: [30_000, 30_000],
    })
  })

  test('without a time leads to our own pauses, within the budget', async () => {
    const { result, sleeps } = await tryWith(times(20, failure('throttled')))

    expect(result).toBeInstanceOf(StepError)
    expect(sleeps.slice(0, 4)).toEqual([1000, 3000, 6000, 10_000])
    expect(sleeps).toEqual(sleeps.toSorted((a, b) => a - b))
    expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(standardRetry.throttledBudgetMs)
  })
})

test('a refusal that may be too early is retried only if the policy says so', async () => {
  const notYet = failure('wait')

  expect(await tryWith([notYet])).toMatchObject({ result: notYet, tries: 1, sleeps: [] })
  expect(
    await tryWith(times(2, notYet), {
      ...standardRetry,
      waiting: { 'resource-manager-unavailable': [2000, 3000] },
    }),
  ).toMatchObject({
    result: 'done',
    sleeps: [2000, 3000],
  })
  expect(await tryWith([notYet], { ...standardRetry, waiting: { 'access-denied': [2000] } })).toMatchObject({
    tries: 1,
  })
  expect(
    (
      await tryWith(times(3, notYet), {
        ...standardRetry,
        waiting: { 'resource-manager-unavailable': [2000, 3000] },
      })
    ).result,
  ).toBe(notYet)
})

test('each kind of refusal has its own count', async () => {
  const policy = { transient: [1], throttledBudgetMs: 5000, waiting: { 'resource-manager-unavailable': [2] } }

  expect(
    await tryWith([failure('wait'), failure('transient'), failure('throttled', 3000)], policy),
  ).toMatchObject({
    result: 'done',
    sleeps: [2, 1, 3000],
  })
})

test('a hanging request is retried only once, because each try takes a whole request-timeout', async () => {
  const hang = new StepError('asking', { ...localFailure('request-timeout', 'silence'), kind: 'transient' })

  expect(await tryWith([hang])).toMatchObject({ result: 'done', tries: 2 })
  expect(await tryWith([hang, hang])).toMatchObject({ result: hang, tries: 2 })
  expect(await tryWith([failure('transient'), hang, hang])).toMatchObject({ result: hang, tries: 3 })
})
