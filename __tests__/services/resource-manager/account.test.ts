import * as v from 'valibot'
import { cloudOf } from '../../../src/azure/clouds.ts'
import {
  type Account,
  readAccount,
  trustedEndpoints,
} from '../../../src/services/resource-manager/account.ts'

const subscriptionId = 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'
const id = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/contoso`
const resource = { subscriptionId, resourceGroup: 'rg', account: 'contoso', project: undefined }
const plainEndpoint = 'https://contoso.cognitiveservices.azure.com/'
const endpoints = {
  'OpenAI Language Model Instance API': 'https://contoso.openai.azure.com/',
  'AI Foundry API': 'https://contoso.services.ai.azure.com/',
}

/** An account as Resource Manager shows it, read; and what was asked. */
async function read(properties: object, project?: object): Promise<{ account: Account; asked: string[] }> {
  const asked: string[] = []
  const replies: Record<string, unknown> = {
    [id]: { kind: 'AIServices', location: 'swedencentral', properties },
    [`${id}/projects/shop`]: { properties: project },
  }
  const account = await readAccount(
    {
      read: async (operation, path, apiVersion, schema) => {
        asked.push(`${operation}: ${path}?${apiVersion}`)
        return v.parse(schema, replies[path])
      },
    },
    { ...resource, project: project === undefined ? undefined : 'shop' },
  )
  return { account, asked }
}

test('an account is read completely, its project only if one is named', async () => {
  const { account, asked } = await read({
    endpoint: plainEndpoint,
    endpoints,
    customSubDomainName: 'contoso',
    disableLocalAuth: true,
    publicNetworkAccess: 'Disabled',
  })

  expect(asked).toEqual([`reading the account: ${id}?2025-06-01`])
  expect(account).toEqual({
    kind: 'AIServices',
    hasCustomSubdomain: true,
    endpoints: {
      openAI: 'https://contoso.openai.azure.com',
      modelInference: 'https://contoso.services.ai.azure.com',
      project: undefined,
    },
    hosts: [
      'contoso.cognitiveservices.azure.com',
      'contoso.openai.azure.com',
      'contoso.services.ai.azure.com',
    ],
    keyAccess: 'disabled',
    publicNetworkAccess: 'Disabled',
  })
})

test('a project has its own endpoint', async () => {
  const { account, asked } = await read(
    { endpoint: plainEndpoint, endpoints, customSubDomainName: 'contoso' },
    { endpoints: { 'AI Foundry API': 'https://contoso-eu.services.ai.azure.com/api/projects/shop/' } },
  )

  expect(asked).toEqual([
    `reading the account: ${id}?2025-06-01`,
    `reading the project: ${id}/projects/shop?2025-06-01`,
  ])
  expect(account.endpoints.project).toBe('https://contoso-eu.services.ai.azure.com/api/projects/shop')
  expect(account.hosts.at(-1)).toBe('contoso-eu.services.ai.azure.com')
})

test.each<[string, object, object | undefined, Partial<Account>]>([
  [
    'of which nothing is told',
    {},
    {},
    {
      hasCustomSubdomain: false,
      endpoints: { openAI: '', modelInference: '', project: undefined },
      hosts: [],
      keyAccess: 'enabled',
      publicNetworkAccess: undefined,
    },
  ],
  [
    'of which all is null',
    {
      endpoint: null,
      endpoints: null,
      customSubDomainName: null,
      disableLocalAuth: null,
      publicNetworkAccess: null,
    },
    { endpoints: null },
    {
      hasCustomSubdomain: false,
      endpoints: { openAI: '', modelInference: '', project: undefined },
      hosts: [],
      keyAccess: 'enabled',
      publicNetworkAccess: undefined,
    },
  ],
  ['with keys', { disableLocalAuth: false }, undefined, { keyAccess: 'enabled' }],
  ['with an empty subdomain', { customSubDomainName: '' }, undefined, { hasCustomSubdomain: false }],
  [
    'with a plain endpoint only',
    { endpoint: `${plainEndpoint}//` },
    undefined,
    {
      endpoints: {
        openAI: 'https://contoso.cognitiveservices.azure.com',
        modelInference: 'https://contoso.cognitiveservices.azure.com',
        project: undefined,
      },
    },
  ],
  [
    'of Foundry without Azure OpenAI',
    {
      endpoint: plainEndpoint,
      endpoints: { 'AI Foundry API': 'https://contoso.services.ai.azure.com/models/' },
    },
    undefined,
    {
      endpoints: {
        openAI: 'https://contoso.services.ai.azure.com/models',
        modelInference: 'https://contoso.services.ai.azure.com',
        project: undefined,
      },
    },
  ],
  [
    'of Azure OpenAI without Foundry, behind an address that names models elsewhere',
    { endpoints: { 'OpenAI Language Model Instance API': 'https://contoso.openai.azure.com/models/x' } },
    undefined,
    {
      endpoints: {
        openAI: 'https://contoso.openai.azure.com/models/x',
        modelInference: 'https://contoso.openai.azure.com/models/x',
        project: undefined,
      },
    },
  ],
])('an account %s', async (_, properties, project, expected) => {
  expect((await read(properties, project)).account).toMatchObject(expected)
})

describe('a token goes', () => {
  const azure = cloudOf('AzureCloud', {})
  const endpointsOf = (openAI: string) => ({ openAI, modelInference: openAI, project: undefined })
  const unknown = {
    kind: 'AIServices',
    hosts: [],
    keyAccess: 'enabled',
    publicNetworkAccess: undefined,
  } as const
  const trust = (openAI: string, cloud = azure, hasCustomSubdomain = true) =>
    trustedEndpoints({ ...unknown, hasCustomSubdomain, endpoints: endpointsOf(openAI) }, cloud)
  const failed = (code: string, message: string) =>
    expect.objectContaining({
      operation: 'reading the account',
      failure: expect.objectContaining({ code, said: { message, ids: {} } }),
    })

  test('to the account’s own endpoints', () => {
    expect(trust('https://contoso.openai.azure.com')).toEqual(endpointsOf('https://contoso.openai.azure.com'))
  })

  test('nowhere if one of several is foreign, in any order', () => {
    const account = {
      hasCustomSubdomain: true,
      endpoints: {
        project: undefined,
        openAI: 'https://contoso.openai.azure.com',
        modelInference: 'https://evil.example',
      },
    }
    expect(() => trustedEndpoints({ ...unknown, ...account }, azure)).toThrow(/endpoint-untrusted/)
  })

  test('nowhere if the account has no custom subdomain', () => {
    expect(() => trust('https://eastus.api.cognitive.microsoft.com', azure, false)).toThrow(
      failed(
        'custom-subdomain-missing',
        'The account has no custom subdomain: its endpoint is https://eastus.api.cognitive.microsoft.com.',
      ),
    )
  })

  test('no endpoint outside the cloud gets a token, no matter who reports it', () => {
    expect(() => trust('https://contoso.openai.azure.com.evil.example')).toThrow(
      failed(
        'endpoint-untrusted',
        'Resource Manager reports the endpoint https://contoso.openai.azure.com.evil.example; trusted are hosts at or below openai.azure.com, services.ai.azure.com, cognitiveservices.azure.com.',
      ),
    )
    expect(() => trust('https://contoso.openai.azure.com', cloudOf('custom', {}))).toThrow(
      failed(
        'endpoint-untrusted',
        'Resource Manager reports the endpoint https://contoso.openai.azure.com; trusted are hosts at or below (none).',
      ),
    )
  })
})
