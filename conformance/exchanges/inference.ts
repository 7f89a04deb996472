import type { ConformanceRequest, Exchange } from '../exchange.ts'
import type { DeploymentKind, Need, TokenAudience } from '../terms.ts'
import type { World } from '../world.ts'

/** Calls of models: for each API a good request and bad ones. Answers are as short as the models allow. */

const classicVersion = '2024-10-21'
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
  /** A required field, and an invalid value for it. */
  required: string
  wrongType: Body
}

const v1 = (path: string) => (world: World) => `${world.hosts.openAI}/openai/v1/${path}`
const classic = (path: string) => (world: World, deployment: string) =>
  `${world.hosts.openAI}/openai/deployments/${deployment}/${path}?api-version=${classicVersion}`

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

/** Suffix for the names of calls with a key that need a resource whose keys are off. */
const whereKeysAreOff = '-keys-are-off'

/** The exchanges of every API: one good request, and each way to get it wrong. */
function exchangesOf(api: Api): Exchange[] {
  const { name, as, headers, required } = api
  const needs: readonly Need[] = [api.deployment]
  const ask = (world: World, change: Partial<ConformanceRequest> & { deployment?: string } = {}) => {
    const deployment = change.deployment ?? world.deployments.get(api.deployment) ?? ''
    const { deployment: _own, ...request } = change
    return {
      method: 'POST',
      url: api.url(world, deployment),
      as,
      json: api.body(deployment),
      ...(headers === undefined ? {} : { headers }),
      ...request,
    } satisfies ConformanceRequest
  }
  const good = (world: World) => api.body(world.deployments.get(api.deployment) ?? '')
  const wrongHeaders = (wrong: Readonly<Record<string, string>>) => ({ headers: { ...headers, ...wrong } })
  const withKey = wrongHeaders({ 'api-key': 'not-a-key-but-as-long-as-one-would-be' })
  return [
    call(name, 'What an answer looks like', world => ask(world), [...needs, 'may-infer']),
    call(
      `${name}-deployment-missing`,
      'What the answer is for a deployment that does not exist',
      world => ask(world, { deployment: notThere }),
      [...needs, 'may-infer'],
    ),
    call(
      `${name}-without-${required}`,
      `What the answer is if \`${required}\` is missing`,
      world => ask(world, { json: without(good(world), required) }),
      [...needs, 'may-infer'],
    ),
    call(
      `${name}-wrong-type`,
      `What the answer is if \`${required}\` has the wrong type`,
      world => ask(world, { json: { ...good(world), ...api.wrongType } }),
      [...needs, 'may-infer'],
    ),
    call(
      `${name}-unknown-parameter`,
      'What the answer is to an unknown parameter',
      world => ask(world, { json: { ...good(world), colour: 'red' } }),
      [...needs, 'may-infer'],
    ),
    call(
      `${name}-token-of-another-audience`,
      'How a token for Resource Manager is refused',
      world => ask(world, { as: 'resource-manager' }),
      needs,
    ),
    call(
      `${name}-token-is-none`,
      'How an invalid token is refused',
      world => withoutToken(ask(world, wrongHeaders({ authorization: 'Bearer not-a-token' }))),
      needs,
    ),
    call(
      `${name}-key-is-wrong`,
      'How an invalid key is refused if keys are on',
      world => withoutToken(ask(world, withKey)),
      [...needs, 'keys-on'],
    ),
    call(
      `${name}${whereKeysAreOff}`,
      'How a key is refused if keys are off, and whether the answer says that they are',
      world => withoutToken(ask(world, withKey)),
      [...needs, 'keys-off'],
    ),
  ]
}

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

interface OtherApi {
  name: string
  as: TokenAudience
  url: (world: World) => string
  body: Body
}

/**
 * APIs whose models few resources have, or whose answers cost more than a word. They are asked for a deployment that does not exist, which
 * costs nothing.
 */
const others: readonly OtherApi[] = [
  {
    name: 'classic-completions',
    as: 'cognitive-services',
    url: world => classic('completions')(world, notThere),
    body: { prompt: 'ready?', max_tokens: 16 },
  },
  {
    name: 'images',
    as: 'cognitive-services',
    url: v1('images/generations'),
    body: { model: notThere, prompt: 'A dot.' },
  },
  {
    name: 'classic-images',
    as: 'cognitive-services',
    url: world => classic('images/generations')(world, notThere),
    body: { prompt: 'A dot.' },
  },
  {
    name: 'speech',
    as: 'cognitive-services',
    url: v1('audio/speech'),
    body: { model: notThere, input: 'ready', voice: 'alloy' },
  },
  {
    name: 'classic-speech',
    as: 'cognitive-services',
    url: world => classic('audio/speech')(world, notThere),
    body: { model: notThere, input: 'ready', voice: 'alloy' },
  },
  {
    name: 'models-embeddings',
    as: 'cognitive-services',
    url: ({ hosts }) => `${hosts.foundry}/models/embeddings?api-version=2024-05-01-preview`,
    body: { model: notThere, input: ['ready'] },
  },
  {
    name: 'rerank',
    as: 'cognitive-services',
    url: ({ hosts }) => `${hosts.foundry}/providers/cohere/v2/rerank`,
    body: { model: notThere, query: 'ready', documents: ['ready'], top_n: 1 },
  },
  {
    name: 'ocr',
    as: 'cognitive-services',
    url: ({ hosts }) => `${hosts.foundry}/providers/mistral/azure/ocr`,
    body: { model: notThere, document: { type: 'image_url', image_url: 'data:image/png;base64,' } },
  },
]

function exchangesOfOther({ name, as, url, body }: OtherApi): Exchange[] {
  const ask = (world: World): ConformanceRequest => ({ method: 'POST', url: url(world), as, json: body })
  return [
    call(`${name}-deployment-missing`, 'How a deployment that does not exist is reported', ask, [
      'may-infer',
    ]),
    call(
      `${name}-token-of-another-audience`,
      'How a token for Resource Manager is refused',
      world => ({ ...ask(world), as: 'resource-manager' }),
      [],
    ),
    call(
      `${name}-nothing-signed-in`,
      'What the answer is without a token and a key',
      world => withoutToken(ask(world)),
      [],
    ),
  ]
}

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
  call(
    'project-responses',
    'What a response of a project looks like',
    world => ({
      method: 'POST',
      url: `${world.hosts.foundry}/api/projects/${world.project}/openai/v1/responses`,
      as: 'foundry',
      json: { model: world.deployments.get('chat'), input: 'ready?', max_output_tokens: budget },
    }),
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
  ...oddities,
]
