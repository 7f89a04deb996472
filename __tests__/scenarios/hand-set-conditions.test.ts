import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { permanentName } from '../../src/azure/rbac/assignment-name.ts'
import { alsoHolds, app, customRole, envelope, holds, pipeline, refuse, roles } from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

/** A condition that somebody set on an assignment of the name that the gate, or a template, gave it: to write there again takes it off. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const nothingOfOpenAI = "(NOT (ActionMatches{'Microsoft.CognitiveServices/accounts/OpenAI/*'}))"
const noFiles = "(NOT (ActionMatches{'Microsoft.CognitiveServices/accounts/OpenAI/files/write'}))"

/** As `guid()` of a template and the gate name it. */
function holdsOnCondition(principalId: string, condition = nothingOfOpenAI): void {
  alsoHolds(cloud, { role: roles.user, principalId, condition })
  const name = permanentName({ scope: accountScope(cloud), principalId, roleGuid: roles.user })
  Object.assign(cloud.world.roleAssignments.at(-1) ?? {}, { name })
}

/** May assign roles, and not see them. */
const granter = () =>
  customRole(cloud, {
    actions: ['Microsoft.CognitiveServices/*/read', 'Microsoft.Authorization/roleAssignments/write'],
  })

const deny = () =>
  refuse(
    cloud,
    'chatCompletions.create',
    401,
    envelope('PermissionDenied', 'The principal lacks the action.'),
  )

test('stays if the gate could not read it', async () => {
  holds(cloud, { role: granter() })
  holdsOnCondition(pipeline(cloud).principal.objectId)
  deny()
  const before = structuredClone(cloud.world.roleAssignments)
  const run = await runGate(cloud, { inputs: { 'propagation-timeout': '1m' } })

  expect(run.requests.find(({ operation }) => operation === 'roleAssignments.create')?.status).toBe(409)
  expect(cloud.world.roleAssignments).toEqual(before)
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
})

test('an identity that cannot read makes one assignment, in any number of runs', async () => {
  holds(cloud, { role: granter() })
  const first = await runGate(cloud)
  expect(first.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  expect(first.outputs['role-assignment-id']).toContain(cloud.world.roleAssignments[1]?.name)
  const made = structuredClone(cloud.world.roleAssignments)
  expect(made).toHaveLength(2)

  cloud.faults.add({
    name: 'denied once',
    operation: 'chatCompletions.create',
    effect: {
      kind: 'reply',
      status: 401,
      headers: {},
      body: envelope('PermissionDenied', 'The principal lacks the action.'),
    },
    times: 1,
  })
  const next = await runGate(cloud, { env: { GITHUB_RUN_ID: '9876543211' } })
  expect(next.outputs).toMatchObject({ result: 'passed' })
  expect(cloud.world.roleAssignments).toEqual(made)
})

test("stays on an app's role, and is named", async () => {
  alsoHolds(cloud, { role: roles.user })
  const { id, principalId } = app(cloud, 'shop')
  holdsOnCondition(principalId)
  const before = structuredClone(cloud.world.roleAssignments)
  const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

  expect(cloud.world.roleAssignments).toEqual(before)
  expect(operations(run)).not.toContain('roleAssignments.create')
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'runtime-access-missing' })
  expect(logOf(run)).toContain(
    `It holds Cognitive Services User under a condition that excludes its calls, and the gate never changes a condition: ${nothingOfOpenAI}`,
  )
  expect(logOf(run)).toContain('Look at the condition under which')
  expect(logOf(run)).not.toContain('az role assignment create')
})

/** Azure's lists may be minutes old; what is read by its name is there. */
test('stays if the list does not show it yet', async () => {
  holds(cloud, { role: roles.owner })
  holdsOnCondition(pipeline(cloud).principal.objectId)
  for (const operation of ['roleAssignments.list', 'permissions.list'])
    refuse(cloud, operation, 200, { value: [] })
  deny()
  const before = structuredClone(cloud.world.roleAssignments)
  const run = await runGate(cloud, { inputs: { 'propagation-timeout': '1m' } })

  expect(operations(run)).not.toContain('roleAssignments.create')
  expect(cloud.world.roleAssignments).toEqual(before)
  expect(run.outputs.result).toBe('failed')
})

test('stays if the list does not show it yet, and rights of `also` that it excludes do not count', async () => {
  holdsOnCondition(pipeline(cloud).principal.objectId, noFiles)
  for (const operation of ['roleAssignments.list', 'permissions.list'])
    refuse(cloud, operation, 200, { value: [] })
  const before = structuredClone(cloud.world.roleAssignments)
  const also = 'Microsoft.CognitiveServices/accounts/OpenAI/files/write'
  const run = await runGate(cloud, { inputs: { also } })

  expect(operations(run)).not.toContain('roleAssignments.create')
  expect(cloud.world.roleAssignments).toEqual(before)
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
})

test("stays if the list does not show an app's role yet, and proves nothing", async () => {
  alsoHolds(cloud, { role: roles.user })
  const { id, principalId } = app(cloud, 'shop')
  holdsOnCondition(principalId)
  refuse(cloud, 'roleAssignments.list', 200, { value: [] })
  const before = structuredClone(cloud.world.roleAssignments)
  const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

  expect(operations(run)).not.toContain('roleAssignments.create')
  expect(operations(run).filter(operation => operation === 'roleAssignments.get')).toHaveLength(1)
  expect(cloud.world.roleAssignments).toEqual(before)
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'runtime-access-unknown' })
  expect(logOf(run)).toContain('It depends on a condition of a role assignment')
})

test('an old assignment that only a read by name shows may just have been removed: not known', async () => {
  alsoHolds(cloud, { role: roles.user })
  const { id, principalId } = app(cloud, 'shop')
  const name = permanentName({ scope: accountScope(cloud), principalId, roleGuid: roles.user })
  refuse(cloud, 'roleAssignments.get', 200, {
    id: `${accountScope(cloud)}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    properties: {
      scope: accountScope(cloud),
      principalId,
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roles.user}`,
      createdOn: '2026-01-01T00:00:00Z',
      updatedOn: '2026-01-01T00:00:00Z',
    },
  })
  const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

  expect(operations(run)).not.toContain('roleAssignments.create')
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'runtime-access-unknown' })
  expect(logOf(run)).toContain('shows the assignment by its name, but does not list it')
  expect(logOf(run)).not.toContain('is assigned to')
})

test('an assignment that Azure names in a refusal, but that is gone when read, is not known', async () => {
  alsoHolds(cloud, { role: roles.user })
  const { id } = app(cloud, 'shop')
  const message = `The role assignment already exists. The ID of the existing role assignment is ${'0a'.repeat(16)}.`
  refuse(cloud, 'roleAssignments.create', 409, envelope('RoleAssignmentExists', message))
  const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'runtime-access-unknown' })
  expect(logOf(run)).toContain('it is not known whether that succeeded')
})
