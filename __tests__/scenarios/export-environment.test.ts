import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { accountEndpoint, alsoHolds, pipeline, roles, subscription, tenant } from '../support/arrange.ts'
import { logOf, runGate } from '../support/scenario.ts'

/** `export-environment`: what later steps of the job find. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const asked = { 'export-environment': 'true' }
const ids = () => ({
  AZURE_CLIENT_ID: pipeline(cloud).application.clientId,
  AZURE_TENANT_ID: tenant(cloud).id,
})

test('a green gate sets the ids and the endpoint, and nothing else', async () => {
  const run = await runGate(cloud, { inputs: asked })

  expect(run.outputs.result).toBe('passed')
  expect(run.environment).toEqual({
    ...ids(),
    AZURE_SUBSCRIPTION_ID: subscription(cloud).id,
    AZURE_OPENAI_ENDPOINT: run.outputs.endpoint,
  })
  expect(logOf(run)).toContain(
    'Set for later steps: AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID, AZURE_OPENAI_ENDPOINT',
  )
})

test('an endpoint alone: the subscription is not known', async () => {
  alsoHolds(cloud, { role: roles.user })
  const endpoint = accountEndpoint(cloud)
  const run = await runGate(cloud, {
    inputs: { ...asked, endpoint, 'resource-id': '', 'resource-manager-endpoint': '' },
  })

  expect(run.environment).toEqual({ ...ids(), AZURE_OPENAI_ENDPOINT: endpoint })
})

test.each([
  ['found by its host', () => accountEndpoint(cloud)],
  ['not found', () => accountEndpoint(cloud).replace('127.0.0.1', 'localhost')],
])('an endpoint with a subscription, %s: sets the subscription too', async (_, endpoint) => {
  alsoHolds(cloud, { role: roles.user })
  const { id } = subscription(cloud)
  const run = await runGate(cloud, {
    inputs: { ...asked, endpoint: endpoint(), 'resource-id': '', 'subscription-id': id },
  })

  expect(run.environment).toEqual({
    ...ids(),
    AZURE_SUBSCRIPTION_ID: id,
    AZURE_OPENAI_ENDPOINT: endpoint(),
  })
})

test('by default nothing is set', async () => {
  const run = await runGate(cloud)

  expect(run.outputs.result).toBe('passed')
  expect(run.environment).toEqual({})
})

test.each<[string, Record<string, string>, string]>([
  ['a gate that failed', { grant: 'never' }, 'failed'],
  ['a gate whose findings are not allowed', { role: 'Foundry User', 'fail-on': 'low' }, 'failed'],
  ['a plan', { grant: 'plan' }, 'planned'],
])('%s sets nothing', async (_, inputs, result) => {
  const run = await runGate(cloud, { inputs: { ...asked, ...inputs } })

  expect(run.outputs.result).toBe(result)
  expect(run.environment).toEqual({})
})

test('a runner without the environment file: later steps would miss the variables, so the gate fails', async () => {
  const run = await runGate(cloud, {
    inputs: asked,
    env: { NODE_OPTIONS: '--import=data:text/javascript,process.env.GITHUB_ENV%3D%22/nowhere/env%22' },
  })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'unexpected-error' })
})
