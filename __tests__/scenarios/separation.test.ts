import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import {
  alsoHolds,
  customRole,
  groupScope,
  holds,
  pipeline,
  roles,
  setupIdentity,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

/** `setup-client-id`: one identity looks and grants, the pipeline's own only calls. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

/** As the documentation recommends it: this one role, to service principals only. */
const onlyThisRole =
  "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
  `(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles.user}} AND ` +
  "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))"

/** The setup identity may assign roles in the group; the pipeline holds nothing. */
function separate(condition?: string) {
  const setup = setupIdentity(cloud)
  holds(cloud, {
    role: roles.rbacAdministrator,
    scope: groupScope(cloud),
    principalId: setup.principalId,
    ...(condition === undefined ? {} : { condition }),
  })
  return setup
}

const assignments = 'Microsoft.Authorization/roleAssignments/*'

const callersOf = (requests: Awaited<ReturnType<typeof runGate>>['requests'], service: string) => [
  ...new Set(requests.filter(entry => entry.service === service).map(({ caller }) => caller)),
]

test('the setup identity reads and grants, the pipeline calls; one OIDC token serves both', async () => {
  const setup = separate(onlyThisRole)
  const run = await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId } })

  const { objectId } = pipeline(cloud).principal
  expect(run.outputs).toMatchObject({
    result: 'passed',
    'role-state': 'granted',
    'principal-id': objectId,
  })
  expect(operations(run).filter(operation => operation === 'oidc.token')).toHaveLength(1)
  expect(callersOf(run.requests, 'resource-manager')).toEqual([setup.principalId])
  expect(callersOf(run.requests, 'inference')).toEqual([objectId])
  expect(cloud.world.roleAssignments.at(-1)).toMatchObject({
    principalId: objectId,
    roleDefinitionId: roles.user,
    createdBy: setup.principalId,
  })
  expect(logOf(run)).toContain(`Checking and granting roles as service principal ${setup.principalId}`)
})

test('the next run finds the role, which the pipeline itself could not see', async () => {
  const setup = separate()
  await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId } })
  const run = await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  expect(operations(run)).not.toContain('roleAssignments.create')
})

test('another role that covers the call counts, although Resource Manager shows only the permissions of the setup identity', async () => {
  const setup = separate()
  holds(cloud, { role: roles.rbacAdministrator, principalId: setup.principalId }, { role: roles.foundryUser })
  const run = await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'covered' })
  expect(operations(run)).not.toContain('roleAssignments.create')
  expect(operations(run)).not.toContain('permissions.list')
})

test('a role of the pipeline on a project does not count for the account', async () => {
  const setup = separate()
  cloud.world.accounts[0]?.projects.push({ name: 'shop' })
  const project = `${accountScope(cloud)}/projects/shop`
  alsoHolds(cloud, { role: roles.foundryUser, scope: project })
  const run = await runGate(cloud, {
    inputs: {
      'setup-client-id': setup.clientId,
      'resource-id': project,
      deployments: 'chat=chat-completions',
    },
  })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
})

test('a role whose definition the setup identity cannot read is trusted if the call succeeds', async () => {
  const setup = setupIdentity(cloud)
  const looker = customRole(cloud, { actions: ['Microsoft.CognitiveServices/*/read', assignments] })
  const caller = customRole(cloud, { dataActions: ['Microsoft.CognitiveServices/*'] })
  holds(cloud, { role: looker, principalId: setup.principalId }, { role: caller })
  const run = await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId } })

  expect(run.outputs).toMatchObject({
    result: 'passed',
    'role-state': 'covered',
    'propagation-seconds': '0.0',
  })
  expect(operations(run)).not.toContain('roleAssignments.create')
})

test('if a condition does not allow the role, the diagnosis names the limited identity', async () => {
  const setup = separate(onlyThisRole)
  const run = await runGate(cloud, {
    inputs: { 'setup-client-id': setup.clientId, role: 'Foundry User' },
  })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'delegation-condition-unmet' })
  expect(logOf(run)).toContain(`The principal ${setup.principalId} can assign roles under a condition`)
})

test('if the setup identity cannot grant, the fix is for that identity', async () => {
  const setup = setupIdentity(cloud)
  holds(cloud, { role: roles.reader, principalId: setup.principalId })
  const run = await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'cannot-assign-role' })
  expect(logOf(run)).toContain(`The principal ${setup.principalId} cannot assign roles at the resource`)
  expect(logOf(run)).toMatch(
    new RegExp(`--assignee-object-id ${setup.principalId} --assignee-principal-type ServicePrincipal`),
  )
})

test('if the setup identity cannot read, the fix says what allows it', async () => {
  const setup = setupIdentity(cloud)
  holds(cloud, { role: roles.user })
  const run = await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'resource-manager-forbidden' })
  expect(logOf(run)).toContain(`The principal ${setup.principalId} lacks`)
  expect(logOf(run)).toContain(roles.rbacAdministrator)
})

test('a setup identity without a credential for this subject: the fix names its client id', async () => {
  const { clientId } = setupIdentity(cloud)
  cloud.world.applications[1]?.federatedCredentials.pop()
  const run = await runGate(cloud, { inputs: { 'setup-client-id': clientId } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'federated-subject-mismatch' })
  expect(logOf(run)).toContain(`--id ${clientId}`)
  expect(logOf(run)).toContain(
    `It is the setup identity (\`setup-client-id\`, ${clientId}) that cannot sign in`,
  )
  expect(run.outputs['principal-id']).toBe(pipeline(cloud).principal.objectId)
})

test('the same identity given twice is one identity', async () => {
  const { clientId } = pipeline(cloud).application
  const run = await runGate(cloud, { inputs: { 'setup-client-id': clientId } })

  expect(run.outputs.result).toBe('passed')
  expect(operations(run).filter(operation => operation === 'token')).toHaveLength(2)
})

test('a plan says what the setup identity can do', async () => {
  const setup = separate()
  const run = await runGate(cloud, { inputs: { 'setup-client-id': setup.clientId, grant: 'plan' } })

  expect(run.outputs.result).toBe('planned')
  expect(logOf(run)).toContain(`at ${accountScope(cloud)}`)
  expect(logOf(run)).toContain('can assign roles there')
  expect(operations(run)).not.toContain('roleAssignments.create')
})
