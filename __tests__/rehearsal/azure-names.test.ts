import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { type AzureNames, showAsAzure } from '../support/azure-names.ts'
import { logOf, runGate } from '../support/scenario.ts'

/** The gate as users have it, without an input that names a host: under Azure's own names. */

let cloud: LocalCloud
let names: AzureNames
let folder: string
beforeAll(async () => {
  cloud = await createLocalCloud()
  names = await showAsAzure(cloud)
  folder = mkdtempSync(join(tmpdir(), 'azure-names-test-'))
  writeFileSync(join(folder, 'ca.pem'), names.caPem)
})
beforeEach(() => cloud.reset())
afterAll(async () => {
  await names.close()
  await cloud.close()
  rmSync(folder, { recursive: true })
})

const gate = (inputs: Readonly<Record<string, string>>) =>
  runGate(cloud, {
    inputs: { cloud: 'AzureCloud', 'authority-host': '', 'resource-manager-endpoint': '', ...inputs },
    env: {
      HTTPS_PROXY: names.proxy,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    },
  })

test('a first run grants, waits and passes in AzureCloud, and shows no address of the local cloud', async () => {
  const run = await gate({ deployments: 'chat\nDeepSeek-V3' })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  expect(names.asked()).toEqual({
    known: [
      'contoso-ai.openai.azure.com',
      'contoso-ai.services.ai.azure.com',
      'login.microsoftonline.com',
      'management.azure.com',
    ],
    refused: [],
  })
  expect(run.outputs.endpoint).toBe('https://contoso-ai.openai.azure.com')
  const told = `${logOf(run)}${run.summary}${JSON.stringify(run.report)}`
  // The issuer stands in a signed token, and stays what it is.
  expect(told.replaceAll(cloud.endpoints.github, '')).not.toContain('127.0.0.1')
})

test('a realtime model is reached by a WebSocket, and a refusal of one arrives', async () => {
  const deployments = 'realtime=realtime'

  expect((await gate({ deployments })).outputs).toMatchObject({ result: 'passed' })
  cloud.reset()
  expect((await gate({ deployments, grant: 'never' })).outputs).toMatchObject({
    result: 'failed',
    diagnosis: 'access-denied',
  })
})

test('an unknown host name is refused and recorded', async () => {
  const run = await gate({
    endpoint: 'https://fabrikam.openai.azure.com',
    'resource-id': '',
    deployments: 'chat',
  })

  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'proxy-refused' })
  expect(names.asked().refused).toEqual(['fabrikam.openai.azure.com'])
})
