import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { apis } from '../../src/services/inference/apis/choices.ts'
import { apiOf } from '../../src/services/inference/apis/index.ts'
import { account, alsoHolds, ends, holds, refuse, roles } from '../support/arrange.ts'
import { inferenceExamples } from '../support/inference-examples.ts'
import { logOf, operations, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

describe.each(apis)('%s', api => {
  const { operation, inputs = {} } = inferenceExamples[api]
  const calls = (run: Parameters<typeof operations>[0]) =>
    operations(run).filter(each => each === operation).length

  test('passes once the role is granted, and says what answered', async () => {
    const run = await runGate(cloud, { inputs: { api, ...inputs } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(run.report).toMatchObject({ smoke: [{ api, outcome: 'ok' }] })
    expect(logOf(run)).toMatch(new RegExp(`by ${api}: \\S`))
  })

  test('is denied without the role, and says which right is missing', async () => {
    holds(cloud, { role: roles.reader })
    const run = await runGate(cloud, { inputs: { api, ...inputs, grant: 'never' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'access-denied' })
    expect(logOf(run)).toMatch(/lacks the required data action/)
    expect(run.report).toMatchObject({ smoke: [{ api, outcome: 'access-denied' }] })
  })

  test('is throttled, which is not a denial', async () => {
    alsoHolds(cloud, { role: roles.user })
    const body = { error: { code: '429', message: 'Please retry after 86400 seconds.' } }
    refuse(cloud, operation, 429, body, { 'retry-after': '86400' })
    const run = await runGate(cloud, { inputs: { api, ...inputs } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'inference-throttled' })
    expect(calls(run)).toBe(1)
  })
})

/** An agent is looked at and not run: nothing of the call tells what became of its model. */
describe.each(apis.filter(api => !apiOf(api).ofProject))('%s of a model whose day has passed', api => {
  const { inputs = {} } = inferenceExamples[api]

  test('fails for that, and not for the reply to the call', async () => {
    alsoHolds(cloud, { role: roles.user })
    const [named = 'chat'] = (('deployments' in inputs && inputs.deployments) || 'chat').split('=')
    ends(cloud, named, -0.5)
    const run = await runGate(cloud, { inputs: { api, ...inputs } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'model-retired' })
    expect(run.report).toMatchObject({
      smoke: [{ api, outcome: 'model-retired' }],
      models: [{ daysLeft: -1 }],
    })
  })
})

test('a model that is billed per item is called once if the role exists', async () => {
  alsoHolds(cloud, { role: roles.user })
  for (const api of apis.filter(each => apiOf(each).cost === 'piece')) {
    const { operation, inputs = {} } = inferenceExamples[api]
    const run = await runGate(cloud, { inputs: { api, ...inputs } })

    expect(run.outputs.result).toBe('passed')
    expect(operations(run).filter(each => each === operation)).toHaveLength(1)
  }
})

test('report and summary show the quota that is left after the call', async () => {
  alsoHolds(cloud, { role: roles.user })
  const run = await runGate(cloud)

  expect(run.report).toMatchObject({
    smoke: [{ quota: { remainingRequests: 9, limitRequests: 10, limitTokens: 10_000 } }],
  })
  expect(run.summary).toMatch(/Quota left this minute: `chat` \d of 10 requests, [\d,]+ of 10,000 tokens\./)
})

test('only chat is called without being named', async () => {
  alsoHolds(cloud, { role: roles.user })
  account(cloud).deployments.reverse()
  const run = await runGate(cloud, { inputs: { deployments: '' } })

  expect(run.outputs.result).toBe('passed')
  expect(run.report).toMatchObject({ smoke: [{ api: expect.stringMatching(/chat-completions|models/) }] })
})

test.each([
  ['completions', 'completions, by its capability completion: called by completions'],
  ['images', 'images, by its capability imageGenerations: called by images'],
  ['flux', 'images, by its format Black Forest Labs: called by images'],
  ['speech', 'speech, by its name: called by speech'],
  ['rerank', 'reranking, by its name: called by rerank'],
  ['documents', 'reading documents, by its name: called by ocr'],
])('the log says how the gate found out the kind of %s', async (deployments, line) => {
  alsoHolds(cloud, { role: roles.user })
  const run = await runGate(cloud, { inputs: { deployments } })

  expect(run.outputs.result).toBe('passed')
  expect(logOf(run)).toContain(`${deployments} is a model for ${line}`)
})

test('if the usual route does not serve a deployment, the other is called, and the log says which one accepted the token', async () => {
  alsoHolds(cloud, { role: roles.user })
  const notFound = { error: { code: 'DeploymentNotFound', message: 'The API deployment does not exist.' } }
  refuse(cloud, 'audio.speech.create', 404, notFound)
  const run = await runGate(cloud, { inputs: { deployments: 'speech' } })

  expect(run.outputs.result).toBe('passed')
  expect(run.report).toMatchObject({
    smoke: [
      {
        outcome: 'ok',
        url: expect.stringMatching(/\/openai\/deployments\/speech\/audio\/speech\?api-version=/),
        adaptations: [
          '/openai/deployments/speech/audio/speech, since /openai/v1/audio/speech said 404 DeploymentNotFound',
        ],
      },
    ],
  })
})

test('if no route does, the diagnosis names the route that accepted the token, and what the other said', async () => {
  alsoHolds(cloud, { role: roles.user })
  const noToken = { error: { code: '401', message: 'Access denied due to invalid subscription key.' } }
  const notFound = { error: { code: 'DeploymentNotFound', message: 'The API deployment does not exist.' } }
  refuse(cloud, 'audio.speech.create', 401, noToken)
  refuse(cloud, 'azureOpenai.audio.speech.create', 404, notFound)
  const run = await runGate(cloud, { inputs: { deployments: 'speech' } })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'deployment-not-ready' })
  expect(logOf(run)).toMatch(
    /\/openai\/v1\/audio\/speech did not take the token and said 401; \S+\/audio\/speech\?\S+ took the token and said 404 DeploymentNotFound/,
  )
})

test('the api-version of the input is the one that is proven', async () => {
  alsoHolds(cloud, { role: roles.user })
  const inputs = { api: 'azure-openai', 'api-version': '2025-04-01-preview' }
  const run = await runGate(cloud, { inputs })

  expect(run.outputs.result).toBe('passed')
  expect(run.report).toMatchObject({
    settings: { apiVersion: '2025-04-01-preview' },
    smoke: [{ url: expect.stringMatching(/\/chat\/completions\?api-version=2025-04-01-preview$/) }],
  })
})

test('an unsupported api-version is not reported as missing access', async () => {
  alsoHolds(cloud, { role: roles.user })
  const inputs = { api: 'azure-openai', 'api-version': '2022-12-01' }
  const run = await runGate(cloud, { inputs })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'api-version-unsupported' })
})

describe('expect', () => {
  const expecting = (deployments: string) => {
    alsoHolds(cloud, { role: roles.user })
    return runGate(cloud, { inputs: { deployments, expect: 'local cloud' } })
  }

  test('is an error if no answer is text, and nothing is called', async () => {
    const run = await expecting('embeddings\nspeech')

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'input-invalid', attempts: '0' })
    expect(logOf(run)).toContain(
      '`expect` has no effect: no answer to the prompt is text (embeddings by embeddings, speech by speech)',
    )
    expect(operations(run).some(operation => operation.endsWith('.create'))).toBe(false)
  })

  test('is not checked against other answers, and the log says so', async () => {
    const run = await expecting('chat\nembeddings')

    expect(run.outputs.result).toBe('passed')
    for (const text of [logOf(run), run.summary])
      expect(text).toContain('embeddings by embeddings: the answer is not text')
  })
})
