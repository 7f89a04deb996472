import { alsoHolds, holds, roles } from '../support/arrange.ts'
import { type InProcessRun, openStage, type Stage } from '../support/in-process.ts'
import { expectSound } from './sound.ts'

/** What the table cannot say: servers that point elsewhere, replies lost twice over, and a runner whose clock is wrong. */

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
beforeEach(() => stage.reset())
afterAll(() => stage.close())

const end = (run: InProcessRun) => run.end

function answer(operation: string, status: number, body: unknown, times?: number): void {
  const effect = { kind: 'reply' as const, status, body }
  stage.cloud.faults.add({ name: operation, operation, effect, ...(times === undefined ? {} : { times }) })
}

describe('a server that points to another host', () => {
  test.each([
    ['role assignments', 'roleAssignments.list'],
    ['permissions', 'permissions.list'],
    ['deployments', 'deployments.list'],
  ])('as the next page of the %s', async (_, operation) => {
    answer(operation, 200, { value: [], nextLink: `${stage.elsewhere.url}/next?$skiptoken=1` })
    const run = await stage.run()
    expect(end(run)).toBe('connection-failed')
    expectSound(stage, run)
  })

  test("as Entra's token endpoint", async () => {
    const { authorityHost } = stage.cloud.endpoints
    answer('openid.configuration', 200, {
      issuer: `${authorityHost}/tenant/v2.0`,
      authorization_endpoint: `${authorityHost}/authorize`,
      token_endpoint: `${stage.elsewhere.url}/token`,
      jwks_uri: `${stage.elsewhere.url}/keys`,
      end_session_endpoint: `${authorityHost}/logout`,
    })
    const run = await stage.run()
    expect(end(run)).toBe('connection-failed')
    expectSound(stage, run)
  })

  test('as the inference endpoint', async () => {
    answer('accounts.get', 200, {
      kind: 'AIServices',
      properties: {
        customSubDomainName: 'contoso-ai',
        endpoint: 'https://contoso-ai.openai.azure.com.contoso.example/',
        endpoints: { 'OpenAI Language Model Instance API': 'https://contoso.example/' },
      },
    })
    const run = await stage.run()
    expect(end(run)).toBe('endpoint-untrusted')
    expectSound(stage, run)
  })
})

describe('a grant without a reply', () => {
  beforeEach(() => {
    stage.cloud.faults.add({
      name: 'lost',
      operation: 'roleAssignments.create',
      afterEffect: true,
      effect: { kind: 'reset', when: 'before' },
    })
  })

  test('is reported as uncertain if the assignment cannot be read either', async () => {
    answer('roleAssignments.get', 503, '')
    const run = await stage.run()
    expect(end(run)).toBe('connection-failed')
    expect(run.report.grant).toBe('unknown')
    expect(run.report.roleState).not.toBe('granted')
    expectSound(stage, run)
  })

  test('is found by the next run', async () => {
    answer('roleAssignments.get', 503, '', 4)
    await stage.run()
    stage.cloud.faults.clear()
    const next = await stage.run()
    expect(end(next)).toBe('passed')
    expect(next.report.roleState).toBe('direct')
    expectSound(stage, next)
  })
})

const minutes = 60_000

describe.each([
  ['ten minutes ahead', 10 * minutes],
  ['ten minutes behind', -10 * minutes],
])("a runner's clock %s", (_, runnerAheadMs) => {
  test('does not disturb a first run', async () => {
    const run = await stage.run({ runnerAheadMs })
    expect(end(run)).toBe('passed')
    expectSound(stage, run)
  })

  test('does not stretch or cut the time that a service asks for', async () => {
    const until = new Date(stage.cloud.clock.now() + 20_000).toUTCString()
    stage.cloud.faults.add({
      name: 'throttled',
      operation: 'permissions.list',
      times: 1,
      effect: { kind: 'reply', status: 429, headers: { 'retry-after': until } },
    })
    const run = await stage.run({ runnerAheadMs })
    expect(end(run)).toBe('passed')
    expect(run.tookMs).toBeGreaterThan(18_000)
    expect(run.tookMs).toBeLessThan(22_000)
    expectSound(stage, run)
  })

  test.each([
    ['young enough to be waited for', 5 * minutes, 'access-denied', 14 * minutes],
    ['too old to be waited for', 45 * minutes, 'access-denied', 0],
  ])('does not change that a role is %s', async (__, ageMs, code, leastMs) => {
    const slow = await openStage({ lag: { roleAssignments: [120 * minutes] } })
    try {
      const createdOn = new Date(slow.cloud.clock.now() - ageMs)
      alsoHolds(slow.cloud, { role: roles.user, createdOn })
      const run = await slow.run({ runnerAheadMs })
      expect(end(run)).toBe(code)
      expect(run.tookMs).toBeGreaterThanOrEqual(leastMs)
      expect(run.tookMs).toBeLessThan(leastMs + 2 * minutes)
      expectSound(slow, run)
    } finally {
      await slow.close()
    }
  })
})

test('a list of roles whose date is an hour ahead does not make a young role an old one', async () => {
  const slow = await openStage({ lag: { roleAssignments: [0, 10 * minutes] } })
  try {
    holds(slow.cloud, {
      role: roles.user,
      createdOn: new Date(slow.cloud.clock.now() - 2 * minutes),
    })
    alsoHolds(slow.cloud, { role: roles.reader })
    const date = new Date(slow.cloud.clock.now() + 60 * minutes).toUTCString()
    const effect = { kind: 'headers', headers: { date } } as const
    slow.cloud.faults.add({ name: 'date', operation: 'roleAssignments.list', effect })
    const run = await slow.run()
    expect(end(run)).toBe('passed')
    expect(run.tookMs).toBeGreaterThan(7 * minutes)
    expectSound(slow, run)
  } finally {
    await slow.close()
  }
})
