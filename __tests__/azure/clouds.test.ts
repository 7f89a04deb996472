import fc from 'fast-check'
import {
  type Cloud,
  cloudNames,
  cloudOf,
  isHostOfAzure,
  isInferenceUrl,
  knownAudiences,
  opensMicrosoft,
} from '../../src/azure/clouds.ts'
import { misrouted } from '../attacks/misrouted-tokens.ts'

const own = {
  authorityHost: 'https://login.contoso.example',
  resourceManagerEndpoint: 'https://arm.contoso.example:8443',
}

describe('the row of a cloud', () => {
  test.each([
    [
      'AzureCloud',
      'https://login.microsoftonline.com',
      'https://management.azure.com',
      ['https://cognitiveservices.azure.com', 'https://ai.azure.com'],
      'https://portal.azure.com',
    ],
    [
      'AzureUSGovernment',
      'https://login.microsoftonline.us',
      'https://management.usgovcloudapi.net',
      ['https://cognitiveservices.azure.us'],
      'https://portal.azure.us',
    ],
    [
      'AzureChinaCloud',
      'https://login.partner.microsoftonline.cn',
      'https://management.chinacloudapi.cn',
      ['https://cognitiveservices.azure.cn'],
      'https://portal.azure.cn',
    ],
  ] as const)('%s', (name, authorityHost, endpoint, audiences, portal) => {
    const cloud = cloudOf(name, {})

    expect(cloud).toMatchObject({
      name,
      authorityHost,
      resourceManager: { endpoint, audience: endpoint },
      assertionAudience: 'api://AzureADTokenExchange',
      portal,
    })
    expect(knownAudiences(cloud.inferenceAudiences)).toEqual(audiences)
  })

  test('a custom cloud has the audiences of AzureCloud, and trusts only the named hosts', () => {
    const cloud = cloudOf('custom', { ...own, inferenceEndpoint: 'https://models.contoso.example' })

    expect(cloud).toMatchObject({
      name: 'custom',
      authorityHost: own.authorityHost,
      resourceManager: { endpoint: own.resourceManagerEndpoint, audience: 'https://management.azure.com' },
      portal: undefined,
    })
    expect(knownAudiences(cloud.inferenceAudiences)).toEqual(
      knownAudiences(cloudOf('AzureCloud', {}).inferenceAudiences),
    )
    expect(cloud.inferenceDomains).toEqual([
      'models.contoso.example',
      'login.contoso.example',
      'arm.contoso.example',
    ])
    expect(cloudOf('custom', {}).inferenceDomains).toEqual([])
  })

  test('named hosts replace the cloud’s own', () => {
    const cloud = cloudOf('AzureCloud', own)

    expect(cloud.authorityHost).toBe(own.authorityHost)
    expect(cloud.resourceManager).toEqual({
      endpoint: own.resourceManagerEndpoint,
      audience: 'https://management.azure.com',
    })
    expect(isInferenceUrl(cloud, 'https://login.contoso.example')).toBe(false)
  })
})

test.each([
  ['AzureCloud', 'azure.com'],
  ['AzureUSGovernment', 'azure.us'],
  ['AzureChinaCloud', 'azure.cn'],
] as const)('models of %s are served at or below its own domains', (name, domain) => {
  expect(cloudOf(name, {}).inferenceDomains).toEqual([
    `openai.${domain}`,
    `services.ai.${domain}`,
    `cognitiveservices.${domain}`,
  ])
})

test.each([
  ['AzureCloud', 'https://graph.microsoft.com'],
  ['AzureUSGovernment', 'https://graph.microsoft.us'],
  ['AzureChinaCloud', 'https://microsoftgraph.chinacloudapi.cn'],
] as const)('commands for %s that change an application go to %s', (name, graph) => {
  expect(cloudOf(name, {}).graph).toBe(graph)
})

test.each([
  ['contoso.openai.azure.com', true],
  ['contoso.services.ai.azure.us', true],
  ['cognitiveservices.azure.cn', true],
  ['contoso.azure-api.net', false],
  ['notopenai.azure.com', false],
])('a host of Azure’s own for inference: %s: %s', (host, expected) => {
  expect(isHostOfAzure(host)).toBe(expected)
})

test.each([
  ...['https://management.azure.com', 'https://vault.azure.net', 'https://graph.windows.net/'],
  ...['https://graph.microsoft.com', 'https://management.azure.us', 'https://management.usgovcloudapi.net'],
  ...['https://graph.microsoft.us', 'https://vault.azure.cn', 'https://management.chinacloudapi.cn'],
  ...['https://microsoftgraph.microsoftazure.cn', 'HTTPS://MANAGEMENT.AZURE.COM', 'management.azure.com'],
  ...['MANAGEMENT.AZURE.COM', '797f4846-ba00-4fd7-ba43-dac1f8f63013', '00000003-0000-0000-c000-000000000000'],
  ...['00000002-0000-0000-C000-000000000000', 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093'],
  ...['e406a681-f3d4-42a8-90b6-c2b029497af1', 'https://ai.azure.com/x', 'https://x.ai.azure.com'],
  ...['499b84ac-1321-427f-aa17-267ca6975798', '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d'],
  ...['https://contoso.crm4.dynamics.com', 'https://contoso.sharepoint.com', 'https://outlook.office365.com'],
  ...['https://management.azure.com.', 'https://management.azure.com.:443/', 'https://api.loganalytics.io'],
  ...['https://service.powerapps.com', 'https://contoso.azconfig.io', '00000002-0000-0ff1-ce00-000000000000'],
  ...['00000009-0000-0000-c000-000000000000', '6dae42f8-4368-4678-94ff-3960e28e3630'],
  ...['ca7f3f0b-7d91-482c-8e09-c5d840d0eac5', '022907d3-0f1b-48f7-badc-1ba6abab6d66'],
  ...['475226c6-020e-4fb2-8a90-7a972cbfc1d4', 'https://adb-1.2.azuredatabricks.net', 'https://onenote.com/'],
  ...['https://api.applicationinsights.io', 'https://api.powerplatform.com', 'https://api.powerbi.com'],
  ...['https://www.yammer.com', 'https://api.spaces.skype.com', 'https://management.microsoftazure.us'],
  ...['https://manage.office.com', 'https://app.vssps.visualstudio.com', 'https://dev.azuresynapse.net'],
])('a token for %s opens a service of Microsoft', audience => {
  expect(opensMicrosoft(audience)).toBe(true)
})

test.each([
  ...['https://cognitiveservices.azure.com', 'https://ai.azure.com/', 'https://cognitiveservices.azure.us'],
  ...['https://cognitiveservices.azure.cn', 'api://contoso-gateway', 'https://gateway.contoso.example'],
  ...['https://notazure.com', '11111111-2222-4333-8444-555555555555', '00000003-0000-4000-8000-000000000000'],
  ...['api.00000003-0000-0000-c000-000000000000', '00000003-0000-0000-c000-000000000000.example'],
])('a token for %s opens only inference at Microsoft', audience => {
  expect(opensMicrosoft(audience)).toBe(false)
})

describe('a token for inference', () => {
  const azure = cloudOf('AzureCloud', {})
  const custom = cloudOf('custom', { ...own, inferenceEndpoint: 'https://models.contoso.example' })
  const named = cloudOf('AzureCloud', { inferenceEndpoint: 'https://gateway.contoso.example' })

  test.each<[string, boolean, Cloud, string]>([
    ['to a resource', true, azure, 'https://contoso.openai.azure.com/openai/v1/chat/completions'],
    ['to a Foundry resource', true, azure, 'https://contoso.services.ai.azure.com/api/projects/app'],
    ['in capitals', true, azure, 'HTTPS://CONTOSO.OPENAI.AZURE.COM'],
    ['to the host that was named', true, named, 'https://gateway.contoso.example/openai'],
    ['below a host that was named', true, custom, 'https://contoso.models.contoso.example'],
    ['below the authority of a cloud of ones own', true, custom, 'https://a.login.contoso.example:9443'],
    ...misrouted.map(([what, from, url]): [string, boolean, Cloud, string] => [
      what,
      false,
      from === 'custom' ? custom : azure,
      url,
    ]),
  ])('%s: %s', (_, allowed, cloud, url) => {
    expect(isInferenceUrl(cloud, url)).toBe(allowed)
  })

  test('goes to no host outside the domains of the cloud, whatever the URL', () => {
    const suffix = fc.constantFrom(
      '.evil.example',
      '',
      '.',
      '@evil.example',
      ':pw@evil.example',
      '/.evil.example',
      '\\evil.example',
      '#.x',
      '?.x',
    )
    const prefix = fc.constantFrom(
      'https://',
      'http://',
      'https://evil.example/',
      'https://evil.example#',
      'https://evil-',
      'https:',
      '//',
      '',
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...cloudNames),
        prefix,
        fc.domain(),
        suffix,
        (name, before, host, after) => {
          const cloud = cloudOf(name, { inferenceEndpoint: `https://${host}` })
          for (const domain of cloud.inferenceDomains) {
            const url = `${before}${domain}${after}`
            if (!isInferenceUrl(cloud, url)) continue
            const { protocol, hostname } = new URL(url)
            expect(protocol).toBe('https:')
            expect(cloud.inferenceDomains.some(d => `.${hostname}`.endsWith(`.${d}`))).toBe(true)
          }
        },
      ),
    )
  })
})
