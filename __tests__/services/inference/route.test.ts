import fc from 'fast-check'
import { cloudOf } from '../../../src/azure/clouds.ts'
import { apis } from '../../../src/services/inference/apis/index.ts'
import {
  automaticApi,
  isChatCapable,
  type ModelFacts,
  routeOf,
} from '../../../src/services/inference/route.ts'

const endpoints = {
  openAI: 'https://contoso.openai.azure.com',
  modelInference: 'https://contoso.services.ai.azure.com',
  project: undefined,
}
const inProject = { ...endpoints, project: 'https://contoso.services.ai.azure.com/api/projects/app' }
const azure = cloudOf('AzureCloud', {}).inferenceAudiences
const government = cloudOf('AzureUSGovernment', {}).inferenceAudiences
const either = ['https://cognitiveservices.azure.com', 'https://ai.azure.com']
const actions = 'Microsoft.CognitiveServices/accounts'

describe('the route of an API', () => {
  test.each([
    [
      'chat-completions',
      endpoints,
      'https://contoso.openai.azure.com/openai/v1/chat/completions',
      either,
      `${actions}/OpenAI/deployments/chat/completions/action`,
    ],
    [
      'responses',
      endpoints,
      'https://contoso.openai.azure.com/openai/v1/responses',
      either,
      `${actions}/OpenAI/responses/write`,
    ],
    [
      'embeddings',
      endpoints,
      'https://contoso.openai.azure.com/openai/v1/embeddings',
      either,
      `${actions}/OpenAI/deployments/embeddings/action`,
    ],
    [
      'models',
      endpoints,
      'https://contoso.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview',
      either,
      `${actions}/MaaS/chat/completions/action`,
    ],
    [
      'messages',
      endpoints,
      'https://contoso.services.ai.azure.com/anthropic/v1/messages',
      either.toReversed(),
      `${actions}/AIServices/providers/action`,
    ],
    [
      'messages',
      inProject,
      'https://contoso.services.ai.azure.com/anthropic/v1/messages',
      either.toReversed(),
      `${actions}/AIServices/providers/action`,
    ],
    [
      'azure-openai',
      endpoints,
      'https://contoso.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
      either,
      `${actions}/OpenAI/deployments/chat/completions/action`,
    ],
    [
      'responses',
      inProject,
      'https://contoso.services.ai.azure.com/api/projects/app/openai/v1/responses',
      ['https://ai.azure.com'],
      `${actions}/AIServices/responses/write`,
    ],
    [
      'embeddings',
      inProject,
      'https://contoso.openai.azure.com/openai/v1/embeddings',
      either,
      `${actions}/OpenAI/deployments/embeddings/action`,
    ],
  ] as const)('%s', (api, at, url, audiences, dataAction) => {
    expect(routeOf('gpt-4o', api, at, azure)).toEqual({
      api,
      deployment: 'gpt-4o',
      url,
      audiences,
      dataAction,
    })
  })

  test('in a cloud without an audience of Foundry, the other one serves projects and Claude too', () => {
    for (const api of ['responses', 'messages'] as const) {
      expect(routeOf('gpt-4o', api, inProject, government).audiences).toEqual([
        'https://cognitiveservices.azure.us',
      ])
    }
  })

  test('no name of a deployment leads to another host or another path', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.constantFrom(...apis),
        (deployment, api) => {
          const { origin, pathname, searchParams } = new URL(routeOf(deployment, api, endpoints, azure).url)

          expect([endpoints.openAI, endpoints.modelInference]).toContain(origin)
          expect(pathname).toMatch(/(chat\/completions|responses|embeddings|messages)$/)
          expect([...searchParams.keys()].filter(name => name !== 'api-version')).toEqual([])
        },
      ),
    )
  })
})

const model = (name: string | undefined, format?: string, ...capabilities: string[]): ModelFacts => ({
  name,
  format,
  capabilities: new Set(capabilities),
})

describe('the API that is meant by auto', () => {
  test.each([
    [
      'a chat model',
      'production',
      model('gpt-4o', 'OpenAI', 'chatCompletion'),
      endpoints,
      'chat-completions',
    ],
    ['an embedding model', 'production', model('text-embedding-3-large', 'OpenAI'), endpoints, 'embeddings'],
    [
      'an embedding model that says so',
      'vectors',
      model('cohere-v4', 'Cohere', 'embeddings'),
      endpoints,
      'embeddings',
    ],
    [
      'a model that only answers responses',
      'production',
      model('gpt-5-codex', 'OpenAI'),
      endpoints,
      'responses',
    ],
    ['a model of reasoning', 'production', model('o3-pro', 'OpenAI'), endpoints, 'responses'],
    ['its cheaper sibling', 'production', model('o3-mini', 'OpenAI'), endpoints, 'chat-completions'],
    ['a model of another maker', 'production', model('DeepSeek-V3', 'DeepSeek'), endpoints, 'models'],
    [
      'a Claude model, whatever its deployment',
      'production',
      model('claude-opus-4-5', 'Anthropic'),
      endpoints,
      'messages',
    ],
    [
      'a Claude model in a project',
      'production',
      model('claude-opus-4-5', 'Anthropic'),
      inProject,
      'messages',
    ],
    [
      'a model of another maker in the name of Claude',
      'claude',
      model('gpt-4o', 'OpenAI'),
      endpoints,
      'chat-completions',
    ],
    ['a deployment named for Claude', 'team-Claude-sonnet', undefined, endpoints, 'messages'],
    ['a model in a project', 'production', model('gpt-4o', 'OpenAI'), inProject, 'responses'],
    [
      'an embedding model in a project',
      'production',
      model('text-embedding-3-small', 'OpenAI'),
      inProject,
      'embeddings',
    ],
    ['a deployment whose model is not known', 'gpt-4o', undefined, endpoints, 'chat-completions'],
    ['a deployment whose name tells', 'text-embedding-ada-002', undefined, endpoints, 'embeddings'],
    ['a deployment whose model has no name', 'gpt-5-pro', model(undefined), endpoints, 'responses'],
  ])('%s', (_, deployment, facts, at, expected) => {
    expect(automaticApi(deployment, facts, at)).toBe(expected)
  })
})

test.each([
  ['gpt-4o', model('gpt-4o'), true],
  ['a model that says so, whatever its name', model('gpt-audio-embed', undefined, 'chatCompletion'), true],
  ['a model that answers responses', model('gpt-5-codex', undefined, 'responses'), true],
  ['embeddings', model('text-embedding-3-large'), false],
  ['images', model('dall-e-3'), false],
  ['speech', model('whisper'), false],
  ['video', model('sora-2'), false],
  ['a model without a name', model(undefined), false],
])('answers a chat: %s', (_, facts, expected) => {
  expect(isChatCapable(facts)).toBe(expected)
})
