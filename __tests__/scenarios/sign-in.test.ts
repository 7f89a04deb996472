import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { alsoHolds, managedIdentity, pipeline, roles } from '../support/arrange.ts'
import { logOf, operations, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

describe('a federated credential that does not match', () => {
  test('log and summary show issuer, subject and audience of this run', async () => {
    pipeline(cloud).credential.subject = 'repo:contoso/shop:pull_request'
    const run = await runGate(cloud)
    expect(logOf(run)).toContain('  subject  repo:contoso/shop:ref:refs/heads/main')
    expect(logOf(run)).toContain(`  issuer   ${cloud.endpoints.github}`)
    expect(run.summary).toContain('federated-subject-mismatch')
    expect(run.summary).toContain('az ad app federated-credential create')
    expect(run.summary).toContain('az identity federated-credential create')
  })

  test('with a github-token the diagnosis shows the subject template', async () => {
    cloud.world.workflow.includeClaimKeys = ['repository_owner_id', 'repository_id']
    const token = cloud.runnerEnvironment().GITHUB_TOKEN ?? ''
    const run = await runGate(cloud, { inputs: { 'github-token': token } })
    expect(run.outputs.diagnosis).toBe('federated-subject-mismatch')
    expect(logOf(run)).toContain('from the claims repository_owner_id, repository_id')
    expect(logOf(run)).toContain('customised template of this repository or organisation')
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

test('a managed identity with a federated credential signs in too', async () => {
  cloud.world.workflow.environment = 'production'
  const { identity, principal } = managedIdentity(cloud)
  alsoHolds(cloud, { role: roles.user, principalId: principal.objectId })
  const run = await runGate(cloud, { inputs: { 'client-id': identity.clientId } })
  expect(run.outputs).toMatchObject({
    result: 'passed',
    'principal-id': principal.objectId,
  })
  expect(run.report).toMatchObject({ principal: { managedIdentity: identity.resourceId } })
})

describe('a token that is not for the identity that signs in proves nothing of it, although the service takes it', () => {
  const another = '5f0c2f3e-8b1d-4c55-9d27-6a2f0d1b7e90'
  test.each<[string, string, string, RegExp]>([
    ['of another application', 'appid', '', /is for the application 5f0c2f3e.* and not for /],
    ['of another tenant', 'tid', '', /is of the tenant 5f0c2f3e.* and not of /],
    [
      'of another principal than the other token',
      'oid',
      encodeURIComponent('https://cognitiveservices.azure.com'),
      /is for the principal (?=.*5f0c2f3e).*; another token of this run is for /,
    ],
  ])('%s', async (_, claim, containing, said) => {
    alsoHolds(cloud, { role: roles.user })
    cloud.faults.add({
      name: claim,
      operation: 'token',
      containing,
      effect: { kind: 'edit', path: ['access_token', claim], value: another },
    })
    const run = await runGate(cloud)

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'entra-rejected' })
    expect(logOf(run)).toMatch(said)
    expect(operations(run)).not.toContain('chatCompletions.create')
  })
})

describe('temporary failures', () => {
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
})
