import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { DiagnosisCode } from '../../src/core/failures/codes.ts'
import { expectValidReport } from '../support/report-validator.ts'
import { logOf, preloaded, runGate, runPost, runUnchecked, withVariables } from '../support/scenario.ts'

/** What no run should meet: the process is made to fail from outside, for no reply does it. */

const code: DiagnosisCode = 'unexpected-error'

let cloud: LocalCloud
let folder: string
// One for each run: a request that is still on its way when the process ends belongs to no other.
beforeEach(async () => {
  cloud = await createLocalCloud()
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-unexpected-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  await cloud.close()
})

/** No line of the bundle, each of which is as long as a book. */
const withoutSource = /\bfunction\b|=>|\bat file:|\bnode:internal/

/** Does this when the gate asks for its OIDC token (nodejs.org, diagnostics_channel: http.client.request.start). */
const atFirstRequest = (javascript: string) =>
  preloaded(`import { subscribe } from 'node:diagnostics_channel'
    subscribe('http.client.request.start', ({ request }) => {
      if (request.path.includes('audience=')) setImmediate(() => { ${javascript} })
    })`)

describe('an uncaught error is reported like any other failure', () => {
  test.each([
    ['an exception', 'throw new RangeError("out of nowhere")'],
    ['a rejection', 'Promise.reject(new RangeError("out of nowhere"))'],
  ])('%s', async (_, javascript) => {
    const run = await runGate(cloud, { env: atFirstRequest(javascript) })
    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: code })
    expect(run.report).toMatchObject({
      result: 'failed',
      diagnosis: { code, said: { message: expect.stringContaining('RangeError: out of nowhere') } },
    })
    expect(logOf(run)).not.toMatch(withoutSource)
    expect(run.summary).toContain(code)
  })

  test('a thrown value that is not an error', async () => {
    const run = await runGate(cloud, { env: atFirstRequest('throw "##[error]x"') })
    expect(run.outputs.diagnosis).toBe(code)
    expect(run.annotations).toHaveLength(1)
    expect(run.annotations[0]?.message).toContain('Thrown was: # #[error]x')
  })

  test('in the post step: the job does not fail, and the command is printed', async () => {
    const main = await runGate(cloud, { inputs: { revoke: 'true' } })
    expect(main.outputs.result).toBe('passed')
    const post = await runPost(cloud, main, {
      inputs: { revoke: 'true' },
      env: atFirstRequest('throw new RangeError("out of nowhere")'),
    })
    expect(post.annotations).toMatchObject([{ level: 'warning' }])
    expect(logOf(post)).toContain(`az role assignment delete --ids ${main.outputs['role-assignment-id']}`)
    expect(logOf(post)).not.toMatch(withoutSource)
  })
})

test('a missing file for outputs: red, although access is proven, because later steps rely on outputs', async () => {
  const missing = join(folder, 'missing')
  const env = withVariables({ GITHUB_OUTPUT: missing, RUNNER_TEMP: folder })
  const run = await runUnchecked(cloud, { env })
  expect(run.exitCode).toBe(1)
  expect(run.outputs).toEqual({})
  expect(run.annotations).toMatchObject([
    { level: 'warning' },
    { level: 'error', title: `Key-less Gate: ${code}`, message: expect.stringContaining(missing) },
  ])
  const [name = ''] = readdirSync(folder)
  const report: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  expectValidReport(report)
  expect(report).toMatchObject({ result: 'failed', diagnosis: { code } })
})

test('if outputs cannot be set, a failed run still says why it failed', async () => {
  const env = withVariables({ GITHUB_OUTPUT: join(folder, 'missing') })
  const run = await runUnchecked(cloud, { env, inputs: { 'client-id': 'nobody' } })
  expect(run.exitCode).toBe(1)
  expect(run.annotations.map(({ level, title }) => [level, title])).toEqual([
    ['warning', 'Key-less Gate: outputs not set'],
    ['error', 'Key-less Gate: input-invalid'],
  ])
})

test("without RUNNER_TEMP the report goes to the system's temporary folder, never into the workspace", async () => {
  const run = await runGate(cloud, { env: withVariables({ RUNNER_TEMP: undefined }) })
  const { report = '' } = run.outputs
  expect(dirname(report)).toBe(tmpdir())
  rmSync(report)
})
