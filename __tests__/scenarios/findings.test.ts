import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { delegationCondition } from '../../src/azure/rbac/delegation-conditions.ts'
import { account, groupScope, holds, roles } from '../support/arrange.ts'
import type { GateRun } from '../support/gate-run.ts'
import { logOf, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const found = ({ log }: GateRun) =>
  log.flatMap(line => /^Finding (?<id>[\w-]+) \((?<severity>\w+)\): /.exec(line)?.slice(1).join(' ') ?? [])

test('a first run with the default role has no finding about its own grant, and one line about what it allows', async () => {
  const run = await runGate(cloud)

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  expect(found(run)).toEqual(['can-assign-roles medium'])
  expect(logOf(run)).toContain(
    'Role Based Access Control Administrator at the resource group rg-keyless: the right to assign roles there is part of it',
  )
  expect(run.log.filter(line => line.includes("role of Microsoft's guide"))).toEqual([
    expect.stringContaining('`role: auto` takes Cognitive Services OpenAI User instead'),
  ])
  expect(run.report).toMatchObject({ information: [expect.stringContaining('list its keys')] })
  expect(run.log.at(-1)).toContain('Key-less access is proven')
})

test('the least role on the resource, with keys off, has no findings', async () => {
  holds(cloud, { role: roles.openAIUser })
  const run = await runGate(cloud, { inputs: { role: 'Cognitive Services OpenAI User' } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  expect(found(run)).toEqual([])
})

test('as Microsoft’s sample leaves it: keys on, and the role on the whole resource group', async () => {
  account(cloud).disableLocalAuth = null
  holds(cloud, { role: roles.user, scope: groupScope(cloud) }, { role: roles.reader })
  const run = await runGate(cloud)

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'inherited', 'key-access': 'enabled' })
  // The warning has told of the keys already.
  expect(found(run)).toEqual(['wider-scope-than-needed medium'])
  expect(logOf(run)).toContain('(finding keys-enabled)')
  const quiet = await runGate(cloud, { inputs: { 'key-access': 'ignore' } })
  expect(logOf(quiet)).not.toContain('keys-enabled')
})

test('a default run that can only call models says what is not known, and passes with every fail-on', async () => {
  holds(cloud, { role: roles.user })
  const run = await runGate(cloud, { inputs: { 'fail-on': 'low' } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
  expect(found(run)).toStrictEqual([])
  expect(
    logOf(run).match(/It cannot read roles, so it is not known what else the pipeline can do/g),
  ).toHaveLength(1)
  expect(run.report).toMatchObject({ information: [expect.stringContaining('cannot read roles')] })
})

describe('a plan', () => {
  const plan = (inputs: Record<string, string> = {}) =>
    runGate(cloud, { inputs: { grant: 'plan', ...inputs } })

  /** To everybody, in the whole group. */
  function denies(what: { actions?: string[]; dataActions?: string[] }): void {
    cloud.world.denyAssignments.push({
      name: '4f0c6a3e-98d1-4b27-8f65-2a7d1c9e0b34',
      displayName: 'Deployment stack of the models',
      scope: groupScope(cloud),
      permissions: [{ actions: [], notActions: [], dataActions: [], notDataActions: [], ...what }],
      principals: ['00000000-0000-0000-0000-000000000000'],
      excludePrincipals: [],
      doNotApplyToChildScopes: false,
    })
  }

  test('says that the pipeline can grant, and what else the role would allow', async () => {
    const run = await plan({ role: 'Foundry User' })

    expect(run.outputs.result).toBe('planned')
    expect(run.log).toContain('This identity can assign that role there.')
    expect(found(run)).toEqual([
      'can-assign-roles medium',
      'broader-role-than-needed medium',
      'can-list-keys low',
    ])
    expect(logOf(run)).toContain('Foundry User at the resource (to be granted)')
  })

  test('for a role that does not help says what blocks it', async () => {
    holds(cloud, { role: roles.reader }, { role: roles.user })
    denies({ dataActions: ['*'] })
    const run = await plan()

    expect(run.outputs).toMatchObject({ result: 'planned', 'role-state': 'direct' })
    expect(run.report).toMatchObject({
      grant: null,
      plan: [
        'Plan: nothing would be granted; the role is held directly.',
        'Plan: the calls are denied, and the gate would fail with deny-assignment.',
        expect.stringContaining('"Deployment stack of the models"'),
      ],
    })
    expect(run.summary).toContain('A deny assignment blocks the calls')
  })

  test('for a grant names the deny assignment that would block it', async () => {
    denies({ actions: ['Microsoft.Authorization/roleAssignments/write'] })
    const run = await plan()

    expect(run.log).toContain(
      `A deny assignment blocks the grant: "Deployment stack of the models" at ${groupScope(cloud)}.`,
    )
    expect((await runGate(cloud)).outputs.diagnosis).toBe('deny-assignment')
  })

  test('reads the condition on the right to assign as Resource Manager enforces it', async () => {
    holds(cloud, { role: roles.reader }, { role: roles.rbacAdministrator })
    const administrator = cloud.world.roleAssignments.find(
      ({ roleDefinitionId }) => roleDefinitionId === roles.rbacAdministrator,
    )
    if (administrator === undefined) throw new Error('It was just assigned')
    const limitedTo = (role: string) =>
      Object.assign(administrator, {
        condition: delegationCondition([role], ['ServicePrincipal']),
        conditionVersion: '2.0',
      })

    limitedTo(roles.openAIUser)
    const refused = await plan()
    expect(logOf(refused)).toContain('but the condition on that right does not allow this one')
    expect((await runGate(cloud)).outputs.diagnosis).toBe('delegation-condition-unmet')

    limitedTo(roles.user)
    const allowed = await plan()
    expect(allowed.log).toContain('This identity can assign that role there.')
    expect(found(allowed)).toContain('can-assign-roles low')
    expect((await runGate(cloud)).outputs['role-state']).toBe('granted')
  })
})

test('a run that fails names its findings in one line: the diagnosis comes first', async () => {
  holds(cloud, { role: roles.openAIUser }, { role: roles.reader, scope: groupScope(cloud) })
  const run = await runGate(cloud, {
    inputs: { role: 'Cognitive Services OpenAI User', deployments: 'DeepSeek-V3' },
  })

  expect(run.outputs.diagnosis).toBe('access-denied')
  expect(found(run)).toEqual([])
  expect(logOf(run)).toContain(
    'Findings (details are in the job summary and the report): role-does-not-fit (medium)',
  )
  expect(run.summary).toContain('role-does-not-fit')
  expect(logOf(run)).toContain('which models needs (DeepSeek-V3)')
})

test('bad inputs are not findings', async () => {
  const run = await runGate(cloud, { inputs: { 'client-id': 'nobody' } })

  expect(run.outputs.diagnosis).toBe('input-invalid')
  expect(found(run)).toEqual([])
})
