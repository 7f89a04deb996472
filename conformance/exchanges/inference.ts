import { onePage } from '../../src/services/inference/one-page.ts'
import { toneOfASecond } from '../../src/services/inference/tone.ts'
import type { ConformanceRequest, Exchange } from '../exchange.ts'
import type { DeploymentKind, Need, TokenAudience } from '../terms.ts'
import type { World } from '../world.ts'

/** Calls of models: for each API a good request and bad ones. Answers are as short as the models allow. */

const classicVersion = '2024-10-21'
/** The first that serve the newer models for images, and for sound. */
const imagesVersion = '2025-04-01-preview'
const audioVersion = '2025-03-01-preview'
const notThere = 'not-there'
/** Enough for a model that reasons before it says its one word. */
const budget = 200
const question = [{ role: 'user', content: 'Answer with the one word ready.' }]

type Body = Readonly<Record<string, unknown>>
type Call = (world: World) => ConformanceRequest

const call = (name: string, purpose: string, request: Call, needs: readonly Need[]): Exchange => ({
  name: `inference-${name}`,
  service: 'inference',
  purpose,
  needs,
  steps: world => ({ requests: [request(world)] }),
})

/** The part of the exchange's name for this API, and where it is sent. */
interface Api {
  name: string
  as: TokenAudience
  deployment: DeploymentKind
  url: (world: World, deployment: string) => string
  /** A good request. */
  body: (deployment: string) => Body
  headers?: Readonly<Record<string, string>>
  /** Default: JSON. */
  encoding?: 'multipart'
  /** A required field, and an invalid value for it. */
  required: string
  wrongType: Body
}

const v1 = (path: string) => (world: World) => `${world.hosts.openAI}/openai/v1/${path}`
const classic =
  (path: string, version = classicVersion) =>
  (world: World, deployment: string) =>
    `${world.hosts.openAI}/openai/deployments/${deployment}/${path}?api-version=${version}`
const foundry = (path: string) => (world: World) => `${world.hosts.foundry}/${path}`

const apis: readonly Api[] = [
  {
    name: 'chat',
    as: 'cognitive-services',
    deployment: 'chat',
    url: v1('chat/completions'),
    body: model => ({ model, messages: question, max_completion_tokens: budget }),
    required: 'messages',
    wrongType: { messages: 'ready?' },
  },
  {
    name: 'classic-chat',
    as: 'cognitive-services',
    deployment: 'chat',
    url: classic('chat/completions'),
    body: () => ({ messages: question, max_completion_tokens: budget }),
    required: 'messages',
    wrongType: { messages: 'ready?' },
  },
  {
    name: 'responses',
    as: 'cognitive-services',
    deployment: 'chat',
    url: v1('responses'),
    body: model => ({ model, input: 'Answer with the one word ready.', max_output_tokens: budget }),
    required: 'input',
    wrongType: { input: 7 },
  },
  {
    name: 'embeddings',
    as: 'cognitive-services',
    deployment: 'embeddings',
    url: v1('embeddings'),
    body: model => ({ model, input: 'ready' }),
    required: 'input',
    wrongType: { input: { text: 'ready' } },
  },
  {
    name: 'classic-embeddings',
    as: 'cognitive-services',
    deployment: 'embeddings',
    url: classic('embeddings'),
    body: () => ({ input: 'ready' }),
    required: 'input',
    wrongType: { input: { text: 'ready' } },
  },
  {
    name: 'models',
    as: 'cognitive-services',
    deployment: 'model-inference',
    url: ({ hosts }) => `${hosts.foundry}/models/chat/completions?api-version=2024-05-01-preview`,
    body: model => ({ model, messages: question, max_tokens: 16 }),
    required: 'messages',
    wrongType: { messages: 'ready?' },
  },
  {
    name: 'messages',
    as: 'foundry',
    deployment: 'messages',
    url: ({ hosts }) => `${hosts.foundry}/anthropic/v1/messages`,
    body: model => ({ model, messages: question, max_tokens: 16 }),
    headers: { 'anthropic-version': '2023-06-01' },
    required: 'messages',
    wrongType: { messages: 'ready?' },
  },
]

function without(body: Body, field: string): Body {
  const { [field]: _left, ...rest } = body
  return rest
}

interface Change {
  /** Default: the deployment of that kind; one that does not exist where there is none. */
  deployment?: string
  body?: (good: Body) => Body
  as?: TokenAudience
  headers?: Readonly<Record<string, string>>
}

/** The good request of an API, with something changed. */
function requestTo(api: Api, world: World, change: Change = {}): ConformanceRequest {
  const { deployment = world.deployments.get(api.deployment) ?? notThere, body = good => good } = change
  const sent = body(api.body(deployment))
  return {
    method: 'POST',
    url: api.url(world, deployment),
    as: change.as ?? api.as,
    ...(api.encoding === 'multipart' ? { multipart: sent } : { json: sent }),
    ...((api.headers ?? change.headers) && { headers: { ...api.headers, ...change.headers } }),
  }
}

/** A good request, and two that are refused for their body. */
function bodiesOf(api: Api): Exchange[] {
  const { name, required } = api
  const needs: readonly Need[] = [api.deployment, 'may-infer']
  return [
    call(name, goodCall, world => requestTo(api, world), needs),
    call(
      `${name}-without-${required}`,
      `What the answer is if \`${required}\` is missing`,
      world => requestTo(api, world, { body: good => without(good, required) }),
      needs,
    ),
    call(
      `${name}-wrong-type`,
      `What the answer is if \`${required}\` has the wrong type`,
      world => requestTo(api, world, { body: good => ({ ...good, ...api.wrongType }) }),
      needs,
    ),
  ]
}

/** The purpose of the good call of each API. A run that is denied first sends these before the grant, too. */
export const goodCall = 'What an answer looks like'

/** Suffix for the names of calls with a key that need a resource whose keys are off. */
const whereKeysAreOff = '-keys-are-off'

/** The exchanges of an API whose models resources usually have: one good request, and each way to get it wrong. */
function exchangesOf(api: Api): Exchange[] {
  const { name, deployment: kind } = api
  const key = { 'api-key': 'not-a-key-but-as-long-as-one-would-be' }
  return [
    ...bodiesOf(api),
    call(
      `${name}-deployment-missing`,
      'What the answer is for a deployment that does not exist',
      world => requestTo(api, world, { deployment: notThere }),
      [kind, 'may-infer'],
    ),
    call(
      `${name}-unknown-parameter`,
      'What the answer is to an unknown parameter',
      world => requestTo(api, world, { body: good => ({ ...good, colour: 'red' }) }),
      [kind, 'may-infer'],
    ),
    call(
      `${name}-token-of-another-audience`,
      'How a token for Resource Manager is refused',
      world => requestTo(api, world, { as: 'resource-manager' }),
      [kind],
    ),
    call(
      `${name}-token-is-none`,
      'How an invalid token is refused',
      world => withoutToken(requestTo(api, world, { headers: noToken })),
      [kind],
    ),
    call(
      `${name}-key-is-wrong`,
      'How an invalid key is refused if keys are on',
      world => withoutToken(requestTo(api, world, { headers: key })),
      [kind, 'keys-on'],
    ),
    call(
      `${name}${whereKeysAreOff}`,
      'How a key is refused if keys are off, and whether the answer says that they are',
      world => withoutToken(requestTo(api, world, { headers: key })),
      [kind, 'keys-off'],
    ),
  ]
}

const noToken = { authorization: 'Bearer not-a-token' }

const withoutToken = ({ as: _none, ...request }: ConformanceRequest): ConformanceRequest => request

export const chatAt = (world: World, host: string): ConformanceRequest => ({
  method: 'POST',
  url: `${host}/openai/v1/chat/completions`,
  as: 'cognitive-services',
  json: {
    model: world.deployments.get('chat'),
    messages: question,
    max_completion_tokens: budget,
  },
})

/**
 * APIs whose models few resources have. Most are billed per item: those exchanges are skipped unless a person named such a deployment.
 * Without one, the others are about a deployment that does not exist, which costs nothing.
 */
const others: readonly Api[] = [
  {
    name: 'classic-completions',
    as: 'cognitive-services',
    deployment: 'completions',
    url: classic('completions'),
    body: () => ({ prompt: 'ready?', max_tokens: 16 }),
    required: 'prompt',
    wrongType: { prompt: { text: 'ready?' } },
  },
  {
    name: 'images',
    as: 'cognitive-services',
    deployment: 'images',
    url: v1('images/generations'),
    body: model => ({ model, ...image }),
    required: 'prompt',
    wrongType: { prompt: { text: 'A dot.' } },
  },
  {
    name: 'classic-images',
    as: 'cognitive-services',
    deployment: 'images',
    url: classic('images/generations', imagesVersion),
    body: () => image,
    required: 'prompt',
    wrongType: { prompt: { text: 'A dot.' } },
  },
  {
    name: 'flux',
    as: 'cognitive-services',
    deployment: 'flux',
    url: foundry('providers/blackforestlabs/v1/flux-2-pro?api-version=preview'),
    body: model => ({ model, prompt: 'A dot.', width: 256, height: 256 }),
    required: 'prompt',
    wrongType: { prompt: { text: 'A dot.' } },
  },
  {
    name: 'mai-image',
    as: 'cognitive-services',
    deployment: 'mai-image',
    url: foundry('mai/v1/images/generations'),
    body: model => ({ model, prompt: 'A dot.', width: 1024, height: 1024 }),
    required: 'prompt',
    wrongType: { prompt: { text: 'A dot.' } },
  },
  {
    name: 'speech',
    as: 'cognitive-services',
    deployment: 'speech',
    url: v1('audio/speech'),
    body: model => ({ model, input: 'ready', voice: 'alloy' }),
    required: 'input',
    wrongType: { input: { text: 'ready' } },
  },
  {
    name: 'classic-speech',
    as: 'cognitive-services',
    deployment: 'speech',
    url: classic('audio/speech', audioVersion),
    body: model => ({ model, input: 'ready', voice: 'alloy' }),
    required: 'input',
    wrongType: { input: { text: 'ready' } },
  },
  {
    name: 'transcriptions',
    as: 'cognitive-services',
    deployment: 'transcriptions',
    url: v1('audio/transcriptions'),
    encoding: 'multipart',
    body: model => ({ model, ...sound() }),
    required: 'file',
    wrongType: { file: 'ready' },
  },
  {
    name: 'classic-transcriptions',
    as: 'cognitive-services',
    deployment: 'transcriptions',
    url: classic('audio/transcriptions', audioVersion),
    encoding: 'multipart',
    body: model => ({ model, ...sound() }),
    required: 'file',
    wrongType: { file: 'ready' },
  },
  {
    name: 'models-embeddings',
    as: 'cognitive-services',
    deployment: 'embeddings',
    url: foundry('models/embeddings?api-version=2024-05-01-preview'),
    body: model => ({ model, input: ['ready'] }),
    required: 'input',
    wrongType: { input: { text: 'ready' } },
  },
  {
    name: 'rerank',
    as: 'cognitive-services',
    deployment: 'rerank',
    url: foundry('providers/cohere/v2/rerank'),
    body: model => ({ model, query: 'ready', documents: ['ready'], top_n: 1 }),
    required: 'query',
    wrongType: { query: { text: 'ready' } },
  },
  {
    name: 'ocr',
    as: 'cognitive-services',
    deployment: 'ocr',
    url: foundry('providers/mistral/azure/ocr'),
    body: model => ({ model, document: page() }),
    required: 'document',
    wrongType: { document: 'ready' },
  },
]

/** The smallest and cheapest image. */
const image = { prompt: 'A dot.', n: 1, size: '1024x1024', quality: 'low' }

const sound = () => ({
  response_format: 'json',
  file: new File([toneOfASecond()], 'tone.wav', { type: 'audio/wav' }),
})

const page = () => ({
  type: 'document_url',
  document_url: `data:application/pdf;base64,${Buffer.from(onePage('Ready')).toString('base64')}`,
})

const exchangesOfOther = (api: Api): Exchange[] => [
  ...bodiesOf(api),
  ...refusalsOf(api.name, (world, change) => requestTo(api, world, { deployment: notThere, ...change })),
]

/** What a service refuses for the deployment, or for who asks. @param ask requests a deployment that does not exist */
const refusalsOf = (
  name: string,
  ask: (world: World, change?: Pick<Change, 'as' | 'headers'>) => ConformanceRequest,
): Exchange[] => [
  call(
    `${name}-deployment-missing`,
    'How a deployment that does not exist is reported',
    world => ask(world),
    ['may-infer'],
  ),
  call(
    `${name}-token-of-another-audience`,
    'How a token for Resource Manager is refused',
    world => ask(world, { as: 'resource-manager' }),
    [],
  ),
  call(
    `${name}-nothing-signed-in`,
    'What the answer is without a token and a key',
    world => withoutToken(ask(world)),
    [],
  ),
]

/** The handshake of a WebSocket. An open session costs nothing until something is sent, and nothing is. */
const handshake = (
  world: World,
  { model = notThere, as = 'cognitive-services' as TokenAudience, headers = {} } = {},
): ConformanceRequest => ({
  method: 'GET',
  url: `${world.hosts.openAI}/openai/v1/realtime?model=${encodeURIComponent(model)}`,
  as,
  headers,
  webSocket: true,
})

const realtimeOf = (world: World) => world.deployments.get('realtime') ?? notThere

const realtime: readonly Exchange[] = [
  call('realtime', goodCall, world => handshake(world, { model: realtimeOf(world) }), [
    'realtime',
    'may-infer',
  ]),
  call(
    'realtime-without-handshake',
    'What the answer is to a request that opens no WebSocket',
    world => {
      const { webSocket: _none, ...request } = handshake(world, { model: realtimeOf(world) })
      return request
    },
    ['realtime', 'may-infer'],
  ),
  call(
    'realtime-without-model',
    'What the answer is to a handshake that names no deployment',
    world => ({ ...handshake(world), url: v1('realtime')(world) }),
    ['may-infer'],
  ),
  call(
    'realtime-token-is-none',
    'How an invalid token is refused',
    world => withoutToken(handshake(world, { headers: noToken })),
    [],
  ),
  ...refusalsOf('realtime', handshake),
]

const responseOfProject = (
  world: World,
  { model = world.deployments.get('chat') ?? notThere } = {},
): ConformanceRequest => ({
  method: 'POST',
  url: `${world.hosts.foundry}/api/projects/${world.project}/openai/v1/responses`,
  as: 'foundry',
  json: { model, input: 'ready?', max_output_tokens: budget },
})

const oddities: readonly Exchange[] = [
  call(
    'nothing-signed-in',
    'What the answer is to a call without a token or a key',
    world => withoutToken(chatAt(world, world.hosts.openAI)),
    ['chat'],
  ),
  call(
    'chat-at-the-foundry-host',
    'Whether the host of Foundry serves the route of OpenAI',
    world => chatAt(world, world.hosts.foundry),
    ['chat', 'may-infer'],
  ),
  call(
    'route-missing',
    'What the answer is on a route that does not exist',
    world => ({ ...chatAt(world, world.hosts.openAI), url: `${world.hosts.openAI}/openai/v1/not-there` }),
    ['chat', 'may-infer'],
  ),
  call(
    'version-unknown',
    'What the answer is to an api-version that does not exist',
    world => ({
      ...chatAt(world, world.hosts.openAI),
      url: `${world.hosts.openAI}/openai/deployments/${world.deployments.get('chat')}/chat/completions?api-version=1999-01-01`,
    }),
    ['chat', 'may-infer'],
  ),
  call(
    'version-missing',
    'What the answer is on the classic route without an api-version',
    world => ({
      ...chatAt(world, world.hosts.openAI),
      url: `${world.hosts.openAI}/openai/deployments/${world.deployments.get('chat')}/chat/completions`,
    }),
    ['chat', 'may-infer'],
  ),
  call(
    'foundry-token-at-v1',
    'Whether the route of OpenAI accepts a token for Foundry',
    world => ({ ...chatAt(world, world.hosts.openAI), as: 'foundry' }),
    ['chat', 'may-infer'],
  ),
  call(
    'models-of-account',
    'What the list of models of the v1 API looks like',
    world => ({
      method: 'GET',
      url: `${world.hosts.openAI}/openai/v1/models`,
      as: 'cognitive-services',
    }),
    ['may-infer'],
  ),
  call(
    'too-few-tokens',
    'What the answer is to a token limit below the minimum',
    world => ({
      method: 'POST',
      url: `${world.hosts.openAI}/openai/v1/responses`,
      as: 'cognitive-services',
      json: { model: world.deployments.get('chat'), input: 'ready?', max_output_tokens: 1 },
    }),
    ['chat', 'may-infer'],
  ),
  call(
    'both-bounds',
    'What the answer is to two token limits at once',
    world => ({
      ...chatAt(world, world.hosts.openAI),
      json: {
        model: world.deployments.get('chat'),
        messages: question,
        max_tokens: 16,
        max_completion_tokens: budget,
      },
    }),
    ['chat', 'may-infer'],
  ),
  call('project-responses', 'What a response of a project looks like', responseOfProject, [
    'chat',
    'project',
    'may-infer',
  ]),
  call(
    'project-responses-deployment-missing',
    'What the answer of a project is for a deployment that does not exist',
    world => responseOfProject(world, { model: notThere }),
    ['project', 'may-infer'],
  ),
  call(
    'project-responses-token-of-another-audience',
    'Whether a project accepts a token for the models',
    world => ({ ...responseOfProject(world), as: 'cognitive-services' }),
    ['chat', 'project', 'may-infer'],
  ),
  call(
    'project-agents',
    'What the agents of a project look like',
    world => ({
      method: 'GET',
      url: `${world.hosts.foundry}/api/projects/${world.project}/agents?api-version=v1`,
      as: 'foundry',
    }),
    ['project', 'may-infer'],
  ),
  call(
    'project-agents-version-missing',
    'What the answer is to a list of agents without an api-version',
    world => ({
      method: 'GET',
      url: `${world.hosts.foundry}/api/projects/${world.project}/agents`,
      as: 'foundry',
    }),
    ['project', 'may-infer'],
  ),
  call(
    'project-agent-missing',
    'How an agent that does not exist is reported',
    world => ({
      method: 'GET',
      url: `${world.hosts.foundry}/api/projects/${world.project}/agents/${notThere}?api-version=v1`,
      as: 'foundry',
    }),
    ['project', 'may-infer'],
  ),
  call(
    'project-missing',
    'What the answer is for a project that does not exist',
    world => ({
      method: 'GET',
      url: `${world.hosts.foundry}/api/projects/${notThere}/agents?api-version=v1`,
      as: 'foundry',
    }),
    ['project', 'may-infer'],
  ),
]

export const inferenceExchanges: readonly Exchange[] = [
  ...apis.flatMap(exchangesOf),
  ...others.flatMap(exchangesOfOther),
  ...realtime,
  ...oddities,
]
