import { readActionMetadata } from '../../scripts/action-metadata.ts'
import { clientId, isReadAs, problemsOf, subscriptionId, type Texts, tenantId, withGood } from './given.ts'

test('has the documented defaults', () => {
  expect(withGood({}, { RUNNER_TEMP: '/runner/temp' })).toMatchObject({
    identity: {
      clientId,
      tenantId,
      setupClientId: undefined,
      assertionAudience: 'api://AzureADTokenExchange',
    },
    target: {
      kind: 'resource',
      resource: { subscriptionId, resourceGroup: 'rg-models', account: 'contoso', project: undefined },
      endpoint: undefined,
    },
    deployments: [],
    access: {
      role: { kind: 'guid', guid: 'a97b65f3-24c7-4388-baec-2e87135dc908' },
      grant: 'auto',
      grantee: undefined,
      revoke: false,
    },
    keys: { access: 'warn', retired: undefined },
    waiting: { propagationTimeoutMs: 900_000, consecutiveSuccesses: 3, requestTimeoutMs: 30_000 },
    smoke: { api: 'auto', maxOutputTokens: 16, expect: undefined },
    failOn: undefined,
    exportEnvironment: false,
    cloud: { name: 'AzureCloud' },
    report: {
      summary: true,
      path: undefined,
      githubToken: undefined,
    },
  })
  expect(withGood({}).smoke.prompt).not.toBe('')
})

/** The runner passes them; a test, or another runner, may not. */
test('an input that is not given counts as its default in action.yml', () => {
  const defaults = Object.entries(readActionMetadata().inputs).flatMap(([name, input]) =>
    input.default === undefined ? [] : [[name, input.default] as const],
  )

  expect(defaults.length).toBeGreaterThan(10)
  expect(withGood(Object.fromEntries(defaults))).toEqual(withGood({}))
})

test('all problems are reported at once, each with the name of its input', () => {
  const bad = {
    'tenant-id': 'contoso.onmicrosoft.com',
    'resource-id': '/subscriptions/x',
    'resource-name': 'contoso',
    endpoint: 'http://contoso.openai.azure.com',
    'authority-host': 'login',
    cloud: 'moon',
    deployments: '=chat',
    role: 'Cognitive Services Usr',
    grant: 'maybe',
    'propagation-timeout': 'long',
    'consecutive-successes': 'many',
    'request-timeout': '1h',
    api: 'soap',
    'max-output-tokens': 'all',
    expect: '[',
    summary: '1',
  }
  const named = problemsOf(bad).map(problem => /^`([\w-]+)` /.exec(problem)?.[1])

  expect(new Set(named)).toEqual(
    new Set(['client-id', ...Object.keys(bad)].filter(name => name !== 'resource-name')),
  )
})

test.each<[string, Texts, object]>([
  ['variables for later steps', { 'export-environment': 'TRUE' }, { exportEnvironment: true }],
])('%s', isReadAs)
