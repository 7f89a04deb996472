import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import {
  account,
  accountEndpoint,
  customRole,
  groupScope,
  type Held,
  holds,
  roles,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

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
    expect(logOf(run)).toContain('The gate accepted one answer as proof, because consecutive-successes is 1.')
    expect(run.summary).toContain('The gate accepted one answer as proof')
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

test('a row calls every deployment once, and is completed by one for each right', async () => {
  await withCloud({}, async cloud => {
    holds(cloud, { role: roles.user })
    const run = await runGate(cloud, {
      inputs: { deployments: 'chat=chat-completions\nchat=azure-openai\nembeddings' },
    })

    expect(run.outputs.result).toBe('passed')
    expect(
      operations(run)
        .filter(name => /create$/.test(name))
        .toSorted(),
    ).toEqual([
      'azureOpenai.chatCompletions.create',
      ...Array.from({ length: 3 }, () => 'chatCompletions.create'),
      ...Array.from({ length: 3 }, () => 'embeddings.create'),
    ])
  })
})

describe('one right depends on an old role, and another on a young one', () => {
  const made = (cloud: LocalCloud, old: readonly Held[], young: readonly Held[]) => {
    const longAgo = new Date(cloud.clock.now() - 3_600_000)
    const now = new Date(cloud.clock.now())
    holds(
      cloud,
      ...old.map(held => ({ ...held, createdOn: longAgo })),
      ...young.map(held => ({ ...held, createdOn: now })),
    )
    cloud.clock.advance(5 * seconds)
  }
  const right = (cloud: LocalCloud, name: string) =>
    customRole(cloud, { dataActions: [`Microsoft.CognitiveServices/accounts/${name}/action`] })
  const both = 'chat=chat-completions\nDeepSeek-V3=models'

  test.each<[string, string, (cloud: LocalCloud) => Record<string, string>]>([
    [
      'the one that this run grants',
      'modelInference.chatCompletions.create',
      cloud => {
        made(
          cloud,
          [{ role: roles.openAIUser }, { role: roles.rbacAdministrator, scope: groupScope(cloud) }],
          [],
        )
        return { endpoint: accountEndpoint(cloud), deployments: both }
      },
    ],
    [
      'roles that cover instead of the one that was asked for',
      'chatCompletions.create',
      cloud => {
        const [old, young] = ['OpenAI/deployments/embeddings', 'OpenAI/deployments/chat/completions'].map(
          name => ({ role: right(cloud, name) }),
        )
        if (old !== undefined && young !== undefined) made(cloud, [old, { role: roles.reader }], [young])
        return { grant: 'never', deployments: 'chat=chat-completions\nembeddings' }
      },
    ],
    [
      'one beside the role that was asked for, which falls short',
      'modelInference.chatCompletions.create',
      cloud => {
        made(cloud, [{ role: roles.openAIUser }], [{ role: roles.foundryUser }])
        return { role: 'Cognitive Services OpenAI User', deployments: both }
      },
    ],
  ])('%s: the row finds the replica that does not know it yet', async (_, operation, arrange) => {
    // As many as calls in a round: where a balancer goes round, each must not meet the same one in every round.
    await withCloud({ lag: { roleAssignments: [0, 60 * seconds] } }, async cloud => {
      const run = await runGate(cloud, { inputs: arrange(cloud) })

      const asked = run.requests.filter(request => request.operation === operation)
      expect(run.outputs.result).toBe('passed')
      expect(asked.map(({ status }) => status)).toContain(401)
      expect(Number(run.outputs['propagation-seconds'])).toBeGreaterThanOrEqual(50)
      expect(run.report).toMatchObject({ row: 'made' })
    })
  })
})

test('calls that cost nothing get a row too', async () => {
  await withCloud({ lag: { roleAssignments: [0, 60 * seconds] } }, async cloud => {
    holds(cloud, { role: roles.foundryUser, createdOn: new Date(cloud.clock.now()) })
    cloud.clock.advance(5 * seconds)
    const run = await runGate(cloud, { inputs: { role: 'Foundry User', deployments: 'realtime' } })

    expect(run.outputs.result).toBe('passed')
    expect(operations(run).filter(operation => operation === 'realtime.connect').length).toBeGreaterThan(3)
    expect(run.report).toMatchObject({ row: 'made' })
  })
})

test('a model that is billed per item is called once, and the log says that there was no row', async () => {
  await withCloud({}, async cloud => {
    holds(cloud, { role: roles.user })
    const run = await runGate(cloud, { inputs: { deployments: 'speech' } })

    expect(run.outputs).toMatchObject({ result: 'passed', connections: '1' })
    expect(run.requests.filter(({ operation }) => operation.endsWith('speech.create'))).toHaveLength(1)
    expect(run.report).toMatchObject({ row: 'paid-by-the-piece' })
    expect(logOf(run)).toContain('billed per item')
  })
})

test('a retired key that one replica still accepts is found, on any connection', async () => {
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

test('a retired key that still opens a model billed per item costs one item, not one per probe', async () => {
  await withCloud({}, async cloud => {
    const key = accountKeys(accountScope(cloud)).key2
    holds(cloud, { role: roles.foundryUser })
    account(cloud).disableLocalAuth = true
    // No replica has heard of it yet.
    account(cloud).keyAccessChangedOn = new Date(cloud.clock.now() + 60 * seconds).toISOString()
    const run = await runGate(cloud, {
      inputs: { role: 'Foundry User', deployments: 'speech', 'retired-key': key },
    })

    const withKey = run.requests.filter(({ headers }) => 'api-key' in headers)
    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'retired-key-accepted' })
    expect(withKey.map(({ status }) => status)).toEqual([200])
  })
})
