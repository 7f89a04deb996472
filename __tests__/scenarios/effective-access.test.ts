import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import {
  alsoHolds,
  customRole,
  holds,
  pipeline,
  roles,
  securityGroup,
  subscription,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

/** What a principal may do, wherever it comes from: scopes above, groups within groups, custom roles. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const managementGroup = '/providers/Microsoft.Management/managementGroups/contoso-platform'

describe('the role is found', () => {
  const cases: Array<[string, string, () => void]> = [
    [
      'at the subscription',
      'inherited',
      () => alsoHolds(cloud, { role: roles.user, scope: `/subscriptions/${subscription(cloud).id}` }),
    ],
    [
      'at a management group',
      'inherited',
      () => {
        subscription(cloud).managementGroups = ['contoso-platform']
        alsoHolds(cloud, { role: roles.user, scope: managementGroup })
      },
    ],
    [
      'at the subscription, through a group within a group',
      'group',
      () => {
        const inner = securityGroup(cloud)
        const outer = {
          ...inner,
          objectId: '0d9b4e51-8c37-4a26-9f1e-65b2c7d0a834',
          members: [inner.objectId],
        }
        cloud.world.groups.push(outer)
        alsoHolds(cloud, {
          role: roles.user,
          principalId: outer.objectId,
          scope: `/subscriptions/${subscription(cloud).id}`,
        })
      },
    ],
  ]
  test.each(cases)('%s', async (_where, state, arrange) => {
    arrange()
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': state })
    expect(operations(run)).not.toContain('roleAssignments.create')
  })

  test('not at a management group of another subscription', async () => {
    alsoHolds(cloud, { role: roles.user, scope: managementGroup })
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  })
})

describe('a custom role', () => {
  /** The sample of Microsoft's guide: model inference, and nothing of /openai/v1. */
  const id = 'c3b1f0a8-7d54-4e19-92c6-5a08e4f7d21b'
  beforeEach(() => {
    customRole(
      cloud,
      { dataActions: ['Microsoft.CognitiveServices/accounts/MaaS/*'] },
      { id, roleName: 'Model Inference Caller' },
    )
  })
  const lacks = 'does not cover Microsoft.CognitiveServices/accounts/OpenAI/responses/write'

  test.each([
    ['its name', 'Model Inference Caller'],
    ['its GUID', id],
    ['its id', `/providers/Microsoft.Authorization/roleDefinitions/${id}`],
  ])(
    'by %s: what it lacks for the chosen API is said before the call, and it is not granted for nothing',
    async (_form, role) => {
      const run = await runGate(cloud, { inputs: { role, api: 'responses' } })

      expect(run.outputs).toMatchObject({
        result: 'failed',
        diagnosis: 'access-denied',
        'role-state': 'missing',
      })
      const log = logOf(run)
      expect(log).toContain(lacks)
      expect(log.indexOf(lacks)).toBeLessThan(log.indexOf('access-denied'))
      expect(operations(run)).not.toContain('roleAssignments.create')
    },
  )

  test('fits the API that it is for', async () => {
    const run = await runGate(cloud, {
      inputs: { role: 'Model Inference Caller', deployments: 'DeepSeek-V3=models' },
    })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(logOf(run)).not.toContain('does not cover')
  })

  test('that lacks the operation does not matter if another role has it', async () => {
    holds(cloud, { role: roles.reader }, { role: roles.openAIUser })
    const run = await runGate(cloud, { inputs: { role: id, api: 'responses' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'covered' })
    expect(logOf(run)).toContain(lacks)
  })

  test('that does not exist is reported before any call to the model', async () => {
    const run = await runGate(cloud, { inputs: { role: '00000000-1111-4222-8333-444444444444' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'role-not-found' })
    expect(operations(run).some(operation => operation.startsWith('chatCompletions'))).toBe(false)
  })
})

describe('a role that can assign roles', () => {
  const inputs = { role: 'Owner' }

  test('is not part of a plan: the plan says how the gate would fail', async () => {
    const run = await runGate(cloud, { inputs: { ...inputs, grant: 'plan' } })

    expect(run.outputs).toMatchObject({ result: 'planned', 'role-state': 'missing' })
    expect(run.report).toMatchObject({
      grant: null,
      plan: [expect.stringMatching(/fail with role-not-suitable: Owner is never granted by the gate/)],
    })
  })

  test('does not matter if nothing must be granted', async () => {
    holds(cloud, { role: roles.owner }, { role: roles.openAIUser })
    const run = await runGate(cloud, { inputs })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  })
})

test('a built-in role that lacks the operation is recognised from the table, without a request', async () => {
  alsoHolds(cloud, { role: roles.foundryUser })
  const run = await runGate(cloud, {
    inputs: { role: 'Cognitive Services OpenAI User', deployments: 'DeepSeek-V3' },
  })

  expect(run.outputs.result).toBe('passed')
  expect(logOf(run)).toContain('Cognitive Services OpenAI User does not cover')
  expect(operations(run)).not.toContain('roleDefinitions.get')
})

test('a role on the project does not count for the account, but a role on the account counts for the project', async () => {
  const [account] = cloud.world.accounts
  account?.projects.push({ name: 'shop' })
  const project = `${accountScope(cloud)}/projects/shop`
  alsoHolds(cloud, { role: roles.foundryUser, scope: project })
  const onAccount = await runGate(cloud, { inputs: { grant: 'never', role: 'Foundry User' } })
  expect(onAccount.outputs).toMatchObject({ diagnosis: 'access-denied', 'role-state': 'missing' })
  expect(logOf(onAccount)).toContain('a role on a project does not count')

  const onProject = await runGate(cloud, {
    inputs: { 'resource-id': project, grant: 'never', role: 'Foundry User' },
  })
  expect(onProject.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  expect(
    onProject.requests.every(
      ({ caller }) => caller === undefined || caller === pipeline(cloud).principal.objectId,
    ),
  ).toBe(true)
})
