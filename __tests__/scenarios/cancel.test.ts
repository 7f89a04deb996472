import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { type ActionResult, startAction } from '../../local-cloud/runner.ts'
import { temporaryDescription } from '../../src/access/lease.ts'
import { readWorkflowRun } from '../../src/workflow-run.ts'
import { alsoHolds, roles } from '../support/arrange.ts'
import { expectValidReport } from '../support/report-validator.ts'
import { entryOf, environmentOf, repositoryRoot, usualInputs } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [3_600_000] } })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

interface Stopped extends ActionResult {
  tookMs: number
  report: { result: string; grant: string | null; steps: Array<{ name: string }>; probes: unknown[] }
}

/** Starts the built action, sends the signal as soon as the operation has arrived for the given time, and waits for its end. */
async function stoppedAt(operation: string, times: number, signal: NodeJS.Signals): Promise<Stopped> {
  const workFolder = mkdtempSync(join(tmpdir(), 'key-less-gate-cancel-'))
  try {
    const { process: child, result } = startAction({
      action: repositoryRoot,
      ...entryOf(),
      inputs: usualInputs(cloud),
      env: environmentOf(cloud, {}),
      workFolder,
    })
    const arrived = () => cloud.journal.entries.filter(entry => entry.operation === operation).length
    while (arrived() < times && child.exitCode === null) await new Promise(resolve => setTimeout(resolve, 5))
    const sentAt = performance.now()
    child.kill(signal)
    const ended = await result
    const report = JSON.parse(readFileSync(ended.outputs.report ?? '', 'utf8'))
    return { ...ended, report, tookMs: performance.now() - sentAt }
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
      expect(run.tookMs).toBeLessThan(2000)
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
    description: temporaryDescription(readWorkflowRun({}), '7d0b3f52-19ce-4a86-b6e4-52f8c0a91d37'),
  })
  const run = await stoppedAt('roleAssignments.get', 1, 'SIGTERM')

  expect(run.report).toMatchObject({ result: 'cancelled', grant: null })
  expect(run.log.join('\n')).toContain('Nothing was changed.')
})
