import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { forgedStates } from '../attacks/forged-states.ts'
import {
  alsoHolds,
  envelope,
  holds,
  managedIdentity,
  pipeline,
  refuse,
  roles,
  securityGroup,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate, runPost } from '../support/scenario.ts'

/** `revoke: true`: the role goes when the job ends. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const inputs = { revoke: 'true' }
const held = () =>
  cloud.world.roleAssignments.filter(({ roleDefinitionId }) => roleDefinitionId === roles.user)

/** Another run of the same workflow. */
function nextRun(runId: string): void {
  Object.assign(cloud.world.workflow, { runId, checkRunId: `9${runId}` })
}

test('the post step removes what the run granted, and nothing else', async () => {
  const others = structuredClone(cloud.world.roleAssignments)
  const run = await runGate(cloud, { inputs })
  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  expect(held()).toHaveLength(1)
  expect(held()[0]?.description).toContain('actions/runs/9876543210')

  const post = await runPost(cloud, run, { inputs })
  expect(cloud.world.roleAssignments).toEqual(others)
  expect(logOf(post)).toContain(`Removed the temporary role assignment ${run.outputs['role-assignment-id']}`)
})

test('an existing role stays', async () => {
  alsoHolds(cloud, { role: roles.user })
  const run = await runGate(cloud, { inputs })
  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })

  const post = await runPost(cloud, run, { inputs })
  expect(held()).toHaveLength(1)
  expect(operations(post)).toEqual([])
})

test('without revoke the post step sends no request', async () => {
  const run = await runGate(cloud)
  const post = await runPost(cloud, run)

  expect(held()).toHaveLength(1)
  expect([post.requests, post.log]).toEqual([[], []])
})

test('the grant of a run that fails is removed too', async () => {
  refuse(cloud, 'chatCompletions.create', 401, {
    error: { code: 'PermissionDenied', message: 'Principal does not have access to API/Operation.' },
  })
  const run = await runGate(cloud, { inputs: { ...inputs, 'propagation-timeout': '60s' } })
  expect(run.outputs).toMatchObject({ diagnosis: 'access-not-propagated' })

  await runPost(cloud, run, { inputs })
  expect(held()).toEqual([])
})

test('a grant without a reply is found and removed', async () => {
  cloud.faults.add({
    name: 'lost reply',
    operation: 'roleAssignments.create',
    afterEffect: true,
    effect: { kind: 'reset', when: 'before' },
  })
  refuse(cloud, 'roleAssignments.get', 503, '', {}, 20)
  const run = await runGate(cloud, { inputs })
  expect(run.outputs.result).toBe('failed')
  expect(held()).toHaveLength(1)
  cloud.faults.clear()

  await runPost(cloud, run, { inputs })
  expect(held()).toEqual([])
})

test('a grant that was in progress when the job was cancelled is waited for, and removed', async () => {
  cloud.faults.add({
    name: 'no reply yet',
    operation: 'roleAssignments.create',
    afterEffect: true,
    effect: { kind: 'reset', when: 'before' },
  })
  refuse(cloud, 'roleAssignments.get', 503, '', {}, 20)
  const run = await runGate(cloud, { inputs })
  cloud.faults.clear()
  refuse(cloud, 'roleAssignments.get', 404, envelope('RoleAssignmentNotFound', 'It does not exist.'), {}, 2)

  const post = await runPost(cloud, run, { inputs })
  expect(held()).toEqual([])
  expect(logOf(post)).toContain('Removed the temporary role assignment')
})

test('a grant that a read does not show yet is not reported as gone: it is searched for, and removed', async () => {
  const run = await runGate(cloud, { inputs })
  expect(held()).toHaveLength(1)
  refuse(cloud, 'roleAssignments.get', 404, envelope('RoleAssignmentNotFound', 'It does not exist.'), {}, 1)

  const post = await runPost(cloud, run, { inputs })
  expect(held()).toEqual([])
  expect(logOf(post)).not.toContain('Nothing to remove')
})

test('a refused grant is not waited for', async () => {
  holds(cloud, { role: roles.reader })
  const run = await runGate(cloud, { inputs })
  expect(run.outputs.diagnosis).toBe('cannot-assign-role')

  const post = await runPost(cloud, run, { inputs })
  expect(operations(post).filter(operation => operation === 'roleAssignments.get')).toHaveLength(1)
})

test('a lock that is lifted within a minute, and throttling, are waited out', async () => {
  const run = await runGate(cloud, { inputs })
  const message = `The scope '${accountScope(cloud)}' cannot perform delete operation because following scope(s) are locked: '${accountScope(cloud)}'. Please remove the lock and try again.`
  refuse(cloud, 'roleAssignments.delete', 409, { error: { code: 'ScopeLocked', message } }, {}, 2)
  refuse(cloud, 'roleAssignments.get', 429, '', { 'retry-after': '5' }, 1)

  const post = await runPost(cloud, run, { inputs })
  expect(held()).toEqual([])
  expect(logOf(post)).toContain('resource-locked while removing the role assignment; next try in 5.0 s')
})

test.each([
  [
    'a lock that stays',
    () => {
      cloud.world.locks.push({ name: 'keep', scope: accountScope(cloud), level: 'CanNotDelete' })
    },
    'resource-locked',
  ],
  ['no right to remove', () => holds(cloud), 'resource-manager-forbidden'],
  ['no OIDC token any more', () => refuse(cloud, 'oidc.token', 403, {}), 'oidc-request-refused'],
])('%s: the job does not fail, and the command is printed', async (_what, arrange, code) => {
  const run = await runGate(cloud, { inputs })
  arrange()

  const post = await runPost(cloud, run, { inputs })
  const [warning, ...more] = post.annotations
  expect(more).toEqual([])
  expect(warning).toMatchObject({ level: 'warning' })
  expect(warning?.message).toContain(code)
  expect(warning?.message).toContain(`az role assignment delete --ids ${run.outputs['role-assignment-id']}`)
})

test.each<[string, () => void]>([
  [
    "a proxy's page",
    () =>
      refuse(cloud, 'roleAssignments.get', 404, '<html><body>Not Found</body></html>', {
        'content-type': 'text/html',
      }),
  ],
  ['nothing', () => refuse(cloud, 'roleAssignments.get', 404, '')],
  [
    'another thing that is not there',
    () =>
      refuse(
        cloud,
        'roleAssignments.get',
        404,
        envelope('SubscriptionNotFound', 'The subscription could not be found.'),
      ),
  ],
])('404 with %s does not mean that there is nothing to remove', async (_what, arrange) => {
  const run = await runGate(cloud, { inputs })
  arrange()

  const post = await runPost(cloud, run, { inputs })
  expect(held()).toHaveLength(1)
  expect(logOf(post)).not.toContain('Nothing to remove')
  expect(post.annotations).toMatchObject([{ level: 'warning' }])
  expect(post.annotations[0]?.message).toContain(
    `az role assignment delete --ids ${run.outputs['role-assignment-id']}`,
  )
})

test.each<[string, () => void]>([
  [
    'before the look',
    () => void cloud.world.roleAssignments.splice(0, Number.POSITIVE_INFINITY, ...others()),
  ],
  [
    'between look and removal',
    () =>
      refuse(
        cloud,
        'roleAssignments.delete',
        404,
        envelope('RoleAssignmentNotFound', 'The role assignment is not found.'),
      ),
  ],
  [
    'between them, of which the service makes no fuss',
    () => refuse(cloud, 'roleAssignments.delete', 204, ''),
  ],
])('a grant that somebody else removed %s causes no warning', async (_when, arrange) => {
  const run = await runGate(cloud, { inputs })
  arrange()

  const post = await runPost(cloud, run, { inputs })
  expect(post.annotations).toEqual([])
})

const others = () =>
  cloud.world.roleAssignments.filter(({ roleDefinitionId }) => roleDefinitionId !== roles.user)

test('the identity that granted removes the grant, even if a later step changed the variables behind the inputs', async () => {
  const { clientId, tenantId } = pipeline(cloud).application
  const byVariables = { ...inputs, 'client-id': '', 'tenant-id': '' }
  const env = { AZURE_CLIENT_ID: clientId, AZURE_TENANT_ID: tenantId }
  const run = await runGate(cloud, { inputs: byVariables, env })
  expect(held()).toHaveLength(1)

  const another = { ...env, AZURE_CLIENT_ID: managedIdentity(cloud).identity.clientId }
  await runPost(cloud, run, { inputs: byVariables, env: another })
  expect(held()).toEqual([])
})

test('an assignment that somebody decided to keep is kept', async () => {
  const run = await runGate(cloud, { inputs })
  const [grant] = held()
  if (grant !== undefined) grant.description = 'Reviewed: stays.'

  const post = await runPost(cloud, run, { inputs })
  expect(held()).toHaveLength(1)
  expect(logOf(post)).toContain("no longer marked as this job's")
})

test('a second gate of the same job relies on the grant of the first, which removes it', async () => {
  const first = await runGate(cloud, { inputs })
  const second = await runGate(cloud, { inputs })
  expect(second.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  expect(operations(second)).not.toContain('roleAssignments.create')

  await runPost(cloud, second, { inputs })
  expect(held()).toHaveLength(1)
  await runPost(cloud, first, { inputs })
  expect(held()).toEqual([])
})

test('a second gate of the same job without revoke says that the role ends with the job', async () => {
  const first = await runGate(cloud, { inputs })
  expect(logOf(first)).not.toContain('temporary-assignment')
  const second = await runGate(cloud)
  expect(second.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  expect(logOf(second)).toContain('Finding temporary-assignment (low)')
  expect(second.summary).toContain('in the earlier gate of this job')
  expect(logOf(await runGate(cloud, { inputs }))).not.toContain('temporary-assignment')

  await runPost(cloud, first, { inputs })
  expect(held()).toEqual([])
})

test("an assignment with the job's description, but a name that the job did not give it, stays", async () => {
  const run = await runGate(cloud, { inputs })
  const [own] = held()
  alsoHolds(cloud, { role: roles.reader })
  const planted = cloud.world.roleAssignments.at(-1)
  if (own === undefined || planted === undefined) throw new Error('Both are there')
  planted.description = own.description
  const grant = JSON.parse(run.state['temporary-grant'] ?? '')
  const assignmentId = String(grant.assignmentId).replace(own.name, planted.name)
  const state = { ...run.state, 'temporary-grant': JSON.stringify({ ...grant, assignmentId }) }

  const post = await runPost(cloud, { state }, { inputs })
  expect(operations(post)).not.toContain('roleAssignments.delete')
  expect(cloud.world.roleAssignments).toContain(planted)
})

/** __tests__/faults/races.test.ts has the jobs that are at work at the same time. */
describe('while the job of another run still runs', () => {
  test('the second does not wait for ever: it says whose the grant is, and how to take turns', async () => {
    await runGate(cloud, { inputs })
    nextRun('9876543211')
    const second = await runGate(cloud, { inputs: { ...inputs, 'propagation-timeout': '2h' } })

    expect(second.outputs).toMatchObject({ result: 'failed', diagnosis: 'role-assignment-conflict' })
    expect(logOf(second)).toContain('actions/runs/9876543210')
    expect(logOf(second)).toMatch(/ of at most 2 h · probe \d+: still there · next in /)
    expect(logOf(second)).toContain('concurrency:')
    // The tokens that it looks with live some 60 minutes.
    expect(operations(second).filter(operation => operation === 'token').length).toBeGreaterThan(2)
    expect(held()).toHaveLength(1)
    await runPost(cloud, second, { inputs })
    expect(held()).toHaveLength(1)
  })

  test.each(['never', 'plan'])('with grant: %s the gate recognises the temporary role', async grant => {
    const first = await runGate(cloud, { inputs })
    nextRun('9876543211')
    const second = await runGate(cloud, { inputs: { grant } })

    expect(second.outputs).toMatchObject(
      grant === 'never' ? { result: 'failed', diagnosis: 'role-assignment-conflict' } : { result: 'planned' },
    )
    expect(logOf(second)).toContain('temporary')
    expect(held()[0]?.name).toBe(first.outputs['role-assignment-id']?.split('/').at(-1))
  })

  describe('of another role, which allows the calls until that job ends', () => {
    beforeEach(() => runGate(cloud, { inputs: { ...inputs, role: 'Cognitive Services OpenAI User' } }))

    test('with grant: auto the role is still granted', async () => {
      nextRun('9876543211')
      const second = await runGate(cloud)

      expect(second.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
      expect(held()).toHaveLength(1)
    })

    test('with grant: never it is denied at once', async () => {
      nextRun('9876543211')
      const second = await runGate(cloud, { inputs: { grant: 'never' } })

      expect(second.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
      expect(logOf(second)).toContain('only by a temporary role assignment of another job')
    })

    test.each<[string, boolean, object]>([
      [
        'without the pipeline in it is no way to last',
        false,
        { result: 'failed', diagnosis: 'access-denied' },
      ],
      ['with the pipeline in it is', true, { result: 'passed', 'role-state': 'granted' }],
    ])('a group that is granted the role %s', async (_, isMember, outputs) => {
      nextRun('9876543211')
      const group = securityGroup(cloud, isMember ? undefined : [])
      const principal = { 'principal-id': group.objectId, 'principal-type': 'Group' }
      const second = await runGate(cloud, { inputs: principal })

      expect(operations(second)).toContain('roleAssignments.create')
      expect(second.outputs).toMatchObject(outputs)
    })

    test('a group that holds the role, without the pipeline in it, does not count either', async () => {
      nextRun('9876543211')
      const group = securityGroup(cloud, [])
      alsoHolds(cloud, { role: roles.user, principalId: group.objectId })
      const principal = { 'principal-id': group.objectId, 'principal-type': 'Group' }

      const second = await runGate(cloud, { inputs: principal })
      expect(second.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
      expect(logOf(second)).toContain('only by a temporary role assignment of another job')
    })
  })

  test('jobs of one matrix have different leases', async () => {
    await runGate(cloud, { inputs })
    cloud.world.workflow.checkRunId = '40118872204'
    const leg = await runGate(cloud, { inputs: { ...inputs, 'propagation-timeout': '30s' } })

    expect(leg.outputs.diagnosis).toBe('role-assignment-conflict')
  })
})

test.each(forgedStates)('a state with %s removes nothing', async (_, forge) => {
  const run = await runGate(cloud, { inputs })
  alsoHolds(cloud, { role: roles.reader })
  const before = structuredClone(cloud.world)
  const other = `${accountScope(cloud)}/providers/Microsoft.Authorization/roleAssignments/${before.roleAssignments.at(-1)?.name}`
  const forged = forge(JSON.parse(run.state['temporary-grant'] ?? ''), other)
  const text = typeof forged === 'string' ? forged : JSON.stringify(forged)

  const post = await runPost(cloud, { state: { ...run.state, 'temporary-grant': text ?? '' } }, { inputs })
  expect(cloud.world).toEqual(before)
  expect(post.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
})

test('no forged state makes the main step run as the post step', async () => {
  holds(cloud, { role: roles.reader })
  const feigned = { 'main-step-ran': 'true', isPost: 'true', 'temporary-grant': '{}' }
  const env = Object.fromEntries(Object.entries(feigned).map(([name, value]) => [`STATE_${name}`, value]))

  expect((await runGate(cloud, { env })).outputs).toMatchObject({ diagnosis: 'cannot-assign-role' })
})

test('the saved state has the id of the assignment, and no secret', async () => {
  const run = await runGate(cloud, { inputs })

  expect(Object.keys(run.state).toSorted()).toEqual(['temporary-grant'])
  expect(run.state['temporary-grant']).toContain(run.outputs['role-assignment-id'])
})

describe('an assignment of Privileged Identity Management that ends by itself', () => {
  const hourMs = 3_600_000
  const endsIn = (hours: number): void => {
    holds(cloud, { role: roles.user })
    alsoHolds(cloud, { role: roles.reader })
    const [held] = cloud.world.roleAssignments
    Object.assign(held ?? {}, { endsOn: new Date(cloud.clock.now() + hours * hourMs).toISOString() })
  }
  const saying = 'The role is held only for a time'

  test.each([
    ['within the hour', 1, 'medium'],
    ['in a month', 720, 'low'],
  ])('%s is a finding of a green run', async (_, hours, severity) => {
    endsIn(hours)
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(run.report).toMatchObject({
      findings: expect.arrayContaining([
        expect.objectContaining({ id: 'temporary-assignment', severity, title: saying }),
      ]),
    })
    expect(operations(run)).toContain('roleAssignmentScheduleInstances.list')
  })

  test('fails a run that does not accept such findings', async () => {
    endsIn(1)
    const run = await runGate(cloud, { inputs: { 'fail-on': 'medium' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'finding-forbidden' })
    expect(logOf(run)).toContain('by an assignment that ends at')
  })

  test('is gone after its end, and the run is denied', async () => {
    endsIn(1)
    cloud.clock.advance(hourMs)
    const run = await runGate(cloud, { inputs: { grant: 'never' } })

    expect(run.outputs).toMatchObject({ diagnosis: 'access-denied', 'role-state': 'missing' })
    expect(cloud.world.roleAssignments).toHaveLength(1)
  })

  test('is no finding beside one that stays', async () => {
    endsIn(1)
    alsoHolds(cloud, { role: roles.foundryUser })
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed' })
    expect(JSON.stringify(run.report)).not.toContain(saying)
  })

  test.each([
    ['is refused', { kind: 'reply', status: 403, body: envelope('AadPremiumLicenseRequired', 'P2') }],
    ['fails', { kind: 'reset', when: 'before' }],
    ['takes long', { kind: 'delay', ms: hourMs }],
  ] as const)('is not reported if the question %s, and the run is as green as before', async (_, effect) => {
    endsIn(1)
    cloud.faults.add({ name: 'not told', operation: 'roleAssignmentScheduleInstances.list', effect })
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(JSON.stringify(run.report)).not.toContain(saying)
  })

  test('is not asked for by a principal that cannot list assignments', async () => {
    holds(cloud, { role: roles.user })
    const run = await runGate(cloud, { inputs: { grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
    expect(operations(run)).not.toContain('roleAssignmentScheduleInstances.list')
  })
})
