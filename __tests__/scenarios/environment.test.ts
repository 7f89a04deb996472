import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { sdkVariables } from '../../src/azure/sdk-environment.ts'
import type { GateRun } from '../support/gate-run.ts'
import { operations, runGate } from '../support/scenario.ts'

/** The job's environment is anybody's: a step before, or anyone who wrote the workflow, may have set what the SDKs read. */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => {
  cloud.reset()
  for (const operation of ['token', 'accounts.get', 'chatCompletions.create'])
    cloud.faults.add({
      name: 'hostile headers',
      operation,
      effect: { kind: 'headers', headers: { 'x-ms-request-id': '##[add-mask]a', 'x-note': '::error::b' } },
    })
})
afterAll(() => cloud.close())

/** What would change where it signs in, or have everything printed. */
const values: Readonly<Record<(typeof sdkVariables)[number], string>> = {
  AZURE_AUTHORITY_HOST: 'https://login.evil.example',
  AZURE_REGIONAL_AUTHORITY_NAME: 'evil-region',
  AZURE_IDENTITY_DISABLE_MULTITENANTAUTH: '1',
  MSAL_FORCE_REGION: 'evil-region',
  REGION_NAME: 'evil-region',
  AZURE_LOG_LEVEL: 'verbose',
  TYPESPEC_RUNTIME_LOG_LEVEL: 'verbose',
  DEBUG: '*',
  NODE_DEBUG: 'http,https,net,tls,undici,fetch,semver,tunnel',
  ACTIONS_ORCHESTRATION_ID: 'evil-orchestration',
}

/** How long things took is another each time. */
const story = ({ unmasked, annotations, outputs }: GateRun) => ({
  log: unmasked.map(line => line.replace(/\d+(\.\d+)?/g, '0')),
  annotations,
  outputs: { result: outputs.result, 'role-state': outputs['role-state'] },
})

test('together they change neither the output, nor the requests, nor the result', async () => {
  const plain = await runGate(cloud)
  cloud.reset()
  const run = await runGate(cloud, { env: values })
  expect(run.outputs.result).toBe('passed')
  expect(story(run)).toEqual(story(plain))
  expect(operations(run).toSorted()).toEqual(operations(plain).toSorted())
})

test.each(Object.entries(values))('%s alone changes nothing', async (name, value) => {
  const run = await runGate(cloud, { env: { [name]: value } })
  expect(run.outputs.result).toBe('passed')
  expect(run.unmasked.join('\n')).not.toMatch(/add-mask|evil|azure:|HTTP \d+:/)
})

test('an unknown log level is ignored', async () => {
  const run = await runGate(cloud, { env: { AZURE_LOG_LEVEL: '##[error]shouting' } })
  expect(run.unmasked.join('\n')).not.toContain('shouting')
})
