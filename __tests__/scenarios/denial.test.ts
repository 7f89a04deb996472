import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { RoleAssignment } from '../../local-cloud/world.ts'
import type { GateRun } from '../support/gate-run.ts'
import { argumentsOf, valueAfter } from '../support/pasted-command.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

/** A denied call, read together with what is known of roles: seen through the built action. */

const roles = {
  user: 'a97b65f3-24c7-4388-baec-2e87135dc908',
  openAIUser: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  accessAdministrator: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
}

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const pipeline = () => {
  const [application] = cloud.world.applications
  if (application === undefined) throw new Error('The default world has a pipeline')
  return application
}
const principal = () => pipeline().servicePrincipal?.objectId ?? ''
const project = () => `${accountScope(cloud)}/projects/chat`

function assign(...held: Array<Partial<RoleAssignment> & { roleDefinitionId: string }>): void {
  for (const differing of held) {
    cloud.world.roleAssignments.push({
      name: crypto.randomUUID(),
      scope: accountScope(cloud),
      principalId: principal(),
      principalType: 'ServicePrincipal',
      description: null,
      condition: null,
      conditionVersion: null,
      createdBy: null,
      updatedBy: null,
      ...differing,
    })
  }
}

/** Gives the pipeline these roles and no others. */
function holds(...held: Parameters<typeof assign>): void {
  cloud.world.roleAssignments.length = 0
  assign(...held)
}

/** Does what the first command of the report says, as an administrator would. */
function grantAsPrinted(run: GateRun): void {
  const { diagnosis } = run.report as { diagnosis: { fixes: Array<{ language: string; text: string }> } }
  const words = argumentsOf(diagnosis.fixes.find(({ language }) => language === 'bash') ?? { text: '' })
  expect(words.slice(0, 3)).toEqual(['role', 'assignment', 'create'])
  const said = (option: string) => valueAfter(option, words) ?? ''
  assign({
    roleDefinitionId: said('--role'),
    scope: said('--scope'),
    principalId: said('--assignee-object-id'),
  })
}

const verifyOnly = { inputs: { grant: 'never' } }

test('Owner administers, but cannot call models', async () => {
  holds({ roleDefinitionId: roles.owner })
  const run = await runGate(cloud, verifyOnly)

  expect(run.outputs.diagnosis).toBe('access-denied')
  expect(logOf(run)).toContain('It holds Owner, but no role that gives access to the models')
  grantAsPrinted(run)
  expect((await runGate(cloud, verifyOnly)).outputs.result).toBe('passed')
})

test('a role on a project does not count for the account', async () => {
  cloud.world.accounts[0]?.projects.push({ name: 'chat' })
  holds({ roleDefinitionId: roles.reader }, { roleDefinitionId: roles.user, scope: project() })
  const run = await runGate(cloud, verifyOnly)

  expect(run.outputs).toMatchObject({ diagnosis: 'access-denied', 'role-state': 'missing' })
  expect(logOf(run)).toContain(
    `It holds Cognitive Services User at ${project()}, but this call goes to the account`,
  )
  grantAsPrinted(run)
  expect((await runGate(cloud, verifyOnly)).outputs.result).toBe('passed')
})

test('a role that was given to the client id is recognised', async () => {
  const { clientId } = pipeline()
  holds({ roleDefinitionId: roles.reader }, { roleDefinitionId: roles.user, principalId: clientId })
  const run = await runGate(cloud, verifyOnly)

  expect(logOf(run)).toContain(`assigned here to ${clientId}, which is the client id`)
  grantAsPrinted(run)
  expect((await runGate(cloud, verifyOnly)).outputs.result).toBe('passed')
})

test('a role that was given to the object id of the app registration is shown', async () => {
  const { objectId } = pipeline()
  holds({ roleDefinitionId: roles.reader }, { roleDefinitionId: roles.user, principalId: objectId })

  expect(logOf(await runGate(cloud, verifyOnly))).toContain(`assigned here to the object id ${objectId}`)
})

test('a deny assignment that is seen only after the denial is named', async () => {
  holds({ roleDefinitionId: roles.reader }, { roleDefinitionId: roles.user })
  cloud.world.denyAssignments.push({
    name: '4f0c6a3e-98d1-4b27-8f65-2a7d1c9e0b34',
    displayName: 'Deployment stack of the models',
    scope: accountScope(cloud),
    permissions: [{ actions: [], notActions: [], dataActions: ['*'], notDataActions: [] }],
    principals: ['00000000-0000-0000-0000-000000000000'],
    excludePrincipals: [],
    doNotApplyToChildScopes: false,
  })
  cloud.faults.add({
    name: 'not listed in the look',
    operation: 'denyAssignments.list',
    times: 1,
    effect: { kind: 'reply', status: 403, body: { error: { code: 'AuthorizationFailed' } } },
  })
  const run = await runGate(cloud)

  expect(run.outputs.diagnosis).toBe('access-denied')
  expect(logOf(run)).toContain('The deny assignment "Deployment stack of the models"')
})

describe('Cognitive Services OpenAI User against a Foundry model', () => {
  const inputs = { deployments: 'DeepSeek-V3', role: 'Cognitive Services OpenAI User' }

  test.each([
    ['DeepSeek-V3', 'MaaS/chat/completions/action'],
    ['chat\nclaude-haiku-4-5', 'AIServices/providers/action'],
  ])(
    'is not granted for %j: the run ends at once, and names the least role that helps',
    async (deployments, dataAction) => {
      const startedAt = cloud.clock.now()
      const run = await runGate(cloud, { inputs: { ...inputs, deployments } })

      expect(run.outputs).toMatchObject({ diagnosis: 'access-denied', 'role-state': 'missing' })
      expect(cloud.clock.now() - startedAt).toBeLessThan(5000)
      expect(operations(run)).not.toContain('roleAssignments.create')
      expect(logOf(run)).toContain(`lacks the data action Microsoft.CognitiveServices/accounts/${dataAction}`)
      expect(logOf(run)).toContain('role: Cognitive Services User')
      expect(logOf(run)).toContain('does not cover this operation: it would not help to hold it.')
      grantAsPrinted(run)
      expect((await runGate(cloud, { inputs: { deployments } })).outputs.result).toBe('passed')
    },
  )

  test('is granted if its definition now covers the call', async () => {
    cloud.faults.add({
      name: 'a definition of tomorrow',
      operation: 'roleDefinitions.get',
      effect: { kind: 'edit', path: ['properties', 'permissions'], value: [{ dataActions: ['*'] }] },
    })
    const run = await runGate(cloud, { inputs: { ...inputs, 'propagation-timeout': '5s' } })

    expect(operations(run)).toContain('roleAssignments.create')
    expect(run.outputs).toMatchObject({ diagnosis: 'access-not-propagated', 'role-state': 'granted' })
  })
})

test('the second look costs a warm run nothing, and breaks no diagnosis', async () => {
  holds({ roleDefinitionId: roles.reader }, { roleDefinitionId: roles.user })
  const warm = await runGate(cloud, verifyOnly)
  expect(operations(warm).filter(operation => operation === 'denyAssignments.list')).toHaveLength(1)
  expect(operations(warm).filter(operation => operation === 'roleAssignments.list')).toHaveLength(1)

  holds({ roleDefinitionId: roles.reader })
  cloud.faults.add({
    name: 'no second look',
    operation: 'denyAssignments.list',
    skip: 1,
    effect: { kind: 'reply', status: 500, body: 'oops' },
  })
  const denied = await runGate(cloud, verifyOnly)
  expect(denied.outputs.diagnosis).toBe('access-denied')
  expect(denied.requests.filter(({ fault }) => fault === 'no second look')).toHaveLength(1)
})

test('the annotation, the log and the summary lead to the docs of the action that ran', async () => {
  const env = { GITHUB_ACTION_REPOSITORY: 'contoso/key-less-gate', GITHUB_ACTION_REF: 'v1' }
  holds({ roleDefinitionId: roles.reader })
  const run = await runGate(cloud, { ...verifyOnly, env })

  const address = 'https://github.com/contoso/key-less-gate/blob/v1/docs/diagnosis.md#access-denied'
  for (const text of [logOf(run), run.summary, run.annotations[0]?.message]) expect(text).toContain(address)
})
