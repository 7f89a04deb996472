import { good, isReadAs, isRefused, read, type Texts } from './given.ts'

const gatewayAlone = { 'resource-id': '', endpoint: 'https://contoso.azure-api.net/ai', deployments: 'chat' }

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

test.each<[string, Texts, object]>([
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
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  [
    'an audience that is none',
    { ...gatewayAlone, 'token-audience': 'contoso-gateway' },
    /^`token-audience` is "contoso-gateway", which is not an audience such as/,
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
    /^`token-audience` is ".*", which is the audience of a Microsoft service/,
  ]),
  [
    'a token for a gateway beside a resource',
    { endpoint: 'https://contoso.azure-api.net/ai', 'token-audience': 'api://contoso-gateway' },
    /^`token-audience` is for a gateway, so it goes with `endpoint` alone/,
  ],
  [
    'a token for a gateway, at Azure itself',
    {
      ...gatewayAlone,
      endpoint: 'https://contoso.openai.azure.com',
      'token-audience': 'api://contoso-gateway',
    },
    /^`token-audience` is for a gateway, but the host of `endpoint` belongs to Azure$/,
  ],
  [
    'a key of the resource for a gateway',
    { ...gatewayAlone, 'token-audience': 'api://contoso-gateway', 'retired-key': '0123456789abcdef' },
    /^`retired-key` is a key of the resource, but the call would go to the gateway/,
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
    'a number out of range',
    { 'max-output-tokens': '0' },
    /^`max-output-tokens` is "0", which is not a whole number from 1 to 4096$/,
  ],
  [
    'an expression that does not compile',
    { expect: '(ready' },
    /^`expect` is "\(ready", which does not compile: /,
  ],
])('%s is refused', isRefused)
