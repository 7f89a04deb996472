import { automaticApi, isFor, type ModelFacts } from '../../../src/services/inference/model-kind.ts'

const endpoints = { project: undefined }
const inProject = { project: 'https://contoso.services.ai.azure.com/api/projects/app' }

const model = (name: string | undefined, format?: string, ...capabilities: string[]): ModelFacts => ({
  name,
  format,
  capabilities: new Set(capabilities),
})

describe('the API that auto chooses', () => {
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
    [
      'a model that says it only answers responses',
      'production',
      model('gpt-5-next', 'OpenAI', 'responses'),
      endpoints,
      'responses',
    ],
    [
      'a model that says it answers a chat, whatever its name',
      'production',
      model('embedded-chat', 'OpenAI', 'chatCompletion', 'responses'),
      endpoints,
      'chat-completions',
    ],
  ])('%s', (_, deployment, facts, at, expected) => {
    expect(automaticApi(deployment, facts, at).api).toBe(expected)
  })
})

test.each([
  ['gpt-4o', model('gpt-4o'), 'auto', true],
  ['a model that says so, whatever its name', model('embed', undefined, 'chatCompletion'), 'auto', true],
  ['a model that answers responses', model('gpt-5-codex', undefined, 'responses'), 'auto', true],
  ['embeddings', model('text-embedding-3-large'), 'auto', false],
  ['images', model('dall-e-3'), 'auto', false],
  ['images of another maker', model('production', 'Black Forest Labs'), 'auto', false],
  ['realtime, although it lists chat', model('x', 'OpenAI', 'chatCompletion', 'realtime'), 'auto', false],
  ['speech', model('tts-hd'), 'auto', false],
  ['video', model('sora-2'), 'auto', false],
  ['a model without a name', model(undefined), 'auto', false],
  [
    'a model without a name that says what it can do',
    model(undefined, undefined, 'chatCompletion'),
    'auto',
    true,
  ],
  ['a chat model, by another API of chat', model('gpt-4o'), 'azure-openai', true],
  ['a chat model, by embeddings', model('gpt-4o'), 'embeddings', false],
  ['an embedding model, by embeddings', model('text-embedding-3-large'), 'embeddings', true],
] as const)('is called if no deployment is named: %s', (_, facts, api, expected) => {
  expect(isFor(facts, api)).toBe(expected)
})

describe('the kind of a model', () => {
  test.each([
    ['gpt-4o', 'chat'],
    ['text-embedding-3-large', 'embeddings'],
    ['embed-v-4-0', 'embeddings'],
    ['whisper', 'transcription'],
    ['gpt-4o-mini-transcribe', 'transcription'],
    ['gpt-4o-transcribe-diarize', 'transcription'],
    ['tts-hd', 'speech'],
    ['gpt-4o-mini-tts', 'speech'],
    ['gpt-realtime-mini', 'realtime'],
    ['gpt-4o-realtime-preview', 'realtime'],
    ['gpt-audio', 'spoken chat'],
    ['dall-e-3', 'images'],
    ['gpt-image-1', 'images'],
    ['FLUX-1.1-pro', 'images'],
    ['sora-2', 'video'],
    ['Cohere-rerank-v4.0-pro', 'reranking'],
    ['mistral-document-ai-2505', 'reading documents'],
    ['mistral-ocr-2503', 'reading documents'],
    ['omni-moderation', 'moderation'],
    ['gpt-realtime-whisper', 'live transcription'],
    ['gpt-35-turbo-instruct', 'completions'],
    ['Llama-3.3-70B-Instruct', 'chat'],
    ['MAI-Image-1', 'images'],
    // Letters that happen to stand in a row are no name of a kind.
    ['attsee-mocrates', 'chat'],
  ])('%s: %s', (name, kind) => {
    expect(automaticApi(name, undefined, endpoints).kind).toBe(kind)
    expect(automaticApi('production', model(name), endpoints).kind).toBe(kind)
  })

  test('is recognised by a capability before the name, and the result says by which', () => {
    expect(automaticApi('sora', model('sora', 'OpenAI', 'chatCompletion'), endpoints)).toEqual({
      api: 'chat-completions',
      kind: 'chat',
      by: 'its capability chatCompletion',
    })
    expect(automaticApi('sora', undefined, endpoints)).toEqual({
      api: undefined,
      kind: 'video',
      by: 'its name',
    })
  })
})
