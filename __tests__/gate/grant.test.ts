import {
  alsoHolds,
  customRole,
  envelope,
  holds,
  managedIdentity,
  pipeline,
  refuse,
  roles,
  securityGroup,
} from '../support/arrange.ts'
import { openStage, type RunOptions, type Stage } from '../support/in-process.ts'
import { accountScope } from '../support/scenario.ts'

/** Whether a run grants, how it says the role is held, and how long it waits: by who is to hold the role, and by what may be read. */

const seconds = 1000
const minutes = 60 * seconds
const lagMs = 10 * minutes

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ lag: { roleAssignments: [lagMs] } })
})
beforeEach(() => stage.reset())
afterAll(() => stage.close())

const isGrant = ({ operation }: { operation: string | undefined }) => operation === 'roleAssignments.create'
const justNow = () => new Date(stage.cloud.clock.now())

const toGroup = { 'principal-id': '', 'principal-type': 'Group' }

/** The group holds the role. */
function groupHolds(members?: string[], createdOn?: Date) {
  const { objectId } = securityGroup(stage.cloud, members)
  alsoHolds(stage.cloud, {
    role: roles.user,
    principalId: objectId,
    ...(createdOn === undefined ? {} : { createdOn }),
  })
  return { ...toGroup, 'principal-id': objectId }
}

const self = () => ({ 'principal-id': pipeline(stage.cloud).principal.objectId })

/** May assign roles, and read the resource, but not who holds what. */
const blindGranter = () =>
  customRole(stage.cloud, {
    actions: ['Microsoft.CognitiveServices/*/read', 'Microsoft.Authorization/roleAssignments/write'],
  })
const looker = (...actions: string[]) =>
  customRole(stage.cloud, { actions: ['Microsoft.CognitiveServices/*/read', ...actions] })

interface Cell {
  when: string
  arrange: () => NonNullable<RunOptions['inputs']>
  end: string
  roleState: string
  grants: boolean
  /** About how long it takes: a second more or less, and a tenth. */
  tookMs: number
}

const cells: Cell[] = [
  {
    when: 'the pipeline, without the role',
    arrange: () => ({}),
    end: 'passed',
    roleState: 'granted',
    grants: true,
    tookMs: lagMs,
  },
  {
    when: 'the pipeline, which holds it',
    arrange: () => {
      alsoHolds(stage.cloud, { role: roles.user })
      return {}
    },
    end: 'passed',
    roleState: 'direct',
    grants: false,
    tookMs: 0,
  },
  {
    when: 'the pipeline, whose other role covers the call',
    arrange: () => {
      alsoHolds(stage.cloud, { role: roles.openAIUser })
      return {}
    },
    end: 'passed',
    roleState: 'covered',
    grants: false,
    tookMs: 0,
  },
  {
    when: 'the pipeline, which may only look',
    arrange: () => {
      holds(stage.cloud, { role: roles.reader })
      return {}
    },
    end: 'cannot-assign-role',
    roleState: 'missing',
    grants: true,
    tookMs: 0,
  },
  {
    when: 'the pipeline, which may neither look nor grant, and holds it',
    arrange: () => {
      holds(stage.cloud, { role: roles.user })
      return {}
    },
    end: 'passed',
    roleState: 'unknown',
    grants: false,
    tookMs: 0,
  },
  {
    when: 'the pipeline, which may neither look nor grant, and is denied',
    arrange: () => {
      holds(stage.cloud, { role: looker() })
      return {}
    },
    end: 'cannot-assign-role',
    roleState: 'unknown',
    grants: true,
    tookMs: 5 * minutes,
  },
  {
    when: 'the pipeline, which may grant but not look, and was granted it a moment ago',
    arrange: () => {
      holds(stage.cloud, { role: blindGranter() }, { role: roles.user, createdOn: justNow() })
      return {}
    },
    end: 'access-denied',
    roleState: 'direct',
    grants: true,
    tookMs: 5 * minutes,
  },
  {
    when: 'the pipeline by its id, which may grant but not look, and was granted it a moment ago',
    arrange: () => {
      holds(stage.cloud, { role: blindGranter() }, { role: roles.user, createdOn: justNow() })
      return self()
    },
    end: 'access-denied',
    roleState: 'direct',
    grants: true,
    tookMs: 5 * minutes,
  },
  {
    when: 'the pipeline, which sees its rights but not its roles, for another role that helps since a moment ago',
    arrange: () => {
      holds(
        stage.cloud,
        { role: looker('Microsoft.Authorization/permissions/read') },
        { role: roles.user, createdOn: new Date(stage.cloud.clock.now() - lagMs + 2 * minutes) },
      )
      return { role: 'Cognitive Services OpenAI User', deployments: 'DeepSeek-V3=models' }
    },
    end: 'passed',
    roleState: 'covered',
    grants: false,
    tookMs: 2 * minutes,
  },
  {
    when: 'the pipeline by its id, which sees its roles but not its rights, and is let through by one of them',
    arrange: () => {
      holds(stage.cloud, { role: roles.openAIUser })
      return self()
    },
    end: 'passed',
    roleState: 'covered',
    grants: false,
    tookMs: 0,
  },
  {
    when: 'a group without the role',
    arrange: () => ({ ...toGroup, 'principal-id': securityGroup(stage.cloud).objectId }),
    end: 'passed',
    roleState: 'granted',
    grants: true,
    tookMs: lagMs,
  },
  {
    when: 'a group that holds it',
    arrange: () => groupHolds(),
    end: 'passed',
    roleState: 'group',
    grants: false,
    tookMs: 0,
  },
  {
    when: 'a group that was granted it a moment ago',
    arrange: () => groupHolds(undefined, justNow()),
    end: 'passed',
    roleState: 'group',
    grants: false,
    tookMs: lagMs,
  },
  {
    when: 'a group that was granted it a moment ago, where the pipeline may grant but not look',
    arrange: () => {
      holds(stage.cloud, { role: blindGranter() })
      return groupHolds(undefined, justNow())
    },
    end: 'access-denied',
    roleState: 'group',
    grants: true,
    tookMs: 5 * minutes,
  },
  {
    when: 'a group that holds it, without the pipeline',
    arrange: () => groupHolds([]),
    end: 'access-denied',
    roleState: 'missing',
    grants: false,
    tookMs: 14 * seconds,
  },
  {
    when: 'a group that holds it, without the pipeline, and hardly any time',
    arrange: () => ({ ...groupHolds([]), 'propagation-timeout': '3s' }),
    end: 'access-denied',
    roleState: 'missing',
    grants: false,
    tookMs: 2 * seconds,
  },
  {
    when: 'a group without the role, where a role of its own lets the pipeline through',
    arrange: () => {
      alsoHolds(stage.cloud, { role: roles.openAIUser })
      return { ...toGroup, 'principal-id': securityGroup(stage.cloud).objectId }
    },
    end: 'passed',
    roleState: 'granted',
    grants: true,
    tookMs: 0,
  },
  {
    when: 'an app that holds it',
    arrange: () => {
      const { objectId } = managedIdentity(stage.cloud).principal
      alsoHolds(stage.cloud, { role: roles.user, principalId: objectId })
      return { 'principal-id': objectId }
    },
    end: 'passed',
    roleState: 'direct',
    grants: false,
    tookMs: 0,
  },
]

test.each(cells)('$when', async ({ arrange, end, roleState, grants, tookMs }) => {
  const run = await stage.run({ inputs: arrange() })

  expect(run.end).toBe(end)
  expect(run.report.roleState).toBe(roleState)
  expect(run.requests.some(isGrant)).toBe(grants)
  expect(Math.abs(run.tookMs - tookMs)).toBeLessThan(seconds + tookMs / 10)
})

test.each(cells)('$when: a plan says whether a run would grant', async ({ arrange, grants }) => {
  const plan = await stage.run({ inputs: { ...arrange(), grant: 'plan' } })

  expect(plan.end).toBe('planned')
  expect(plan.report.grant === 'planned').toBe(grants)
  expect(plan.requests.some(isGrant)).toBe(false)
})

test('a pipeline that becomes a member during the look counts as one', async () => {
  const inputs = groupHolds([])
  const joining = stage.sleep(3 * seconds).then(() => {
    stage.cloud.world.groups[0]?.members.push(pipeline(stage.cloud).principal.objectId)
  })
  const [run] = await Promise.all([stage.run({ inputs }), joining])

  expect(run.end).toBe('passed')
  expect(run.report).toMatchObject({ roleState: 'group', membership: 'member' })
})

test('Resource Manager answers 201 for an existing role: without an earlier look, its age shows that, and there is no wait', async () => {
  expect((await stage.run()).end).toBe('passed')
  await stage.sleep(60 * minutes)
  for (const operation of ['roleAssignments.list', 'permissions.list'])
    refuse(stage.cloud, operation, 403, envelope('AuthorizationFailed', 'It may not look.'))
  refuse(stage.cloud, 'chatCompletions.create', 401, envelope('PermissionDenied', 'It may not call.'))
  const run = await stage.run()

  const asked = run.requests.map(({ operation }) => operation)
  expect(asked).toContain('roleAssignments.create')
  expect(asked.indexOf('roleAssignments.get')).toBeGreaterThan(asked.indexOf('roleAssignments.create'))
  expect(run.end).toBe('access-denied')
  expect(run.report).toMatchObject({ roleState: 'direct', grant: 'exists' })
  expect(run.tookMs).toBeLessThan(seconds)
})

test.each([
  { behindMs: 5 * seconds, grant: 'granted' },
  { behindMs: 15 * seconds, grant: 'exists' },
])(
  'a grant without an earlier look, made by a clock $behindMs ms behind: $grant',
  async ({ behindMs, grant }) => {
    for (const operation of ['roleAssignments.list', 'permissions.list'])
      refuse(stage.cloud, operation, 403, envelope('AuthorizationFailed', 'It may not look.'))
    stage.cloud.faults.add({
      name: 'another clock',
      operation: 'roleAssignments.create',
      effect: { kind: 'skew', ms: -behindMs },
    })
    const run = await stage.run()

    expect(run.report.grant).toBe(grant)
  },
)

describe('a read by the name of the grant, which the list does not show', () => {
  const stands = (other: { principalId?: string; role?: string }) => ({
    id: '/x',
    properties: {
      scope: accountScope(stage.cloud),
      principalId: other.principalId ?? pipeline(stage.cloud).principal.objectId,
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${other.role ?? roles.user}`,
      createdOn: '2026-01-01T00:00:00Z',
      updatedOn: '2026-01-01T00:00:00Z',
    },
  })
  const look = 'roleAssignments.get'
  const inputs = { 'propagation-timeout': '2m' }

  test.each([
    { finds: 'that of another principal', status: 200, other: { principalId: crypto.randomUUID() } },
    { finds: 'that of another role', status: 200, other: { role: roles.openAIUser } },
    { finds: 'that nobody may look', status: 403, other: {} },
  ])('finds $finds: the role is granted', async ({ status, other }) => {
    const reply = status === 200 ? stands(other) : envelope('AuthorizationFailed', 'It may not look.')
    refuse(stage.cloud, look, status, reply)
    const run = await stage.run({ inputs })

    expect(run.requests.some(isGrant)).toBe(true)
    expect(run.report).toMatchObject({ roleState: 'granted', grant: 'granted' })
  })

  test('finds this assignment: it is read once, not written again, and waited for like a new one', async () => {
    refuse(stage.cloud, look, 200, stands({}))
    const run = await stage.run({ inputs })

    expect(run.requests.some(isGrant)).toBe(false)
    expect(run.requests.filter(({ operation }) => operation === look)).toHaveLength(1)
    expect(run.report.grant).toBe('exists')
    expect(Math.abs(run.tookMs - 2 * minutes)).toBeLessThan(seconds)
  })

  test("is skipped if the name is the job's own, which nobody else uses", async () => {
    const run = await stage.run({ inputs: { revoke: 'true' } })

    expect(run.requests.some(isGrant)).toBe(true)
    expect(run.requests.some(({ operation }) => operation === look)).toBe(false)
  })
})

test('a role of two minutes that the list does not show is not old because the list has a date an hour ahead', async () => {
  alsoHolds(stage.cloud, { role: roles.openAIUser })
  const createdOn = new Date(stage.cloud.clock.now() - 2 * minutes).toISOString()
  refuse(stage.cloud, 'roleAssignments.get', 200, {
    id: '/x',
    properties: {
      scope: accountScope(stage.cloud),
      principalId: pipeline(stage.cloud).principal.objectId,
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roles.user}`,
      createdOn,
      updatedOn: createdOn,
    },
  })
  const date = new Date(stage.cloud.clock.now() + 60 * minutes).toUTCString()
  stage.cloud.faults.add({
    name: 'date',
    operation: 'roleAssignments.list',
    effect: { kind: 'headers', headers: { date } },
  })
  const also = 'Microsoft.CognitiveServices/accounts/OpenAI/files/write'
  const run = await stage.run({ inputs: { also, 'propagation-timeout': '2m' } })

  expect(run.end).toBe('access-not-propagated')
  expect(run.report.grant).toBe('exists')
  // Ten minutes is what clocks may differ by.
  expect(run.report.also[0]?.reason).toContain(' 12 min old.')
})

test("the wait for another job's assignment is reported in a round figure", async () => {
  await stage.run({ inputs: { revoke: 'true' } })
  stage.cloud.world.workflow.runId = '9876543211'
  const run = await stage.run({ inputs: { 'propagation-timeout': '2m' } })

  expect(run.end).toBe('role-assignment-conflict')
  expect(run.report.diagnosis?.said.message).toMatch(/it was still there after 2 min\.$/)
})
