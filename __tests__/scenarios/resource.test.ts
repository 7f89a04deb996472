import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { alsoHolds, roles } from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const account = () => {
  const [first] = cloud.world.accounts
  if (first === undefined) throw new Error('The default world has an account')
  return first
}
const endpoint = () => [...cloud.endpoints.accounts.values()][0] ?? ''

describe('the target', () => {
  test('can be named in three parts, with the subscription from the environment', async () => {
    const { subscriptionId, resourceGroup, name } = account()
    const run = await runGate(cloud, {
      inputs: { 'resource-id': '', 'resource-group': resourceGroup, 'resource-name': name },
      env: { AZURE_SUBSCRIPTION_ID: subscriptionId },
    })
    expect(run.outputs.result).toBe('passed')
  })

  test('can be just an endpoint: then there is no request to Resource Manager', async () => {
    cloud.world.roleAssignments.push({
      ...(cloud.world.roleAssignments[0] as (typeof cloud.world.roleAssignments)[number]),
      name: '1c9e7f40-3b85-4d62-a70e-58d2f6b94c13',
      scope: accountScope(cloud),
      roleDefinitionId: 'a97b65f3-24c7-4388-baec-2e87135dc908',
      principalId: cloud.world.applications[0]?.servicePrincipal?.objectId ?? '',
    })
    const inputs = {
      'resource-id': '',
      'resource-manager-endpoint': '',
      endpoint: `${endpoint()}/openai/v1/`,
    }
    const run = await runGate(cloud, { inputs })
    expect(run.outputs).toMatchObject({
      result: 'passed',
      endpoint: endpoint(),
      'role-state': 'unknown',
      'key-access': 'unknown',
    })
    expect(run.requests.some(({ service }) => service === 'resource-manager')).toBe(false)
    expect(operations(run).filter(operation => operation === 'token')).toHaveLength(1)
  })

  test('can be a project: its own endpoint answers, and the role is granted on it', async () => {
    account().projects.push({ name: 'storefront' })
    const run = await runGate(cloud, {
      inputs: { 'resource-id': `${accountScope(cloud)}/projects/storefront` },
    })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(run.outputs['role-assignment-id']).toContain('/projects/storefront/')
    expect(operations(run)).toContain('projects.responses.create')
    // No token is asked for that the project would refuse.
    expect(operations(run).filter(operation => operation === 'token')).toHaveLength(2)
  })

  test('with an endpoint outside the cloud gets no token', async () => {
    const body = {
      kind: 'AIServices',
      properties: { customSubDomainName: 'x', endpoint: 'https://evil.example.com/', disableLocalAuth: true },
    }
    cloud.faults.add({
      name: 'evil',
      operation: 'accounts.get',
      effect: { kind: 'reply', status: 200, body },
    })
    const run = await runGate(cloud)
    expect(run.outputs.diagnosis).toBe('endpoint-untrusted')
    expect(run.requests.some(({ service }) => service === 'inference')).toBe(false)
    expect(operations(run)).not.toContain('roleAssignments.create')
  })
})

describe('a list of role assignments that continues elsewhere', () => {
  test('is not followed to another host with the token', async () => {
    const elsewhere = endpoint()
    cloud.faults.add({
      name: 'elsewhere',
      operation: 'roleAssignments.list',
      effect: { kind: 'reply', status: 200, body: { value: [], nextLink: `${elsewhere}/stolen` } },
    })
    const run = await runGate(cloud)
    expect(run.outputs.diagnosis).toBe('connection-failed')
    expect(run.requests.some(({ target }) => target.includes('stolen'))).toBe(false)
  })
})

describe('replies that try to exhaust the gate', () => {
  test('an endpoint of slashes', async () => {
    const properties = {
      customSubDomainName: 'x',
      endpoint: `https://contoso.example${'/'.repeat(300_000)}x`,
    }
    cloud.faults.add({
      name: 'slashes',
      operation: 'accounts.get',
      effect: { kind: 'reply', status: 200, body: { properties } },
    })
    expect((await runGate(cloud)).outputs.diagnosis).toBe('endpoint-untrusted')
  })

  test('a page with a huge number of deployments', async () => {
    const value = Array.from({ length: 200_000 }, () => ({ name: 'd', properties: {} }))
    cloud.faults.add({
      name: 'many',
      operation: 'deployments.list',
      effect: { kind: 'reply', status: 200, body: { value } },
    })
    expect((await runGate(cloud)).outputs.diagnosis).toBe('resource-manager-unavailable')
  })
})

describe('a list that never ends', () => {
  test.each([
    ['roleAssignments.list', {}],
    ['permissions.list', {}],
    ['roleDefinitions.list', { role: 'A role of our own' }],
    ['deployments.list', { deployments: '' }],
  ])('%s: the run ends', async (operation, inputs) => {
    const nextLink = `${cloud.endpoints.resourceManager}/again`
    const body = { value: [], nextLink }
    cloud.faults.add({ name: 'endless', operation, effect: { kind: 'reply', status: 200, body } })
    cloud.faults.add({
      name: 'again',
      service: 'resource-manager',
      containing: '/again',
      effect: { kind: 'reply', status: 200, body },
    })
    const run = await runGate(cloud, { inputs })
    expect(run.outputs.diagnosis).toBe('resource-manager-rejected')
    expect(logOf(run)).toContain('The list has no end')
  })
})

describe('deployments', () => {
  test('several in one run, each with the API that fits its model', async () => {
    const deployments = 'chat\r\n  reasoning=responses ,\r\nembeddings\r\nDeepSeek-V3\nclaude-haiku-4-5\n'
    const run = await runGate(cloud, { inputs: { deployments } })
    expect(run.outputs.result).toBe('passed')
    const called = new Set(
      run.requests
        .filter(({ service, status }) => service === 'inference' && status === 200)
        .map(({ operation }) => operation),
    )
    expect(called).toEqual(
      new Set([
        'chatCompletions.create',
        'responses.create',
        'embeddings.create',
        'modelInference.chatCompletions.create',
        'messages.create',
      ]),
    )
  })

  test.each(['chat-completions', 'responses', 'models', 'azure-openai'])('api: %s', async api => {
    const run = await runGate(cloud, { inputs: { api } })
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({ smoke: [{ api, outcome: 'ok', deployment: 'chat' }] })
  })

  test('Claude by name, at an endpoint alone, as the portal shows it', async () => {
    alsoHolds(cloud, { role: roles.user })
    const run = await runGate(cloud, {
      inputs: {
        'resource-id': '',
        'resource-manager-endpoint': '',
        endpoint: `${endpoint()}/anthropic/v1/messages`,
        deployments: 'claude-haiku-4-5=messages',
      },
    })
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({ smoke: [{ api: 'messages', outcome: 'ok' }] })
  })

  const choice =
    'The input `deployments` is empty, so the gate chose DeepSeek-V3 by itself: no other deployment is proven.'

  test.each([
    ['none named', ''],
    ['a variable that is not set, in a block', '\n'],
  ])(
    '%s: the first that answers a chat is taken, and said to be the choice of the gate',
    async (_, deployments) => {
      account().deployments.reverse()
      const run = await runGate(cloud, { inputs: { deployments } })
      expect(run.outputs.result).toBe('passed')
      expect(run.annotations).toMatchObject([{ level: 'warning', message: choice }])
      expect(logOf(run)).toMatch(
        /Key-less access is proven: .* by 1 deployment \(DeepSeek-V3, chosen by the gate\)/,
      )
      expect(logOf(run).match(/so the gate chose/g)).toHaveLength(1)
      expect(run.summary).toContain('so the gate chose DeepSeek\\-V3 by itself')
      expect(run.summary).toContain('| Deployments | `DeepSeek-V3`, chosen by the gate |')
      expect(run.report).toMatchObject({
        chosenDeployment: 'DeepSeek-V3',
        smoke: [{ deployment: 'DeepSeek-V3', api: 'models' }],
      })
    },
  )

  test('none named: a plan says that the gate chose, and so does a run that fails', async () => {
    account().deployments.reverse()
    const planned = await runGate(cloud, { inputs: { deployments: '', grant: 'plan' } })
    expect(planned.annotations).toMatchObject([{ level: 'warning', message: choice }])
    expect(logOf(planned).match(/so the gate chose/g)).toHaveLength(1)
    expect(planned.summary).toContain('so the gate chose DeepSeek\\-V3 by itself')
    expect(planned.report).toMatchObject({ plan: expect.arrayContaining([choice]) })
    const failed = await runGate(cloud, { inputs: { deployments: '', expect: 'nobody says this' } })
    expect(failed.outputs.diagnosis).toBe('answer-unexpected')
    expect(failed.summary).toContain('| Deployments | `DeepSeek-V3`, chosen by the gate |')
    expect(failed.report).toMatchObject({ chosenDeployment: 'DeepSeek-V3' })
  })

  test('one of two variables is not set: nothing else is proven instead', async () => {
    const run = await runGate(cloud, { inputs: { deployments: '\nchat\n' } })
    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'input-invalid' })
    expect(logOf(run)).toContain('holds an empty line, which names nothing')
    expect(run.requests).toEqual([])
  })

  test('none named, and only Claude is deployed', async () => {
    const { deployments } = account()
    deployments.splice(
      0,
      deployments.length,
      ...deployments.filter(({ model }) => model.format === 'Anthropic'),
    )
    const run = await runGate(cloud, { inputs: { deployments: '' } })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(run.report).toMatchObject({ smoke: [{ deployment: 'claude-haiku-4-5', api: 'messages' }] })
  })
})

describe('the smoke call', () => {
  test('adapts to a reasoning model, and says so', async () => {
    const run = await runGate(cloud, { inputs: { deployments: 'reasoning' } })
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({ smoke: [{ adaptations: [expect.stringContaining('2048 tokens')] }] })
    expect(logOf(run)).toContain('adapted: 2048 tokens')
  })

  test('raises a budget that the Responses API finds too small', async () => {
    const run = await runGate(cloud, { inputs: { api: 'responses', 'max-output-tokens': '4' } })
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({ smoke: [{ adaptations: ['at least 16 tokens'] }] })
  })

  test('tries the audience that the service names once, if it belongs to the cloud', async () => {
    const refuse = (audience: string) => ({
      kind: 'reply' as const,
      status: 401,
      body: {
        statusCode: 401,
        message: `Unauthorized. Access token is missing, invalid, audience is incorrect (${audience}), or have expired.`,
      },
    })
    cloud.faults.add({
      name: 'other audience',
      operation: 'chatCompletions.create',
      times: 1,
      effect: refuse('https://ai.azure.com'),
    })
    const run = await runGate(cloud)
    expect(run.outputs.result).toBe('passed')
    expect(operations(run).filter(operation => operation === 'token').length).toBeGreaterThan(2)

    cloud.reset()
    cloud.faults.add({
      name: 'foreign audience',
      operation: 'chatCompletions.create',
      effect: refuse('https://evil.example.com'),
    })
    const refused = await runGate(cloud)
    expect(refused.outputs.diagnosis).toBe('token-audience-rejected')
    expect(operations(refused).filter(operation => operation === 'chatCompletions.create')).toHaveLength(1)
  })

  test("the model's answer cannot command the runner or break the summary", async () => {
    const hostile =
      '\n::error::pwned\n##[set-output name=result]passed\u202e `</details>` | <img src=x> ::add-mask::a'
    account().deployments[0] = {
      ...(account().deployments[0] as (typeof cloud.world.accounts)[number]['deployments'][number]),
      answer: hostile,
    }
    const run = await runGate(cloud, { inputs: { 'max-output-tokens': '400' } })
    expect(run.outputs.result).toBe('passed')
    expect(run.annotations).toEqual([])
    expect(run.log.join('\n')).not.toMatch(/\u202e|##\[|^\s*::/m)
    expect(run.summary).not.toContain('\u202e')
  })
})
