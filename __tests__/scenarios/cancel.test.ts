import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ActionInvocation, type ActionResult, startAction } from '../../action-runner/index.ts'
import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { temporaryDescription } from '../../src/azure/rbac/lease.ts'
import { account, alsoHolds, roles } from '../support/arrange.ts'
import { expectValidReport } from '../support/report-validator.ts'
import {
  accountScope,
  environmentOf,
  repositoryRoot,
  sleepsVariable,
  usualInputs,
  withDrivenClock,
  withLog,
} from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [3_600_000], keyAccess: [3_600_000] } })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

interface Stopped extends ActionResult {
  report: {
    result: string
    grant: string | null
    keys: { retiredKey: string | null }
    steps: Array<{ name: string }>
    probes: unknown[]
  }
}

async function stoppedAt(
  operation: string,
  times: number,
  signal: NodeJS.Signals,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Stopped> {
  let report: Stopped['report'] | undefined
  const ended = await signalled(operation, times, signal, { inputs }, ({ outputs }) => {
    report = JSON.parse(readFileSync(outputs.report ?? '', 'utf8'))
  })
  if (report === undefined) throw new Error('A main step that is stopped writes its report')
  return { ...ended, report }
}

/**
 * Starts the built action, sends the signal as soon as the operation has arrived for the given time, and waits for its end. From
 * then on time stands still for it: it ends only where it waits for nothing.
 */
async function signalled(
  operation: string,
  times: number,
  signal: NodeJS.Signals,
  { inputs, ...step }: Pick<ActionInvocation, 'inputs' | 'step' | 'state'>,
  read: (result: ActionResult) => void = () => {},
): Promise<ActionResult> {
  const workFolder = mkdtempSync(join(tmpdir(), 'key-less-gate-cancel-'))
  try {
    const { process: child, result } = startAction({
      action: repositoryRoot,
      ...step,
      inputs: { ...usualInputs(cloud), ...inputs },
      env: environmentOf(cloud, { env: { [sleepsVariable]: String(times) } }),
      ...withDrivenClock,
      ...withLog(),
      workFolder,
    })
    const arrived = () => cloud.journal.entries.filter(entry => entry.operation === operation).length
    while (arrived() < times && child.exitCode === null) await new Promise(resolve => setTimeout(resolve, 10))
    child.kill(signal)
    const ended = await result
    read(ended)
    return ended
  } finally {
    rmSync(workFolder, { recursive: true, force: true })
  }
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', signal => {
  const exitCode = signal === 'SIGINT' ? 130 : 143

  test.each([
    ['while it signs in', 'oidc.token', 1, 'hang', null],
    ['while it looks', 'accounts.get', 1, 'hang', null],
    ['while it grants', 'roleAssignments.create', 1, 'hang', 'unknown'],
    ['while it waits', 'chatCompletions.create', 4, undefined, 'granted'],
  ] as const)(
    '%s: it is gone at once, and outputs, summary and report say what was done',
    async (_when, operation, times, hang, grant) => {
      // The journal shows a request once it is answered: what hangs is let through to take effect, and then never answered.
      if (hang !== undefined)
        cloud.faults.add({ name: 'hang', operation, afterEffect: true, effect: { kind: 'hang' } })
      const run = await stoppedAt(operation, times, signal)

      expect(run.exitCode).toBe(exitCode)
      expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: '' })
      expect(run.report).toMatchObject({ result: 'cancelled', grant, stoppedBy: signal })
      expectValidReport(run.report)
      expect(run.report.probes.length > 0).toBe(grant === 'granted')
      expect(run.log.join('\n')).toContain(`Stopped by ${signal}`)
      expect(run.summary).toContain('stopped before it was proven')
      expect(run.annotations.filter(({ level }) => level === 'error')).toEqual([])
    },
  )
})

test("while it waits for another job's grant to end: nothing was changed", async () => {
  alsoHolds(cloud, {
    role: roles.user,
    description: temporaryDescription(undefined, '7d0b3f52-19ce-4a86-b6e4-52f8c0a91d37'),
  })
  const run = await stoppedAt('roleAssignments.get', 1, 'SIGTERM')

  expect(run.report).toMatchObject({ result: 'cancelled', grant: null })
  expect(run.log.join('\n')).toContain('Nothing was changed.')
})

test('while it waits until the retired key is refused: the report says that it was accepted', async () => {
  alsoHolds(cloud, { role: roles.user })
  account(cloud).keyAccessChangedOn = new Date(cloud.clock.now()).toISOString()
  const retired = { 'retired-key': accountKeys(accountScope(cloud)).key1 }
  const run = await stoppedAt('chatCompletions.create', 3, 'SIGTERM', retired)

  expect(run.exitCode).toBe(143)
  expect(run.report).toMatchObject({ result: 'cancelled', keys: { retiredKey: 'accepted' } })
})

test('in the post step: it is gone at once, and says how to remove what may be left', async () => {
  const inputs = { revoke: 'true' }
  const { state } = await stoppedAt('chatCompletions.create', 2, 'SIGTERM', inputs)
  cloud.faults.add({
    name: 'hang',
    operation: 'roleAssignments.delete',
    afterEffect: true,
    effect: { kind: 'hang' },
  })
  const post = await signalled('roleAssignments.delete', 1, 'SIGTERM', { inputs, step: 'post', state })

  expect(post.exitCode).toBe(0)
  expect(post.annotations).toEqual([
    expect.objectContaining({
      level: 'warning',
      message: expect.stringMatching(/^Stopped by SIGTERM .* az role assignment delete --ids \//),
    }),
  ])
})
