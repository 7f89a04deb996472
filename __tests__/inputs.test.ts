import fc from 'fast-check'
import { StepError } from '../src/core/failures/failure.ts'
import type { Settings } from '../src/gate/settings.ts'
import { readSettings, reportingOf } from '../src/inputs.ts'

type Texts = Readonly<Record<string, string>>

const clientId = '11111111-2222-4333-8444-555555555555'
const tenantId = '66666666-7777-4888-8999-aaaaaaaaaaaa'
const subscriptionId = 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'
const resourceId = `/subscriptions/${subscriptionId}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/contoso`
const good: Texts = { 'client-id': clientId, 'tenant-id': tenantId, 'resource-id': resourceId }

const read = (inputs: Texts, env: Texts = {}): Settings => readSettings(name => inputs[name] ?? '', env)
const withGood = (inputs: Texts, env: Texts = {}) => read({ ...good, ...inputs }, env)

/** What is wrong with the inputs, one problem an element. */
function problemsOf(inputs: Texts, env: Texts = {}): string[] {
  try {
    read(inputs, env)
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    expect(error.failure).toMatchObject({ kind: 'fatal', code: 'input-invalid' })
    expect(error.operation).toBe('reading the inputs')
    return error.failure.said.message.split('\n')
  }
  return []
}

describe('what is not given', () => {
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

  test('identity and subscription come from the environment, where the inputs leave them out', () => {
    const env = {
      AZURE_CLIENT_ID: clientId,
      AZURE_TENANT_ID: ` ${tenantId} `,
      AZURE_SUBSCRIPTION_ID: subscriptionId,
    }
    const settings = read({ 'resource-group': 'rg-models', 'resource-name': 'contoso' }, env)

    expect(settings.identity).toMatchObject({ clientId, tenantId })
    expect(settings.target).toMatchObject({ kind: 'resource', resource: { subscriptionId } })
  })

  test('an app is asked at its whole address', () => {
    const url = 'https://shop.contoso.example/api/probe?code=a-function-key%3D%3D'
    expect(withGood({ 'probe-url': ` ${url} `, 'probe-expect': '/READY/i' }).production.probe).toEqual({
      url,
      expect: /READY/i,
    })
  })

  test('inputs win over the environment', () => {
    expect(withGood({}, { AZURE_CLIENT_ID: subscriptionId }).identity.clientId).toBe(clientId)
  })

  test('how the end is told is known even where nothing else is right', () => {
    const reporting = (inputs: Record<string, string>) => reportingOf(name => inputs[name] ?? '')
    expect(reporting({})).toEqual({ summary: true, path: undefined })
    expect(reporting({ 'report-path': ' out/gate.json ', summary: 'False' })).toEqual({
      summary: false,
      path: 'out/gate.json',
    })
    expect(reporting({ summary: 'perhaps' }).summary).toBe(true)
  })
})

describe('each good form', () => {
  test.each<[string, Texts, object]>([
    [
      'GUIDs in capitals, between blanks',
      { 'client-id': ` ${clientId.toUpperCase()}\r\n` },
      { identity: { clientId } },
    ],
    ['an audience', { audience: 'api://Other' }, { identity: { assertionAudience: 'api://Other' } }],
    [
      'a project',
      { 'resource-id': `${resourceId}/projects/app` },
      { target: { resource: { account: 'contoso', project: 'app' } } },
    ],
    [
      'an endpoint besides the resource',
      { endpoint: 'https://contoso.openai.azure.com/' },
      { target: { kind: 'resource', endpoint: 'https://contoso.openai.azure.com' } },
    ],
    [
      'an endpoint as portals show it',
      { endpoint: 'https://contoso.openai.azure.com/openai/v1/' },
      { target: { endpoint: 'https://contoso.openai.azure.com' } },
    ],
    [
      'the endpoint of model inference',
      { endpoint: 'https://contoso.services.ai.azure.com/models' },
      { target: { endpoint: 'https://contoso.services.ai.azure.com' } },
    ],
    [
      'the endpoint of Claude',
      { endpoint: 'https://contoso.services.ai.azure.com/anthropic' },
      { target: { endpoint: 'https://contoso.services.ai.azure.com' } },
    ],
    [
      'the endpoint of Claude with its route',
      { endpoint: 'https://contoso.services.ai.azure.com/anthropic/v1/messages' },
      { target: { endpoint: 'https://contoso.services.ai.azure.com' } },
    ],
    [
      'the endpoint of a project',
      { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app' },
      { target: { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app' } },
    ],
    [
      'the endpoint of a project with its route',
      { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app/openai/v1' },
      { target: { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app' } },
    ],
    [
      'a role by name',
      { role: 'cognitive services  OPENAI user' },
      { access: { role: { guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' } } },
    ],
    [
      'a role by GUID',
      { role: '5E0BD9BD-7B93-4F28-AF87-19FC36AD61BD' },
      { access: { role: { guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' } } },
    ],
    ['the least role', { role: ' Auto ' }, { access: { role: { kind: 'auto' } } }],
    [
      'a custom role',
      { role: 'Contoso Model Caller' },
      { access: { role: { kind: 'name', name: 'Contoso Model Caller' } } },
    ],
    ['a mode of granting, in capitals', { grant: 'NEVER' }, { access: { grant: 'never' } }],
    [
      'an identity for the set-up',
      { 'setup-client-id': subscriptionId.toUpperCase() },
      { identity: { clientId, setupClientId: subscriptionId } },
    ],
    [
      'a group that is to hold the role',
      { 'principal-id': subscriptionId, 'principal-type': 'group' },
      { access: { grantee: { principalId: subscriptionId, principalType: 'Group' } } },
    ],
    ['findings that fail', { 'fail-on': ' Medium' }, { failOn: 'medium' }],
    ['variables for later steps', { 'export-environment': 'TRUE' }, { exportEnvironment: true }],
    ['a temporary grant', { revoke: 'True' }, { access: { revoke: true } }],
    [
      'keys forbidden, and one that was retired',
      { 'key-access': 'Forbid', 'retired-key': ' 0123456789abcdef0123456789abcdef\n' },
      { keys: { access: 'forbid', retired: '0123456789abcdef0123456789abcdef' } },
    ],
    [
      'an endpoint alone, and a retired key as the proof that keys are off',
      {
        'resource-id': '',
        endpoint: 'https://contoso.openai.azure.com',
        deployments: 'gpt-4o',
        'key-access': 'forbid',
        'retired-key': '0123456789abcdef0123456789abcdef',
      },
      { target: { kind: 'endpoint' }, keys: { access: 'forbid' } },
    ],
    ['seconds', { 'propagation-timeout': '90s' }, { waiting: { propagationTimeoutMs: 90_000 } }],
    ['minutes', { 'propagation-timeout': '15 M' }, { waiting: { propagationTimeoutMs: 900_000 } }],
    ['hours', { 'propagation-timeout': '1h' }, { waiting: { propagationTimeoutMs: 3_600_000 } }],
    ['no waiting at all', { 'propagation-timeout': '0s' }, { waiting: { propagationTimeoutMs: 0 } }],
    ['a limit for requests', { 'request-timeout': '1s' }, { waiting: { requestTimeoutMs: 1000 } }],
    ['successes in a row', { 'consecutive-successes': '1' }, { waiting: { consecutiveSuccesses: 1 } }],
    ['an API', { api: 'Responses' }, { smoke: { api: 'responses' } }],
    [
      'a version',
      { 'api-version': '2025-04-01-preview', api: 'azure-openai' },
      { smoke: { apiVersion: '2025-04-01-preview' } },
    ],
    [
      'a version for one of several',
      { 'api-version': '2024-06-01', deployments: 'gpt-4o\nold=completions' },
      { smoke: { apiVersion: '2024-06-01' } },
    ],
    ['a prompt', { prompt: 'Say ready' }, { smoke: { prompt: 'Say ready' } }],
    ['a budget', { 'max-output-tokens': '4096' }, { smoke: { maxOutputTokens: 4096 } }],
    ['an expectation', { expect: '^ready\\b' }, { smoke: { expect: /^ready\b/ } }],
    [
      'a cloud',
      { cloud: 'azureusgovernment' },
      { cloud: { name: 'AzureUSGovernment', authorityHost: 'https://login.microsoftonline.us' } },
    ],
    [
      'hosts of ones own',
      {
        cloud: 'custom',
        'authority-host': 'https://login.contoso.example/',
        'resource-manager-endpoint': 'https://arm.contoso.example:8443',
      },
      {
        cloud: {
          name: 'custom',
          authorityHost: 'https://login.contoso.example',
          resourceManager: { endpoint: 'https://arm.contoso.example:8443' },
        },
      },
    ],
    ['no summary', { summary: 'false' }, { report: { summary: false } }],
    ['a path for the report', { 'report-path': 'out/gate.json' }, { report: { path: 'out/gate.json' } }],
    ['a token for GitHub', { 'github-token': 'ghs_x' }, { report: { githubToken: 'ghs_x' } }],
  ])('%s', (_, inputs, expected) => {
    expect(withGood(inputs)).toMatchObject(expected)
  })

  test('a resource in three parts', () => {
    const { 'resource-id': _, ...identity } = good
    const parts = {
      'subscription-id': subscriptionId,
      'resource-group': 'Grüne.Gruppe_(1)',
      'resource-name': 'contoso-1',
    }

    expect(read({ ...identity, ...parts }).target).toEqual({
      kind: 'resource',
      resource: {
        subscriptionId,
        resourceGroup: 'Grüne.Gruppe_(1)',
        account: 'contoso-1',
        project: undefined,
      },
      endpoint: undefined,
    })
  })

  test.each([
    ['api://contoso-gateway', 'api://contoso-gateway'],
    ['api://contoso-gateway/.default', 'api://contoso-gateway'],
    ['9A0C1F6E-52d7-4b83-8e4a-7f3d20b5c611', '9A0C1F6E-52d7-4b83-8e4a-7f3d20b5c611'],
    ['https://contoso.onmicrosoft.com/gateway/', 'https://contoso.onmicrosoft.com/gateway/'],
    ['https://cognitiveservices.azure.com', 'https://cognitiveservices.azure.com'],
  ])('a gateway, and the audience of its tokens: %s', (given, audience) => {
    const { 'resource-id': _, ...identity } = good
    const gateway = { endpoint: 'https://contoso.azure-api.net/ai', deployments: 'chat' }

    expect(read({ ...identity, ...gateway, 'token-audience': given })).toMatchObject({
      target: { kind: 'endpoint', endpoint: 'https://contoso.azure-api.net/ai' },
      smoke: { tokenAudience: audience },
    })
  })

  test('an endpoint alone, as clients write it: with the deployment and the version', () => {
    const { 'resource-id': _, ...identity } = good
    const address =
      'https://contoso.openai.azure.com/openai/deployments/chat/chat/completions?api-version=2024-06-01'

    expect(read({ ...identity, endpoint: address })).toMatchObject({
      target: { kind: 'endpoint', endpoint: 'https://contoso.openai.azure.com' },
      ofEndpoint: { deployment: 'chat', apiVersion: '2024-06-01' },
      deployments: [{ name: 'chat', api: 'azure-openai' }],
      smoke: { api: 'auto', apiVersion: '2024-06-01' },
    })
    // What is asked for goes before it.
    expect(read({ ...identity, endpoint: address, api: 'responses' }).deployments).toEqual([
      { name: 'chat', api: undefined },
    ])
    expect(
      read({ ...identity, endpoint: address, deployments: 'chat=responses\nother' }).deployments,
    ).toEqual([
      { name: 'chat', api: 'responses' },
      { name: 'other', api: undefined },
    ])
  })

  test('an endpoint alone, with a deployment', () => {
    const { 'resource-id': _, ...identity } = good
    const endpointOnly = { endpoint: 'https://contoso.openai.azure.com', deployments: 'gpt-4o' }

    expect(read({ ...identity, ...endpointOnly }).target).toEqual({
      kind: 'endpoint',
      endpoint: 'https://contoso.openai.azure.com',
    })
  })
})

describe('runtime principals', () => {
  const app = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.App/containerApps/shop`
  const listed = (lines: string) => withGood({ 'runtime-principals': lines }).production.principals

  test('are one a line, each with deployments and a role of its own', () => {
    expect(
      listed(`${clientId}\r\n  ${app} ; DEPLOYMENTS = chat, embed; role = Cognitive Services OpenAI User\n`),
    ).toEqual([
      {
        id: clientId,
        reference: { kind: 'object', principalId: clientId },
        deployments: [],
        role: undefined,
      },
      {
        id: app,
        reference: {
          kind: 'resource',
          resource: { id: app, subscriptionId, type: 'Microsoft.App/containerApps' },
        },
        deployments: ['chat', 'embed'],
        role: { kind: 'guid', guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' },
      },
    ])
  })

  test('are none where nothing is given', () => {
    for (const nothing of ['', ' ', '\n', ' \r\n ']) expect(listed(nothing)).toEqual([])
    expect(withGood({}).production.unknown).toBe('fail')
  })

  test.each<[string, Texts, RegExp]>([
    [
      'an empty line between two',
      { 'runtime-principals': `${clientId}\n\n${tenantId}` },
      /holds an empty line/,
    ],
    ['a first line that is empty', { 'runtime-principals': `\n${clientId}` }, /holds an empty line/],
    [
      'a line without an id',
      { 'runtime-principals': '; role=Owner' },
      /the line "; role=Owner", which names no/,
    ],
    ['a name', { 'runtime-principals': 'shop' }, /holds "shop", which is not an object id/],
    [
      'the same twice',
      { 'runtime-principals': `${clientId}\n${clientId.toUpperCase()}` },
      /names "1{8}.*" twice/,
    ],
    [
      'an option that there is not',
      { 'runtime-principals': `${clientId}; revoke=true` },
      /holds "revoke=true" behind an id; accepted are/,
    ],
    [
      'an option without a value',
      { 'runtime-principals': `${clientId}; role=` },
      /holds "role=" behind an id/,
    ],
    [
      'an odd deployment',
      { 'runtime-principals': `${clientId}; deployments=chat,` },
      /names the deployment "", which is no name/,
    ],
    [
      'a typing error in the role',
      { 'runtime-principals': `${clientId}; role=Cognitive Service User` },
      /names the role "Cognitive Service User", which is not a built-in role; "Cognitive Services User" is/,
    ],
    [
      'a policy without principals',
      { 'runtime-unknown': 'warn' },
      /^`runtime-unknown` has no effect without/,
    ],
    [
      'another policy',
      { 'runtime-principals': clientId, 'runtime-unknown': 'ignore' },
      /^`runtime-unknown` is "ignore"; accepted are `fail`, `warn`$/,
    ],
  ])('%s is refused', (_what, inputs, problem) => {
    expect(problemsOf({ ...good, ...inputs })).toEqual([expect.stringMatching(problem)])
  })

  test('have no effect where only an endpoint is given', () => {
    const inputs = { endpoint: 'https://contoso.openai.azure.com', deployments: 'chat' }
    const { 'resource-id': _, ...identity } = good
    expect(problemsOf({ ...identity, ...inputs, 'runtime-principals': clientId })).toEqual([
      expect.stringMatching(/^`runtime-principals` has no effect where only `endpoint` is given/),
    ])
  })
})

describe('deployments', () => {
  test.each<[string, string, object[]]>([
    ['one', 'gpt-4o', [{ name: 'gpt-4o', api: undefined }]],
    [
      'Windows line ends, blanks, commas and the line end of a block',
      ' gpt-4o ,\r\n\t embeddings = embeddings ,\r\n',
      [
        { name: 'gpt-4o', api: undefined },
        { name: 'embeddings', api: 'embeddings' },
      ],
    ],
    ['an API in capitals', 'o3=RESPONSES', [{ name: 'o3', api: 'responses' }]],
    ['auto, whatever the input `api` says', 'o3=auto', [{ name: 'o3', api: 'auto' }]],
    ['one twice', 'gpt-4o\ngpt-4o', [{ name: 'gpt-4o', api: undefined }]],
    [
      'one by two APIs',
      'gpt-4o=chat-completions\ngpt-4o=responses',
      [
        { name: 'gpt-4o', api: 'chat-completions' },
        { name: 'gpt-4o', api: 'responses' },
      ],
    ],
    ['nothing but line ends', '\r\n', []],
  ])('%s', (_, text, expected) => {
    expect(withGood({ deployments: text }).deployments).toEqual(expected)
  })

  test('however the lines are ended and padded, the same is read', () => {
    const blank = fc.constantFrom('', ' ', '\t', '  ')
    const ending = fc.constantFrom('\n', '\r\n', '\r', ',\n', ' ,\r\n')
    const padded = fc.record({
      name: fc.stringMatching(/^[\w.-]{1,20}$/).filter(name => !/^\.+$/.test(name)),
      before: blank,
      after: blank,
      ending,
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(padded, { minLength: 1, maxLength: 5, selector: ({ name }) => name }),
        lines => {
          const text = lines
            .map(({ name, before, after, ending: end }) => `${before}${name}${after}${end}`)
            .join('')

          expect(withGood({ deployments: text }).deployments.map(({ name }) => name)).toEqual(
            lines.map(({ name }) => name),
          )
        },
      ),
    )
  })
})

const gatewayAlone = { 'resource-id': '', endpoint: 'https://contoso.azure-api.net/ai', deployments: 'chat' }

describe('each bad form is named, with what was given and what is accepted', () => {
  const badId = 'Microsoft.CognitiveServices/accounts'
  test.each<[string, Texts, RegExp]>([
    [
      'no client id',
      { 'client-id': '' },
      /^`client-id` is missing; a GUID is needed, here or in the environment variable AZURE_CLIENT_ID/,
    ],
    [
      'a secret that is not there',
      { 'tenant-id': ' \r\n' },
      /^`tenant-id` is missing.* An absent secret or variable arrives as an empty string$/,
    ],
    ['a GUID that is none', { 'client-id': '1111-2222' }, /^`client-id` is "1111-2222", which is not a GUID/],
    [
      'a GUID with a letter too many',
      { 'tenant-id': `${tenantId}0` },
      /^`tenant-id` is ".*0", which is not a GUID/,
    ],
    [
      'an id of another type',
      { 'resource-id': resourceId.replace(badId, 'Microsoft.Storage/storageAccounts') },
      /^`resource-id` is ".*", which is of type Microsoft.Storage\/storageAccounts, not Microsoft.CognitiveServices\/accounts$/,
    ],
    [
      'an id with a slip in it',
      { 'resource-id': resourceId.replace('resourceGroups', 'resourceGroup') },
      /^`resource-id` is ".*", which does not have the form \/subscriptions\/<guid>\/resourceGroups\//,
    ],
    [
      'an id of a deployment',
      { 'resource-id': `${resourceId}/deployments/gpt-4o` },
      /^`resource-id` is ".*", which does not have the form/,
    ],
    [
      'an id with a subscription that is no GUID',
      { 'resource-id': resourceId.replace(subscriptionId, 'mine') },
      /^`resource-id` is ".*", which holds the subscription id mine, which is not a GUID$/,
    ],
    [
      'both forms of the target',
      { 'resource-name': 'contoso' },
      /^`resource-id` is given together with `subscription-id`, `resource-group` or `resource-name`/,
    ],
    [
      'both forms, by the subscription',
      { 'subscription-id': subscriptionId },
      /^`resource-id` is given together with/,
    ],
    [
      'no target',
      { 'resource-id': '' },
      /^`resource-id` is missing; give it, or `subscription-id`, `resource-group` and `resource-name`, or `endpoint`, with `subscription-id` or alone$/,
    ],
    [
      'half a target',
      { 'resource-id': '', 'resource-group': 'rg', 'subscription-id': subscriptionId },
      /^`resource-name` is missing; `resource-group` is given without it$/,
    ],
    [
      'a target without subscription',
      { 'resource-id': '', 'resource-group': 'rg', 'resource-name': 'contoso' },
      /^`subscription-id` is missing; a GUID is needed, here or in the environment variable AZURE_SUBSCRIPTION_ID/,
    ],
    [
      'a name that is none',
      {
        'resource-id': '',
        'subscription-id': subscriptionId,
        'resource-group': 'rg',
        'resource-name': 'a/b',
      },
      /^`resource-name` is "a\/b", which is not the name of an Azure resource$/,
    ],
    [
      'an app without TLS',
      { 'probe-url': 'http://shop.contoso.example/probe?code=secret' },
      /^`probe-url` is "http:\/\/shop\.contoso\.example\/probe\?\*\*\*", which does not begin with https:\/\//,
    ],
    [
      'an app that is no URL',
      { 'probe-url': 'shop.contoso.example/probe?code=secret' },
      /^`probe-url` is "shop\.contoso\.example\/probe\?\*\*\*", which is not a URL/,
    ],
    [
      'an app with a password',
      { 'probe-url': 'https://user:word@shop.contoso.example/probe' },
      /^`probe-url` is "https:\/\/\*\*\*@shop.*", which holds a user name or a password$/,
    ],
    [
      'an app with a fragment',
      { 'probe-url': 'https://shop.contoso.example/probe?code=secret#top' },
      /^`probe-url` is "https:\/\/shop\.contoso\.example\/probe\?\*\*\*", which holds a fragment/,
    ],
    [
      'what no app is asked for',
      { 'probe-expect': 'ready' },
      /^`probe-expect` has no effect without `probe-url`/,
    ],
    [
      'an expectation of the app that does not compile',
      { 'probe-url': 'https://shop.contoso.example/probe', 'probe-expect': '(' },
      /^`probe-expect` is "\(", which does not compile/,
    ],
    [
      'an endpoint without deployments',
      { 'resource-id': '', endpoint: 'https://contoso.openai.azure.com' },
      /^`deployments` must name at least one/,
    ],
    [
      'an endpoint without TLS',
      { endpoint: 'http://contoso.openai.azure.com' },
      /^`endpoint` is "http:\/\/.*", which does not begin with https:\/\//,
    ],
    [
      'an endpoint that is no URL',
      { endpoint: 'contoso.openai.azure.com' },
      /^`endpoint` is ".*", which is not a URL/,
    ],
    [
      'an endpoint of Azure with a path that none has',
      { endpoint: 'https://contoso.openai.azure.com/opnai/v1' },
      /^`endpoint` is ".*", which has the path \/opnai\/v1; give scheme and host/,
    ],
    [
      'an audience that is none',
      { ...gatewayAlone, 'token-audience': 'contoso-gateway' },
      /^`token-audience` is "contoso-gateway", which is no audience such as/,
    ],
    ...[
      'https://management.azure.com',
      'https://management.core.windows.net/',
      'https://graph.microsoft.com/.default',
      'https://contoso.vault.azure.net',
      'https://management.usgovcloudapi.net',
      '00000003-0000-0000-c000-000000000000',
      '797F4846-ba00-4fd7-ba43-dac1f8f63013',
    ].map((audience): [string, Record<string, string>, RegExp] => [
      `an audience that opens more than a gateway: ${audience}`,
      { ...gatewayAlone, 'token-audience': audience },
      /^`token-audience` is ".*", which is the audience of a service of Microsoft/,
    ]),
    [
      'a token for a gateway beside a resource',
      { endpoint: 'https://contoso.azure-api.net/ai', 'token-audience': 'api://contoso-gateway' },
      /^`token-audience` is for a gateway, which `endpoint` names alone/,
    ],
    [
      'a token for a gateway, at Azure itself',
      {
        ...gatewayAlone,
        endpoint: 'https://contoso.openai.azure.com',
        'token-audience': 'api://contoso-gateway',
      },
      /^`token-audience` is for a gateway, and the host of `endpoint` is one of Azure$/,
    ],
    [
      'a key of the resource for a gateway',
      { ...gatewayAlone, 'token-audience': 'api://contoso-gateway', 'retired-key': '0123456789abcdef' },
      /^`retired-key` is one of the resource, and would go to the gateway/,
    ],
    [
      'a regional endpoint',
      { endpoint: 'https://eastus.api.cognitive.microsoft.com/' },
      /^`endpoint` is ".*", which is the regional endpoint of eastus, .* custom subdomain/,
    ],
    [
      'other deployments than the one in the path',
      {
        endpoint: 'https://contoso.openai.azure.com/openai/deployments/chat',
        deployments: 'other\nembeddings',
      },
      /^`deployments` do not name "chat", which the path of `endpoint` names/,
    ],
    [
      'another version than the one in the address',
      {
        endpoint: 'https://contoso.openai.azure.com/openai?api-version=2024-10-21',
        'api-version': '2024-06-01',
        api: 'azure-openai',
        deployments: 'chat',
      },
      /^`api-version` is "2024-06-01", and `endpoint` says "2024-10-21"/,
    ],
    [
      'an endpoint with credentials',
      { endpoint: 'https://user:word@contoso.openai.azure.com' },
      /^`endpoint` is ".*", which holds a user name or a password$/,
    ],
    [
      'an endpoint with a query',
      { endpoint: 'https://contoso.openai.azure.com/?api-version=1' },
      /^`endpoint` is ".*\?\*\*\*", which holds an `api-version` that is none/,
    ],
    [
      'an endpoint with a fragment',
      { endpoint: 'https://contoso.openai.azure.com/#x' },
      /^`endpoint` is ".*", which holds a fragment, or more of a query/,
    ],
    [
      'an authority without TLS',
      { 'authority-host': 'http://login.contoso.example' },
      /^`authority-host` is ".*", which does not begin with https:\/\//,
    ],
    [
      'an authority with a path',
      { 'authority-host': 'https://login.contoso.example/tenant' },
      /^`authority-host` is ".*", which has the path \/tenant/,
    ],
    [
      'a Resource Manager without TLS',
      { 'resource-manager-endpoint': 'ftp://arm.contoso.example' },
      /^`resource-manager-endpoint` is ".*", which does not begin with https:\/\//,
    ],
    [
      'a cloud of ones own without its hosts',
      { cloud: 'custom', 'authority-host': 'https://login.contoso.example' },
      /^`resource-manager-endpoint` is missing; `cloud: custom` needs it$/,
    ],
    [
      'a slip in a built-in role',
      { role: 'Cognitive Service User' },
      /^`role` is ".*", which is not a built-in role; "Cognitive Services User" is/,
    ],
    [
      'a slip in the old name of a role',
      { role: 'Azure AI Usr' },
      /^`role` is ".*", which is not a built-in role; "Foundry User" is/,
    ],
    [
      'an id that is of no role',
      { role: resourceId },
      /^`role` is ".*", which looks like an id, but is not one of a role definition$/,
    ],
    [
      'a severity that is none',
      { 'fail-on': 'all' },
      /^`fail-on` is "all", which is none of `high`, `medium`, `low`$/,
    ],
    [
      'an unknown API',
      { api: 'translations' },
      /^`api` is "translations"; accepted are `auto`, `chat-completions`, `responses`, /,
    ],
    [
      'a version that is none',
      { 'api-version': 'latest', api: 'azure-openai' },
      /^`api-version` is "latest", which is not a version such as `2024-10-21` or `2025-04-01-preview`$/,
    ],
    [
      'a version that nothing takes',
      { 'api-version': '2024-10-21' },
      /^`api-version` has no effect: .*`azure-openai`, `completions`, `transcriptions`/,
    ],
    [
      'an API that is paid by the piece, and nothing named',
      { api: 'images' },
      /^`deployments` must name what is to be called by `images`/,
    ],
    [
      'an agent, and no project',
      { deployments: 'helper=agents' },
      /^`deployments` are called by `agents`, in a project, and neither `resource-id` nor `endpoint` names one$/,
    ],
    [
      'a kind of model that has no call',
      { deployments: 'film=video' },
      /^`deployments` is ".*", which asks for the API "video"; known are `auto`, `chat-completions`, /,
    ],
    [
      'a name of nothing but dots',
      { deployments: '..' },
      /^`deployments` is ".*", which holds the line "\.\."/,
    ],
    [
      'an unknown API of a deployment',
      { deployments: 'gpt-4o=chat' },
      /^`deployments` is ".*", which asks for the API "chat"; known are `auto`, `chat-completions`, /,
    ],
    ...[
      ['between two names', 'gpt-4o\n\no3'],
      ['between two names, of blanks', 'gpt-4o\r\n \t\r\no3'],
      ['above the first name', '\ngpt-4o\n'],
      ['below the last name', 'gpt-4o\n\n'],
    ].map(([where, deployments = '']): [string, Texts, RegExp] => [
      `an empty line ${where}`,
      { deployments },
      /^`deployments` is ".*", which holds an empty line, which names no deployment\. An absent variable arrives as an empty string$/,
    ]),
    [
      'an API of no deployment',
      { deployments: 'gpt-4o\n=responses' },
      /^`deployments` is ".*", which holds the line "=responses", which names no deployment\. An absent variable/,
    ],
    [
      'nothing but a comma',
      { deployments: ',' },
      /^`deployments` is ",", which holds an empty line, which names no deployment/,
    ],
    [
      'deployments in one line',
      { deployments: 'gpt-4o, chat' },
      /^`deployments` is ".*", which holds the line "gpt-4o, chat"; a line reads `name` or `name=api`$/,
    ],
    [
      'a deployment with two APIs',
      { deployments: 'gpt-4o=responses=embeddings' },
      /^`deployments` is ".*", which holds the line/,
    ],
    [
      'an unknown cloud',
      { cloud: 'AzureGermanCloud' },
      /^`cloud` is "AzureGermanCloud"; accepted are `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, `custom`$/,
    ],
    [
      'an unknown mode of granting',
      { grant: 'yes' },
      /^`grant` is "yes"; accepted are `auto`, `never`, `plan`$/,
    ],
    [
      'a type without its principal',
      { 'principal-type': 'Group' },
      /^`principal-type` is Group, and `principal-id` does not say which one$/,
    ],
    [
      'a principal by name',
      { 'principal-id': 'pipelines' },
      /^`principal-id` is "pipelines", which is not a GUID/,
    ],
    [
      'a temporary grant where nothing is granted',
      { grant: 'never', revoke: 'true' },
      /^`revoke` is true, and with `grant: never` there is nothing to take back$/,
    ],
    ['a key that is none', { 'retired-key': 'not a key' }, /^`retired-key` is no API key/],
    ...Object.entries({
      'setup-client-id': subscriptionId,
      'principal-id': subscriptionId,
      revoke: 'true',
      role: 'Foundry User',
      grant: 'never',
      'model-days-left': '30',
    }).map(([name, value]): [string, Texts, RegExp] => [
      `${name} with an endpoint alone`,
      {
        'resource-id': '',
        endpoint: 'https://contoso.openai.azure.com',
        deployments: 'gpt-4o',
        [name]: value,
      },
      new RegExp(`^\`${name}\` has no effect where only \`endpoint\` is given`),
    ]),
    [
      'keys forbidden with an endpoint alone, and nothing that proves it',
      {
        'resource-id': '',
        endpoint: 'https://contoso.openai.azure.com',
        deployments: 'gpt-4o',
        'key-access': 'forbid',
      },
      /^`key-access` is forbid, and only `endpoint` is given/,
    ],
    [
      'a duration without a unit',
      { 'propagation-timeout': '900' },
      /^`propagation-timeout` is "900", which is not a duration such as `90s`, `15m` or `1h`$/,
    ],
    [
      'a duration with a fraction',
      { 'propagation-timeout': '1.5h' },
      /^`propagation-timeout` is "1.5h", which is not a duration/,
    ],
    [
      'a negative duration',
      { 'request-timeout': '-1s' },
      /^`request-timeout` is "-1s", which is not a duration/,
    ],
    [
      'a duration of days',
      { 'propagation-timeout': '1d' },
      /^`propagation-timeout` is "1d", which is not a duration/,
    ],
    [
      'a duration that is too long',
      { 'propagation-timeout': '7h' },
      /^`propagation-timeout` is "7h", which is not between 0s and 360m$/,
    ],
    [
      'a duration that is too short',
      { 'request-timeout': '0s' },
      /^`request-timeout` is "0s", which is not between 1s and 10m$/,
    ],
    [
      'a number that is none',
      { 'consecutive-successes': '3.5' },
      /^`consecutive-successes` is "3.5", which is not a whole number from 1 to 20$/,
    ],
    [
      'a number out of range',
      { 'max-output-tokens': '0' },
      /^`max-output-tokens` is "0", which is not a whole number from 1 to 4096$/,
    ],
    [
      'an expression that does not compile',
      { expect: '(ready' },
      /^`expect` is "\(ready", which does not compile: /,
    ],
    ['neither true nor false', { summary: 'yes' }, /^`summary` is "yes"; accepted are `true`, `false`$/],
  ])('%s', (_, inputs, expected) => {
    const problems = problemsOf({ ...good, ...inputs })

    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(expected)
  })

  test('an id from the environment is said to come from there', () => {
    const { 'client-id': _, ...others } = good

    expect(problemsOf(others, { AZURE_CLIENT_ID: 'nonsense' })).toEqual([
      expect.stringContaining('`client-id` is "nonsense" (from AZURE_CLIENT_ID), which is not a GUID'),
    ])
  })

  test('all that is wrong is said at once, each under the name of its input', () => {
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

  test.each([
    'https://user:Hush@contoso.example',
    'https://user:Hush/x@contoso.example',
    'https://user:x@Hush@contoso.example',
    'https://contoso.example/?subscription-key=Hush',
    'https://contoso.example/#Hush',
  ])('of an address, password and query are not: %s', endpoint => {
    const [problem = ''] = problemsOf({ ...good, endpoint })

    expect(problem).toContain('contoso.example')
    expect(problem).not.toContain('Hush')
  })

  test('what was given is quoted, cut, and can do no harm', () => {
    const [problem = ''] = problemsOf({ ...good, cloud: `##[error]${'x'.repeat(5000)}\n::error::y` })

    expect(problem.length).toBeLessThan(400)
    expect(problem).not.toContain('##[')
  })
})
