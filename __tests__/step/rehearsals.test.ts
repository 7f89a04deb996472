import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../../src/gate/record.ts'
import { readSettings } from '../../src/inputs/index.ts'
import { rehearse } from '../../src/report/publish.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import { rehearseGate } from '../../src/step/rehearsal.ts'
import { answeringAs } from '../../src/step/rehearsed-replies.ts'
import { emptyRecord, fullRecord, ids, scope } from '../support/record-fixture.ts'
import { repositoryRoot } from '../support/scenario.ts'

/** What runs ahead while replies are awaited. Nobody hears if it breaks off: here somebody does. */

const usual = {
  'client-id': ids.client,
  'tenant-id': ids.tenant,
  'resource-id': scope,
}

const atOnce = { idle: async () => {}, entraAsked: Promise.resolve() }

/** @returns how the run ended that is rehearsed for these inputs */
function rehearsed(inputs: Readonly<Record<string, string>>): Promise<Outcome> {
  const settings = readSettings(name => inputs[name] ?? '', {})
  const clock = { now: Date.now }
  return rehearseGate({ settings, run: readWorkflowRun({}), clock }, atOnce)
}

test('the run that is rehearsed reads everything, and passes', async () => {
  const { result, record } = await rehearsed(usual)

  expect(result).toBe('passed')
  expect(record).toMatchObject({
    roleState: 'direct',
    row: 'not-needed',
    account: { keyAccess: 'disabled' },
    deployments: [{ name: 'rehearsal' }],
    modelList: { models: [{ name: 'gpt-4.1' }] },
    deniedBy: [],
  })
})

test('if the gate never grants, roles cannot be read in the rehearsal either, and a row is made', async () => {
  const { result, record } = await rehearsed({ ...usual, grant: 'never' })

  expect(result).toBe('passed')
  expect(record).toMatchObject({ roleState: 'unknown', row: 'made', connections: 3 })
})

test.each<[string, Readonly<Record<string, string>>, Outcome['result']]>([
  ['a plan', { grant: 'plan' }, 'planned'],
  [
    'a group as the holder of the role',
    { 'principal-id': ids.principal, 'principal-type': 'Group' },
    'passed',
  ],
  ['a second identity', { 'setup-client-id': ids.principal }, 'passed'],
  [
    'a role of another name, and more to do',
    { role: 'Contoso Caller', also: 'Microsoft.CognitiveServices/accounts/OpenAI/files/write' },
    'passed',
  ],
  [
    'an app and its identity',
    { 'runtime-principals': ids.principal, 'probe-url': 'https://app.example/' },
    'passed',
  ],
  ['an expectation and a key', { expect: 'never said', 'retired-key': 'of-old-times-0123456789' }, 'passed'],
  ['another cloud', { cloud: 'AzureChinaCloud' }, 'passed'],
])('inputs with %s are rehearsed without what only few runs do', async (_what, inputs, result) => {
  expect((await rehearsed({ ...usual, ...inputs })).result).toBe(result)
})

test('if Resource Manager is not asked, the rehearsal does not load its client', async () => {
  const { 'resource-id': _, ...identity } = usual
  const { result, record } = await rehearsed({
    ...identity,
    endpoint: 'https://contoso.openai.azure.com',
    deployments: 'chat=chat-completions',
  })

  expect(result).toBe('passed')
  expect(record.account).toBeUndefined()
})

test.each(['deployments', 'models', 'roleAssignments', 'roleAssignmentScheduleInstances', 'denyAssignments'])(
  'there is a reply for each list that the gate reads, even for those that it could do without: %s',
  async list => {
    const http = answeringAs({ mayReadRoles: true }, atOnce)
    const { status } = await http({
      method: 'GET',
      url: `https://any.example/${list}?api-version=1`,
      headers: {},
    })

    expect(status).toBe(200)
  },
)

test('before Entra is asked, the rehearsal goes no further than its token', async () => {
  const settings = readSettings(name => ({ ...usual })[name] ?? '', {})
  const { promise: entraAsked, resolve: askEntra } = Promise.withResolvers<void>()
  const told = { settings, run: readWorkflowRun({}), clock: { now: Date.now } }
  const ended = rehearseGate(told, { ...atOnce, entraAsked })
  const first = await Promise.race([ended, sleep(300, 'waiting')])
  askEntra()

  expect(first).toBe('waiting')
  expect((await ended).result).toBe('passed')
})

test('the rehearsal prints nothing, and opens no connection', () => {
  const script = `
    const { subscribe } = await import('node:diagnostics_channel')
    for (const name of ['net.client.socket', 'http.client.request.start'])
      subscribe(name, () => console.log(name))
    const of = path => import('${repositoryRoot}/src/' + path)
    const { rehearseGate } = await of('step/rehearsal.ts')
    const { readSettings } = await of('inputs/index.ts')
    const { readWorkflowRun } = await of('services/github/workflow-run.ts')
    const { rehearse } = await of('report/publish.ts')
    const settings = readSettings(name => (${JSON.stringify(usual)})[name] ?? '', {})
    const clock = { now: Date.now }
    const atOnce = { idle: async () => {}, entraAsked: Promise.resolve() }
    const outcome = await rehearseGate({ settings, run: readWorkflowRun({}), clock }, atOnce)
    rehearse(outcome, { clock, startedAt: 0 })
    console.log(outcome.result)`
  const said = execFileSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script],
    { encoding: 'utf8', env: { PATH: process.env.PATH ?? '' } },
  )

  expect(said).toBe('passed\n')
})

test.each([
  ['nothing yet', emptyRecord()],
  ['everything', fullRecord()],
])('reporting the end goes through a record of %s', (_what, record) => {
  const telling = { clock: { now: () => 2000 }, startedAt: 1000 }

  expect(() => rehearse({ result: 'passed', record }, telling)).not.toThrow()
})
