import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { removeAssignment } from '../../local-cloud/rbac.ts'
import {
  accountEndpoint,
  alsoHolds,
  customRole,
  envelope,
  holds,
  madeBefore,
  refuse,
  roles,
  securityGroup,
  subscription,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

/** `also`: what the pipeline will do besides the calls. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [60_000] } })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const account = 'Microsoft.CognitiveServices/accounts'
const files = `${account}/OpenAI/files/write`
const agentsRead = `${account}/AIServices/agents/read`
const agentsWrite = `${account}/AIServices/agents/write`

/** Long enough ago to be everywhere. */
const longAgo = () => new Date(cloud.clock.now() - 24 * 60 * 60_000)

const inProject = () => ({ 'resource-id': `${accountScope(cloud)}/projects/shop`, also: 'agents' })
const alsoOf = (report: unknown) =>
  (report as { also: { dataAction: string; access: string }[] }).also.map(
    ({ dataAction, access }) => `${dataAction.slice(account.length + 1)}: ${access}`,
  )

describe('agents of a project', () => {
  test('are listed, and the role decides the rest', async () => {
    alsoHolds(cloud, { role: roles.user, createdOn: longAgo() })
    const run = await runGate(cloud, {
      inputs: { ...inProject(), grant: 'never', expect: 'local cloud' },
    })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'inherited' })
    expect(operations(run)).toContain('projects.agents.list')
    for (const text of [logOf(run), run.summary]) expect(text).not.toContain('was not checked for')
    expect(alsoOf(run.report)).toEqual(['AIServices/agents/read: called', 'AIServices/agents/write: allowed'])
    expect(logOf(run)).toContain(`The pipeline has what \`also\` asks for: ${agentsRead}, ${agentsWrite}.`)
    expect(logOf(run)).toContain('was answered by 1 deployment')
    expect(run.summary).toContain('### Besides the calls')
  })

  test('are denied to a role that only calls models, and the fix names the role that has both', async () => {
    holds(
      cloud,
      { role: roles.openAIUser, createdOn: longAgo() },
      { role: roles.reader, createdOn: longAgo() },
    )
    const run = await runGate(cloud, {
      inputs: {
        ...inProject(),
        deployments: 'chat=chat-completions',
        role: 'Cognitive Services OpenAI User',
        grant: 'never',
      },
    })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
    expect(logOf(run)).toContain(`lacks the data action ${agentsRead}`)
    expect(logOf(run)).toContain(`--role ${roles.user}`)
  })

  test('come with the role that is granted, once it is live there', async () => {
    alsoHolds(cloud, { role: roles.openAIUser, createdOn: longAgo() })
    const run = await runGate(cloud, { inputs: inProject() })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(Number(run.outputs['propagation-seconds'])).toBeGreaterThanOrEqual(59)
    expect(alsoOf(run.report)).toEqual(['AIServices/agents/read: called', 'AIServices/agents/write: allowed'])
    expect(logOf(run)).toContain('agents by agent-list: access-denied')
  })

  test('are not listed without a project: the roles decide', async () => {
    alsoHolds(cloud, { role: roles.user, createdOn: longAgo() })
    const run = await runGate(cloud, { inputs: { also: 'agents' } })

    expect(run.outputs.result).toBe('passed')
    expect(operations(run)).not.toContain('projects.agents.list')
    expect(alsoOf(run.report)).toEqual([
      'AIServices/agents/read: allowed',
      'AIServices/agents/write: allowed',
    ])
  })

  test('count on the project, even if the calls go to the account', async () => {
    const project = `${accountScope(cloud)}/projects/shop`
    holds(
      cloud,
      { role: roles.openAIUser, createdOn: longAgo() },
      { role: roles.reader, createdOn: longAgo() },
      { role: roles.foundryUser, scope: project, createdOn: longAgo() },
    )
    const inputs = {
      ...inProject(),
      deployments: 'chat=chat-completions',
      role: 'Cognitive Services OpenAI User',
      grant: 'never',
    }
    const run = await runGate(cloud, { inputs })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  })
})

describe('a data action', () => {
  test.each([
    ['by the role that was asked for', roles.user],
    ['by another one', roles.dataContributor],
  ])('is given %s', async (_, role) => {
    alsoHolds(cloud, { role })
    const run = await runGate(cloud, { inputs: { also: files, grant: 'never' } })

    expect(run.outputs.result).toBe('passed')
    expect(alsoOf(run.report)).toEqual(['OpenAI/files/write: allowed'])
  })

  test('is shown by the calls that need it', async () => {
    alsoHolds(cloud, { role: roles.user, createdOn: longAgo() })
    const run = await runGate(cloud, {
      inputs: { also: `${account}/OpenAI/deployments/chat/completions/action` },
    })

    expect(alsoOf(run.report)).toEqual(['OpenAI/deployments/chat/completions/action: called'])
  })

  test('is missing with grant: never: the gate fails before anything else', async () => {
    holds(
      cloud,
      { role: roles.openAIUser, createdOn: longAgo() },
      { role: roles.reader, createdOn: longAgo() },
    )
    const run = await runGate(cloud, {
      inputs: { also: files, role: 'Cognitive Services OpenAI User', grant: 'never' },
    })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied', attempts: '1' })
    expect(logOf(run)).toContain(`lacks the data action ${files}`)
    expect(logOf(run)).toContain(
      'It holds Cognitive Services OpenAI User, but that role does not cover this operation',
    )
    expect(alsoOf(run.report)).toEqual(['OpenAI/files/write: missing'])
  })

  test('is missing, and the role does not give it: nothing useless is granted', async () => {
    alsoHolds(cloud, { role: roles.openAIUser, createdOn: longAgo() })
    const run = await runGate(cloud, { inputs: { also: files, role: 'Cognitive Services OpenAI User' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
    expect(operations(run)).not.toContain('roleAssignments.create')
  })

  test('is missing, and the role to grant does not cover it either', async () => {
    const run = await runGate(cloud, { inputs: { also: files, role: 'Cognitive Services OpenAI User' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
    expect(logOf(run)).toContain(
      `Cognitive Services OpenAI User does not cover ${files}, which \`also\` asks for.`,
    )
    expect(operations(run)).not.toContain('roleAssignments.create')
  })

  test('comes with the role that is granted for the calls', async () => {
    const run = await runGate(cloud, { inputs: { also: files } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(alsoOf(run.report)).toEqual(['OpenAI/files/write: allowed'])
  })

  test('and the calls: `role: auto` takes the least role that covers both', async () => {
    const run = await runGate(cloud, { inputs: { also: files, role: 'auto' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(run.report).toMatchObject({ role: { name: 'Cognitive Services OpenAI Contributor' } })
    expect(logOf(run)).not.toContain('Finding broader-role-than-needed')
  })

  test('is granted beside a role that already allows the calls: only after half an hour is it known to be live', async () => {
    alsoHolds(cloud, { role: roles.openAIUser, createdOn: longAgo() })
    const first = await runGate(cloud, { inputs: { also: files } })

    expect(first.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-not-propagated' })
    expect(operations(first)).toContain('roleAssignments.create')
    expect(alsoOf(first.report)).toEqual(['OpenAI/files/write: not-known-live'])
    expect(logOf(first)).toContain('The role is there, but nothing shows that it is live')
    expect(logOf(first)).toContain('Run the job again half an hour after the role was assigned')
    expect(logOf(first)).not.toContain('still denied')

    madeBefore(cloud, 31 * 60_000)
    const second = await runGate(cloud, { inputs: { also: files } })

    expect(second.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(alsoOf(second.report)).toEqual(['OpenAI/files/write: allowed'])
  })

  test('is missing beside a role that allows the calls: the fix is to grant the role that has both', async () => {
    holds(
      cloud,
      { role: roles.openAIUser, createdOn: longAgo() },
      { role: roles.reader, createdOn: longAgo() },
    )
    const run = await runGate(cloud, { inputs: { also: files, grant: 'never' } })

    expect(run.outputs).toMatchObject({ diagnosis: 'access-denied', 'role-state': 'covered' })
    expect(logOf(run)).toContain('The pipeline lacks a right that `also` asks for')
    expect(logOf(run)).toContain('It does not hold Cognitive Services User')
    expect(logOf(run)).toContain(`--role ${roles.user}`)
    expect(logOf(run)).not.toContain('very new')
  })

  test('is missing, and the pipeline cannot grant: the diagnosis is about the grant', async () => {
    holds(
      cloud,
      { role: roles.openAIUser, createdOn: longAgo() },
      { role: roles.reader, createdOn: longAgo() },
    )
    const run = await runGate(cloud, { inputs: { also: files } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'cannot-assign-role' })
    expect(logOf(run)).toContain(`--role ${roles.user}`)
  })

  test("comes with a group's role, if the calls depend on that group too", async () => {
    const { objectId } = securityGroup(cloud)
    alsoHolds(cloud, { role: roles.user, createdOn: longAgo(), principalId: objectId })
    const run = await runGate(cloud, { inputs: { also: files, grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'group' })
    expect(alsoOf(run.report)).toEqual(['OpenAI/files/write: allowed'])
  })

  test('comes with the temporary role of this job, and not with that of another job', async () => {
    const inputs = { also: files, revoke: 'true' }
    const own = await runGate(cloud, { inputs })
    const again = await runGate(cloud, { inputs })
    const other = await runGate(cloud, {
      inputs: { also: files, grant: 'never' },
      env: { GITHUB_RUN_ID: '4711' },
    })

    expect([own, again].map(({ outputs }) => outputs.result)).toEqual(['passed', 'passed'])
    expect(other.outputs.result).toBe('failed')
  })

  test("is judged only by roles if the role is for an app: the pipeline's own answers decide nothing", async () => {
    const inputs = {
      ...inProject(),
      'principal-id': '7e6d5c4b-3a29-4817-8605-f4e3d2c1b0a9',
      'runtime-unknown': 'warn',
      grant: 'never',
    }
    holds(
      cloud,
      { role: roles.user, createdOn: longAgo(), principalId: inputs['principal-id'] },
      { role: roles.reader, createdOn: longAgo() },
    )
    const run = await runGate(cloud, { inputs })

    expect(run.outputs.result).toBe('failed')
    expect(alsoOf(run.report)).toEqual([
      'AIServices/agents/read: missing',
      'AIServices/agents/write: missing',
    ])
  })

  test('is unknown if roles cannot be read', async () => {
    holds(cloud, { role: roles.user, createdOn: longAgo() })
    const run = await runGate(cloud, { inputs: { also: files, grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'resource-manager-forbidden' })
    expect(logOf(run)).toContain('Microsoft.Authorization/roleAssignments/read')
    expect(logOf(run)).toContain(`--role ${roles.reader}`)
    expect(logOf(run)).not.toContain(`--role ${roles.user}`)
    expect(alsoOf(run.report)).toEqual(['OpenAI/files/write: unknown'])
  })

  test('is unknown if deny assignments cannot be read', async () => {
    alsoHolds(cloud, { role: roles.user, createdOn: longAgo() })
    refuse(cloud, 'denyAssignments.list', 403, envelope('AuthorizationFailed', 'No.'))
    const run = await runGate(cloud, { inputs: { also: files, grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'resource-manager-forbidden' })
    expect(logOf(run)).toContain('Microsoft.Authorization/denyAssignments/read')
  })

  test.each([
    ['an error', 500, envelope('InternalServerError', 'No.')],
    ['what nobody can read', 200, { value: [{ name: 'lockdown' }] }],
  ])('is unknown if deny assignments are %s', async (_, status, body) => {
    alsoHolds(cloud, { role: roles.user, createdOn: longAgo() })
    refuse(cloud, 'denyAssignments.list', status, body)
    const run = await runGate(cloud, { inputs: { also: files, grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'resource-manager-unavailable' })
  })

  test('is forbidden by a deny assignment, no matter which roles allow it', async () => {
    alsoHolds(cloud, { role: roles.user, createdOn: longAgo() })
    cloud.world.denyAssignments.push({
      name: crypto.randomUUID(),
      displayName: 'No files',
      scope: `/subscriptions/${subscription(cloud).id}`,
      principals: ['00000000-0000-0000-0000-000000000000'],
      excludePrincipals: [],
      permissions: [{ actions: [], notActions: [], dataActions: [files], notDataActions: [] }],
      doNotApplyToChildScopes: false,
    })
    const run = await runGate(cloud, { inputs: { also: files } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'deny-assignment' })
    expect(logOf(run)).toContain('The deny assignment "No files"')
  })

  test('depends on a condition that the gate does not evaluate: it does not count', async () => {
    alsoHolds(cloud, { role: roles.openAIUser, createdOn: longAgo() })
    alsoHolds(cloud, { role: roles.dataContributor, condition: "(@Resource[x] StringEquals 'y')" })
    const run = await runGate(cloud, { inputs: { also: files, grant: 'never' } })

    expect(run.outputs.result).toBe('failed')
    expect(logOf(run)).toContain('It is not known whether its roles give it, so the gate does not pass.')
    expect(alsoOf(run.report)).toEqual(['OpenAI/files/write: unknown'])
  })

  test('of a custom role is read from its definition', async () => {
    const role = customRole(cloud, {
      dataActions: [files, `${account}/OpenAI/deployments/chat/completions/action`],
    })
    alsoHolds(cloud, { role })
    const run = await runGate(cloud, { inputs: { also: files, role, grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  })
})

/** Until replicas hear that it is gone, a narrow role answers the calls that a broad one is thought to be shown by. */
describe('a data action that comes with a role which has just replaced another', () => {
  const minute = 60_000

  test.each([
    ['made first', -20_000, -10_000],
    ['made last', -10_000, -20_000],
  ])('%s: the gate opens once the new role is live', async (_, madeMs, removedMs) => {
    const slow = await createLocalCloud({ lag: { roleAssignments: [4 * minute] } })
    try {
      alsoHolds(slow, { role: roles.openAIUser })
      const old = slow.world.roleAssignments.find(
        ({ roleDefinitionId }) => roleDefinitionId === roles.openAIUser,
      )
      if (old === undefined) throw new Error('The pipeline holds the role')
      const began = slow.clock.now()
      alsoHolds(slow, { role: roles.user, createdOn: new Date(began + madeMs) })
      removeAssignment(slow.world, old, began + removedMs)
      const run = await runGate(slow, { inputs: { also: files, grant: 'never' } })

      expect(run.outputs.result).toBe('passed')
      expect(slow.clock.now() - began).toBeGreaterThanOrEqual(4 * minute + madeMs)
      expect(alsoOf(run.report)).toEqual(['OpenAI/files/write: allowed'])
    } finally {
      await slow.close()
    }
  })

  test('is not known to be live if the old one could last longer than the time left', async () => {
    alsoHolds(cloud, { role: roles.user, createdOn: new Date(cloud.clock.now() - 2 * minute) })
    const run = await runGate(cloud, {
      inputs: { also: files, grant: 'never', 'propagation-timeout': '60s' },
    })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-unexplained' })
  })
})

describe('a plan', () => {
  test('says that the role would be granted for it', async () => {
    alsoHolds(cloud, { role: roles.openAIUser, createdOn: longAgo() })
    const run = await runGate(cloud, { inputs: { also: files, grant: 'plan' } })

    expect(run.outputs.result).toBe('planned')
    expect(run.log).toContain('+ role assignment Cognitive Services User')
  })

  test('says that it would fail', async () => {
    alsoHolds(cloud, { role: roles.openAIUser, createdOn: longAgo() })
    const inputs = { also: files, grant: 'plan', role: 'Cognitive Services OpenAI User' }
    const run = await runGate(cloud, { inputs })

    expect(run.outputs.result).toBe('planned')
    expect(logOf(run)).toContain(`Plan: the gate would fail with access-denied: ${files}`)
  })
})

describe('the input', () => {
  test.each([
    ['a wildcard', `${account}/OpenAI/*`, 'without wildcards'],
    ['the name of a role', 'Foundry User', 'a line is `agents` or one data action'],
    ['an empty line', 'agents\n\nagents', 'names nothing'],
  ])('is refused with %s', async (_, also, said) => {
    const run = await runGate(cloud, { inputs: { also } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'input-invalid' })
    expect(logOf(run)).toContain(said)
    expect(run.requests).toEqual([])
  })

  test('has no effect beside an endpoint alone', async () => {
    const inputs = { also: 'agents', endpoint: accountEndpoint(cloud), 'resource-id': '' }
    const run = await runGate(cloud, { inputs })

    expect(run.outputs.diagnosis).toBe('input-invalid')
    expect(logOf(run)).toContain('`also` is judged by roles, but only `endpoint` is given')
  })
})

test('one paid image does not prove that a right is live, and the gate buys no second image', async () => {
  alsoHolds(cloud, { role: roles.user, createdOn: new Date(cloud.clock.now() - 2 * 60_000) })
  const run = await runGate(cloud, { inputs: { also: files, deployments: 'images=images', grant: 'never' } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-not-propagated' })
  expect(operations(run).filter(operation => operation === 'images.generate')).toHaveLength(1)
})

test('a row of lists is not a row of images: the log says that one answer was accepted', async () => {
  alsoHolds(cloud, { role: roles.user, createdOn: new Date(cloud.clock.now() - 2 * 60_000) })
  const run = await runGate(cloud, {
    inputs: { ...inProject(), deployments: 'images=images', grant: 'never', 'propagation-timeout': '15m' },
  })

  expect(run.outputs.result).toBe('passed')
  expect(operations(run).filter(operation => operation === 'images.generate')).toHaveLength(1)
  expect(run.report).toMatchObject({ row: 'paid-by-the-piece' })
  expect(logOf(run)).toContain(
    'The gate accepted one answer as proof, because every answer is billed per item',
  )
})
