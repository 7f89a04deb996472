import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { type GateRun, logOf, operations, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

function pipeline() {
  const [application] = cloud.world.applications
  const [credential] = application?.federatedCredentials ?? []
  if (application === undefined || credential === undefined)
    throw new Error('The default world has a pipeline with a credential')
  return { application, credential }
}

describe('without id-token: write', () => {
  const env = { ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined }

  test('the missing permission is named at once, with the YAML for this job, and nobody is asked anything', async () => {
    const run = await runGate(cloud, { env })
    expect(run.outputs.diagnosis).toBe('oidc-permission-missing')
    expect(logOf(run)).toContain('id-token: write')
    expect(run.requests).toHaveLength(0)
  })

  test('a pull request from a fork is told that no permission helps', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-event-'))
    const path = join(folder, 'event.json')
    const repo = (name: string) => ({ repo: { full_name: name } })
    writeFileSync(
      path,
      JSON.stringify({ pull_request: { head: repo('fabrikam/shop'), base: repo('contoso/shop') } }),
    )
    try {
      const run = await runGate(cloud, {
        env: { ...env, GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: path },
      })
      expect(run.outputs.diagnosis).toBe('oidc-unavailable-fork')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('a run that Dependabot started is told why', async () => {
    const run = await runGate(cloud, { env: { ...env, GITHUB_ACTOR: 'dependabot[bot]' } })
    expect(run.outputs.diagnosis).toBe('oidc-unavailable-fork')
  })
})

describe('a federated credential that does not match', () => {
  /** Applies the printed command to the world, as az would, and runs again. */
  function addPrintedCredential(run: GateRun): void {
    const command =
      run.log
        .map(line => line.trim())
        .find(line => line.startsWith('az ad app federated-credential create')) ?? ''
    const { stdout } = spawnSync(
      'sh',
      ['-c', `az() { for word in "$@"; do printf '%s\\n' "$word"; done; }\n${command}`],
      { encoding: 'utf8' },
    )
    const words = stdout.split('\n')
    const [application] = cloud.world.applications
    if (application === undefined) throw new Error('The default world has a pipeline')
    expect(words[words.indexOf('--id') + 1]).toBe(application.clientId)
    application.federatedCredentials.push(JSON.parse(words[words.indexOf('--parameters') + 1] ?? ''))
  }

  const cases: Array<[string, string, () => void]> = [
    [
      'federated-subject-mismatch',
      'another branch',
      () => {
        pipeline().credential.subject = 'repo:contoso/shop:ref:refs/heads/release'
      },
    ],
    [
      'federated-subject-mismatch',
      'an environment in the job',
      () => {
        cloud.world.workflow.environment = "prod:'eu' $(x)"
      },
    ],
    [
      'federated-subject-mismatch',
      'a subject with numeric ids',
      () => {
        cloud.world.workflow.immutableSubject = true
      },
    ],
    [
      'federated-subject-case-mismatch',
      'other letter case',
      () => {
        pipeline().credential.subject = 'repo:Contoso/Shop:ref:refs/heads/main'
      },
    ],
    [
      'federated-audience-mismatch',
      'another audience',
      () => {
        pipeline().credential.audiences = ['api://SomethingElse']
      },
    ],
    [
      'federated-issuer-mismatch',
      'another issuer',
      () => {
        pipeline().credential.issuer = 'https://gitlab.example.com'
      },
    ],
    [
      'federated-credential-missing',
      'no credential at all',
      () => {
        pipeline().application.federatedCredentials.length = 0
      },
    ],
  ]

  test.each(cases)('%s (%s): the printed command makes the next run pass', async (code, _what, spoil) => {
    spoil()
    const startedAt = cloud.clock.now()
    const run = await runGate(cloud)
    expect(run.outputs.diagnosis).toBe(code)
    expect(run.outputs['principal-id']).toBe('')
    expect(cloud.clock.now() - startedAt).toBeLessThan(code === 'federated-subject-mismatch' ? 25_000 : 5000)
    expect(run.requests.every(({ service }) => service === 'github' || service === 'entra')).toBe(true)
    expect(operations(run).filter(operation => operation === 'oidc.token')).toHaveLength(1)

    addPrintedCredential(run)
    const next = await runGate(cloud)
    expect(next.outputs.result).toBe('passed')
  })

  test('issuer, subject and audience of this run stand in log and summary', async () => {
    pipeline().credential.subject = 'repo:contoso/shop:pull_request'
    const run = await runGate(cloud)
    expect(logOf(run)).toContain('  subject  repo:contoso/shop:ref:refs/heads/main')
    expect(logOf(run)).toContain(`  issuer   ${cloud.endpoints.github}`)
    expect(run.summary).toContain('federated-subject-mismatch')
    expect(run.summary).toContain('az ad app federated-credential create')
    expect(run.summary).toContain('az identity federated-credential create')
  })

  test('a github-token lets the diagnosis tell the subject template', async () => {
    cloud.world.workflow.includeClaimKeys = ['repository_owner_id', 'repository_id']
    const token = cloud.runnerEnvironment().GITHUB_TOKEN ?? ''
    const run = await runGate(cloud, { inputs: { 'github-token': token } })
    expect(run.outputs.diagnosis).toBe('federated-subject-mismatch')
    expect(logOf(run)).toContain('from the claims repository_owner_id, repository_id')
    expect(logOf(run)).toContain('template that this repository or organisation has customised')
  })
})

test('a federated credential that has not reached every replica is waited for', async () => {
  const slow = await createLocalCloud({ lag: { federatedCredentials: [8000, 0, 8000] } })
  try {
    const credentials = slow.world.applications[0]?.federatedCredentials ?? []
    const [credential] = credentials
    if (credential === undefined) throw new Error('The default world has a credential')
    credentials.push({ ...credential, name: 'older', subject: 'repo:contoso/shop:pull_request' })
    credential.createdOn = new Date(slow.clock.now()).toISOString()
    const run = await runGate(slow)
    expect(run.outputs.result).toBe('passed')
    expect(operations(run).filter(operation => operation === 'oidc.token')).toHaveLength(1)
  } finally {
    await slow.close()
  }
})

test.each([
  ['application-not-found', { 'client-id': '00000000-1111-4222-8333-444444444444' }],
  ['tenant-not-found', { 'tenant-id': '00000000-1111-4222-8333-444444444444' }],
])('%s', async (code, inputs) => {
  const run = await runGate(cloud, { inputs })
  expect(run.outputs.diagnosis).toBe(code)
})

test('a managed identity with a federated credential signs in as well', async () => {
  cloud.world.workflow.environment = 'production'
  const identity = cloud.world.applications.find(({ kind }) => kind === 'managedIdentity')
  cloud.world.roleAssignments.push({
    name: 'ad6ed23f-3a86-4a31-a0b5-98c4b11b4b2f',
    scope: cloud.world.roleAssignments[0]?.scope ?? '',
    roleDefinitionId: 'a97b65f3-24c7-4388-baec-2e87135dc908',
    principalId: identity?.servicePrincipal?.objectId ?? '',
    principalType: 'ServicePrincipal',
    description: null,
    condition: null,
    conditionVersion: null,
    createdBy: null,
    updatedBy: null,
  })
  const run = await runGate(cloud, { inputs: { 'client-id': identity?.clientId ?? '' } })
  expect(run.outputs).toMatchObject({
    result: 'passed',
    'principal-id': identity?.servicePrincipal?.objectId,
  })
  expect(run.report).toMatchObject({ principal: { managedIdentity: identity?.resourceId } })
})

describe('failures that pass', () => {
  test.each([
    ['GitHub', 'oidc.token', { kind: 'reply', status: 500, body: { message: 'oops' } }],
    ['GitHub', 'oidc.token', { kind: 'reset', when: 'before' }],
    ['Entra', 'token', { kind: 'reply', status: 503, headers: { 'retry-after': '2' }, body: '' }],
    [
      'Entra',
      'token',
      {
        kind: 'reply',
        status: 429,
        headers: { 'retry-after': '7' },
        body: { error: 'temporarily_unavailable', error_description: 'AADSTS90055: slow down' },
      },
    ],
    ['Entra', 'openid.configuration', { kind: 'reset', when: 'body' }],
    [
      'Resource Manager',
      'accounts.get',
      {
        kind: 'reply',
        status: 429,
        headers: { 'retry-after': '9' },
        body: { error: { code: 'SubscriptionRequestsThrottled', message: 'slow down' } },
      },
    ],
    ['Resource Manager', 'roleAssignments.list', { kind: 'truncate', bytes: 40 }],
    [
      'Resource Manager',
      'roleAssignments.create',
      { kind: 'reply', status: 502, body: '<html>bad gateway</html>' },
    ],
    [
      'the data plane',
      'chatCompletions.create',
      { kind: 'reply', status: 500, body: { error: { code: 'InternalServerError', message: 'oops' } } },
    ],
  ] as const)('%s: one bad reply of %s (%j) does not fail the run', async (_who, operation, effect) => {
    cloud.faults.add({ name: 'once', operation, times: 1, effect })
    const run = await runGate(cloud)
    expect(run.requests.some(({ fault }) => fault === 'once')).toBe(true)
    expect(run.outputs.result).toBe('passed')
    expect(
      cloud.world.roleAssignments.filter(
        ({ principalId, roleDefinitionId }) =>
          principalId === run.outputs['principal-id'] &&
          roleDefinitionId === 'a97b65f3-24c7-4388-baec-2e87135dc908',
      ),
    ).toHaveLength(1)
  })

  test.each([
    ['oidc.token', 'oidc-endpoint-unavailable'],
    ['token', 'entra-unavailable'],
    ['accounts.get', 'resource-manager-unavailable'],
    ['chatCompletions.create', 'inference-unavailable'],
  ])('%s out for good is %s, and nothing is granted', async (operation, code) => {
    cloud.faults.add({ name: 'out', operation, effect: { kind: 'reply', status: 500, body: 'down' } })
    const run = await runGate(cloud)
    expect(run.outputs.diagnosis).toBe(code)
    expect(operations(run).filter(name => name === 'roleAssignments.create').length).toBe(
      operation === 'chatCompletions.create' ? 0 : 0,
    )
  })
})
