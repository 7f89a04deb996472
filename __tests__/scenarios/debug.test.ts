import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { alsoHolds, roles } from '../support/arrange.ts'
import type { GateRun } from '../support/gate-run.ts'
import { runGate } from '../support/scenario.ts'

/** With step debug logging on, the log has every request. That no token stands in it is checked of every run. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const debug = { RUNNER_DEBUG: '1' }
const traceOf = ({ log }: GateRun) =>
  log.flatMap(line => /^##\[debug\]((?:GET|POST|PUT) https:.*)$/.exec(line)?.[1] ?? [])

test('it lists each request with status, duration, connection and ids, but no content', async () => {
  alsoHolds(cloud, { role: roles.user })
  const run = await runGate(cloud, { env: debug })
  const trace = traceOf(run)

  expect(run.outputs.result).toBe('passed')
  expect(trace).toHaveLength(run.requests.length)
  for (const line of trace) expect(line).toMatch(/: \d{3}, connection \d+(, [\w-]+ [\w-]+)* in \d/)
  const call = trace.find(line => line.includes('/chat/completions'))
  expect(call).toMatch(/apim-request-id [\w-]{36}/)
  // Neither of the query, nor of what was asked and answered.
  expect(trace.join('\n')).not.toMatch(/\?|api-version|audience|one word ready|local cloud speaking/)
})

test("it lists a request without a reply with the network's error", async () => {
  alsoHolds(cloud, { role: roles.user })
  cloud.faults.add({ name: 'cut', operation: 'accounts.get', effect: { kind: 'reset', when: 'before' } })
  const run = await runGate(cloud, { env: debug })

  expect(run.outputs.diagnosis).toBe('connection-failed')
  expect(traceOf(run).some(line => /accounts\/contoso-ai: ECONNRESET in /.test(line))).toBe(true)
})

test('without it, the log has none of that', async () => {
  expect(traceOf(await runGate(cloud))).toEqual([])
})
