import { alsoHolds, roles } from '../support/arrange.ts'
import { openStage, type RunOptions, type Stage } from '../support/in-process.ts'

/** How often a run waits for a reply before it can send the next request: what latency is multiplied by. */

const latencyMs = 1000
const dayMs = 86_400_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
beforeEach(() => stage.reset())
afterAll(() => stage.close())

/** Every reply to the gate comes late by the same time, and nothing else takes any: the run takes as many of it as it waits. */
async function roundTrips(options?: RunOptions): Promise<number> {
  const effect = { kind: 'delay', ms: latencyMs } as const
  for (const operation of ['oidc.token', 'openid.configuration', 'token'])
    stage.cloud.faults.add({ name: operation, operation, effect })
  for (const service of ['resource-manager', 'inference'] as const)
    stage.cloud.faults.add({ name: service, service, effect })
  const run = await stage.run(options)
  expect(run.end).toBe('passed')
  return run.tookMs / latencyMs
}

const holdsForLong = () =>
  alsoHolds(stage.cloud, {
    role: roles.user,
    createdOn: new Date(stage.cloud.clock.now() - dayMs),
  })

test('a warm run waits for the OIDC token, Entra twice, the resource and the model', async () => {
  holdsForLong()

  expect(await roundTrips()).toBe(5)
})

test('it does so however late the list of models is', async () => {
  holdsForLong()
  stage.cloud.faults.add({
    name: 'late list',
    operation: 'models.listOfAccount',
    effect: { kind: 'delay', ms: 20 * latencyMs },
  })

  expect(await roundTrips()).toBe(5)
})

test('with model-days-left it waits for nothing more, where the list comes as fast as the rest', async () => {
  holdsForLong()

  expect(await roundTrips({ inputs: { 'model-days-left': '30' } })).toBe(5)
})
