import { accountEndpoint, alsoHolds, holds, roles } from '../support/arrange.ts'
import { openStage, type RunOptions, type Stage } from '../support/in-process.ts'

/** How often a run waits for a reply before it can send the next request: what latency is multiplied by. */

const latencyMs = 1000
const dayMs = 86_400_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
beforeEach(() => stage.reset())
afterAll(() => stage.close())

/** Every reply to the gate comes late by the same time, and nothing else takes any: the run takes as many of it as it waits. */
async function roundTrips(options?: RunOptions): Promise<number> {
  return (await runLate(options)).trips
}

async function runLate(options?: RunOptions) {
  const effect = { kind: 'delay', ms: latencyMs } as const
  for (const operation of ['oidc.token', 'openid.configuration', 'token'])
    stage.cloud.faults.add({ name: operation, operation, effect })
  for (const service of ['resource-manager', 'inference'] as const)
    stage.cloud.faults.add({ name: service, service, effect })
  const run = await stage.run(options)
  expect(run.end).toBe('passed')
  return { trips: run.tookMs / latencyMs, operations: run.requests.map(({ operation }) => operation) }
}

const holdsForLong = () =>
  alsoHolds(stage.cloud, {
    role: roles.user,
    createdOn: new Date(stage.cloud.clock.now() - dayMs),
  })

test('a warm run waits for the OIDC token, Entra twice, the resource and the model', async () => {
  holdsForLong()

  expect(await roundTrips()).toBe(5)
})

test('a late list of models does not add a wait', async () => {
  holdsForLong()
  stage.cloud.faults.add({
    name: 'late list',
    operation: 'models.listOfAccount',
    effect: { kind: 'delay', ms: 20 * latencyMs },
  })

  expect(await roundTrips()).toBe(5)
})

test('with model-days-left it waits no longer, if the list comes as fast as the rest', async () => {
  holdsForLong()

  expect(await roundTrips({ inputs: { 'model-days-left': '30' } })).toBe(5)
})

describe('a pipeline that can call models, but cannot read role assignments', () => {
  const asked = (operations: readonly string[], operation: string) =>
    operations.filter(each => each === operation)

  beforeEach(() => holds(stage.cloud, { role: roles.user }))

  test('also waits for the row, and reads its permissions while the model answers', async () => {
    const { trips, operations } = await runLate()

    expect(trips).toBe(6)
    expect(asked(operations, 'permissions.list')).toHaveLength(1)
    expect(asked(operations, 'chatCompletions.create')).toHaveLength(3)
    expect(operations).toHaveLength(13)
  })

  test('and only verifies reads them beside the list, so that with an endpoint it waits for nothing else', async () => {
    const inputs = {
      grant: 'never',
      endpoint: accountEndpoint(stage.cloud),
      deployments: 'chat=chat-completions',
    }
    const { trips, operations } = await runLate({ inputs })

    expect(trips).toBe(5)
    expect(asked(operations, 'permissions.list')).toHaveLength(1)
    expect(operations).toHaveLength(13)
  })
})

test('a late reply about when roles end does not add a wait', async () => {
  holdsForLong()
  stage.cloud.faults.add({
    name: 'late ends',
    operation: 'roleAssignmentScheduleInstances.list',
    effect: { kind: 'delay', ms: 20 * latencyMs },
  })

  expect(await roundTrips()).toBe(5)
})

test('a pipeline that finds the role in the list does not read its permissions', async () => {
  holdsForLong()
  const { operations } = await runLate()

  expect(operations).not.toContain('permissions.list')
  expect(operations).toHaveLength(11)
})

test.each([
  ['a role that may be read', holdsForLong, {}],
  [
    'roles that may not be read, and a gate that only verifies',
    () => holds(stage.cloud, { role: roles.user }),
    { grant: 'never' },
  ],
])(
  'with %s, Resource Manager is asked everything at once, each on a connection that was opened ahead',
  async (_, arrange, inputs) => {
    arrange()
    const { requests, openedAhead } = await stage.run({ inputs })
    // When roles end is asked after the list, while nothing waits for it, on a connection that is free by then.
    const asked = requests.filter(
      ({ service, operation }) =>
        service === 'resource-manager' && operation !== 'roleAssignmentScheduleInstances.list',
    )

    expect(openedAhead.get(stage.cloud.endpoints.resourceManager)).toBe(asked.length)
  },
)

test.each([
  ['of three calls', {}, 3],
  ['of five calls', { 'consecutive-successes': '5' }, 5],
  ['of a gate that may grant, and mostly reads that its role is old', { grant: 'auto' }, 1],
])('the row %s has its connections opened ahead while the model answers', async (_, changed, connections) => {
  holds(stage.cloud, { role: roles.user })
  const endpoint = accountEndpoint(stage.cloud)
  const inputs = { grant: 'never', endpoint, deployments: 'chat=chat-completions', ...changed }
  const { openedAhead } = await stage.run({ inputs })

  expect(openedAhead.get(endpoint)).toBe(connections)
})
