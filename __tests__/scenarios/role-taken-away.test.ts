import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { removeAssignment } from '../../local-cloud/rbac.ts'
import { permanentName } from '../../src/azure/rbac/assignment-name.ts'
import { alsoHolds, pipeline, refuse, roles } from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

/** A role that was taken away a moment ago: replicas still honour it, and will stop before they hear of the grant that replaces it. */

const seconds = 1000
const minutes = 60 * seconds

async function withRoleTakenAway(
  lag: readonly number[],
  agoMs: number,
  check: (cloud: LocalCloud) => Promise<void>,
): Promise<void> {
  const cloud = await createLocalCloud({ lag: { roleAssignments: [...lag] } })
  try {
    alsoHolds(cloud, { role: roles.user })
    const [old] = cloud.world.roleAssignments.filter(
      ({ roleDefinitionId }) => roleDefinitionId === roles.user,
    )
    if (old === undefined) throw new Error('The pipeline holds the role')
    removeAssignment(cloud.world, old, cloud.clock.now() - agoMs)
    await check(cloud)
  } finally {
    await cloud.close()
  }
}

test.each<[string, number[], number]>([
  ['lapses long before the new one is live', [4 * minutes], 3 * minutes],
  ['lapses on one replica after the other', [2 * minutes, 3 * minutes], minutes],
  ['lapses for less time than there is between two probes', [4 * minutes], 2 * seconds],
])('the old role %s: passes once the new one is live everywhere', async (_, lag, agoMs) => {
  await withRoleTakenAway(lag, agoMs, async cloud => {
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted', diagnosis: '' })
    const [first] = run.requests.filter(({ operation }) => operation === 'chatCompletions.create')
    const [grant] = run.requests.filter(({ operation }) => operation === 'roleAssignments.create')
    expect(first?.status).toBe(200)
    expect(cloud.clock.now() - (grant?.at ?? 0)).toBeGreaterThanOrEqual(Math.max(...lag))
    expect(cloud.clock.now() - (grant?.at ?? 0)).toBeLessThanOrEqual(5 * minutes + 5 * seconds)
    expect(logOf(run)).toMatch(
      /of at most 5 min · probe 2: live, but perhaps only by a right that was removed/,
    )
  })
})

/** A read by name, from a copy that has not heard of the removal, has to prove no more than the list that has. */
test('an assignment that only a read by name still shows does not count as old: denied', async () => {
  await withRoleTakenAway([4 * minutes], minutes, async cloud => {
    const { objectId: principalId } = pipeline(cloud).principal
    const name = permanentName({ scope: accountScope(cloud), principalId, roleGuid: roles.user })
    refuse(cloud, 'roleAssignments.get', 200, {
      id: `${accountScope(cloud)}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      properties: {
        scope: accountScope(cloud),
        principalId,
        roleDefinitionId: `/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/${roles.user}`,
        createdOn: '2026-01-01T00:00:00Z',
        updatedOn: '2026-01-01T00:00:00Z',
      },
    })
    const run = await runGate(cloud, { inputs: { 'propagation-timeout': '6m' } })

    expect(operations(run)).not.toContain('roleAssignments.create')
    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
    expect(logOf(run)).toContain('live, but perhaps only by a right that was removed')
  })
})

test('a role that would not allow the calls is not granted instead', async () => {
  await withRoleTakenAway([4 * minutes], minutes, async cloud => {
    const run = await runGate(cloud, {
      inputs: { role: 'Cognitive Services OpenAI User', deployments: 'DeepSeek-V3' },
    })

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'access-denied',
      'role-state': 'missing',
    })
    expect(operations(run)).not.toContain('roleAssignments.create')
    expect(logOf(run)).toContain('does not cover Microsoft.CognitiveServices/accounts/MaaS')
  })
})

describe('a role that is only verified', () => {
  const inputs = { grant: 'never' }

  test('is watched until it lapses, and then denied', async () => {
    await withRoleTakenAway([4 * minutes], minutes, async cloud => {
      const run = await runGate(cloud, { inputs })

      expect(run.outputs).toMatchObject({
        result: 'failed',
        diagnosis: 'access-denied',
        'role-state': 'missing',
      })
      expect(operations(run)).not.toContain('roleAssignments.create')
      expect(logOf(run)).toMatch(
        /of at most 5 min · probe 1: live, but perhaps only by a right that was removed/,
      )
    })
  })

  test('with less time than an old role can last, the outcome is unknown: red', async () => {
    await withRoleTakenAway([4 * minutes], minutes, async cloud => {
      const run = await runGate(cloud, { inputs: { ...inputs, 'propagation-timeout': '60s' } })

      expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-unexplained' })
      expect(logOf(run)).toContain('A right that was removed may keep working for 5 min')
    })
  })

  test('if calls succeed longer than any old role can last, the gate passes, and says that the right is not known', async () => {
    await withRoleTakenAway([60 * minutes], minutes, async cloud => {
      const run = await runGate(cloud, { inputs })

      expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
      expect(run.report).toMatchObject({
        findings: expect.arrayContaining([expect.objectContaining({ id: 'access-unexplained' })]),
      })
      expect(run.annotations).toEqual([
        expect.objectContaining({
          level: 'warning',
          message: expect.stringContaining('the gate does not know what'),
        }),
      ])
      const calls = operations(run).filter(operation => operation === 'chatCompletions.create')
      expect(calls.length).toBeLessThanOrEqual(50)
    })
  })
})

test('a grant that had less time than the old role may linger is not proven', async () => {
  await withRoleTakenAway([4 * minutes], minutes, async cloud => {
    const run = await runGate(cloud, { inputs: { 'propagation-timeout': '60s' } })

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'access-unexplained',
      'role-state': 'granted',
    })
  })
})

test.each([
  ['only verified', { grant: 'never' }, 'access-denied', 1],
  ['granted again', {}, '', 3],
])(
  'a model that is billed per item is not called again to watch a role that is %s',
  async (_, inputs, diagnosis, most) => {
    await withRoleTakenAway([4 * minutes], minutes, async cloud => {
      const run = await runGate(cloud, { inputs: { deployments: 'images=images', ...inputs } })

      expect(run.outputs.diagnosis).toBe(diagnosis)
      const bought = run.requests.filter(
        ({ operation, status }) => operation === 'images.generate' && status === 200,
      )
      expect(bought.length).toBeLessThanOrEqual(most)
    })
  },
)
