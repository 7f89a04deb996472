import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { DenyAssignment } from '../../local-cloud/world.ts'
import {
  accountEndpoint,
  groupScope,
  holds,
  pipeline,
  refuse,
  roles,
  securityGroup,
  setupIdentity,
} from '../support/arrange.ts'
import type { GateRun } from '../support/gate-run.ts'
import { logOf, operations, runGate } from '../support/scenario.ts'

/** A deny assignment wins over every role: what is listed is known before a call says so, and may be younger than what replicas know. */

const seconds = 1000
const minutes = 60 * seconds

let cloud: LocalCloud
beforeEach(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [4 * minutes] } })
})
afterEach(() => cloud.close())

const longAgo = () => new Date(cloud.clock.now() - 60 * minutes)
const everybody = '00000000-0000-0000-0000-000000000000'

/** The role is settled, and the pipeline may read what there is. */
const holdsTheRole = () =>
  holds(cloud, { role: roles.user, createdOn: longAgo() }, { role: roles.reader, createdOn: longAgo() })

function denies(differing: Partial<DenyAssignment> = {}): void {
  cloud.world.denyAssignments.push({
    name: '6a1d2c7e-90b4-4f53-8e2a-c5d7b1f0e938',
    displayName: 'stack of the models',
    scope: groupScope(cloud),
    permissions: [{ actions: [], notActions: [], dataActions: ['*'], notDataActions: [] }],
    principals: [everybody],
    excludePrincipals: [],
    doNotApplyToChildScopes: false,
    ...differing,
  })
}

/** Made this very moment: no replica has heard of it. */
const young = () => ({ createdOn: new Date(cloud.clock.now()).toISOString() })

const calls = (run: GateRun) => run.requests.filter(({ operation }) => operation === 'chatCompletions.create')
const named = (run: GateRun) =>
  expect(logOf(run)).toContain(
    `A deny assignment blocks the calls: "stack of the models" at ${groupScope(cloud)}.`,
  )

test.each<[string, () => Partial<DenyAssignment>]>([
  ['everybody', () => ({})],
  ['the principal', () => ({ principals: [pipeline(cloud).principal.objectId] })],
])(
  'that names %s and is younger than the replicas know: watched until it counts, then red',
  async (_, names) => {
    holdsTheRole()
    denies({ ...names(), ...young() })
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'deny-assignment',
      'role-state': 'direct',
    })
    expect(calls(run)[0]?.status).toBe(200)
    expect(operations(run)).not.toContain('roleAssignments.create')
    named(run)
    expect(run.report).toMatchObject({
      denyAssignments: [{ name: 'stack of the models', scope: groupScope(cloud) }],
    })
  },
)

test('that names a group of the pipeline counts like one for the pipeline', async () => {
  const { objectId } = securityGroup(cloud)
  holds(
    cloud,
    { role: roles.user, createdOn: longAgo(), principalId: objectId },
    { role: roles.reader, createdOn: longAgo() },
  )
  denies({ principals: [objectId] })

  const run = await runGate(cloud, { inputs: { grant: 'never' } })
  expect(run.outputs).toMatchObject({ diagnosis: 'deny-assignment', 'role-state': 'group' })
  expect(calls(run)).toHaveLength(1)
})

test('with a denied call: red at once, without a useless grant', async () => {
  holds(cloud, { role: roles.owner, createdOn: longAgo() })
  denies()
  const run = await runGate(cloud)

  expect(run.outputs).toMatchObject({ diagnosis: 'deny-assignment', 'role-state': 'missing' })
  expect(calls(run)).toHaveLength(1)
  expect(operations(run)).not.toContain('roleAssignments.create')
  named(run)

  const plan = await runGate(cloud, { inputs: { grant: 'plan' } })
  expect(plan.report).toMatchObject({
    plan: [
      'Plan: nothing would be granted; the role is missing.',
      'Plan: the calls are denied, and the gate would fail with deny-assignment.',
      expect.stringContaining('"stack of the models"'),
    ],
  })
})

test('if calls succeed longer than any old right can last, the gate says that it does not understand the assignment, and passes', async () => {
  holdsTheRole()
  denies({ createdOn: new Date(cloud.clock.now() + 60 * minutes).toISOString() })
  const startedAt = cloud.clock.now()
  const run = await runGate(cloud)

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
  expect(cloud.clock.now() - startedAt).toBeGreaterThanOrEqual(5 * minutes)
  expect(run.report).toMatchObject({
    findings: expect.arrayContaining([
      expect.objectContaining({
        id: 'access-unexplained',
        detail: expect.stringContaining('"stack of the models"'),
      }),
    ]),
  })
  expect(run.annotations).toEqual([
    expect.objectContaining({
      message: expect.stringContaining('although Resource Manager lists what forbids'),
    }),
  ])
})

test('with less time than that, the outcome is unknown: red', async () => {
  holdsTheRole()
  denies(young())
  const run = await runGate(cloud, { inputs: { 'propagation-timeout': '60s' } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-unexplained' })
  expect(logOf(run)).toContain('forbids the calls, and wins over every role')
})

test.each<[string, () => Partial<DenyAssignment>]>([
  ['excludes the pipeline', () => ({ excludePrincipals: [pipeline(cloud).principal.objectId] })],
  ['is for its own scope only', () => ({ doNotApplyToChildScopes: true })],
  [
    'forbids other things',
    () => ({
      permissions: [
        { actions: [], notActions: [], dataActions: ['Microsoft.Storage/*'], notDataActions: [] },
      ],
    }),
  ],
])('one that %s changes nothing', async (_, differing) => {
  holdsTheRole()
  denies(differing())
  const run = await runGate(cloud)

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct', attempts: '1' })
  expect(run.report).toMatchObject({ denyAssignments: [] })
})

describe('reading them costs one request', () => {
  // What is asked for later, or without a limit of its own, takes the half minute that a request may.
  test('and no round trip: all reads happen in parallel', async () => {
    holdsTheRole()
    for (const operation of [
      'accounts.get',
      'deployments.list',
      'roleAssignments.list',
      'denyAssignments.list',
    ])
      cloud.faults.add({ name: `slow ${operation}`, operation, effect: { kind: 'delay', ms: 3 * seconds } })
    const startedAt = cloud.clock.now()
    const run = await runGate(cloud, { inputs: { endpoint: accountEndpoint(cloud) } })

    expect(run.outputs.result).toBe('passed')
    expect(cloud.clock.now() - startedAt).toBeLessThan(20 * seconds)
    expect(operations(run).filter(operation => operation === 'denyAssignments.list')).toHaveLength(1)
    expect(operations(run)).toHaveLength(11)
  })

  test.each<[string, () => void]>([
    [
      'may not be read',
      () => refuse(cloud, 'denyAssignments.list', 403, { error: { code: 'AuthorizationFailed' } }),
    ],
    ['cannot be read', () => refuse(cloud, 'denyAssignments.list', 500, 'oops')],
    [
      'do not come',
      () => cloud.faults.add({ name: 'hangs', operation: 'denyAssignments.list', effect: { kind: 'hang' } }),
    ],
  ])('if they %s, nothing changes', async (_, arrange) => {
    holdsTheRole()
    arrange()
    const startedAt = cloud.clock.now()
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct', attempts: '1' })
    expect(cloud.clock.now() - startedAt).toBeLessThan(20 * seconds)
    expect(operations(run).filter(operation => operation === 'denyAssignments.list')).toHaveLength(1)
  })
})

test('a setup identity reads what blocks the pipeline', async () => {
  const { clientId, principalId } = setupIdentity(cloud)
  holds(
    cloud,
    { role: roles.user, createdOn: longAgo() },
    { role: roles.owner, createdOn: longAgo(), principalId },
  )
  denies({ principals: [pipeline(cloud).principal.objectId] })

  const run = await runGate(cloud, { inputs: { 'setup-client-id': clientId } })
  expect(run.outputs).toMatchObject({ diagnosis: 'deny-assignment' })
  named(run)
})
