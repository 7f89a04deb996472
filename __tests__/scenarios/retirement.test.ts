import type { Fault } from '../../local-cloud/faults.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { account, accountEndpoint, alsoHolds, ends, holds, roles } from '../support/arrange.ts'
import { applyFix } from '../support/az.ts'
import { openStage } from '../support/in-process.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

const second = 1000
const dayMs = 86_400_000

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

/** The role is missing: a run that grants it sees the list of models long before its end. */
const granting = (inputs: Record<string, string> = {}) => runGate(cloud, { inputs })
const noList: Fault = { name: 'no list', operation: 'models.listOfAccount', effect: { kind: 'hang' } }
const hang = () => cloud.faults.add(noList)
function chat() {
  const found = account(cloud).deployments.find(({ name }) => name === 'chat')
  if (found === undefined) throw new Error('The default world has a deployment chat')
  return found
}
const dayIn = (days: number) => new Date(cloud.clock.now() + days * dayMs).toISOString().slice(0, 10)

test('a model that retires soon is a finding, with its day, what Azure does then, and the command that moves it', async () => {
  ends(cloud, 'chat', 20.5)
  const run = await granting()

  expect(run.outputs.result).toBe('passed')
  expect(run.report).toMatchObject({
    models: [
      {
        deployment: 'chat',
        model: 'gpt-4.1-mini',
        version: '2025-04-14',
        sku: 'GlobalStandard',
        lifecycle: 'GenerallyAvailable',
        retiresAt: expect.stringContaining(dayIn(20.5)),
        daysLeft: 20,
        upgrade: 'NoAutoUpgrade',
        unknown: null,
      },
    ],
    findings: expect.arrayContaining([
      expect.objectContaining({ id: 'model-retires-soon', severity: 'medium' }),
    ]),
  })
  expect(logOf(run)).toContain(
    `chat: gpt-4.1-mini 2025-04-14 (GlobalStandard) retires on ${dayIn(20.5)}, in 20 days. Its upgrade option is NoAutoUpgrade: after that day it does not answer.`,
  )
  expect(run.summary).toMatch(
    /az resource update .*--set 'properties\.model\.version=<VERSION>' --force-string/s,
  )
})

test.each([
  ['a day far away', () => ends(cloud, 'chat', 90.5)],
  ['no day at all, as in the default world', () => {}],
])('%s is no finding', async (_, arrange) => {
  arrange()
  const run = await granting()

  expect(run.outputs.result).toBe('passed')
  expect(operations(run)).toContain('models.listOfAccount')
  expect(run.report).toMatchObject({ models: [{ deployment: 'chat', unknown: null }] })
  expect(logOf(run)).not.toContain('model-retires-soon')
})

test('a deployment that follows the default version is moved to it on the day, and answers', async () => {
  ends(cloud, 'chat', -1)
  const deployment = chat()
  cloud.world.models.push({ ...deployment.model, version: '2026-01-01', isDefaultVersion: true })
  deployment.versionUpgradeOption = 'OnceCurrentVersionExpired'
  const run = await granting()

  expect(run.outputs.result).toBe('passed')
  expect(run.report).toMatchObject({ models: [{ version: '2026-01-01', retiresAt: null }] })
})

describe('a list that cannot be read', () => {
  const inputs = () => ({ endpoint: accountEndpoint(cloud), api: 'chat-completions' })
  beforeEach(() => {
    ends(cloud, 'chat', 20.5)
    holds(cloud, { role: roles.dataContributor })
  })

  test('is neither a finding nor a failure', async () => {
    const run = await runGate(cloud, { inputs: inputs() })

    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({ models: null })
    expect(logOf(run)).not.toContain('model-retires-soon')
  })

  test('fails the gate with model-days-left', async () => {
    const run = await runGate(cloud, { inputs: { ...inputs(), 'model-days-left': '30' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'model-retires-soon' })
    expect(logOf(run)).toMatch(
      /It is not known when the models retire: the list of models could not be read \(resource-manager-forbidden: /,
    )
  })
})

describe('a list that does not come', () => {
  test('is waited for after a call that found no deployment, for at most one request-timeout', async () => {
    alsoHolds(cloud, { role: roles.user })
    ends(cloud, 'chat', -1)
    hang()
    const startedAt = cloud.clock.now()
    const run = await granting({ 'request-timeout': '40s' })
    const tookMs = cloud.clock.now() - startedAt

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'deployment-not-ready' })
    expect(tookMs).toBeGreaterThan(30 * second)
    expect(tookMs).toBeLessThan(50 * second)
  })

  test('fails the gate with model-days-left', async () => {
    alsoHolds(cloud, { role: roles.user })
    hang()
    const run = await granting({ 'model-days-left': '30' })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'model-retires-soon' })
    expect(logOf(run)).toContain(
      'It is not known when the models retire: the list of models could not be read (',
    )
  })
})

test('a list that does not come is not waited for after the proof', async () => {
  const stage = await openStage()
  try {
    alsoHolds(stage.cloud, { role: roles.user })
    stage.cloud.faults.add(noList)
    const run = await stage.run()

    expect(run.end).toBe('passed')
    expect(run.report.models).toBeNull()
    expect(run.tookMs).toBeLessThan(5 * second)
  } finally {
    await stage.close()
  }
})

test('a list of several pages is read to its end', async () => {
  ends(cloud, 'chat', 20.5)
  const nextLink = `${cloud.endpoints.resourceManager}${accountScope(cloud)}/models?api-version=2025-06-01&$skiptoken=2`
  cloud.faults.add({
    name: 'first page',
    operation: 'models.listOfAccount',
    times: 1,
    effect: { kind: 'reply', status: 200, body: { value: [], nextLink } },
  })
  const run = await granting({ 'model-days-left': '10' })

  expect(run.outputs.result).toBe('passed')
  expect(run.report).toMatchObject({ models: [{ daysLeft: 20 }] })
})

test('model-days-left: a model with enough days, or without a day, passes', async () => {
  ends(cloud, 'chat', 31.5)
  const run = await granting({ deployments: 'chat\nembeddings', 'model-days-left': '30' })

  expect(run.outputs.result).toBe('passed')
  expect(run.report).toMatchObject({
    settings: { modelDaysLeft: 30 },
    models: [{ daysLeft: 31 }, { retiresAt: null }],
  })
})

test('model-days-left: a short failure of the list does not fail the gate', async () => {
  cloud.faults.add({
    name: 'blip',
    operation: 'models.listOfAccount',
    times: 2,
    effect: { kind: 'reply', status: 500, body: {} },
  })

  expect((await granting({ 'model-days-left': '30' })).outputs.result).toBe('passed')
})

test('model-days-left: a plan says that the gate would fail', async () => {
  ends(cloud, 'chat', 20.5)
  const run = await granting({ 'model-days-left': '30', grant: 'plan' })

  expect(run.outputs.result).toBe('planned')
  expect(logOf(run)).toContain(
    'Plan: the gate would fail with model-retires-soon: chat must have 30 days left.',
  )
})

test('the command that moves a deployment leaves its size, its content filter and its upgrade option', async () => {
  ends(cloud, 'chat', 20.5)
  const deployment = chat()
  deployment.raiPolicyName = 'Microsoft.DefaultV2'
  const run = await granting()
  const before = structuredClone(deployment)
  const command = /az resource update [^`]*?--force-string/.exec(run.summary)?.[0] ?? ''
  applyFix(
    cloud,
    { title: '', language: 'bash', text: command },
    { '<MODEL>': 'gpt-5-mini', '<VERSION>': '2025-08-07' },
  )

  expect(deployment).toEqual({
    ...before,
    model: { format: 'OpenAI', name: 'gpt-5-mini', version: '2025-08-07' },
  })
})

describe('an agent, which the gate reads and does not run', () => {
  const inputs = () => ({
    'resource-id': `${accountScope(cloud)}/projects/shop`,
    deployments: 'helper=agents',
  })
  beforeEach(() => holds(cloud, { role: roles.foundryUser }, { role: roles.reader }))

  test('whose model ends soon gets a finding about its deployment', async () => {
    ends(cloud, 'chat', 20.5)
    const run = await runGate(cloud, { inputs: inputs() })

    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({ models: [{ deployment: 'chat', daysLeft: 20 }] })
    expect(logOf(run)).toContain('model-retires-soon')
  })

  test.each([
    ['has ended', -1, 'failed'],
    ['ends too soon', 20.5, 'failed'],
    ['has time', 60.5, 'passed'],
  ])('whose model %s, beside `model-days-left`', async (_, days, result) => {
    ends(cloud, 'chat', days)
    const run = await runGate(cloud, { inputs: { ...inputs(), 'model-days-left': '30' } })

    expect(run.outputs).toMatchObject({ result, diagnosis: result === 'failed' ? 'model-retires-soon' : '' })
  })
})
