import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { type Api, apis } from '../../src/services/inference/apis/choices.ts'
import { holds, refuse, roles } from '../support/arrange.ts'
import { inferenceExamples } from '../support/inference-examples.ts'
import { logOf, operations, runGate } from '../support/scenario.ts'

/** `role: auto`: the least built-in role that covers what the run calls, known only after the look. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const auto = { role: 'auto' }
const roleOf = (report: unknown) => (report as { role: { name: string } | null }).role?.name

/** By the API that a deployment of each kind is called by. */
const leastRoles: Readonly<Record<Api, string>> = {
  'chat-completions': 'Cognitive Services OpenAI User',
  responses: 'Cognitive Services OpenAI User',
  models: 'Cognitive Services User',
  messages: 'Cognitive Services User',
  'azure-openai': 'Cognitive Services OpenAI User',
  embeddings: 'Cognitive Services OpenAI User',
  completions: 'Cognitive Services OpenAI User',
  transcriptions: 'Cognitive Services OpenAI User',
  speech: 'Cognitive Services OpenAI User',
  images: 'Cognitive Services OpenAI User',
  realtime: 'Cognitive Services OpenAI User',
  rerank: 'Cognitive Services User',
  ocr: 'Cognitive Services User',
  agents: 'Cognitive Services Data Reader',
}

test.each(apis)('the least role for %s is granted, and lets the call through', async api => {
  const { inputs = {} } = inferenceExamples[api]
  const run = await runGate(cloud, { inputs: { ...auto, api, ...inputs } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  expect(roleOf(run.report)).toBe(leastRoles[api])
  expect(run.report).toMatchObject({ settings: { role: 'auto' } })
})

test('several deployments of different vendors: one role covers all', async () => {
  const deployments = 'chat\nDeepSeek-V3'
  const run = await runGate(cloud, { inputs: { ...auto, deployments } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  expect(roleOf(run.report)).toBe('Cognitive Services User')
})

test('a warm run sends no more requests than one that names the role', async () => {
  const warm = async (role: string) => {
    cloud.reset()
    holds(cloud, { role: roles.openAIUser })
    return runGate(cloud, { inputs: { role } })
  }
  const named = await warm('Cognitive Services OpenAI User')
  const automatic = await warm('auto')

  expect(automatic.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
  expect(operations(automatic).toSorted()).toEqual(operations(named).toSorted())
})

test('role assignments are read in parallel with the resource, although the role depends on it', async () => {
  cloud.faults.add({ name: 'silent', operation: 'accounts.get', effect: { kind: 'hang' } })
  const run = await runGate(cloud, { inputs: auto })

  expect(run.outputs.diagnosis).toBe('request-timeout')
  expect(operations(run)).toContain('roleAssignments.list')
})

test('a broader role is used, with a finding, because the least role was asked for', async () => {
  holds(cloud, { role: roles.user }, { role: roles.reader })
  const run = await runGate(cloud, { inputs: auto })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'covered' })
  expect(logOf(run)).toContain('Finding broader-role-than-needed')
  expect(logOf(run)).not.toContain("role of Microsoft's guide")
})

test('a pipeline that cannot grant gets the name of the role', async () => {
  holds(cloud, { role: roles.reader })
  const run = await runGate(cloud, { inputs: auto })

  expect(run.outputs.diagnosis).toBe('cannot-assign-role')
  expect(logOf(run)).toContain(`--role ${roles.openAIUser}`)
  expect(logOf(run)).not.toContain(roles.user)
})

test('if the resource cannot be read, the role cannot be chosen', async () => {
  holds(cloud)
  refuse(cloud, 'accounts.get', 403, { error: { code: 'AuthorizationFailed', message: 'No.' } })
  const run = await runGate(cloud, { inputs: auto })

  expect(run.outputs.diagnosis).toBe('resource-manager-forbidden')
  expect(run.outputs['role-definition-id']).toBe('')
})

test('has no effect if only an endpoint is given', async () => {
  const endpoint = [...cloud.endpoints.accounts.values()][0] ?? ''
  const run = await runGate(cloud, { inputs: { ...auto, endpoint, 'resource-id': '' } })

  expect(run.outputs.diagnosis).toBe('input-invalid')
  expect(logOf(run)).toContain('`role` has no effect if only `endpoint` is given')
})
