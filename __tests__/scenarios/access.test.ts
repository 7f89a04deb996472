import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { RoleAssignment } from '../../local-cloud/world.ts'
import { customRole, groupScope, holds, pipeline, roles, securityGroup } from '../support/arrange.ts'
import { accountScope, operations, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const principal = () => pipeline(cloud).principal.objectId

describe('role-state', () => {
  const cases: Array<[string, () => void]> = [
    ['direct', () => holds(cloud, { role: roles.user }, { role: roles.reader })],
    ['inherited', () => holds(cloud, { role: roles.user, scope: groupScope(cloud) }, { role: roles.reader })],
    [
      'group',
      () => {
        const { objectId } = securityGroup(cloud)
        holds(cloud, { role: roles.user, principalId: objectId }, { role: roles.reader })
      },
    ],
    ['covered', () => holds(cloud, { role: roles.foundryUser })],
    ['unknown', () => holds(cloud, { role: roles.user })],
  ]
  test.each(cases)('%s: passes without a grant', async (state, arrange) => {
    arrange()
    const run = await runGate(cloud)
    // Whose role may be young, or cannot be seen, has to answer in a row.
    const answers = state === 'group' || state === 'unknown' ? '3' : '1'
    expect(run.outputs).toMatchObject({
      result: 'passed',
      'role-state': state,
      attempts: answers,
      connections: answers,
    })
    expect(operations(run)).not.toContain('roleAssignments.create')
  })

  test('an identity with only data actions passes with endpoint and deployments, and reads nothing else', async () => {
    holds(cloud, { role: roles.dataContributor })
    const endpoint = [...cloud.endpoints.accounts.values()][0] ?? ''
    const run = await runGate(cloud, {
      inputs: { endpoint, role: 'Cognitive Services Data Contributor (Preview)' },
    })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown', 'key-access': 'unknown' })
  })
})

describe('a pipeline that cannot grant', () => {
  test('a role that it cannot read is waited for, five minutes at most', async () => {
    const slow = await createLocalCloud({ lag: { roleAssignments: [3600_000] } })
    try {
      const assignment = slow.world.roleAssignments[0]
      if (assignment === undefined) throw new Error('The default world has assignments')
      slow.world.roleAssignments.length = 0
      slow.world.roleAssignments.push({
        ...assignment,
        scope: accountScope(slow),
        roleDefinitionId: roles.user,
        principalId: slow.world.applications[0]?.servicePrincipal?.objectId ?? '',
        createdOn: new Date(slow.clock.now()).toISOString(),
      })
      const startedAt = slow.clock.now()
      const run = await runGate(slow)
      expect(run.outputs).toMatchObject({ diagnosis: 'cannot-assign-role', 'role-state': 'unknown' })
      const waited = slow.clock.now() - startedAt
      expect(waited).toBeGreaterThan(299_000)
      expect(waited).toBeLessThan(305_000)
    } finally {
      await slow.close()
    }
  })
})

test('grant: plan says what would be done, and changes nothing', async () => {
  const before = structuredClone(cloud.world.roleAssignments)
  const run = await runGate(cloud, { inputs: { grant: 'plan' } })
  expect(run.outputs).toMatchObject({ result: 'planned', 'role-state': 'missing', diagnosis: '' })
  expect(run.log).toContain(`+   to ${principal()}`)
  expect(run.summary).toContain('1 role assignment to add')
  expect(run.summary).toContain('```diff\n+ role assignment Cognitive Services User\n')
  expect(cloud.world.roleAssignments).toEqual(before)
  expect(
    run.requests.every(({ method, service }) => service !== 'resource-manager' || method === 'GET'),
  ).toBe(true)
})

describe('the role', () => {
  const id = 'f0a7c2d4-6b31-4c58-9e05-1d8b4a7e9c22'
  beforeEach(() => {
    customRole(
      cloud,
      { dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] },
      { id, roleName: 'Shop Inference', assignableScopes: [groupScope(cloud)] },
    )
  })

  test.each([
    ['its old name', 'Azure AI User', roles.foundryUser],
    ['its GUID', roles.openAIUser.toUpperCase(), roles.openAIUser],
    [
      'its full id',
      `/providers/Microsoft.Authorization/roleDefinitions/${roles.openAIUser}`,
      roles.openAIUser,
    ],
    ['the name of a custom role', 'shop inference', id],
  ])('can be given by %s', async (_form, role, guid) => {
    const run = await runGate(cloud, { inputs: { role } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(run.outputs['role-definition-id']).toMatch(new RegExp(`/${guid}$`))
    expect(cloud.world.roleAssignments.some(({ roleDefinitionId }) => roleDefinitionId === guid)).toBe(true)
  })
})

test.each(['auto', 'never'])(
  'a grant that somebody else made a moment ago under another name counts as held: grant %s',
  async grant => {
    cloud.faults.add({
      name: 'nothing held',
      operation: 'roleAssignments.list',
      times: 1,
      effect: { kind: 'reply', status: 200, body: { value: [] } },
    })
    cloud.faults.add({
      name: 'nothing covered',
      operation: 'permissions.list',
      times: 1,
      effect: { kind: 'reply', status: 200, body: { value: [] } },
    })
    cloud.faults.add({
      name: 'denied',
      operation: 'chatCompletions.create',
      times: 1,
      effect: {
        kind: 'reply',
        status: 401,
        body: {
          error: { code: 'PermissionDenied', message: 'Principal does not have access to API/Operation.' },
        },
      },
    })
    cloud.world.roleAssignments.push({
      ...(cloud.world.roleAssignments[0] as RoleAssignment),
      name: '5f1b8a3c-7d29-4e60-b184-c93a6f02d715',
      createdOn: new Date(cloud.clock.now()).toISOString(),
      scope: accountScope(cloud),
      roleDefinitionId: roles.user,
      principalId: principal(),
    })
    const run = await runGate(cloud, { inputs: { grant } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(run.outputs['role-assignment-id']).toContain('5f1b8a3c-7d29-4e60-b184-c93a6f02d715')
    // Only who may grant hears of it that way; who may not, by permissions that are younger than the list.
    const refused = grant === 'auto' ? 409 : undefined
    expect(run.requests.find(({ operation }) => operation === 'roleAssignments.create')?.status).toBe(refused)
  },
)
