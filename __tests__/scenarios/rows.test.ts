import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { account, accountEndpoint, holds, roles } from '../support/arrange.ts'
import { accountScope, logOf, runGate } from '../support/scenario.ts'

/** Replicas that a balancer chooses by the connection: a row of answers down one of them would prove one replica. */

const seconds = 1000

async function withCloud<T>(
  options: Parameters<typeof createLocalCloud>[0],
  use: (cloud: LocalCloud) => Promise<T>,
): Promise<T> {
  const cloud = await createLocalCloud({ replicasBy: 'connection', ...options })
  try {
    return await use(cloud)
  } finally {
    await cloud.close()
  }
}

const calls = (run: { requests: ReadonlyArray<{ operation: string; status: number | null }> }) =>
  run.requests.filter(({ operation }) => operation === 'chatCompletions.create').map(({ status }) => status)

test.each(['3', '10'])(
  'one learns of a grant after 2 s, the other after 60 s: a row of %s waits for both',
  async row => {
    await withCloud({ lag: { roleAssignments: [2 * seconds, 60 * seconds] } }, async cloud => {
      const run = await runGate(cloud, { inputs: { 'consecutive-successes': row } })

      expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
      expect(Number(run.outputs['propagation-seconds'])).toBeGreaterThanOrEqual(60)
      expect(Number(run.outputs.connections)).toBeGreaterThanOrEqual(Number(row))
      expect(run.report).toMatchObject({ row: 'made' })
    })
  },
)

test.each(['auto', 'never'])(
  'a role that a template made five seconds ago is no proof by one answer: grant %s',
  async grant => {
    await withCloud({ lag: { roleAssignments: [0, 60 * seconds] } }, async cloud => {
      holds(cloud, { role: roles.foundryUser, createdOn: new Date(cloud.clock.now()) })
      cloud.clock.advance(5 * seconds)
      const run = await runGate(cloud, { inputs: { grant, role: 'Foundry User' } })

      expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
      expect(calls(run)).toContain(401)
      expect(Number(run.outputs.connections)).toBeGreaterThanOrEqual(3)
    })
  },
)

test('consecutive-successes: 1 turns the row off, and log and report say what is not proven', async () => {
  await withCloud({}, async cloud => {
    holds(cloud, { role: roles.user })
    const run = await runGate(cloud, { inputs: { 'consecutive-successes': '1' } })

    expect(run.outputs).toMatchObject({ result: 'passed', attempts: '1', connections: '1' })
    expect(run.report).toMatchObject({ row: 'off' })
    expect(logOf(run)).toContain('No row was made, since consecutive-successes is 1.')
    expect(run.summary).toContain('No row was made')
  })
})

test('an endpoint alone gets a row on every run', async () => {
  await withCloud({}, async cloud => {
    holds(cloud, { role: roles.user })
    const run = await runGate(cloud, { inputs: { 'resource-id': '', endpoint: accountEndpoint(cloud) } })

    expect(run.outputs).toMatchObject({ result: 'passed', connections: '3' })
    expect(calls(run)).toHaveLength(3)
  })
})

test('a row asks every deployment once, and is filled up by the cheapest', async () => {
  await withCloud({}, async cloud => {
    holds(cloud, { role: roles.user })
    const run = await runGate(cloud, {
      inputs: { deployments: 'chat=chat-completions\nembeddings' },
    })

    expect(run.outputs.result).toBe('passed')
    expect(calls(run)).toHaveLength(1)
    expect(run.requests.filter(({ operation }) => operation === 'embeddings.create')).toHaveLength(3)
  })
})

test('what is paid by the piece is asked once, and it is said that no row was made', async () => {
  await withCloud({}, async cloud => {
    holds(cloud, { role: roles.user })
    const run = await runGate(cloud, { inputs: { deployments: 'speech' } })

    expect(run.outputs).toMatchObject({ result: 'passed', connections: '1' })
    expect(run.requests.filter(({ operation }) => operation.endsWith('speech.create'))).toHaveLength(1)
    expect(run.report).toMatchObject({ row: 'paid-by-the-piece' })
    expect(logOf(run)).toContain('paid by the piece')
  })
})

test('a retired key that one replica still takes is found, whichever connection leads there', async () => {
  await withCloud({ lag: { keyAccess: [0, 60 * seconds] } }, async cloud => {
    const key = accountKeys(accountScope(cloud)).key2
    holds(cloud, { role: roles.foundryUser })
    account(cloud).disableLocalAuth = true
    account(cloud).keyAccessChangedOn = new Date(cloud.clock.now()).toISOString()
    const run = await runGate(cloud, { inputs: { role: 'Foundry User', 'retired-key': key } })

    const withKey = run.requests.filter(({ headers }) => 'api-key' in headers).map(({ status }) => status)
    expect(run.outputs.result).toBe('passed')
    expect(withKey).toContain(200)
    expect(withKey.slice(-6)).toEqual([403, 403, 403, 403, 403, 403])
  })
})
