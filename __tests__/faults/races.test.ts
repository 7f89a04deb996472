import type { Lag } from '../../local-cloud/context.ts'
import { removeAssignment } from '../../local-cloud/rbac.ts'
import type { Deployment, RoleAssignment, RoleDefinition } from '../../local-cloud/world.ts'
import { account, alsoHolds, pipeline, roles } from '../support/arrange.ts'
import { type InProcessRun, openStage, type Stage } from '../support/in-process.ts'
import { accountScope } from '../support/scenario.ts'
import { expectSound, expectSoundBesides } from './sound.ts'

/** What other people, other runs and other replicas do while a gate is at work. */

const seconds = 1000
const minutes = 60 * seconds

let stage: Stage

/** A local cloud whose replicas learn of changes this late. */
async function open(lag: Partial<Lag> = {}): Promise<void> {
  stage = await openStage({ lag })
}
afterEach(() => stage.close())

const now = () => stage.cloud.clock.now()
const ago = (ms: number) => new Date(now() - ms).toISOString()

const end = (run: InProcessRun) => run.end

/** The pipeline's assignments of the role that gates grant by default. */
const granted = () =>
  stage.cloud.world.roleAssignments.filter(({ roleDefinitionId }) => roleDefinitionId === roles.user)

describe('gates for the same principal and role at once', () => {
  test.each([2, 5, 10])('%d: one assignment, all pass', async count => {
    await open({ roleAssignments: [20 * seconds, 35 * seconds] })
    const runs = await Promise.all(Array.from({ length: count }, () => stage.run()))
    expect(runs.map(end)).toEqual(runs.map(() => 'passed'))
    expect(granted()).toHaveLength(1)
    for (const run of runs) {
      expectSoundBesides(stage, run)
      expect(run.report.roleAssignmentId).toContain(granted()[0]?.name)
      expect(run.tookMs).toBeLessThan(60 * seconds)
    }
  })

  test('a second gate that starts during the wait finds the assignment and waits for it too', async () => {
    await open({ roleAssignments: [2 * minutes] })
    const [first, second] = await Promise.all([
      stage.run(),
      stage.sleep(30 * seconds).then(() => stage.run()),
    ])
    expect([end(first), end(second)]).toEqual(['passed', 'passed'])
    expect([first.report.roleState, second.report.roleState]).toEqual(['granted', 'direct'])
    expect(granted()).toHaveLength(1)
  })
})

describe('while a gate waits', () => {
  test('an administrator removes the grant before it is live: the wait ends at its deadline', async () => {
    await open({ roleAssignments: [5 * minutes] })
    const removal = stage.sleep(2 * minutes).then(() => {
      stage.cloud.world.roleAssignments = stage.cloud.world.roleAssignments.filter(each => !isGrant(each))
    })
    const [run] = await Promise.all([stage.run(), removal])
    expect(end(run)).toBe('access-not-propagated')
    expect(granted()).toEqual([])
    expectSoundBesides(stage, run)
  })

  test('an administrator removes the grant after it is live on some replicas: no row of successes completes', async () => {
    await open({ roleAssignments: [10 * minutes, 10 * seconds] })
    const removal = stage.sleep(minutes).then(() => {
      for (const assignment of granted()) removeAssignment(stage.cloud.world, assignment, now())
    })
    const [run] = await Promise.all([stage.run(), removal])
    expect(end(run)).toBe('access-not-propagated')
    expect(run.report.probes.some(({ outcome }) => outcome === 'ok')).toBe(true)
    expectSoundBesides(stage, run)
  })

  test('the resource is deleted: the next probe ends the wait', async () => {
    await open({ roleAssignments: [10 * minutes] })
    const removal = stage.sleep(minutes).then(() => {
      stage.cloud.world.accounts.length = 0
    })
    const [run] = await Promise.all([stage.run(), removal])
    expect(end(run)).toBe('endpoint-not-found')
    expect(run.tookMs).toBeLessThan(70 * seconds)
    expectSound(stage, run)
  })

  test('the role is renamed: the gate granted it by its id, so nothing changes', async () => {
    await open({ roleAssignments: [2 * minutes] })
    const role: RoleDefinition = {
      id: 'b0b7a8a0-3f0e-4f7e-9a53-2f6d8c1e4a75',
      roleName: 'Contoso Model Caller',
      description: '',
      type: 'CustomRole',
      assignableScopes: [accountScope(stage.cloud)],
      permissions: [
        { actions: [], notActions: [], dataActions: ['Microsoft.CognitiveServices/*'], notDataActions: [] },
      ],
    }
    stage.cloud.world.roleDefinitions.push(role)
    const renaming = stage.sleep(minutes).then(() => {
      role.roleName = 'Contoso Inference User'
    })
    const [run] = await Promise.all([stage.run({ inputs: { role: 'Contoso Model Caller' } }), renaming])
    expect(end(run)).toBe('passed')
    expectSound(stage, run)
  })

  test('the federated credential is replaced, and reaches Entra slowly, while tokens have to be renewed', async () => {
    await open({
      roleAssignments: [70 * minutes],
      federatedCredentials: [8 * seconds, 0, 8 * seconds],
    })
    const replacing = stage.sleep(54.9 * minutes).then(() => {
      pipeline(stage.cloud).credential.createdOn = ago(0)
    })
    const [run] = await Promise.all([stage.run({ inputs: { 'propagation-timeout': '2h' } }), replacing])
    expect(end(run)).toBe('passed')
    expectSound(stage, run)
  })
})

test('access is proven only when all replicas agree', async () => {
  await open({ roleAssignments: [0, 90 * seconds, 5 * seconds] })
  const run = await stage.run()
  expect(end(run)).toBe('passed')
  const outcomes = run.report.probes.map(({ outcome }) => outcome)
  expect(outcomes.slice(0, -3)).toEqual(expect.arrayContaining(['ok', 'access-denied']))
  // Two of the three agree early: rows of two that the third breaks, until twelve in a row are asked for.
  expect(outcomes.slice(-12)).toEqual(Array.from({ length: 12 }, () => 'ok'))
  expect(run.report.propagationSeconds).toBeGreaterThan(89)
  expectSound(stage, run)
})

test('a federated credential that some replicas of Entra do not know for good fails within half a minute', async () => {
  await open({ federatedCredentials: [60 * minutes] })
  pipeline(stage.cloud).credential.createdOn = ago(0)
  const run = await stage.run()
  expect(end(run)).toBe('federated-credential-missing')
  expect(run.tookMs).toBeLessThan(30 * seconds)
  expectSound(stage, run)
})

describe('a deployment that the data plane does not know', () => {
  function deploy(change: Partial<Deployment>): void {
    const deployment = account(stage.cloud).deployments.find(({ name }) => name === 'chat')
    Object.assign(deployment ?? {}, change)
  }
  const hold = () => alsoHolds(stage.cloud, { role: roles.user })

  test('is waited for if it is new', async () => {
    await open({ deployments: [3 * minutes, 4 * minutes] })
    hold()
    deploy({ createdOn: ago(minutes) })
    const run = await stage.run()
    expect(end(run)).toBe('passed')
    expect(run.tookMs).toBeGreaterThan(1.9 * minutes)
    expect(run.tookMs).toBeLessThan(3.5 * minutes)
    expectSound(stage, run)
  })

  test('is waited for if it is new, and the role too', async () => {
    await open({ deployments: [4 * minutes], roleAssignments: [minutes] })
    deploy({ createdOn: ago(minutes) })
    const run = await stage.run()
    expect(end(run)).toBe('passed')
    expectSound(stage, run)
  })

  test('is waited for while it is being created', async () => {
    await open()
    hold()
    deploy({ provisioningState: 'Creating' })
    const done = stage.sleep(90 * seconds).then(() => deploy({ provisioningState: 'Succeeded' }))
    const [run] = await Promise.all([stage.run(), done])
    expect(end(run)).toBe('passed')
    expectSound(stage, run)
  })

  test('is waited for if endpoint and API are given, so that the list comes later', async () => {
    await open({ deployments: [3 * minutes] })
    hold()
    deploy({ createdOn: ago(minutes) })
    const [endpoint = ''] = stage.cloud.endpoints.accounts.values()
    const run = await stage.run({ inputs: { endpoint, api: 'chat-completions' } })
    expect(end(run)).toBe('passed')
    expectSound(stage, run)
  })

  test('is given up after five minutes', async () => {
    await open({ deployments: [60 * minutes] })
    hold()
    deploy({ createdOn: ago(minutes) })
    const run = await stage.run()
    expect(end(run)).toBe('deployment-not-ready')
    expect(run.tookMs).toBeGreaterThan(4 * minutes)
    expect(run.tookMs).toBeLessThan(5.5 * minutes)
    expectSound(stage, run)
  })

  test('fails at once if it is not new', async () => {
    await open({ deployments: [60 * minutes] })
    hold()
    deploy({ createdOn: ago(20 * minutes) })
    const run = await stage.run()
    expect(end(run)).toBe('deployment-not-ready')
    expect(run.tookMs).toBeLessThan(5 * seconds)
    expectSound(stage, run)
  })
})

const isGrant = ({ roleDefinitionId }: RoleAssignment) => roleDefinitionId === roles.user

describe('parallel jobs with temporary grants', () => {
  const optionsOf = (runId: string) => ({
    inputs: { revoke: 'true', 'propagation-timeout': '2h' },
    env: { GITHUB_RUN_ID: runId },
  })

  /** Passes the gate, deploys for a while, and ends; says whether it was ever without access in between. */
  async function job(runId: string, deployMs: number) {
    const options = optionsOf(runId)
    const run = await stage.run(options)
    const own = run.report.roleAssignmentId?.split('/').at(-1)
    const isHeld = () => granted().some(({ name }) => name === own)
    const heldAtFirst = isHeld()
    const deploying = 5 * seconds
    let wasLost = false
    for (let passed = 0; passed < deployMs; passed += deploying) {
      await stage.sleep(deploying)
      wasLost ||= !isHeld()
    }
    const log = await stage.post(run, options)
    return { result: end(run), heldAtFirst, wasLost, log }
  }

  test.each([2, 5])('%d: they run one after the other, and none removes the role of another', async count => {
    await open({ roleAssignments: [20 * seconds] })
    const jobs = await Promise.all(
      Array.from({ length: count }, (_, index) => job(String(index), 60 * seconds)),
    )

    for (const { result, heldAtFirst, wasLost, log } of jobs) {
      expect({ result, heldAtFirst, wasLost }).toEqual({
        result: 'passed',
        heldAtFirst: true,
        wasLost: false,
      })
      expect(log).toEqual([expect.stringContaining('Removed the temporary role assignment')])
    }
    expect(granted()).toEqual([])
  })

  test('the second makes a new grant, which a repeated post step of the first leaves alone', async () => {
    await open({ roleAssignments: [20 * seconds] })
    const first = await stage.run(optionsOf('1'))
    const ending = stage.sleep(30 * seconds).then(() => stage.post(first))
    const [second] = await Promise.all([stage.run(optionsOf('2')), ending])
    expect([first.report.roleState, second.report.roleState]).toEqual(['granted', 'granted'])
    expect(second.report.roleAssignmentId).not.toBe(first.report.roleAssignmentId)

    expect(await stage.post(first)).toEqual([expect.stringContaining('Nothing to remove')])
    expect(granted()).toHaveLength(1)
    await stage.post(second)
    expect(granted()).toEqual([])
  })

  test('beside a job with a permanent grant: that grant stays, and later jobs use it', async () => {
    await open({ roleAssignments: [20 * seconds] })
    const temporary = job('1', 60 * seconds)
    const lasting = stage.sleep(10 * seconds).then(() => stage.run({ env: { GITHUB_RUN_ID: '2' } }))
    const [first, second] = await Promise.all([temporary, lasting])
    expect([first.result, end(second)]).toEqual(['passed', 'passed'])
    expect(granted()).toHaveLength(1)

    const third = await job('3', 10 * seconds)
    expect(third).toMatchObject({ result: 'passed', wasLost: false, log: [] })
    expect(granted()).toHaveLength(1)
  })
})
