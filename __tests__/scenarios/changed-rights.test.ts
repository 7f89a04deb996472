import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { removeAssignment } from '../../local-cloud/rbac.ts'
import type { DenyAssignment } from '../../local-cloud/world.ts'
import {
  alsoHolds,
  customRole,
  groupScope,
  holds,
  managedIdentity,
  pipeline,
  refuse,
  roles,
  securityGroup,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

/** Rights that were changed a moment ago: by another role than the one that was asked for, by a condition, a definition, a deny assignment. */

const minutes = 60_000
let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [4 * minutes] } })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const ago = (ms: number) => new Date(cloud.clock.now() - ms)
const temporary =
  'Key-less Gate, until its job ends: https://github.com/contoso/shop/actions/runs/1 (temporary, lease 11111111-2222-4333-8444-555555555555)'

function takesAway(role: string): void {
  const held = cloud.world.roleAssignments.find(({ roleDefinitionId }) => roleDefinitionId === role)
  if (held === undefined) throw new Error('Somebody holds the role')
  removeAssignment(cloud.world, held, cloud.clock.now() - minutes)
}

/** Asks for a role that is held, has long been live, and gives no call of Claude. */
const shortRole = { role: 'Cognitive Services OpenAI User', deployments: 'claude-haiku-4-5' }

describe('a role that does not cover the calls', () => {
  beforeEach(() => alsoHolds(cloud, { role: roles.openAIUser }))

  test.each([['never'], ['auto']])(
    'beside one that was taken away: watched until that lapses, and denied (grant: %s)',
    async grant => {
      alsoHolds(cloud, { role: roles.user })
      takesAway(roles.user)
      const run = await runGate(cloud, { inputs: { ...shortRole, grant } })

      expect(run.outputs).toMatchObject({
        result: 'failed',
        diagnosis: 'access-denied',
        'role-state': 'direct',
      })
      expect(operations(run)).not.toContain('roleAssignments.create')
      expect(logOf(run)).toContain('live, but perhaps only by a right that was removed')
    },
  )

  test.each([['never'], ['auto']])(
    'beside one that ends with another job: denied at once (grant: %s)',
    async grant => {
      alsoHolds(cloud, { role: roles.user, description: temporary })
      const run = await runGate(cloud, { inputs: { ...shortRole, grant } })

      expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
      expect(operations(run)).not.toContain('roleAssignments.create')
      expect(logOf(run)).toContain('only by a temporary role assignment of another job')
    },
  )

  test('beside one that lasts: passes', async () => {
    alsoHolds(cloud, { role: roles.user })
    const run = await runGate(cloud, { inputs: shortRole })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct', attempts: '1' })
  })
})

describe("a group's role that does not cover the calls", () => {
  const inputs = () => {
    const { objectId } = securityGroup(cloud)
    alsoHolds(cloud, { role: roles.openAIUser, principalId: objectId })
    return { ...shortRole, 'principal-id': objectId, 'principal-type': 'Group', grant: 'never' }
  }

  test.each<[string, () => void, string]>([
    ['was taken away', () => takesAway(roles.user), 'a right that was removed'],
    [
      'ends with another job',
      () => void Object.assign(cloud.world.roleAssignments.at(-1) ?? {}, { description: temporary }),
      'only by a temporary role assignment of another job',
    ],
  ])('beside a role that %s: denied', async (_, change, said) => {
    const asked = inputs()
    alsoHolds(cloud, { role: roles.user })
    change()
    const run = await runGate(cloud, { inputs: asked })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
    expect(logOf(run)).toContain(said)
  })
})

describe('a pipeline that cannot list role assignments, but can read its permissions', () => {
  const blind = () =>
    customRole(cloud, {
      actions: ['Microsoft.CognitiveServices/*/read', 'Microsoft.Authorization/permissions/read'],
    })

  test('which no longer allow the calls: the gate watches until the role lapses, and fails', async () => {
    holds(cloud, { role: blind() }, { role: roles.user })
    takesAway(roles.user)
    const run = await runGate(cloud, { inputs: { grant: 'never' } })

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'access-denied',
      'role-state': 'unknown',
    })
    expect(logOf(run)).toContain('live, but perhaps only by a right that was removed')
  })

  test('the same, and it can grant: the role is granted', async () => {
    const granter = customRole(cloud, {
      actions: [
        'Microsoft.CognitiveServices/*/read',
        'Microsoft.Authorization/permissions/read',
        'Microsoft.Authorization/roleAssignments/write',
      ],
    })
    holds(cloud, { role: granter }, { role: roles.user })
    takesAway(roles.user)
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  })

  test('which allow the calls: passes after a row', async () => {
    holds(cloud, { role: blind() }, { role: roles.user })
    const run = await runGate(cloud, { inputs: { grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'covered' })
  })
})

test("a permanent role counts before another job's temporary one, at any scope", async () => {
  alsoHolds(cloud, { role: roles.user, scope: groupScope(cloud) })
  alsoHolds(cloud, { role: roles.user, description: temporary })
  const run = await runGate(cloud, { inputs: { grant: 'never' } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'inherited' })
})

describe('how old a role is', () => {
  const changes: Array<[string, () => void]> = [
    [
      'whose time has no zone, on a runner in Tokyo',
      () => {
        alsoHolds(cloud, { role: roles.user, createdOn: ago(minutes) })
        const assignment = cloud.world.roleAssignments.at(-1)
        Object.assign(assignment ?? {}, { createdOn: assignment?.createdOn?.replace('Z', '') })
      },
    ],
    [
      'whose condition was changed a minute ago',
      () => {
        alsoHolds(cloud, { role: roles.user, createdOn: ago(600 * minutes) })
        Object.assign(cloud.world.roleAssignments.at(-1) ?? {}, { updatedOn: ago(minutes).toISOString() })
      },
    ],
  ]
  test.each(changes)('%s: a denial is waited out', async (_, change) => {
    change()
    const run = await runGate(cloud, { inputs: { grant: 'never' }, env: { TZ: 'Asia/Tokyo' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(Number(run.outputs['propagation-seconds'])).toBeGreaterThan(170)
  })

  test('counts from the last change of its definition: one answer is no proof', async () => {
    const role = customRole(cloud, {
      dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'],
    })
    Object.assign(cloud.world.roleDefinitions.at(-1) ?? {}, { updatedOn: ago(minutes).toISOString() })
    alsoHolds(cloud, { role, createdOn: ago(600 * minutes) })
    const run = await runGate(cloud, { inputs: { role, grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct', connections: '3' })
  })

  test("is unknown if Resource Manager gives no time, no matter what the runner's clock says", async () => {
    alsoHolds(cloud, { role: roles.user, createdOn: ago(600 * minutes) })
    const [held] = cloud.world.roleAssignments.slice(-1)
    const entry = {
      id: `${accountScope(cloud)}/providers/Microsoft.Authorization/roleAssignments/${held?.name}`,
      properties: { ...held, roleDefinitionId: `/x/${roles.user}` },
    }
    refuse(cloud, 'roleAssignments.list', 200, { value: [entry] }, { date: 'today' })
    const run = await runGate(cloud, { inputs: { grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct', connections: '3' })
  })

  test('the same for the identities of production', async () => {
    const { principal } = managedIdentity(cloud)
    alsoHolds(cloud, { role: roles.user })
    alsoHolds(cloud, { role: roles.user, principalId: principal.objectId, createdOn: ago(600 * minutes) })
    Object.assign(cloud.world.roleAssignments.at(-1) ?? {}, { updatedOn: ago(minutes).toISOString() })
    const run = await runGate(cloud, { inputs: { 'runtime-principals': principal.objectId } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(logOf(run)).toContain('allowed, not yet known to be live')
  })
})

describe('a deny assignment that may or may not concern the pipeline', () => {
  const denies = (differing: Partial<DenyAssignment>) =>
    cloud.world.denyAssignments.push({
      name: crypto.randomUUID(),
      displayName: 'lockdown',
      scope: accountScope(cloud),
      permissions: [{ actions: [], notActions: [], dataActions: ['*'], notDataActions: [] }],
      principals: [],
      excludePrincipals: [],
      doNotApplyToChildScopes: false,
      createdOn: ago(minutes).toISOString(),
      ...differing,
    })
  beforeEach(() => alsoHolds(cloud, { role: roles.user }))

  test('and does: the gate watches until it is in force, and fails', async () => {
    denies({ principals: [securityGroup(cloud).objectId] })
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
  })

  test('and does not, because the pipeline is in the group that it excludes: the gate watches, and passes', async () => {
    denies({
      principals: [pipeline(cloud).principal.objectId],
      excludePrincipals: [securityGroup(cloud).objectId],
    })
    const before = cloud.clock.now()
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(cloud.clock.now() - before).toBeGreaterThanOrEqual(4 * minutes)
  })

  test.each([
    ['not half an hour old: one answer is no proof', 10 * minutes, '3'],
    ['older: one answer is', 40 * minutes, '1'],
  ])('is %s', async (_, age, connections) => {
    // By the runner's clock: the tests before have moved the cloud's far ahead of it.
    const createdOn = new Date(Date.now() - age).toISOString()
    denies({ principals: [securityGroup(cloud, []).objectId], createdOn })
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', connections })
  })
})
