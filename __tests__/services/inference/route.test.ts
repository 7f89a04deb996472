import fc from 'fast-check'
import { cloudOf } from '../../../src/azure/clouds.ts'
import { apis } from '../../../src/services/inference/apis/choices.ts'
import { apiOf } from '../../../src/services/inference/apis/index.ts'
import { dataActionsOf, routeOf, targetOf } from '../../../src/services/inference/route.ts'

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
    expect(routeOf({ deployment: 'gpt-4o' }, api, { endpoints: at, audiences: azure })).toStrictEqual({
      api,
      deployment: 'gpt-4o',
      url,
      audiences,
      dataAction,
    })
  })

  test('keeps the name of the model, if known, and uses the named audience, if any', () => {
    const dataPlane = { endpoints, audiences: azure, tokenAudience: 'api://gateway' }
    const route = routeOf({ deployment: 'chat', model: 'gpt-4o' }, 'chat-completions', dataPlane)

    expect(route).toMatchObject({ model: 'gpt-4o', audiences: ['api://gateway'] })
    expect(targetOf(route)).toEqual({ deployment: 'chat', model: 'gpt-4o' })
    expect(targetOf(routeOf({ deployment: 'chat' }, 'chat-completions', dataPlane))).toEqual({
      deployment: 'chat',
      model: 'chat',
    })
  })

  test('depends on the model, not on the name of the deployment', () => {
    const urlOf = (deployment: string, model?: string) =>
      routeOf({ deployment, model }, 'images', { endpoints, audiences: azure }).url

    expect(urlOf('posters', 'FLUX.2-pro')).toBe(urlOf('FLUX.2-pro'))
    expect(urlOf('posters', 'FLUX.2-pro')).not.toBe(urlOf('posters'))
  })

  test('needs each data action once', () => {
    const to = (api: 'chat-completions' | 'embeddings' | 'azure-openai') =>
      routeOf({ deployment: 'x' }, api, { endpoints, audiences: azure })

    expect(dataActionsOf([to('chat-completions'), to('embeddings'), to('azure-openai')])).toEqual([
      `${actions}/OpenAI/deployments/chat/completions/action`,
      `${actions}/OpenAI/deployments/embeddings/action`,
    ])
    expect(dataActionsOf([])).toEqual([])
  })

  test('in a cloud without an audience of Foundry, the other one serves projects and Claude too', () => {
    for (const api of ['responses', 'messages'] as const) {
      expect(
        routeOf({ deployment: 'gpt-4o' }, api, { endpoints: inProject, audiences: government }).audiences,
      ).toEqual(['https://cognitiveservices.azure.us'])
    }
  })

  test("the caller's own version replaces every dated version, and nothing else", () => {
    for (const api of apis) {
      const places = (apiVersion?: string) => {
        const { url, otherPlaces = [] } = routeOf({ deployment: 'gpt-4o' }, api, {
          endpoints: inProject,
          audiences: azure,
          apiVersion,
        })
        return [url, ...otherPlaces.map(place => place.url)]
      }
      const own = places('2023-05-15').filter(url => url.endsWith('api-version=2023-05-15'))

      expect(own.length > 0).toBe(apiOf(api).takesVersion === true)
      if (own.length === 0) expect(places('2023-05-15')).toEqual(places())
    }
  })

  test('no deployment name leads to another host or path', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter(name => !/^\.+$/.test(name)),
        fc.constantFrom(undefined, 'FLUX.2-pro', 'FLUX.2-../../x', 'MAI-Image-1'),
        fc.constantFrom(...apis),
        (deployment, model, api) => {
          const { url, otherPlaces = [] } = routeOf({ deployment, model }, api, {
            endpoints: inProject,
            audiences: azure,
          })
          for (const address of [url, ...otherPlaces.map(place => place.url)]) {
            const { origin, pathname, searchParams } = new URL(address)
            expect([endpoints.openAI, endpoints.modelInference]).toContain(origin)
            expect(pathname).toMatch(
              /(completions|responses|embeddings|messages|images\/generations|flux-[\w.-]+|audio\/(speech|transcriptions)|realtime|rerank|ocr|agents\/[^/]+)$/,
            )
            expect(searchParams.get('model') ?? deployment).toBe(deployment)
            expect([...searchParams.keys()].filter(name => !/^(api-version|model)$/.test(name))).toEqual([])
          }
        },
      ),
    )
  })
})
