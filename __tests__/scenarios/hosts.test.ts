import type { HostFamily } from '../../local-cloud/hosts.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { account, holds, roles } from '../support/arrange.ts'
import type { GateRun } from '../support/gate-run.ts'
import { accountScope, runGate } from '../support/scenario.ts'

/** An account has three hosts, and its models tell what they can do: the gate goes by both. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => {
  cloud.reset()
  holds(cloud, { role: roles.foundryUser })
})
afterAll(() => cloud.close())

const hostOf = (family: HostFamily) => {
  const [hosts] = cloud.endpoints.hosts.values()
  return new URL(hosts?.[family] ?? '').host
}
const calledHosts = (run: GateRun) => [
  ...new Set(run.requests.filter(({ service }) => service === 'inference').map(({ host }) => host)),
]

test.each<[string, HostFamily, Record<string, string>]>([
  ['chat', 'openAI', { deployments: 'chat' }],
  ['responses, which the plain host denies', 'openAI', { deployments: 'chat', api: 'responses' }],
  ['embeddings', 'openAI', { deployments: 'embeddings' }],
  ['a classic call', 'openAI', { deployments: 'chat', api: 'azure-openai' }],
  ['a model that is not of OpenAI', 'foundry', { deployments: 'DeepSeek-V3' }],
  ['a Claude model', 'foundry', { deployments: 'claude-haiku-4-5' }],
])('%s is called at the host that Resource Manager names for it', async (_call, family, inputs) => {
  const run = await runGate(cloud, { inputs: { grant: 'never', ...inputs } })
  expect(run.outputs).toMatchObject({ result: 'passed' })
  expect(calledHosts(run)).toEqual([hostOf(family)])
})

test('a project is called at its own endpoint', async () => {
  account(cloud).projects.push({ name: 'storefront' })
  const run = await runGate(cloud, {
    inputs: { 'resource-id': `${accountScope(cloud)}/projects/storefront`, grant: 'never' },
  })
  expect(run.outputs).toMatchObject({ result: 'passed' })
  expect(calledHosts(run)).toEqual([hostOf('foundry')])
})

describe('what a model can do is read from its capabilities, not guessed from its name', () => {
  const made = (name: string, model: string, capabilities: Record<string, string>) => ({
    name,
    model: { format: 'OpenAI' as const, name: model, version: '1' },
    sku: { name: 'GlobalStandard', capacity: 1 },
    provisioningState: 'Succeeded' as const,
    reasoning: false,
    capabilities,
  })

  test('a model with audio in its name is chosen for chat if its capabilities say so', async () => {
    account(cloud).deployments = [made('talk', 'gpt-audio', { chatCompletion: 'true' })]
    const run = await runGate(cloud, { inputs: { deployments: '', grant: 'never' } })
    expect(run.outputs).toMatchObject({ result: 'passed' })
    expect(run.requests.map(({ operation }) => operation)).toContain('chatCompletions.create')
  })

  test('a model whose name says nothing gets an embeddings call if its capabilities say so', async () => {
    account(cloud).deployments = [made('search', 'multilingual-4', { embeddings: 'true' })]
    const run = await runGate(cloud, { inputs: { deployments: 'search', grant: 'never' } })
    expect(run.outputs).toMatchObject({ result: 'passed' })
    expect(run.requests.map(({ operation }) => operation)).toContain('embeddings.create')
  })

  test('and the text "false" is a no', async () => {
    account(cloud).deployments = [made('talk', 'gpt-audio', { chatCompletion: 'false' })]
    const run = await runGate(cloud, { inputs: { deployments: '', grant: 'never' } })
    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'deployment-not-found' })
  })
})
