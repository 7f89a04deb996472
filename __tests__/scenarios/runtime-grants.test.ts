import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import {
  account,
  alsoHolds,
  app,
  groupScope,
  holds,
  managedIdentity,
  pipeline,
  refuse,
  roles,
  securityGroup,
  setupIdentity,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate, runPost } from '../support/scenario.ts'

/** `runtime-principals`: what is granted to those that run what is deployed, and what is not. */

/** Its replicas hear of roles one after the other. */
let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [0, 40_000, 90_000] } })
})
beforeEach(() => {
  cloud.reset()
  alsoHolds(cloud, { role: roles.user })
})
afterAll(() => cloud.close())

const grants = (run: Awaited<ReturnType<typeof runGate>>) =>
  operations(run).filter(operation => operation === 'roleAssignments.create')

const heldBy = ({ world }: LocalCloud, principalId: string) =>
  world.roleAssignments.filter(assignment => assignment.principalId === principalId)

describe('a missing role is granted', () => {
  test('at the resource, under a deterministic name, and reported as not known to be live', async () => {
    const { id, principalId } = app(cloud, 'shop')
    const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(heldBy(cloud, principalId)).toMatchObject([
      {
        scope: accountScope(cloud),
        roleDefinitionId: roles.user,
        principalType: 'ServicePrincipal',
        description: expect.stringMatching(/^Key-less Gate: https:/),
        createdBy: pipeline(cloud).principal.objectId,
      },
    ])
    expect(run.report).toMatchObject({ runtimePrincipals: [{ access: 'not-known-live', granted: true }] })
    expect(logOf(run)).toMatch(/allowed, not yet known to be live.* granted by this run/)
    expect(run.summary).toMatch(/^Production: .*: allowed, not yet known to be live\\\.$/m)
    expect(run.annotations.some(({ message }) => message.includes('probe-url'))).toBe(true)

    const next = await runGate(cloud, { inputs: { 'runtime-principals': id } })
    expect(grants(next)).toEqual([])
    expect(next.report).toMatchObject({ runtimePrincipals: [{ access: 'not-known-live', granted: false }] })
  })

  test('with the role of its line', async () => {
    const { id, principalId } = app(cloud, 'shop')
    await runGate(cloud, {
      inputs: { 'runtime-principals': `${id}; role=Cognitive Services OpenAI User` },
    })

    expect(heldBy(cloud, principalId)).toMatchObject([{ roleDefinitionId: roles.openAIUser }])
  })

  test('with the least role, if the line asks for it', async () => {
    const { id, principalId } = app(cloud, 'shop')
    await runGate(cloud, { inputs: { 'runtime-principals': `${id}; role=auto` } })

    expect(heldBy(cloud, principalId)).toMatchObject([{ roleDefinitionId: roles.openAIUser }])
  })

  test('and never removed: revoke is only for the role of the pipeline', async () => {
    holds(cloud, { role: roles.rbacAdministrator, scope: groupScope(cloud) }, { role: roles.reader })
    const { id, principalId } = app(cloud, 'shop')
    const options = { inputs: { 'runtime-principals': id, revoke: 'true' } }
    const run = await runGate(cloud, options)
    expect(run.outputs.result).toBe('passed')
    await runPost(cloud, run, options)

    expect(heldBy(cloud, principalId)).toHaveLength(1)
    expect(
      heldBy(cloud, pipeline(cloud).principal.objectId).some(
        ({ roleDefinitionId }) => roleDefinitionId === roles.user,
      ),
    ).toBe(false)
  })

  test('by the setup identity, if there is one', async () => {
    const setup = setupIdentity(cloud)
    holds(
      cloud,
      { role: roles.rbacAdministrator, scope: groupScope(cloud), principalId: setup.principalId },
      { role: roles.user },
    )
    const { id, principalId } = app(cloud, 'shop')
    await runGate(cloud, { inputs: { 'runtime-principals': id, 'setup-client-id': setup.clientId } })

    expect(heldBy(cloud, principalId)).toMatchObject([{ createdBy: setup.principalId }])
  })

  test('after the wait for the pipeline, without a wait for its own role', async () => {
    holds(cloud, { role: roles.rbacAdministrator, scope: groupScope(cloud) }, { role: roles.reader })
    const { id, principalId } = app(cloud, 'shop')
    const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

    expect(run.outputs).toMatchObject({
      result: 'passed',
      'role-state': 'granted',
      'runtime-access': 'passed',
    })
    expect(Number(run.outputs['propagation-seconds'])).toBeGreaterThan(60)
    expect(operations(run).at(-1)).toBe('roleAssignments.create')
    expect(heldBy(cloud, principalId)).toHaveLength(1)
  })
})

describe('nothing is written', () => {
  test.each<[string, string, () => Record<string, string>]>([
    [
      'where another one cannot be told',
      'runtime-access-unknown',
      () => ({
        'runtime-principals': [app(cloud, 'shop').id, app(cloud, 'other', { systemAssigned: false }).id].join(
          '\n',
        ),
      }),
    ],
    [
      'where another one is lacking what no grant gives',
      'runtime-access-missing',
      () => ({
        'runtime-principals': `${app(cloud, 'shop').id}\n${app(cloud, 'other').id}; role=Owner`,
      }),
    ],
    [
      'where the pipeline is denied',
      'deny-assignment',
      () => {
        const custom = 'Microsoft.CognitiveServices/*'
        cloud.world.denyAssignments.push({
          name: crypto.randomUUID(),
          displayName: 'pipeline',
          scope: accountScope(cloud),
          permissions: [{ actions: [], notActions: [], dataActions: [custom], notDataActions: [] }],
          principals: [pipeline(cloud).principal.objectId],
          excludePrincipals: [],
          doNotApplyToChildScopes: false,
        })
        return { 'runtime-principals': app(cloud, 'shop').id }
      },
    ],
    [
      'where keys are accepted and must not be',
      'keys-enabled',
      () => {
        account(cloud).disableLocalAuth = false
        return { 'runtime-principals': app(cloud, 'shop').id, 'key-access': 'forbid' }
      },
    ],
  ])('%s', async (_when, diagnosis, arrange) => {
    const inputs = arrange()
    const before = structuredClone(cloud.world.roleAssignments)
    const run = await runGate(cloud, { inputs })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis })
    expect(grants(run)).toEqual([])
    expect(cloud.world.roleAssignments).toEqual(before)
  })

  test('not even for the pipeline, if the failure is known beforehand', async () => {
    holds(cloud, { role: roles.rbacAdministrator, scope: groupScope(cloud) }, { role: roles.reader })
    const run = await runGate(cloud, {
      inputs: { 'runtime-principals': app(cloud, 'shop', { systemAssigned: false }).id },
    })

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-unknown' })
    expect(grants(run)).toEqual([])
  })

  test('by a plan, which says what a run would write', async () => {
    const [one, other] = [app(cloud, 'one'), app(cloud, 'other', { systemAssigned: false })]
    const run = await runGate(cloud, {
      inputs: { 'runtime-principals': `${one.id}\n${other.id}`, grant: 'plan' },
    })

    expect(run.outputs).toMatchObject({ result: 'planned', 'runtime-access': 'missing' })
    expect(grants(run)).toEqual([])
    expect(run.report).toMatchObject({
      plan: expect.arrayContaining([
        '+ role assignment Cognitive Services User',
        expect.stringMatching(/^\+ {3}to .*containerApps\/one .*/),
        `+   at ${accountScope(cloud)}`,
        expect.stringMatching(/nothing would be granted to .*containerApps\/other/),
        'Plan: the gate would fail with runtime-access-unknown.',
      ]),
    })
  })
})

describe('what cannot be granted', () => {
  test.each<[string, () => string]>([
    ['a principal that was deleted', () => crypto.randomUUID()],
    ['a client id', () => managedIdentity(cloud).identity.clientId],
    ['a group', () => securityGroup(cloud).objectId],
    ['an app registration', () => pipeline(cloud).application.objectId],
  ])('%s is named, and nothing is granted at all', async (_what, line) => {
    const before = structuredClone(cloud.world.roleAssignments)
    const run = await runGate(cloud, { inputs: { 'runtime-principals': line() } })

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'runtime-access-unknown',
      'runtime-access': 'unknown',
    })
    expect(logOf(run)).toContain('There is no service principal with this object id')
    expect(cloud.world.roleAssignments).toEqual(before)
  })

  test.each([
    ['cannot-assign-role', undefined],
    [
      'delegation-condition-unmet',
      "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{5e0bd9bd-7b93-4f28-af87-19fc36ad61bd}))",
    ],
  ])('%s: missing, with the command for an administrator', async (code, condition) => {
    holds(
      cloud,
      { role: roles.user },
      condition === undefined
        ? { role: roles.reader, scope: groupScope(cloud) }
        : { role: roles.rbacAdministrator, scope: groupScope(cloud), condition },
    )
    const { id, principalId } = app(cloud, 'shop')
    const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'runtime-access-missing',
      'role-state': 'direct',
    })
    expect(logOf(run)).toContain(`was refused: ${code}`)
    expect(logOf(run)).toContain(`--assignee-object-id ${principalId}`)
  })

  test('the pipeline itself, whose role ends with the job', async () => {
    const { principal } = pipeline(cloud)
    holds(cloud, { role: roles.rbacAdministrator, scope: groupScope(cloud) }, { role: roles.reader })
    const own = { 'runtime-principals': principal.objectId }
    const revoked = await runGate(cloud, { inputs: { ...own, revoke: 'true' } })

    expect(revoked.outputs).toMatchObject({
      diagnosis: 'runtime-access-missing',
      'runtime-access': 'missing',
    })
    expect(grants(revoked)).toEqual([])
    expect(logOf(revoked)).toContain('removed when the job ends')

    // The first gate of the job takes it back, the second one looks at it.
    await runGate(cloud, { inputs: { revoke: 'true' } })
    const second = await runGate(cloud, { inputs: own })
    expect(second.outputs).toMatchObject({ diagnosis: 'runtime-access-missing' })

    alsoHolds(cloud, { role: roles.openAIUser })
    const lasting = await runGate(cloud, { inputs: own })
    expect(lasting.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
  })

  describe('the role that a job gave it until it ends', () => {
    const lent = (principalId: string) =>
      alsoHolds(cloud, {
        role: roles.user,
        principalId,
        description:
          'Key-less Gate, until its job ends: somewhere (temporary, lease 5d5e4b86-3f6e-4f0c-9a51-0e9a44bb8a10)',
      })

    test('is noticed before anything is written', async () => {
      const { id, principalId } = app(cloud, 'shop')
      lent(principalId)
      const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

      expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing', 'runtime-access': 'missing' })
      expect(logOf(run)).toContain('only until the job that granted it ends')
      expect(grants(run)).toEqual([])
    })

    test('and if it was made just before the grant', async () => {
      const { id, principalId } = app(cloud, 'shop')
      lent(principalId)
      const hidden = { value: [] }
      refuse(cloud, 'roleAssignments.list', 200, hidden, {}, 3)
      const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

      expect(grants(run)).toHaveLength(1)
      expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing', 'runtime-access': 'missing' })
      expect(logOf(run)).toContain('only until the job that granted it ends')
    })
  })

  test('a service that does not say whether it was made', async () => {
    const { id } = app(cloud, 'shop')
    refuse(cloud, 'roleAssignments.create', 503, {
      error: { code: 'ServerBusy', message: 'The server is busy.' },
    })
    const run = await runGate(cloud, { inputs: { 'runtime-principals': id } })

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-unknown' })
    expect(logOf(run)).toContain('it is not known whether that succeeded')
  })

  test('a role that can assign roles', async () => {
    const { id } = app(cloud, 'shop')
    const run = await runGate(cloud, { inputs: { 'runtime-principals': `${id}; role=Owner` } })

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing' })
    expect(logOf(run)).toContain('Owner is never granted by the gate')
  })
})

describe('principal-id of an app’s identity', () => {
  /** The pipeline itself may not call. */
  beforeEach(() => {
    holds(cloud, { role: roles.rbacAdministrator, scope: groupScope(cloud) }, { role: roles.reader })
  })
  const identity = () => managedIdentity(cloud).principal.objectId

  test("gets the role, and its access decides the run; the pipeline's denial is reported separately", async () => {
    const before = cloud.clock.now()
    const run = await runGate(cloud, { inputs: { 'principal-id': identity() } })

    expect(run.outputs).toMatchObject({
      result: 'passed',
      'role-state': 'granted',
      'runtime-access': 'passed',
      'principal-id': pipeline(cloud).principal.objectId,
      connections: '',
      attempts: '1',
    })
    const [assignment] = heldBy(cloud, identity())
    expect(assignment).toMatchObject({ roleDefinitionId: roles.user, scope: accountScope(cloud) })
    expect(run.outputs['role-assignment-id']).toContain(assignment?.name)
    expect(logOf(run)).toContain(
      'The pipeline itself was answered by 0 of 1 deployment, which says nothing about the app.',
    )
    expect(run.summary).toContain('allowed by the roles of the app')
    expect(run.summary).not.toContain('Key-less access is proven')
    expect(run.report).toMatchObject({ smoke: [{ outcome: 'access-denied' }] })
    expect(cloud.clock.now() - before).toBeLessThan(10_000)
  })

  test('that holds the role is not granted it again', async () => {
    alsoHolds(cloud, { role: roles.user, principalId: identity() })
    const run = await runGate(cloud, { inputs: { 'principal-id': identity() } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(grants(run)).toEqual([])
  })

  test('that can call with another role is not granted this one', async () => {
    alsoHolds(cloud, { role: roles.openAIUser, principalId: identity() })
    const run = await runGate(cloud, { inputs: { 'principal-id': identity() } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'covered' })
    expect(grants(run)).toEqual([])
  })

  test('that holds the role until another job ends, and can call with one that stays, is not refused', async () => {
    const principalId = identity()
    const description =
      'Key-less Gate, until its job ends: somewhere (temporary, lease 5d5e4b86-3f6e-4f0c-9a51-0e9a44bb8a10)'
    alsoHolds(cloud, { role: roles.user, principalId, description })
    alsoHolds(cloud, { role: roles.openAIUser, principalId })
    const run = await runGate(cloud, { inputs: { 'principal-id': principalId } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(grants(run)).toEqual([])
  })

  test('costs one read of its role’s definition, before the grant', async () => {
    const run = await runGate(cloud, { inputs: { 'principal-id': identity() } })

    expect(run.outputs.result).toBe('passed')
    expect(operations(run).filter(operation => operation === 'roleDefinitions.get')).toHaveLength(1)
  })

  test('if the pipeline can call too, the log says that this proves nothing about the app', async () => {
    alsoHolds(cloud, { role: roles.user })
    const run = await runGate(cloud, { inputs: { 'principal-id': identity(), grant: 'never' } })

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'runtime-access-missing',
      'role-state': 'missing',
    })
  })

  test('that was deleted is not known, and nothing is written', async () => {
    const before = structuredClone(cloud.world.roleAssignments)
    const run = await runGate(cloud, { inputs: { 'principal-id': crypto.randomUUID() } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'runtime-access-unknown' })
    expect(cloud.world.roleAssignments).toEqual(before)
  })

  test('cannot be granted a role that ends with the job', async () => {
    const run = await runGate(cloud, { inputs: { 'principal-id': identity(), revoke: 'true' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'input-invalid' })
    expect(logOf(run)).toContain('would lose its role with the job')
    expect(grants(run)).toEqual([])
  })

  test('is in the plan, which does not mention a denial that would not fail the run', async () => {
    const run = await runGate(cloud, { inputs: { 'principal-id': identity(), grant: 'plan' } })

    expect(run.outputs).toMatchObject({ result: 'planned', 'role-state': 'missing' })
    expect(run.log).toContain(`+   to ${identity()}`)
    expect(logOf(run)).not.toContain('fail with access-denied')
  })
})
