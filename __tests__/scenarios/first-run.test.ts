import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { holds, madeBefore, roles, setupIdentity } from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

const userRole = 'a97b65f3-24c7-4388-baec-2e87135dc908'
const seconds = 1000

/** A first run: the role is missing, is granted, becomes live after a while, and is proven. */
describe.each([
  [[0]],
  [[5 * seconds]],
  [[30 * seconds, 22 * seconds]],
  [[300 * seconds, 240 * seconds, 290 * seconds]],
])('with replicas that see a grant after %j ms', lag => {
  let cloud: LocalCloud
  beforeAll(async () => {
    cloud = await createLocalCloud({ lag: { roleAssignments: lag } })
  })
  afterAll(() => cloud.close())

  test('grants, waits, proves, and notices access within a tenth of the wait and a second', async () => {
    const startedAt = cloud.clock.now()
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted', diagnosis: '' })
    const created = run.requests.filter(({ operation }) => operation === 'roleAssignments.create')
    expect(created).toHaveLength(1)
    const [assignment] = cloud.world.roleAssignments.filter(
      ({ roleDefinitionId }) => roleDefinitionId === userRole,
    )
    expect(assignment).toMatchObject({
      scope: expect.stringMatching(new RegExp(`^${accountScope(cloud)}$`, 'i')),
      principalId: run.outputs['principal-id'],
      principalType: 'ServicePrincipal',
      description: expect.stringContaining('https://github.com/contoso/shop/actions/runs/'),
    })
    expect(run.outputs['role-assignment-id']).toContain(assignment?.name)

    const slowest = Math.max(...lag)
    const provenAt = run.requests.at(-1)?.at ?? 0
    const grantedAt = created[0]?.at ?? 0
    // Real requests take a little of the same clock: half a second.
    expect(provenAt - grantedAt).toBeLessThanOrEqual(slowest * 1.1 + 1 * seconds + 0.5 * seconds)
    expect(provenAt).toBeGreaterThanOrEqual(startedAt + slowest)
    expect(run.requests.slice(-3).map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test('the second run finds the role, and makes a row of calls because the role is young', async () => {
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({
      result: 'passed',
      'role-state': 'direct',
      attempts: '3',
      connections: '3',
    })
    expect(run.report).toMatchObject({ row: 'made', connections: 3 })
    expect(operations(run)).not.toContain('roleAssignments.create')
  })

  test('half an hour later each call is made once, and nothing changes', async () => {
    // Resource Manager tells the time in whole seconds: at half an hour sharp it may still be one short. The runner's clock stays.
    madeBefore(cloud, (30 * 60 + 1) * seconds)
    const run = await runGate(cloud)
    expect(run.report).toMatchObject({ row: 'not-needed', connections: 1 })
    expect(run.outputs).toMatchObject({
      result: 'passed',
      'role-state': 'direct',
      attempts: '1',
      'propagation-seconds': '0.0',
    })
    const asked = operations(run)
    expect(new Set(asked).size).toBe(asked.length - 1)
    expect(asked.filter(operation => operation === 'token')).toHaveLength(2)
    expect(asked.filter(operation => operation === 'oidc.token')).toHaveLength(1)
    expect(asked).not.toContain('roleAssignments.create')
  })
})

test.each<[string, (cloud: LocalCloud) => Record<string, string>]>([
  ['one identity', () => ({})],
  [
    'another identity that grants',
    cloud => {
      const { clientId, principalId } = setupIdentity(cloud)
      holds(cloud, { role: roles.rbacAdministrator, principalId })
      return { 'setup-client-id': clientId }
    },
  ],
])(
  'with %s, a long wait survives the end of the OIDC token and of the access tokens',
  async (_who, arrange) => {
    const cloud = await createLocalCloud({ lag: { roleAssignments: [110 * 60 * seconds] } })
    try {
      const run = await runGate(cloud, { inputs: { ...arrange(cloud), 'propagation-timeout': '2h' } })
      expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
      // Tokens live some 60 minutes: the inference token was renewed, with a fresh assertion.
      expect(operations(run).filter(operation => operation === 'oidc.token').length).toBeGreaterThan(1)
      expect(operations(run).filter(operation => operation === 'token').length).toBeGreaterThan(2)
      expect(
        run.requests.filter(({ status }) => status === 401).every(({ service }) => service === 'inference'),
      ).toBe(true)
    } finally {
      await cloud.close()
    }
  },
)

test('an assignment that does not become live in time is access-not-propagated, and no probe comes after the deadline', async () => {
  const cloud = await createLocalCloud({ lag: { roleAssignments: [3600 * seconds] } })
  try {
    const run = await runGate(cloud, { inputs: { 'propagation-timeout': '5m' } })
    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'access-not-propagated',
      'role-state': 'granted',
    })
    const probes = run.requests.filter(({ operation }) => operation === 'chatCompletions.create')
    expect(probes.length).toBeLessThanOrEqual(46)
    const [first] = probes
    expect((probes.at(-1)?.at ?? 0) - (first?.at ?? 0)).toBeLessThanOrEqual(301 * seconds)
    expect(logOf(run)).toContain('propagation-timeout: "30m"')
  } finally {
    await cloud.close()
  }
})
