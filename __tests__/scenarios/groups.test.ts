import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { alsoHolds, holds, managedIdentity, pipeline, roles, securityGroup } from '../support/arrange.ts'
import { logOf, operations, runGate } from '../support/scenario.ts'

/** `principal-id`: somebody else than the pipeline's own principal is to hold the role. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [20_000] } })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const inputsFor = ({ objectId }: { objectId: string }) => ({
  'principal-id': objectId,
  'principal-type': 'Group',
})

test('the group gets the role, and the pipeline, a member, can call', async () => {
  const group = securityGroup(cloud)
  const run = await runGate(cloud, { inputs: inputsFor(group) })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  expect(run.outputs['principal-id']).toBe(pipeline(cloud).principal.objectId)
  expect(cloud.world.roleAssignments.at(-1)).toMatchObject({
    principalId: group.objectId,
    principalType: 'Group',
  })
})

test('a group that holds the role already is not granted it again', async () => {
  const group = securityGroup(cloud)
  alsoHolds(cloud, { role: roles.user, principalId: group.objectId })
  const run = await runGate(cloud, { inputs: inputsFor(group) })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'group' })
  expect(operations(run)).not.toContain('roleAssignments.create')
})

test.each([
  ['holds the role already', true],
  ['is granted it', false],
])('a pipeline outside of the group that %s learns so within seconds', async (_when, holdsIt) => {
  const group = securityGroup(cloud, [])
  if (holdsIt) alsoHolds(cloud, { role: roles.user, principalId: group.objectId })
  const before = cloud.clock.now()
  const run = await runGate(cloud, { inputs: inputsFor(group) })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
  expect(logOf(run)).toContain('the pipeline is not a member of it')
  expect(logOf(run)).toContain(
    `az ad group member add --group ${group.objectId} --member-id ${pipeline(cloud).principal.objectId}`,
  )
  expect(cloud.clock.now() - before).toBeLessThan(30_000)
})

test('a member of a group within the group counts', async () => {
  const group = securityGroup(cloud, ['0d9b4e51-8c37-4a26-9f1e-65b2c7d0a834'])
  cloud.world.groups.push({
    ...group,
    objectId: '0d9b4e51-8c37-4a26-9f1e-65b2c7d0a834',
    members: [pipeline(cloud).principal.objectId],
  })
  const run = await runGate(cloud, { inputs: inputsFor(group) })

  expect(run.outputs.result).toBe('passed')
})

test("even if the pipeline's own role allows the calls, the group gets its role", async () => {
  const group = securityGroup(cloud)
  alsoHolds(cloud, { role: roles.openAIUser })
  const run = await runGate(cloud, { inputs: inputsFor(group) })

  expect(run.outputs.result).toBe('passed')
  expect(cloud.world.roleAssignments.some(({ principalId }) => principalId === group.objectId)).toBe(true)
})

test('a user holds the role: the diagnosis says that the pipeline does not', async () => {
  const [user] = cloud.world.users
  const run = await runGate(cloud, {
    inputs: { 'principal-id': user?.objectId ?? '', 'principal-type': 'User' },
  })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
  expect(logOf(run)).toContain('but this pipeline makes the call')
})

test('an id that is not a group is refused as in Azure', async () => {
  const { principal } = managedIdentity(cloud)
  const run = await runGate(cloud, { inputs: inputsFor(principal) })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'principal-type-mismatch' })
})

test('a plan names the group that would get the role', async () => {
  const group = securityGroup(cloud)
  holds(cloud, { role: roles.reader })
  const run = await runGate(cloud, { inputs: { ...inputsFor(group), grant: 'plan' } })

  expect(run.outputs.result).toBe('planned')
  expect(run.log).toContain(`+   to ${group.objectId}`)
})
