import fc from 'fast-check'
import { type Failure, localFailure } from '../../../src/core/failures/failure.ts'
import type { Round } from '../../../src/gate/waiting/round.ts'
import { untilLive } from '../../../src/gate/waiting/wait.ts'
import { simulatedClock } from '../../support/simulated-clock.ts'

const ok: Round = { kind: 'ok' }
const refused = (kind: Failure['kind'], code: Failure['code'], retryAfterMs?: number): Round => ({
  kind: 'refused',
  failure: { ...localFailure(code, 'no'), kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
})
const denied = refused('wait', 'access-denied')
const blip = refused('transient', 'inference-unavailable')
const hang = refused('transient', 'request-timeout')
const throttled = refused('throttled', 'inference-throttled')
const broken = refused('fatal', 'network-blocked')

interface Wait {
  /** What the service answers, by milliseconds since the first denial and number of the probe from 1. */
  answers: (atMs: number, probe: number) => Round
  first?: Round
  probeTakesMs?: number
  random?: () => number
  consecutiveSuccesses?: number
  denialPatienceMs?: number
  overallMs?: number
  granted?: boolean
  doubtMs?: number
  isSettled?: boolean
}

type WaitOptions = Parameters<typeof untilLive>[0]

interface Waited extends Awaited<ReturnType<typeof untilLive>> {
  /** In order: how long each sleep took, and where on the time axis it ended. */
  sleeps: ReadonlyArray<{ ms: number; endsAtMs: number }>
  endedAtMs: number
  probesAsked: number
}

async function wait({
  answers,
  first = denied,
  probeTakesMs = 0,
  granted = false,
  ...given
}: Wait): Promise<Waited> {
  const clock = simulatedClock()
  const firstAt = clock.now()
  const sleeps: Array<{ ms: number; endsAtMs: number }> = []
  let probesAsked = 0
  const options: WaitOptions = {
    first,
    firstAt,
    grantedAt: granted ? firstAt : undefined,
    doubtMs: 0,
    isSettled: true,
    consecutiveSuccesses: 3,
    denialPatienceMs: 900_000,
    overallMs: 900_000,
    random: () => 0,
    ...given,
    onPause: () => undefined,
    clock: {
      now: clock.now,
      async sleep(ms) {
        await clock.sleep(ms)
        sleeps.push({ ms, endsAtMs: clock.now() - firstAt })
      },
    },
    async probe(count) {
      const rounds = Array.from({ length: count }, () => answers(clock.now() - firstAt, ++probesAsked))
      clock.pass(probeTakesMs)
      return rounds
    },
  }
  const result = await untilLive(options)
  return { ...result, sleeps, probesAsked, endedAtMs: clock.now() - firstAt }
}

/** Answers one after the other; the last one for ever. */
const script =
  (...rounds: Round[]) =>
  (_: number, probe: number): Round =>
    rounds[probe - 1] ?? rounds.at(-1) ?? denied

/** Jitter as it comes: any numbers in [0, 1), one after the other. */
const jitters = fc
  .array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 60 })
  .map(values => {
    let index = 0
    return () => values[index++ % values.length] ?? 0
  })

describe('access that becomes live', () => {
  test('is noticed within a tenth of the wait and a second, and costs few probes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 900_000 }), jitters, async (delayMs, random) => {
        const { failure, probes, propagationMs } = await wait({
          answers: atMs => (atMs < delayMs ? denied : ok),
          random,
          denialPatienceMs: 2_000_000,
          overallMs: 2_000_000,
        })

        expect(failure).toBeUndefined()
        expect(propagationMs).toBeGreaterThanOrEqual(delayMs)
        expect(propagationMs - delayMs).toBeLessThanOrEqual(0.1 * delayMs + 1000)
        expect(probes.filter(({ atMs }) => atMs <= 300_000).length).toBeLessThanOrEqual(48)
        expect(probes.slice(-6).map(({ outcome }) => outcome)).toEqual(Array(6).fill('ok'))
      }),
      { numRuns: 300 },
    )
  })

  test('needs one success if nothing was denied', async () => {
    expect(await wait({ first: ok, answers: () => denied })).toMatchObject({
      failure: undefined,
      propagationMs: 0,
      sleeps: [],
      probes: [{ atMs: 0, outcome: 'ok' }],
    })
    expect((await wait({ first: blip, answers: () => ok })).probesAsked).toBe(1)
    expect((await wait({ first: throttled, answers: () => ok })).propagationMs).toBe(0)
  })

  test.each([
    [1, 1],
    [3, 6],
    [7, 14],
  ])(
    'once it was denied, needs twice as many in a row as are asked for: of %i, %i',
    async (consecutiveSuccesses, row) => {
      expect((await wait({ answers: () => ok, consecutiveSuccesses })).probesAsked).toBe(row)
    },
  )

  test('starts its row over at every denial, and needs a longer one', async () => {
    const { failure, probes, propagationMs } = await wait({
      answers: script(ok, denied, ok, ok, denied, ok),
      consecutiveSuccesses: 2,
    })

    expect(failure).toBeUndefined()
    expect(probes.map(({ outcome }) => outcome)).toEqual([
      // One call, one beside it, and two side by side, of which one was denied.
      ...['access-denied', 'ok', 'access-denied', 'ok', 'ok', 'ok', 'access-denied'],
      ...Array.from({ length: 12 }, () => 'ok'),
    ])
    expect(propagationMs).toBe(probes[7]?.atMs)
  })

  test('needs at most three times the first row, and a row of one never grows', async () => {
    const flapping = Array.from({ length: 10 }, () => [ok, denied]).flat()

    expect((await wait({ answers: script(...flapping, ok) })).probesAsked).toBe(20 + 18)
    expect((await wait({ answers: script(...flapping), consecutiveSuccesses: 1 })).probesAsked).toBe(1)
  })

  test('a failure that is not about access does not end a row', async () => {
    expect((await wait({ answers: script(ok, blip, ok, throttled, ok) })).probesAsked).toBe(8)
  })

  test('is live only at the end of a long enough row, with any replicas', async () => {
    const verdicts = fc.array(fc.boolean(), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(verdicts, fc.integer({ min: 2, max: 4 }), async (replies, consecutiveSuccesses) => {
        const rounds = [...replies.map(live => (live ? ok : denied)), ok]
        const { failure, probes } = await wait({ answers: script(...rounds), consecutiveSuccesses })

        const rows = probes.map(({ outcome }) => (outcome === 'ok' ? '+' : '-')).join('')
        const lengths = [...rows.matchAll(/\++/g)].map(([row]) => row.length)
        const enough = lengths.map((_, broken) => 2 * consecutiveSuccesses * Math.min(1 + broken, 3))
        expect(failure).toBeUndefined()
        expect(lengths.at(-1)).toBe(enough.at(-1))
        expect(lengths.findIndex((length, row) => length >= (enough[row] ?? 0))).toBe(lengths.length - 1)
      }),
    )
  })

  test('in time, with four replicas visited in turn, in any order', async () => {
    const orders = fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 })
    const delays = fc.integer({ min: 60_000, max: 900_000 })
    const times = fc.constantFrom(0, 150, 1500)
    await fc.assert(
      fc.asyncProperty(delays, orders, times, jitters, async (delayMs, quarters, probeTakesMs, random) => {
        const { failure, endedAtMs, probes } = await wait({
          answers: (atMs, probe) => (atMs < (delayMs * (quarters[probe % 4] ?? 4)) / 4 ? denied : ok),
          probeTakesMs,
          random,
          denialPatienceMs: 2_000_000,
          overallMs: 2_000_000,
        })

        expect(failure).toBeUndefined()
        // A pause that pays for the three answers of a row, the visit to the last replica, and a row of eighteen: 1, 1, 2, 4, 8, 2.
        const pauseMs = Math.max(0.1 * delayMs + 1000, 30_000)
        expect(endedAtMs).toBeLessThanOrEqual(delayMs + pauseMs + 7 * probeTakesMs)
        expect(probes.length).toBeLessThanOrEqual(150)
      }),
      { numRuns: 300 },
    )
  })
})

describe('replicas that a balancer visits in turn', () => {
  /** When each of them is live, in the order of their turns: all within a time that ends at a moment of up to a quarter of an hour. */
  const replicas = (most: number) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: 900_000 }),
        fc.constantFrom(0, 1000, 10_000, 60_000, 900_000),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: most }),
      )
      .map(([lastMs, withinMs, shares]) => shares.map(share => Math.max(0, lastMs - withinMs * share)))

  const probeTimes = fc.constantFrom(0, 150, 1500)

  async function expectNotEarly(liveAt: readonly number[], wanted: Omit<Wait, 'answers'>): Promise<void> {
    let probesBegunAtMs = 0
    const { failure } = await wait({
      ...wanted,
      denialPatienceMs: 2_000_000,
      overallMs: 2_000_000,
      answers(atMs, probe) {
        probesBegunAtMs = atMs
        return atMs < (liveAt[probe % liveAt.length] ?? 0) ? denied : ok
      },
    })

    expect(failure).toBeUndefined()
    expect(probesBegunAtMs).toBeGreaterThanOrEqual(Math.max(...liveAt))
  }

  test('up to six of them never let a wait end early: none in 10,000', async () => {
    await fc.assert(
      fc.asyncProperty(replicas(6), probeTimes, jitters, (liveAt, probeTakesMs, random) =>
        expectNotEarly(liveAt, { probeTakesMs, random }),
      ),
      { numRuns: 10_000 },
    )
  })

  test('nor do up to three if the first one has agreed and the age of the role is not known', async () => {
    await fc.assert(
      fc.asyncProperty(replicas(3), probeTimes, jitters, (others, probeTakesMs, random) =>
        expectNotEarly([0, ...others.slice(1)], { probeTakesMs, random, first: ok, isSettled: false }),
      ),
      { numRuns: 1000 },
    )
  })
})

test('with any replicas, five minutes cost at most 60 answers', async () => {
  // Rows of successes, each of which a denial breaks.
  const rows = fc.array(fc.integer({ min: 0, max: 17 }), { minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.constantFrom(0, 150),
      jitters,
      fc.constantFrom(0, 300_000),
      async (lengths, probeTakesMs, random, doubtMs) => {
        const flapping = lengths.flatMap(length => [...Array.from({ length }, () => ok), denied])
        const { failure, probes } = await wait({
          ...{ first: ok, isSettled: false, doubtMs, probeTakesMs, random },
          ...{ denialPatienceMs: 20_000_000, overallMs: 20_000_000 },
          answers: script(...flapping, ok),
        })

        const answered = probes.filter(({ outcome }) => outcome === 'ok').map(({ atMs }) => atMs)
        const inFiveMinutes = answered.map(
          from => answered.filter(at => at >= from && at < from + 300_000).length,
        )
        expect(failure).toBeUndefined()
        expect(Math.max(...inFiveMinutes)).toBeLessThanOrEqual(60)
      },
    ),
    { numRuns: 300 },
  )
})

describe('access that does not', () => {
  test('is waited for to the end of its patience, and no longer', async () => {
    const limits = fc.integer({ min: 1, max: 900_000 })
    await fc.assert(
      fc.asyncProperty(
        limits,
        fc.constantFrom(0, 120, 4000),
        jitters,
        async (denialPatienceMs, probeTakesMs, random) => {
          const { failure, sleeps, endedAtMs, probesAsked } = await wait({
            answers: () => denied,
            denialPatienceMs,
            probeTakesMs,
            random,
          })

          expect(failure).toMatchObject({ code: 'access-denied' })
          expect(sleeps.every(({ ms }) => ms >= 0 && ms <= 30_000)).toBe(true)
          expect(sleeps.every(({ endsAtMs }) => endsAtMs <= denialPatienceMs)).toBe(true)
          // A sleep is worth its time only for the probe that follows it.
          expect(probesAsked).toBe(sleeps.length)
          expect(endedAtMs).toBeGreaterThanOrEqual(denialPatienceMs)
          expect(endedAtMs).toBeLessThanOrEqual(denialPatienceMs + probeTakesMs)
        },
      ),
    )
  })

  test('is not waited for at all without patience', async () => {
    expect(await wait({ answers: () => ok, denialPatienceMs: 0 })).toMatchObject({
      failure: { code: 'access-denied' },
      probesAsked: 0,
      sleeps: [],
    })
  })

  test('a first success at the very end can complete its row, and takes no longer than the row', async () => {
    const { failure, endedAtMs } = await wait({
      answers: atMs => (atMs < 60_000 ? denied : ok),
      denialPatienceMs: 60_000,
      overallMs: 60_000,
    })

    expect(failure).toBeUndefined()
    expect(endedAtMs).toBeLessThanOrEqual(60_000)
  })

  test('ends at once at a final refusal, first or later', async () => {
    expect(await wait({ first: broken, answers: () => ok })).toMatchObject({
      failure: { code: 'network-blocked' },
      sleeps: [],
    })
    expect(await wait({ answers: script(ok, broken) })).toMatchObject({
      failure: { code: 'network-blocked' },
      probesAsked: 2,
    })
  })
})

describe('throttling', () => {
  test('is waited out as long as the service says', async () => {
    const { sleeps } = await wait({
      first: refused('throttled', 'inference-throttled', 17_000),
      answers: () => ok,
    })

    expect(sleeps.map(({ ms }) => ms)).toEqual([17_000])
  })

  test('ends the wait at once if the service asks for more time than is left', async () => {
    const aDay = refused('throttled', 'inference-throttled', 86_400_000)

    expect(await wait({ first: aDay, answers: () => ok })).toMatchObject({
      failure: { code: 'inference-throttled' },
      sleeps: [],
    })
    expect(await wait({ answers: script(aDay) })).toMatchObject({
      failure: { code: 'inference-throttled' },
      probesAsked: 1,
    })
  })

  test('is waited out if the service asks for exactly the time that is left', async () => {
    const aMinute = refused('throttled', 'inference-throttled', 60_000)

    expect(await wait({ first: aMinute, answers: () => ok, overallMs: 60_000 })).toMatchObject({
      failure: undefined,
      probesAsked: 1,
    })
  })

  test('leads to the shortest pause first, no matter what was refused before', async () => {
    for (const first of [blip, denied]) {
      const { sleeps } = await wait({ first, answers: script(throttled, throttled, ok) })
      expect(sleeps.slice(1, 3).map(({ ms }) => ms)).toEqual([1000, 3000])
    }
  })

  test('without a time is retried in growing intervals, to the deadline', async () => {
    const { failure, sleeps, probesAsked } = await wait({
      first: throttled,
      answers: () => throttled,
      overallMs: 300_000,
    })

    const pauses = sleeps.map(({ ms }) => ms)
    expect(failure).toMatchObject({ code: 'inference-throttled' })
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(probesAsked).toBe(sleeps.length)
    expect(sleeps.every(({ endsAtMs }) => endsAtMs <= 300_000)).toBe(true)
  })

  test('is not bound by the patience with denials', async () => {
    expect(
      (await wait({ answers: script(throttled, ok), first: throttled, denialPatienceMs: 0 })).failure,
    ).toBeUndefined()
  })
})

describe('a service with short failures', () => {
  test('is retried a few times, each after a longer pause', async () => {
    const { failure, sleeps } = await wait({ first: blip, answers: () => blip })

    expect(failure).toMatchObject({ code: 'inference-unavailable' })
    expect(sleeps.map(({ ms }) => ms)).toEqual([1000, 2000, 4000, 8000])
  })

  test('is retried only once if it hangs', async () => {
    const { failure, sleeps } = await wait({ first: hang, answers: () => hang })

    expect(failure).toMatchObject({ code: 'request-timeout' })
    expect(sleeps.map(({ ms }) => ms)).toEqual([1000])
  })

  test('gets its tries back after an answer', async () => {
    const rounds = [blip, blip, blip, denied, blip, blip, blip, ok]

    expect((await wait({ first: blip, answers: script(...rounds) })).failure).toBeUndefined()
    expect(
      (await wait({ answers: script(blip, blip, blip, ok, blip, blip, blip, ok, ok) })).failure,
    ).toBeUndefined()
  })
})

test('with any answers the wait ends, and its pauses stay within its limits', async () => {
  const round = fc.oneof(
    fc.constantFrom(ok, denied, denied, blip, throttled),
    fc.nat(400_000).map(ms => refused('throttled', 'inference-throttled', ms)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 1, maxLength: 40 }),
      round,
      jitters,
      async (rounds, first, random) => {
        const { failure, sleeps, probesAsked, probes } = await wait({
          first,
          answers: (_, probe) => rounds[probe - 1] ?? denied,
          random,
          denialPatienceMs: 120_000,
          overallMs: 300_000,
        })

        expect(probesAsked).toBeGreaterThanOrEqual(sleeps.length)
        expect(probes).toHaveLength(probesAsked + 1)
        expect(failure === undefined).toBe(probes.at(-1)?.outcome === 'ok')
        expect(sleeps.every(({ ms, endsAtMs }) => ms > 0 && endsAtMs <= 300_000)).toBe(true)
      },
    ),
  )
})

test('a row without a denial meets a replica that disagrees, and waits for it', async () => {
  const agreed = await wait({ first: ok, answers: () => ok, isSettled: false })
  expect(agreed).toMatchObject({ failure: undefined, propagationMs: 0, probesAsked: 2 })

  const disagreed = await wait({
    first: ok,
    answers: (atMs, probe) => (probe % 2 === 1 && atMs < 60_000 ? denied : ok),
    isSettled: false,
  })
  expect(disagreed.failure).toBeUndefined()
  expect(disagreed.endedAtMs).toBeGreaterThanOrEqual(60_000)
})

describe('a row without a denial', () => {
  const counted = async (answers: (probe: number) => Round, consecutiveSuccesses = 3) => {
    const counts: number[] = []
    let broken = 0
    let asked = 0
    const clock = simulatedClock()
    const result = await untilLive({
      ...{ first: ok, firstAt: clock.now(), grantedAt: undefined, doubtMs: 0, isSettled: false },
      ...{ consecutiveSuccesses, denialPatienceMs: 60_000, overallMs: 60_000, clock, random: () => 0 },
      probe: async count => {
        counts.push(count)
        return Array.from({ length: count }, () => answers(++asked))
      },
      onRowBroken: () => {
        broken += 1
      },
      onPause: () => {},
    })
    return { ...result, counts, broken, sleeps: clock.sleeps }
  }

  test('is made in parallel, without a pause', async () => {
    expect(await counted(() => ok)).toMatchObject({ failure: undefined, counts: [2], broken: 0, sleeps: [] })
    expect(await counted(() => ok, 7)).toMatchObject({ counts: [6], sleeps: [] })
    expect(await counted(() => ok, 1)).toMatchObject({ counts: [] })
  })

  test('is broken by one denial at any place; the next row begins with one call, and doubles', async () => {
    for (const place of [1, 2]) {
      const { failure, counts, broken } = await counted(probe => (probe === place ? denied : ok))
      expect({ failure, broken }).toEqual({ failure: undefined, broken: 1 })
      // Six since one was denied, and twice that since a row was broken.
      expect(counts).toEqual([2, 1, 1, 2, 4, 4])
    }
  })

  test('makes only the missing calls after a throttled one', async () => {
    const { failure, counts, broken, probes } = await counted(probe => (probe === 1 ? throttled : ok))

    expect({ failure, counts, broken }).toEqual({ failure: undefined, counts: [2, 1], broken: 0 })
    expect(probes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'inference-throttled', 'ok'])
  })

  test('goes on one call at a time while calls are throttled', async () => {
    const { failure, counts } = await counted(probe => (probe <= 2 ? throttled : ok), 7)

    expect({ failure, counts }).toEqual({ failure: undefined, counts: [6, 1, 1] })
  })

  test('counts several calls that hang at once as one', async () => {
    expect((await counted(probe => (probe <= 2 ? hang : ok))).failure).toBeUndefined()
  })

  test('is repeated if the first success may have come from a removed role', async () => {
    const counts: number[] = []
    const clock = simulatedClock()
    await untilLive({
      ...{ first: ok, firstAt: clock.now(), grantedAt: clock.now(), doubtMs: 15_000, isSettled: false },
      ...{ consecutiveSuccesses: 3, denialPatienceMs: 60_000, overallMs: 60_000, clock, random: () => 0 },
      probe: async count => {
        counts.push(count)
        return Array.from({ length: count }, () => ok)
      },
      onPause: () => {},
    })

    expect(counts).toEqual([1, 1, 3])
    expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(15_000)
  })
})

test('each pause is reported before it begins', async () => {
  const told: unknown[] = []
  const clock = simulatedClock()
  await untilLive({
    first: denied,
    firstAt: clock.now(),
    grantedAt: undefined,
    doubtMs: 0,
    isSettled: true,
    probe: async () => [ok],
    consecutiveSuccesses: 2,
    denialPatienceMs: 60_000,
    overallMs: 90_000,
    clock,
    random: () => 0,
    onPause: progress => told.push(progress),
  })

  expect(clock.sleeps).toHaveLength(1)
  expect(told).toStrictEqual([
    {
      failure: expect.objectContaining({ code: 'access-denied' }),
      rounds: 1,
      elapsedMs: 0,
      limitMs: 60_000,
      pauseMs: clock.sleeps[0],
    },
  ])
})

test('after a grant the next round comes at once, and only that one', async () => {
  const { sleeps } = await wait({ granted: true, answers: (_, probe) => (probe < 3 ? denied : ok) })
  const { sleeps: patient } = await wait({
    answers: (_, probe) => (probe < 3 ? denied : ok),
  })
  expect(sleeps).toHaveLength(patient.length - 1)
})

describe('access that may come from a removed role', () => {
  const minutes = 60_000
  const granted = { first: ok, granted: true, doubtMs: 5 * minutes }

  test('is proven once it outlasts the doubt, by a round that began after it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5 * minutes }),
        fc.constantFrom(0, 150, 4000),
        jitters,
        async (doubtMs, probeTakesMs, random) => {
          const { failure, probes, propagationMs, sleeps } = await wait({
            ...{ ...granted, doubtMs, probeTakesMs, random },
            answers: () => ok,
          })

          expect({ failure, propagationMs }).toEqual({ failure: undefined, propagationMs: 0 })
          expect(probes.filter(({ atMs }) => atMs >= doubtMs).length).toBeLessThanOrEqual(2)
          expect(probes.at(-1)?.atMs).toBeGreaterThanOrEqual(doubtMs)
          expect(probes.at(-1)?.atMs).toBeLessThanOrEqual(doubtMs + probeTakesMs)
          expect(sleeps.every(({ endsAtMs }) => endsAtMs <= doubtMs)).toBe(true)
          expect(probes.length).toBeLessThanOrEqual(46)
        },
      ),
    )
  })

  test('never counts before the new role is live, no matter how early the old one lapses', async () => {
    const times = fc.tuple(fc.nat(5 * minutes), fc.nat(5 * minutes))
    await fc.assert(
      fc.asyncProperty(times, jitters, async ([one, other], random) => {
        const [lapsesMs, liveMs] = one < other ? [one, other] : [other, one]
        const { failure, endedAtMs, probes, propagationMs } = await wait({
          ...{ ...granted, random },
          answers: atMs => (atMs < lapsesMs || atMs >= liveMs ? ok : denied),
        })

        const firstDenied = probes.find(({ outcome }) => outcome !== 'ok')
        expect(failure).toBeUndefined()
        expect(endedAtMs).toBeGreaterThanOrEqual(liveMs)
        // Once a denial was seen the old role is gone, and what follows is the usual wait.
        if (firstDenied === undefined) expect(endedAtMs).toBe(5 * minutes)
        else expect(firstDenied.atMs + propagationMs).toBeLessThanOrEqual(1.1 * liveMs + 1000)
      }),
      { numRuns: 300 },
    )
  })

  test('that lapses, and does not come back, ends at the deadline as usual', async () => {
    const { failure, endedAtMs } = await wait({ ...granted, answers: script(ok, denied) })

    expect(failure).toMatchObject({ code: 'access-denied' })
    expect(endedAtMs).toBe(900_000)
  })

  test('stays unexplained if the time ends before the doubt does', async () => {
    expect(await wait({ ...granted, answers: () => ok, overallMs: 2 * minutes })).toMatchObject({
      failure: {
        code: 'access-unexplained',
        said: {
          message: 'The calls were answered for 2 min. A right that was removed may keep working for 5 min.',
        },
      },
      propagationMs: 0,
      endedAtMs: 2 * minutes,
    })
  })

  test('is reported as such', async () => {
    const told: unknown[] = []
    const clock = simulatedClock()
    await untilLive({
      ...{ first: ok, firstAt: clock.now(), grantedAt: clock.now(), doubtMs: 15_000 },
      ...{
        isSettled: true,
        probe: async () => [ok],
        consecutiveSuccesses: 3,
        denialPatienceMs: 60_000,
        overallMs: 90_000,
      },
      ...{ clock, random: () => 0, onPause: () => {}, onPauseInDoubt: progress => told.push(progress) },
    })

    expect(told).toEqual([
      { rounds: 2, elapsedMs: 0, limitMs: 15_000, pauseMs: 10_000 },
      { rounds: 3, elapsedMs: 10_000, limitMs: 15_000, pauseMs: 5000 },
    ])
  })
})
