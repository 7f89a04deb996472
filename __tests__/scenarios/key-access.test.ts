import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { account, accountEndpoint, alsoHolds, envelope, holds, roles } from '../support/arrange.ts'
import type { GateRun } from '../support/gate-run.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

const minute = 60_000

let cloud: LocalCloud
/** One replica of its data plane hears of key access two minutes late. */
let slow: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
  slow = await createLocalCloud({ lag: { keyAccess: [2 * minute, 0] } })
})
beforeEach(() => {
  cloud.reset()
  slow.reset()
})
afterAll(() => Promise.all([cloud.close(), slow.close()]))

const keyOf = (at: LocalCloud) => accountKeys(accountScope(at)).key2
const mayInfer = (at = cloud) => alsoHolds(at, { role: roles.user })
const warnings = ({ annotations }: GateRun) => annotations.filter(({ level }) => level === 'warning')
const byKey = ({ requests }: GateRun) => requests.filter(({ headers }) => headers['api-key'] !== undefined)
const endpointAlone = () => ({
  'resource-id': '',
  'resource-manager-endpoint': '',
  endpoint: accountEndpoint(cloud),
})

describe('key-access', () => {
  test('warn, with keys on: the run passes, with one warning that has the command', async () => {
    account(cloud).disableLocalAuth = null
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'enabled' })
    expect(warnings(run).map(({ message }) => message)).toEqual([
      expect.stringMatching(/still accepts API keys.*az resource update .*\.disableLocalAuth=true$/),
    ])
    expect(logOf(run).match(/still accepts API keys/g)).toHaveLength(1)
  })

  test('ignore, with keys on: no mention of keys', async () => {
    account(cloud).disableLocalAuth = false
    const run = await runGate(cloud, { inputs: { 'key-access': 'ignore' } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'enabled' })
    expect(warnings(run)).toEqual([])
    expect(logOf(run)).not.toContain('accepts API keys')
  })

  test('forbid, with keys off, passes without a warning', async () => {
    const run = await runGate(cloud, { inputs: { 'key-access': 'forbid' } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'disabled' })
    expect(warnings(run)).toEqual([])
  })

  test('forbid, with keys on: nothing is granted, and no key is read', async () => {
    account(cloud).disableLocalAuth = false
    const run = await runGate(cloud, {
      inputs: { 'key-access': 'forbid', 'retired-key': keyOf(cloud) },
    })
    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'keys-enabled' })
    expect(operations(run)).not.toContain('roleAssignments.create')
    expect(operations(run)).not.toContain('accounts.listKeys')
    expect(byKey(run)).toEqual([])
  })

  test('forbid under grant: plan: planned, and the plan says what would fail', async () => {
    account(cloud).disableLocalAuth = false
    const run = await runGate(cloud, {
      inputs: { 'key-access': 'forbid', grant: 'plan', 'retired-key': keyOf(cloud) },
    })
    expect(run.outputs).toMatchObject({ result: 'planned', diagnosis: '', 'key-access': 'enabled' })
    expect(logOf(run)).toMatch(/Plan: .* the gate would fail with keys-enabled: .*az resource update --ids/s)
    expect(run.summary).toContain('the gate would fail with keys')
    expect(byKey(run)).toEqual([])
  })

  test('forbid under grant: plan, for an account that cannot be read', async () => {
    holds(cloud, { role: roles.dataContributor })
    const run = await runGate(cloud, {
      inputs: { 'key-access': 'forbid', grant: 'plan', endpoint: accountEndpoint(cloud) },
    })
    expect(run.outputs).toMatchObject({ result: 'planned', 'key-access': 'unknown' })
    expect(logOf(run)).toContain('the gate would fail with resource-manager-forbidden')
  })
})

describe('retired-key', () => {
  test('refused because key access is off', async () => {
    mayInfer()
    const run = await runGate(cloud, { inputs: { 'retired-key': keyOf(cloud) } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'disabled', attempts: '1' })
    expect(logOf(run)).toMatch(
      /The retired key is refused \(403 AuthenticationTypeDisabled\): key access is off/,
    )
    expect(run.log).toContain('▸ Retired key')
    expectKeyAtDataPlane(run, keyOf(cloud))
  })

  test('refused as a wrong key, which says nothing about the others', async () => {
    mayInfer()
    account(cloud).disableLocalAuth = false
    const run = await runGate(cloud, {
      inputs: { 'retired-key': '0123456789abcdef0123456789abcdef', 'key-access': 'ignore' },
    })
    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'enabled' })
    expect(logOf(run)).toMatch(/refused \(401\): it is not.*nothing about other keys/)
  })

  test('accepted until the change reaches every replica: waited for', async () => {
    mayInfer(slow)
    account(slow).keyAccessChangedOn = new Date(slow.clock.now()).toISOString()
    const startedAt = slow.clock.now()
    const run = await runGate(slow, { inputs: { 'retired-key': keyOf(slow) } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'propagation-seconds': '0.0', attempts: '1' })
    expect(logOf(run)).toMatch(/of at most 15 min · probe \d+: accepted · next in/)
    const waited = slow.clock.now() - startedAt
    expect(waited).toBeGreaterThan(1.9 * minute)
    expect(waited).toBeLessThan(2.5 * minute)
    // Replicas are visited in turn, and one of them refused from the start: it takes three refusals in a row.
    expect(
      byKey(run)
        .map(({ status }) => status)
        .slice(-3),
    ).toEqual([403, 403, 403])
    expect(new Set(byKey(run).map(({ status }) => status))).toEqual(new Set([200, 403]))
    expectKeyAtDataPlane(run, keyOf(slow))
  })

  test('refused by one replica and accepted by another: one refusal is no proof', async () => {
    const other = await createLocalCloud({ lag: { keyAccess: [0, 2 * minute] } })
    try {
      mayInfer(other)
      account(other).keyAccessChangedOn = new Date(other.clock.now()).toISOString()
      const before = other.clock.now()
      const run = await runGate(other, { inputs: { 'retired-key': keyOf(other) } })
      expect(run.outputs.result).toBe('passed')
      expect(other.clock.now() - before).toBeGreaterThan(1.9 * minute)
    } finally {
      await other.close()
    }
  })

  test('with an endpoint alone, the refusal proves that keys are off', async () => {
    mayInfer()
    const run = await runGate(cloud, {
      inputs: { ...endpointAlone(), 'retired-key': keyOf(cloud), 'key-access': 'forbid' },
    })
    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'disabled' })
    expect(warnings(run)).toEqual([])
  })

  test.each([
    ['with an endpoint alone', () => ({ ...endpointAlone() })],
    ['with an account that may not be read', () => ({ endpoint: accountEndpoint(cloud) })],
  ])('forbid, %s, and a key of another resource: other keys may work', async (_, inputs) => {
    holds(cloud, { role: roles.dataContributor })
    account(cloud).disableLocalAuth = false
    const run = await runGate(cloud, {
      inputs: {
        ...inputs(),
        'retired-key': '0123456789abcdef0123456789abcdef',
        'key-access': 'forbid',
      },
    })
    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'keys-enabled',
      'key-access': 'unknown',
    })
    expect(logOf(run)).toContain('It is not known whether other keys work.')
    expect(logOf(run)).toContain('give one of the two keys that the resource has now')
  })

  test('is not tried if the proof failed', async () => {
    holds(cloud, { role: roles.reader })
    const run = await runGate(cloud, { inputs: { 'retired-key': keyOf(cloud), grant: 'never' } })
    expect(run.outputs.diagnosis).toBe('access-denied')
    expect(byKey(run)).toEqual([])
  })

  test('if a server quotes it back, in a command or in pieces, nothing of it is printed', async () => {
    mayInfer()
    const key = keyOf(cloud)
    const quoted = `##[error]${key} ::add-mask::x\n::warning::${[...key].join('\u200b')} ${'x'.repeat(1180)}${key}`
    cloud.faults.add({
      name: 'echo',
      operation: 'chatCompletions.create',
      skip: 1,
      effect: {
        kind: 'reply',
        status: 400,
        headers: { 'apim-request-id': key, 'x-request-id': `id-${key}` },
        body: envelope(key, quoted),
      },
    })
    const run = await runGate(cloud, { inputs: { 'retired-key': key } })
    expect(run.outputs.diagnosis).toBe('inference-rejected')
    expect(logOf(run)).toContain('(key)')
    const told = JSON.stringify([run.unmasked, run.annotations, run.summary, run.report])
    expect(told).not.toContain(key.slice(0, 8))
    expect(told.replaceAll('\uFFFD', '')).not.toContain(key)
    expect(warnings(run)).toEqual([])
  })
})

/** In its header, at the host that the smoke call went to, and nowhere else. */
function expectKeyAtDataPlane(run: GateRun, key: string): void {
  expect(byKey(run).length).toBeGreaterThan(0)
  for (const request of run.requests) {
    const { headers, ...rest } = request
    const { 'api-key': sent, ...others } = headers
    expect(JSON.stringify({ rest, others })).not.toContain(key)
    if (sent === undefined) continue
    expect(sent).toBe(key)
    expect(headers).not.toHaveProperty('authorization')
    expect(request.service).toBe('inference')
  }
  expect(run.masks).toContain(key)
}
