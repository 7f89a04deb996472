import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { readSettings } from '../../src/inputs/index.ts'
import { logOf, repositoryRoot, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
afterAll(() => cloud.close())

const action = parse(readFileSync(join(repositoryRoot, 'action.yml'), 'utf8'))

test('the inputs in action.yml are the inputs that the code reads', () => {
  const read = new Set<string>()
  // A resource in three parts and by id exclude each other; between them, every input is looked at.
  for (const given of [{}, { 'resource-name': 'x' }]) {
    const inputs: Record<string, string> = given
    expect(() =>
      readSettings(name => {
        read.add(name)
        return inputs[name] ?? ''
      }, {}),
    ).toThrow()
  }
  expect([...read].toSorted()).toEqual(Object.keys(action.inputs).toSorted())
})

test('the defaults in action.yml are the defaults of the code', () => {
  const required = {
    'client-id': '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37',
    'tenant-id': '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37',
    endpoint: 'https://contoso.openai.azure.com',
    deployments: 'gpt',
  }
  const settingsWith = (inputs: Record<string, string>) =>
    readSettings(name => inputs[name] ?? '', { RUNNER_TEMP: '/tmp' })
  const declared: Record<string, string> = Object.fromEntries(
    Object.entries<{ default?: string }>(action.inputs).flatMap(([name, input]) =>
      input.default === undefined ? [] : [[name, input.default]],
    ),
  )
  expect(settingsWith({ ...declared, ...required })).toEqual(settingsWith(required))
})

test('one diagnosis names every bad input, with its value and what is accepted, and no request is sent', async () => {
  const run = await runGate(cloud, {
    inputs: {
      'client-id': 'contoso-pipeline',
      'tenant-id': '',
      'resource-id':
        '/subscriptions/1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/x',
      'resource-name': 'contoso-ai',
      role: 'Cognitive Service User',
      grant: 'always',
      api: 'chat',
      deployments: 'a=b',
      cloud: 'AzureGermanCloud',
      'authority-host': 'http://login.example.com',
      'propagation-timeout': '15 minutes',
      'request-timeout': '0s',
      'consecutive-successes': 'three',
      expect: '(',
      summary: 'yes',
    },
  })
  expect(run.outputs.diagnosis).toBe('input-invalid')
  expect(run.requests).toHaveLength(0)
  for (const name of [
    ...[
      'client-id',
      'tenant-id',
      'resource-id',
      'role',
      'grant',
      'api',
      'deployments',
      'cloud',
      'authority-host',
    ],
    ...['propagation-timeout', 'request-timeout', 'consecutive-successes', 'expect', 'summary'],
  ]) {
    expect(logOf(run)).toContain(`\`${name}\` is`)
  }
  expect(logOf(run)).toContain('"Cognitive Services User"')
  expect(run.annotations).toHaveLength(1)
  expect(run.report).toMatchObject({ result: 'failed', diagnosis: { code: 'input-invalid' } })
})

test('summary: false writes none, and report-path moves the report', async () => {
  const folder = join(cloud.caFile, '..', 'reports')
  const run = await runGate(cloud, { inputs: { summary: 'false', 'report-path': join(folder, 'gate.json') } })
  expect(run.outputs).toMatchObject({
    result: 'passed',
    report: expect.stringMatching(/reports\/gate\.json$/),
  })
  expect(run.summary).toBe('')
  expect(run.report).toMatchObject({ schemaVersion: 1, result: 'passed' })
})
