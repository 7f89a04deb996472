import fc from 'fast-check'
import { createClock } from '../../../local-cloud/clock.ts'
import { ArmError } from '../../../local-cloud/resource-manager/errors.ts'
import { accountId } from '../../../local-cloud/scopes.ts'
import { createThrottle, type Operations, PUBLISHED_THROTTLING } from '../../../local-cloud/throttling.ts'
import { accessToken, type SendOptions, startLocalCloud } from '../cloud-fixture.ts'

const spending = (
  changes: { principalId?: string; subscriptionId?: string; operations?: Operations } = {},
) => ({
  subscriptionId: 'production',
  principalId: 'pipeline',
  operations: 'reads' as const,
  ...changes,
})

describe('a throttle', () => {
  const limits = {
    reads: { size: 3, refillPerSecond: 2 },
    writes: { size: 1, refillPerSecond: 1 },
    deletes: { size: 1, refillPerSecond: 1 },
  }

  /** Tokens left, or the seconds that a refusal says to wait. */
  function driven() {
    let now = 0
    const throttle = createThrottle(limits, () => now)
    return {
      pass: (ms: number) => {
        now += ms
      },
      spend(changes = {}) {
        try {
          return throttle.spend(spending(changes))
        } catch (error) {
          if (!(error instanceof ArmError)) throw error
          return `wait ${error.headers['retry-after']} s`
        }
      },
    }
  }

  /** When a request was let through, of those that were made after each of the pauses. */
  function accepted(pauses: readonly number[]): number[] {
    const { spend, pass } = driven()
    let now = 0
    return pauses.flatMap(ms => {
      pass(ms)
      now += ms
      return typeof spend() === 'number' ? [now] : []
    })
  }

  test('allows what the bucket holds, and then refuses until it has refilled', () => {
    const { spend, pass } = driven()
    expect([spend(), spend(), spend(), spend()]).toEqual([2, 1, 0, 'wait 2 s'])
    pass(2000)
    expect(spend()).toBe(2)
  })

  test('refills as time passes, up to the size of the bucket', () => {
    const { spend, pass } = driven()
    for (let used = 0; used < 3; used += 1) spend()
    pass(499)
    expect(spend()).toBe('wait 2 s')
    pass(1)
    expect(spend()).toBe(0)
    pass(60_000)
    expect([spend(), spend(), spend(), spend()]).toEqual([2, 1, 0, 'wait 2 s'])
  })

  test('counts each principal, subscription and kind of operation separately', () => {
    const { spend } = driven()
    expect([spend({ operations: 'writes' }), spend({ operations: 'writes' })]).toEqual([0, 'wait 1 s'])
    expect(spend({ operations: 'deletes' })).toBe(0)
    expect(spend({ operations: 'writes', principalId: 'another' })).toBe(0)
    expect(spend({ operations: 'writes', subscriptionId: 'another' })).toBe(0)
    expect(spend()).toBe(2)
  })

  test('never allows more than the bucket and its refill, for any pauses', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 60 }), pauses => {
        const acceptedAt = accepted(pauses)
        const windows = acceptedAt.flatMap((from, first) =>
          acceptedAt.slice(first).map((to, others) => ({ seconds: (to - from) / 1000, count: others + 1 })),
        )
        for (const { seconds, count } of windows)
          expect(count).toBeLessThanOrEqual(limits.reads.size + seconds * limits.reads.refillPerSecond)
      }),
    )
  })
})

const start = Date.now()
const reads = { size: 2, refillPerSecond: 1 }
const clock = createClock(() => start)
const { cloud, send } = await startLocalCloud({ throttling: { ...PUBLISHED_THROTTLING, reads }, clock })
// Every kind of refill is over by then; the clock outlives a reset, and so do tokens.
beforeEach(() => clock.advance(60_000))

async function ask(path: string, { headers, ...options }: SendOptions = {}) {
  const token = await accessToken(cloud, send, 'https://management.azure.com')
  return send(`${cloud.endpoints.resourceManager}${path}?api-version=2023-05-01`, {
    ...options,
    headers: { authorization: `Bearer ${token}`, ...headers },
  })
}

const account = () => {
  const [first] = cloud.world.accounts
  if (first === undefined) throw new Error('The default world has an account')
  return accountId(first)
}
const remainingReads = 'x-ms-ratelimit-remaining-subscription-reads'

describe('Resource Manager', () => {
  test('says how many requests are left, and answers 429 at zero', async () => {
    const answers = [await ask(account()), await ask(account()), await ask(account())]

    expect(answers.map(({ status, headers }) => [status, headers[remainingReads]])).toEqual([
      [200, '1'],
      [200, '0'],
      [429, '0'],
    ])
    const [subscription] = cloud.world.subscriptions
    const [application] = cloud.world.applications
    const principalId = application?.servicePrincipal?.objectId
    expect(answers[2]).toMatchObject({
      headers: { 'retry-after': '2', 'x-ms-failure-cause': 'gateway' },
      json: {
        error: {
          code: 'SubscriptionRequestsThrottled',
          message:
            `Number of 'read' requests for subscription '${subscription?.id}' actor '${principalId}' exceeded. ` +
            "Please try again after '2' seconds after additional tokens are available. " +
            'Refer to https://aka.ms/arm-throttling for additional information.',
        },
      },
    })
    expect(cloud.journal.entries.at(-1)).toMatchObject({ status: 429, caller: principalId })
  })

  test('uses the clock of the cloud', async () => {
    await ask(account())
    await ask(account())
    expect(await ask(account())).toMatchObject({ status: 429 })
    clock.advance(2000)
    expect(await ask(account())).toMatchObject({ status: 200, headers: { [remainingReads]: '1' } })
  })

  test('counts refused requests, but not those without a subscription or without a valid token', async () => {
    expect(await ask(`${account()}x`)).toMatchObject({ status: 404, headers: { [remainingReads]: '1' } })
    expect(await ask('/tenants')).toMatchObject({
      status: 200,
      headers: { 'x-ms-ratelimit-remaining-tenant-reads': expect.any(String) },
    })
    const anonymous = await ask(account(), { headers: { authorization: 'Bearer none' } })
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers).not.toHaveProperty(remainingReads)
    expect(await ask(account())).toMatchObject({ headers: { [remainingReads]: '0' } })
  })

  test('counts writes and deletes separately from reads', async () => {
    const group = account().split('/').slice(0, 5).join('/')
    const absent = `${group}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`
    expect(await ask(absent, { method: 'DELETE' })).toMatchObject({
      headers: { 'x-ms-ratelimit-remaining-subscription-deletes': '199' },
    })
    expect(await ask(absent, { method: 'PUT', body: '{}' })).toMatchObject({
      headers: { 'x-ms-ratelimit-remaining-subscription-writes': '199' },
    })
    expect(await ask(account())).toMatchObject({ headers: { [remainingReads]: '1' } })
  })

  test('starts again when the cloud is reset', async () => {
    await ask(account())
    await ask(account())
    cloud.reset()
    expect(await ask(account())).toMatchObject({ status: 200, headers: { [remainingReads]: '1' } })
  })
})
