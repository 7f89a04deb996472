import { cloudOf } from '../../../src/azure/clouds.ts'
import { endpointsAt } from '../../../src/azure/endpoint.ts'
import { StepError } from '../../../src/core/failures/failure.ts'
import type { Settings } from '../../../src/gate/settings.ts'
import { readSettings } from '../../../src/inputs/index.ts'
import {
  knowsItsRoutes,
  likelyAudiences,
  requireText,
  routesFor,
} from '../../../src/services/inference/select-deployments.ts'
import type { Deployment } from '../../../src/services/resource-manager/deployments.ts'

const endpoints = {
  openAI: 'https://contoso.openai.azure.com',
  modelInference: 'https://contoso.services.ai.azure.com',
  project: undefined,
}
const { inferenceAudiences } = cloudOf('AzureCloud', {})

const account =
  '/subscriptions/bbbbbbbb-cccc-4ddd-8eee-ffffffffffff/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/contoso'

function settings(inputs: Record<string, string>): Settings {
  const given: Record<string, string> = {
    'client-id': '11111111-2222-4333-8444-555555555555',
    'tenant-id': '66666666-7777-4888-8999-aaaaaaaaaaaa',
    'resource-id': account,
    ...inputs,
  }
  return readSettings(name => given[name] ?? '', {})
}

const deployed = (name: string, modelName: string, differing: Partial<Deployment> = {}): Deployment => ({
  name,
  modelName,
  modelFormat: 'OpenAI',
  state: 'Succeeded',
  capabilities: new Set(),
  ...differing,
})

const vectors = deployed('vectors', 'text-embedding-3-large')
const chat = deployed('Chat', 'gpt-4.1-mini')
const claude = deployed('claude', 'claude-opus-4-5', { modelFormat: 'Anthropic' })

const chosen = (inputs: Record<string, string>, deployments: readonly Deployment[] | undefined) =>
  routesFor(settings(inputs), deployments, { endpoints, audiences: inferenceAudiences }).map(
    ({ deployment, api }) => `${deployment}=${api}`,
  )

function refused(inputs: Record<string, string>, deployments: readonly Deployment[] | undefined) {
  try {
    chosen(inputs, deployments)
  } catch (error) {
    if (error instanceof StepError) return error.failure
    throw error
  }
  throw new Error('It was not refused')
}

describe('without named deployments', () => {
  test('the first chat deployment is called', () => {
    expect(chosen({}, [vectors, claude, chat, deployed('other', 'gpt-4o')])).toEqual([
      'Chat=chat-completions',
    ])
  })

  test('a deployment that is not ready is skipped', () => {
    const creating = deployed('new', 'gpt-4o', { state: 'Creating' })

    expect(chosen({}, [creating, { ...chat, state: undefined }])).toEqual(['Chat=chat-completions'])
  })

  test('a Claude model is called if there is no other, or if its API is named', () => {
    expect(chosen({}, [vectors, claude])).toEqual(['claude=messages'])
    expect(chosen({ api: 'messages' }, [chat, claude])).toEqual(['claude=messages'])
    expect(chosen({ api: 'messages' }, [chat])).toEqual(['Chat=messages'])
    expect(chosen({ api: 'chat-completions' }, [claude, chat])).toEqual(['Chat=chat-completions'])
  })

  test.each([
    ['there is none', [], /no deployment that answers a chat/],
    ['none of them chats', [vectors], /no deployment that answers a chat/],
    ['they cannot be listed', undefined, /cannot be listed, and the input `deployments` names none/],
  ])('the result says if %s', (_, deployments, message) => {
    expect(refused({}, deployments)).toMatchObject({
      kind: 'fatal',
      code: 'deployment-not-found',
      said: { message: expect.stringMatching(message) },
    })
  })
})

describe('with named deployments', () => {
  test('each is called with its own API, the one for all, or the one of its model', () => {
    expect(chosen({ deployments: 'vectors\nchat=responses' }, [vectors, chat])).toEqual([
      'vectors=embeddings',
      'chat=responses',
    ])
    expect(chosen({ deployments: 'vectors=embeddings\nchat', api: 'azure-openai' }, [vectors, chat])).toEqual(
      ['vectors=embeddings', 'chat=azure-openai'],
    )
  })

  test('names decide if the list cannot be read', () => {
    expect(chosen({ deployments: 'text-embedding-3-small\nanything' }, undefined)).toEqual([
      'text-embedding-3-small=embeddings',
      'anything=chat-completions',
    ])
  })

  test('the error names the missing deployment and the existing ones', () => {
    expect(refused({ deployments: 'gpt-4o' }, [vectors, chat])).toMatchObject({
      code: 'deployment-not-found',
      said: { message: 'The resource has no deployment named "gpt-4o"; it has vectors, Chat.' },
      details: { deployment: 'gpt-4o' },
    })
    expect(refused({ deployments: 'gpt-4o' }, []).said.message).toContain('none at all')
  })

  test('a Claude model is called with its own API, unless another is named', () => {
    expect(chosen({ deployments: 'claude\nChat' }, [claude, chat])).toEqual([
      'claude=messages',
      'Chat=chat-completions',
    ])
    expect(chosen({ deployments: 'claude=models' }, [claude])).toEqual(['claude=models'])
    expect(chosen({ deployments: 'writer=messages' }, undefined)).toEqual(['writer=messages'])
  })
})

test.each([
  [{}, false],
  [{ deployments: 'a' }, false],
  [{ deployments: 'a=responses\nb' }, false],
  [{ deployments: 'a=responses\nb=embeddings' }, true],
  [{ deployments: 'a', api: 'responses' }, true],
  [{ api: 'responses' }, false],
  // Paid by the piece, and none for text as its name says: the list comes first.
  [{ deployments: 'painter=images' }, false],
  [{ deployments: 'a=responses\npainter=images' }, false],
  [{ deployments: 'gpt-image-1=chat-completions' }, false],
])('routes of %j are known before any request: %s', (inputs, expected) => {
  expect(knowsItsRoutes(settings(inputs as Record<string, string>))).toBe(expected)
})

describe('a kind of model that nothing calls', () => {
  const sora = deployed('film', 'sora-2')

  test('is refused by name, with the supported kinds', () => {
    expect(refused({ deployments: 'film' }, [sora])).toMatchObject({
      kind: 'fatal',
      code: 'operation-unsupported',
      said: {
        message: expect.stringMatching(
          /^film is a model for video, by its name, .* chat \(chat-completions\)/,
        ),
      },
    })
  })

  test('is called if the API is named', () => {
    expect(chosen({ deployments: 'film=responses' }, [sora])).toEqual(['film=responses'])
  })
})

test('a named endpoint serves every route', () => {
  expect(endpointsAt('https://gateway.contoso.example')).toEqual({
    openAI: 'https://gateway.contoso.example',
    modelInference: 'https://gateway.contoso.example',
    project: undefined,
  })
  expect(endpointsAt('https://contoso.services.ai.azure.com/api/projects/app')).toEqual({
    openAI: 'https://contoso.services.ai.azure.com',
    modelInference: 'https://contoso.services.ai.azure.com',
    project: 'https://contoso.services.ai.azure.com/api/projects/app',
  })
})

describe('the audiences to sign in for, before anything is known about the resource', () => {
  const shop = `${account}/projects/shop`

  test.each<[string, Record<string, string>, string[]]>([
    ['nothing named', {}, ['https://cognitiveservices.azure.com']],
    ['a project', { 'resource-id': shop }, ['https://ai.azure.com']],
    [
      'the endpoint of a project',
      { endpoint: 'https://contoso.services.ai.azure.com/api/projects/shop' },
      ['https://ai.azure.com'],
    ],
    [
      'a project, and an API of the account',
      { 'resource-id': shop, api: 'chat-completions' },
      ['https://cognitiveservices.azure.com'],
    ],
    ['a kind that nothing calls', { deployments: 'sora-2' }, []],
    ['Claude by name', { deployments: 'claude-haiku-4-5' }, ['https://ai.azure.com']],
    [
      'several',
      { deployments: 'gpt-4o\nopus=messages\nvectors=embeddings' },
      ['https://cognitiveservices.azure.com', 'https://ai.azure.com'],
    ],
    [
      'a project, where Foundry has no audience of its own',
      { 'resource-id': shop, cloud: 'AzureUSGovernment' },
      ['https://cognitiveservices.azure.us'],
    ],
  ])('%s', (_what, inputs, audiences) => {
    const { target, cloud, ...asked } = settings(inputs)
    const project = target.kind === 'resource' ? target.resource.project : undefined
    expect(likelyAudiences(asked, { project, endpoint: target.endpoint }, cloud.inferenceAudiences)).toEqual(
      audiences,
    )
  })
})

describe('an expression for answers', () => {
  const asked = (deployments: string) =>
    routesFor(settings({ deployments }), undefined, { endpoints, audiences: inferenceAudiences })

  test.each([
    ['there is none', 'vectors=embeddings', undefined],
    ['one of the answers is text', 'vectors=embeddings\nchat=chat-completions', /ready/],
  ])('does not matter if %s', (_, deployments, expression) => {
    expect(() => requireText(asked(deployments), expression)).not.toThrow()
  })

  test('without a text answer is an error', () => {
    const failing = () => requireText(asked('vectors=embeddings\nvoice=speech'), /ready/)
    expect(failing).toThrow(StepError)
    expect(failing).toThrow(/^input-invalid/)
  })
})
