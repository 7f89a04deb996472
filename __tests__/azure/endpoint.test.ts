import fc from 'fast-check'
import { endpointsAt, parseEndpoint } from '../../src/azure/endpoint.ts'

const azure = 'https://contoso.openai.azure.com'
const foundry = 'https://contoso.services.ai.azure.com'
const project = `${foundry}/api/projects/app`
const gateway = 'https://contoso.azure-api.net'
const litellm = 'https://models.contoso.example'

describe('an address is parsed', () => {
  test.each([
    [azure, { endpoint: azure }],
    [`${azure}/`, { endpoint: azure }],
    ['HTTPS://Contoso.OpenAI.Azure.com:443//', { endpoint: azure }],
    [`${azure}/openai`, { endpoint: azure }],
    [`${azure}/openai/v1/`, { endpoint: azure }],
    [`${azure}//openai/v1`, { endpoint: azure }],
    [`${azure}/openai/v1/?api-version=preview`, { endpoint: azure }],
    [`${azure}/openai/v1/chat/completions`, { endpoint: azure }],
    [`${azure}/openai/v1/responses?api-version=v1`, { endpoint: azure }],
    [`${azure}/?api-version=2024-10-21`, { endpoint: azure, apiVersion: '2024-10-21' }],
    [
      `${azure}/openai/responses?api-version=2025-04-01-preview`,
      { endpoint: azure, apiVersion: '2025-04-01-preview' },
    ],
    [`${azure}/openai/deployments/gpt-4.1_mini`, { endpoint: azure, deployment: 'gpt-4.1_mini' }],
    [
      `${azure}/openai/deployments/chat/chat/completions?api-version=2024-10-21`,
      { endpoint: azure, deployment: 'chat', operation: 'chat/completions', apiVersion: '2024-10-21' },
    ],
    [
      `${azure}/OpenAI/Deployments/Chat/Chat/Completions?API-Version=2024-10-21`,
      { endpoint: azure, deployment: 'Chat', operation: 'chat/completions', apiVersion: '2024-10-21' },
    ],
    [
      `${azure}/openai/deployments/embeddings/embeddings`,
      { endpoint: azure, deployment: 'embeddings', operation: 'embeddings' },
    ],
    [`${foundry}/models`, { endpoint: foundry }],
    [`${foundry}/models/chat/completions?api-version=2024-05-01-preview`, { endpoint: foundry }],
    [`${azure}/?api-version=v1`, { endpoint: azure }],
    [`${azure}/openai/deployments/.hidden`, { endpoint: azure, deployment: '.hidden' }],
    [`${azure}/OPENAI/V1`, { endpoint: azure }],
    [`${azure}/OPENAI`, { endpoint: azure }],
    [`${foundry}/API/PROJECTS/app/OPENAI`, { endpoint: `${foundry}/API/PROJECTS/app` }],
    [`${litellm}/V1/Models`, { endpoint: `${litellm}/V1` }],
    [`${litellm}/V1/Chat/Completions`, { endpoint: `${litellm}/V1` }],
    [`${foundry}/anthropic/v1`, { endpoint: foundry }],
    [`${gateway}/anthropic/shop`, { endpoint: `${gateway}/anthropic/shop` }],
    [`${gateway}/models/shop`, { endpoint: `${gateway}/models/shop` }],
    [`${gateway}/openai/shop`, { endpoint: `${gateway}/openai/shop` }],
    // Names that only begin or end like Azure's regional ones.
    [
      'https://a.eastus.api.cognitive.microsoft.com',
      { endpoint: 'https://a.eastus.api.cognitive.microsoft.com' },
    ],
    [
      'https://eastus.api.cognitive.microsoft.com.example',
      { endpoint: 'https://eastus.api.cognitive.microsoft.com.example' },
    ],
    [`${foundry}/anthropic`, { endpoint: foundry }],
    [`${foundry}/anthropic/v1/messages`, { endpoint: foundry }],
    [`${foundry}/providers/cohere/v2/rerank`, { endpoint: foundry }],
    [project, { endpoint: project }],
    [`${project}/openai/v1/responses`, { endpoint: project }],
    [`${project}/openai?api-version=2025-05-15-preview`, { endpoint: project }],
    [`${project}/agents/helper?api-version=v1`, { endpoint: project }],
    [`${gateway}/ai`, { endpoint: `${gateway}/ai` }],
    [`${gateway}/ai/openai/v1`, { endpoint: `${gateway}/ai` }],
    [
      `${gateway}/ai/openai/deployments/chat/chat/completions?api-version=2024-10-21`,
      {
        endpoint: `${gateway}/ai`,
        deployment: 'chat',
        operation: 'chat/completions',
        apiVersion: '2024-10-21',
      },
    ],
    [`${gateway}/ai/api/projects/app/openai/v1`, { endpoint: `${gateway}/ai/api/projects/app` }],
    [`${gateway}/ai/api/projects/app/models`, { endpoint: `${gateway}/ai/api/projects/app` }],
    [`${gateway}/api/projects/app/anthropic/v1/messages`, { endpoint: `${gateway}/api/projects/app` }],
    [`${litellm}/v1`, { endpoint: `${litellm}/v1` }],
    [`${litellm}/team/v1/chat/completions`, { endpoint: `${litellm}/team/v1` }],
    [`${litellm}/v1/models`, { endpoint: `${litellm}/v1` }],
    // What would be read as another route is kept whole.
    [`${gateway}/models/openai/v1`, { endpoint: `${gateway}/models/openai/v1` }],
  ])('%s', (text, parts) => {
    expect(parseEndpoint(text)).toStrictEqual(parts)
  })
})

describe('where the routes are', () => {
  test.each([
    [azure, { openAI: azure, modelInference: azure, project: undefined }],
    [project, { openAI: foundry, modelInference: foundry, project }],
    [`${gateway}/ai`, { openAI: `${gateway}/ai`, modelInference: `${gateway}/ai`, project: undefined }],
    [`${litellm}/v1`, { openAI: litellm, v1: `${litellm}/v1`, modelInference: litellm, project: undefined }],
    [
      `${gateway}/models/openai/v1`,
      { openAI: `${gateway}/models`, modelInference: `${gateway}/models`, project: undefined },
    ],
  ])('%s', (endpoint, endpoints) => {
    expect(endpointsAt(endpoint)).toEqual(endpoints)
  })
})

describe('addresses that must not get a token', () => {
  test.each([
    ['contoso.openai.azure.com', 'is not a URL'],
    ['http://contoso.openai.azure.com', 'does not begin with https://'],
    ['https://user:word@contoso.openai.azure.com', 'holds a user name or a password'],
    ['https://user@contoso.openai.azure.com', 'holds a user name or a password'],
    ['https://:word@contoso.openai.azure.com', 'holds a user name or a password'],
    [`${azure}/openai/deployments/...`, 'has a path with an invalid deployment name'],
    [`${azure}/?api-version=x2024-10-21`, 'has an `api-version` that is not a version'],
    [`${azure}/?api-version=2024-10-21x`, 'has an `api-version` that is not a version'],
    [`${azure}/?api-version=xpreview`, 'has an `api-version` that is not a version'],
    [`${azure}/?api-version=previewx`, 'has an `api-version` that is not a version'],
    [`${azure}/#x`, 'has a fragment'],
    [`${azure}/?subscription-key=x`, 'a query with more'],
    [`${azure}/?api-version=2024-10-21&x=y`, 'a query with more'],
    [`${azure}/?api-version=2024-10-21&api-version=2024-06-01`, 'a query with more'],
    [`${azure}/?api-version=newest`, 'has an `api-version` that is not a version'],
    // A host of Azure has no base path: it is a slip.
    [`${azure}/opnai/v1`, 'has the path /opnai/v1'],
    [`${azure}/v1`, 'has the path /v1'],
    [`${azure}/openai/deployments/chat/chat/completion`, 'has the path'],
    ['https://contoso.openai.azure.us/ai', 'has the path /ai'],
    [`${azure}/openai/deployments/%7Bname%7D/chat/completions`, 'has a path with an invalid deployment name'],
    [`${gateway}/ai/openai/deployments/a%2Fb`, 'has a path with an invalid deployment name'],
  ])('%s', (text, problem) => {
    expect(parseEndpoint(text)).toEqual({ problem: expect.stringContaining(problem) })
  })

  test.each([
    ['https://eastus.api.cognitive.microsoft.com/', 'eastus'],
    ['https://eastus2.api.cognitive.microsoft.com/openai/deployments/chat', 'eastus2'],
    ['https://usgovvirginia.api.cognitive.microsoft.us', 'usgovvirginia'],
    ['https://chinaeast2.api.cognitive.azure.cn', 'chinaeast2'],
  ])('the regional form says what is missing: %s', (text, region) => {
    const { problem } = parseEndpoint(text) as { problem: string }

    expect(problem).toContain(`regional endpoint of ${region}`)
    expect(problem).toContain('custom subdomain')
    expect(problem).toContain('az cognitiveservices account update --custom-domain NAME')
  })
})

/** Some of them are words of routes. */
const segments = fc.array(
  fc.oneof(
    fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,11}$/),
    fc.constantFrom(
      'openai',
      'v1',
      'models',
      'anthropic',
      'api',
      'projects',
      'deployments',
      'chat',
      'completions',
    ),
  ),
  { maxLength: 5 },
)

test('parsing is stable, and stays at the host', () => {
  fc.assert(
    fc.property(segments, path => {
      const parts = parseEndpoint([gateway, ...path].join('/'))
      if ('problem' in parts) return
      expect(parts.endpoint.startsWith(gateway)).toBe(true)
      expect(parseEndpoint(parts.endpoint)).toEqual({ endpoint: parts.endpoint })
      for (const url of Object.values(endpointsAt(parts.endpoint)))
        expect(url === undefined || url.startsWith(gateway)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

const tails = [
  '',
  '/openai',
  '/openai/v1',
  '/openai/v1/chat/completions',
  '/openai/deployments/chat',
  '/openai/deployments/chat/chat/completions',
  '/models',
  '/models/chat/completions',
  '/anthropic/v1/messages',
]

test('a base path is kept, with any route after it, in any form', () => {
  const base = fc.array(fc.stringMatching(/^x[a-z0-9._~-]{0,11}$/), { maxLength: 4 })
  fc.assert(
    fc.property(base, fc.constantFrom(...tails), fc.constantFrom('', '/', '//'), (path, tail, end) => {
      const openAI = [gateway, ...path].join('/')
      const parts = parseEndpoint(`${openAI}${tail}${end}`)

      expect('problem' in parts ? parts : endpointsAt(parts.endpoint).openAI).toBe(openAI)
    }),
  )
})

test('only https addresses are endpoints, and no input makes parsing throw', () => {
  const texts = fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true, withFragments: true }))
  fc.assert(
    fc.property(texts, text => {
      const parts = parseEndpoint(text)

      if ('endpoint' in parts) {
        expect(new URL(parts.endpoint)).toMatchObject({
          protocol: 'https:',
          username: '',
          search: '',
          hash: '',
        })
        expect(new URL(parts.endpoint).host).toBe(new URL(text).host)
      } else expect(parts.problem).toMatch(/^(is|has|holds|names|does not begin) /)
    }),
  )
})
