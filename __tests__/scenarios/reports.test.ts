import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { logOf, runGate, withVariables } from '../support/scenario.ts'

/** Two gates in one job: they share the runner's folder for temporary files. */

let cloud: LocalCloud
let temp: string
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => {
  cloud.reset()
  temp = mkdtempSync(join(tmpdir(), 'key-less-gate-reports-'))
})
afterEach(() => rmSync(temp, { recursive: true }))
afterAll(() => cloud.close())

const step = (id: string, inputs: Record<string, string> = {}) =>
  runGate(cloud, { inputs, env: withVariables({ RUNNER_TEMP: temp, GITHUB_ACTION: id }) })

const resultIn = (path = ''): unknown => JSON.parse(readFileSync(path, 'utf8')).result

test.each([
  ['by their names', 'first', 'second', 'key-less-gate-report-second.json'],
  ['by a number, where both have the same', '__self', '__self', 'key-less-gate-report-__self-2.json'],
])('each has a separate report: %s', async (_, one, other, name) => {
  const failed = await step(one, { 'client-id': 'nobody' })
  const passed = await step(other)
  expect(passed.outputs.report).not.toBe(failed.outputs.report)
  expect(basename(passed.outputs.report ?? '')).toBe(name)
  expect([resultIn(failed.outputs.report), resultIn(passed.outputs.report)]).toEqual(['failed', 'passed'])
})

test("the path of another gate's report is refused, and that report stays", async () => {
  const path = join(temp, 'gate.json')
  const failed = await step('first', { 'report-path': path, deployments: 'missing' })
  const second = await step('second', { 'report-path': join(temp, 'elsewhere', '..', 'gate.json') })
  expect(second.outputs).toMatchObject({ result: 'failed', diagnosis: 'input-invalid' })
  expect(logOf(second)).toContain('`report-path` is')
  expect(second.requests).toEqual([])
  expect(failed.outputs.report).toBe(path)
  expect(second.outputs.report).not.toBe(path)
  expect(JSON.parse(readFileSync(path, 'utf8')).diagnosis.code).toBe('deployment-not-found')
})
