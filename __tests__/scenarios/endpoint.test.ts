import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { account, accountEndpoint } from '../support/arrange.ts'
import { logOf, operations, runGate } from '../support/scenario.ts'

/** Addresses as people have them. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ granted: true })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const deployment = () => account(cloud).deployments[0]?.name ?? ''
const alone = (path: string) => ({
  'resource-id': '',
  'resource-manager-endpoint': '',
  endpoint: `${accountEndpoint(cloud)}${path}`,
})

test("a client's whole address: its deployment is called, by its route, in its version", async () => {
  const path = `/openai/deployments/${deployment()}/chat/completions?api-version=2024-06-01`
  const run = await runGate(cloud, { inputs: { ...alone(path), deployments: '' } })

  expect(run.outputs).toMatchObject({ result: 'passed', endpoint: accountEndpoint(cloud) })
  expect(run.requests.at(-1)).toMatchObject({ target: path, status: 200 })
  expect(logOf(run)).toContain(
    `names the deployment ${deployment()} and api-version 2024-06-01, and the endpoint ${accountEndpoint(cloud)}`,
  )
})

test('an endpoint alone asks Resource Manager nothing, and the log names what would', async () => {
  const run = await runGate(cloud, { inputs: { ...alone('/openai/v1/'), deployments: deployment() } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
  expect(run.requests.map(({ service }) => service)).not.toContain('resource-manager')
  expect(operations(run).at(-1)).toBe('chatCompletions.create')
  expect(logOf(run)).toMatch(
    /Only `endpoint` is given.*`subscription-id`.*AZURE_SUBSCRIPTION_ID alone does not/,
  )
})
