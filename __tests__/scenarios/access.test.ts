import { spawnSync } from 'node:child_process'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { RoleAssignment } from '../../local-cloud/world.ts'
import { accountScope, type GateRun, logOf, operations, runGate } from '../support/scenario.ts'

const roles = {
  user: 'a97b65f3-24c7-4388-baec-2e87135dc908',
  openAIUser: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
  foundryUser: '53ca6127-db72-4b80-b1b0-d745d6d5456d',
  dataContributor: '19c28022-e58e-450d-a464-0b2a53034789',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
} as const

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const principal = () => cloud.world.applications[0]?.servicePrincipal?.objectId ?? ''
const groupScope = () => accountScope(cloud).split('/').slice(0, 5).join('/')

/** Gives the pipeline these roles and no others. */
function holds(
  ...held: Array<{ role: string; scope?: string; createdOn?: Date; principalId?: string }>
): void {
  cloud.world.roleAssignments.length = 0
  cloud.world.roleAssignments.push(
    ...held.map(
      (
        { role, scope = accountScope(cloud), createdOn, principalId = principal() },
        index,
      ): RoleAssignment => ({
        name: `00000000-0000-4000-8000-00000000000${index}`,
        scope,
        roleDefinitionId: role,
        principalId,
        principalType: 'ServicePrincipal',
        description: null,
        condition: null,
        conditionVersion: null,
        createdBy: null,
        updatedBy: null,
        ...(createdOn === undefined ? {} : { createdOn: createdOn.toISOString() }),
      }),
    ),
  )
}

describe('role-state', () => {
  const group = '9a0c1f6e-52d7-4b83-8e4a-7f3d20b5c611'
  const cases: Array<[string, () => void]> = [
    ['direct', () => holds({ role: roles.user }, { role: roles.reader })],
    ['inherited', () => holds({ role: roles.user, scope: groupScope() }, { role: roles.reader })],
    [
      'group',
      () => {
        cloud.world.groups.push({
          objectId: group,
          tenantId: cloud.world.tenants[0]?.id ?? '',
          displayName: 'pipelines',
          members: [principal()],
        })
        holds({ role: roles.user, principalId: group }, { role: roles.reader })
      },
    ],
    ['covered', () => holds({ role: roles.foundryUser })],
    ['unknown', () => holds({ role: roles.user })],
  ]
  test.each(cases)('%s: passes without a grant', async (state, arrange) => {
    arrange()
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': state, attempts: '1' })
    expect(operations(run)).not.toContain('roleAssignments.create')
  })

  test('an identity with data actions only passes with endpoint and deployments, and sees nothing else', async () => {
    holds({ role: roles.dataContributor })
    const endpoint = [...cloud.endpoints.accounts.values()][0] ?? ''
    const run = await runGate(cloud, {
      inputs: { endpoint, role: 'Cognitive Services Data Contributor (Preview)' },
    })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown', 'key-access': 'unknown' })
  })
})

describe('a pipeline that may not grant', () => {
  /** Runs the printed az command against the world as an administrator would. */
  function grantAsPrinted(run: GateRun): void {
    const lines = run.log.map(line => line.trim())
    const start = lines.findIndex(line => line.startsWith('az role assignment create'))
    const command = lines.slice(start, start + 4).join('\n')
    const { stdout } = spawnSync(
      'sh',
      ['-c', `az() { for word in "$@"; do printf '%s\\n' "$word"; done; }\n${command}`],
      { encoding: 'utf8' },
    )
    const words = stdout.split('\n')
    const argument = (name: string) => words[words.indexOf(name) + 1] ?? ''
    expect(argument('--assignee-principal-type')).toBe('ServicePrincipal')
    holds(
      { role: roles.reader },
      { role: argument('--role'), scope: argument('--scope'), principalId: argument('--assignee-object-id') },
    )
  }

  test('cannot-assign-role hands over the command for an administrator, and the next run passes', async () => {
    holds({ role: roles.reader })
    const startedAt = cloud.clock.now()
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({ diagnosis: 'cannot-assign-role', 'role-state': 'missing' })
    expect(cloud.clock.now() - startedAt).toBeLessThan(5000)
    expect(logOf(run)).toContain("resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01'")
    expect(logOf(run)).toContain('Access control (IAM)')

    grantAsPrinted(run)
    expect((await runGate(cloud, { inputs: { grant: 'never' } })).outputs.result).toBe('passed')
  })

  test('grant: never reports access-denied at once where the role is known to be missing, naming the data action', async () => {
    holds({ role: roles.owner })
    const startedAt = cloud.clock.now()
    const run = await runGate(cloud, { inputs: { grant: 'never' } })
    expect(run.outputs).toMatchObject({ diagnosis: 'access-denied', 'role-state': 'missing', attempts: '1' })
    expect(cloud.clock.now() - startedAt).toBeLessThan(5000)
    expect(logOf(run)).toContain('OpenAI/deployments/chat/completions/action')
    expect(logOf(run)).toContain('administration roles')
    expect(logOf(run)).toContain('az role assignment create')
    expect(operations(run)).not.toContain('roleAssignments.create')
  })

  test('a role that is held but does not cover the API is said to be the wrong one', async () => {
    holds(
      { role: roles.openAIUser, createdOn: new Date(cloud.clock.now() - 86_400_000) },
      { role: roles.reader },
    )
    const run = await runGate(cloud, {
      inputs: { role: 'Cognitive Services OpenAI User', deployments: 'DeepSeek-V3', grant: 'never' },
    })
    expect(run.outputs).toMatchObject({ diagnosis: 'access-denied', 'role-state': 'direct' })
    expect(logOf(run)).toContain('does not cover this operation')
    expect(logOf(run)).toContain('MaaS/chat/completions/action')
  })

  test('an unreadable role is waited for, five minutes at most', async () => {
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

test('grant: plan looks, says what would be done, and changes nothing', async () => {
  const before = structuredClone(cloud.world.roleAssignments)
  const run = await runGate(cloud, { inputs: { grant: 'plan' } })
  expect(run.outputs).toMatchObject({ result: 'planned', 'role-state': 'missing', diagnosis: '' })
  expect(logOf(run)).toContain(`would be granted to ${principal()}`)
  expect(run.summary).toContain('the plan')
  expect(cloud.world.roleAssignments).toEqual(before)
  expect(
    run.requests.every(({ method, service }) => service !== 'resource-manager' || method === 'GET'),
  ).toBe(true)
})

describe('the role', () => {
  const customRole = 'f0a7c2d4-6b31-4c58-9e05-1d8b4a7e9c22'
  beforeEach(() => {
    cloud.world.roleDefinitions.push({
      id: customRole,
      roleName: 'Shop Inference',
      description: '',
      type: 'CustomRole',
      assignableScopes: [groupScope()],
      permissions: [
        {
          actions: [],
          notActions: [],
          dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'],
          notDataActions: [],
        },
      ],
    })
  })

  test.each([
    ['its old name', 'Azure AI User', roles.foundryUser],
    ['its GUID', roles.openAIUser.toUpperCase(), roles.openAIUser],
    [
      'its full id',
      `/providers/Microsoft.Authorization/roleDefinitions/${roles.openAIUser}`,
      roles.openAIUser,
    ],
    ['the name of a custom role', 'shop inference', customRole],
  ])('may be given by %s', async (_form, role, guid) => {
    const run = await runGate(cloud, { inputs: { role } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(run.outputs['role-definition-id']).toMatch(new RegExp(`/${guid}$`))
    expect(cloud.world.roleAssignments.some(({ roleDefinitionId }) => roleDefinitionId === guid)).toBe(true)
  })

  test('that does not exist is role-not-found, before anything is granted', async () => {
    const run = await runGate(cloud, { inputs: { role: 'Shop Administration' } })
    expect(run.outputs.diagnosis).toBe('role-not-found')
    expect(operations(run)).not.toContain('roleAssignments.create')
  })
})

test('a grant that somebody else made a moment ago under another name counts as held', async () => {
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
  const run = await runGate(cloud)
  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  expect(run.outputs['role-assignment-id']).toContain('5f1b8a3c-7d29-4e60-b184-c93a6f02d715')
  expect(run.requests.find(({ operation }) => operation === 'roleAssignments.create')?.status).toBe(409)
})
