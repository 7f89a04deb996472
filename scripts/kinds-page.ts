import { cloudOf } from '../src/azure/clouds.ts'
import type { Api } from '../src/services/inference/apis/choices.ts'
import { apiOf, registry } from '../src/services/inference/apis/index.ts'
import { automaticApi, kinds } from '../src/services/inference/model-kind.ts'
import { routeOf } from '../src/services/inference/route.ts'
import { requestOf } from '../src/services/inference/smoke-call.ts'

/** docs/models.md: the kinds of models, how the gate calls each one, what a call costs, and where we know that from. */

interface Known {
  /** The smallest request, in words. */
  request: string
  /** What the answer must have. */
  answer: string
  /** What a call costs, at list prices of 2026. */
  cost: string
  /** Where we know route, audience and data action from, and how sure that is. */
  source: string
  sure: 'high' | 'medium' | 'low'
}

const chat = {
  request: 'the prompt, `max-output-tokens`',
  answer: 'a choice with a message that is not empty',
  cost: 'some 30 tokens',
}

const known: Readonly<Record<Api, Known>> = {
  'chat-completions': {
    ...chat,
    source:
      'OpenAI description of `/openai/v1`; operations of Microsoft.CognitiveServices; v1 is assumed to need the same data actions as the classic route',
    sure: 'medium',
  },
  responses: {
    ...chat,
    request: 'the prompt, `max-output-tokens`; not stored',
    answer: 'a response that is complete or cut short, with output',
    source:
      'OpenAI description of `/openai/v1`; error texts of the service name the data action; in projects the reports disagree',
    sure: 'high',
  },
  models: {
    ...chat,
    source: 'Foundry model inference, 2024-05-01-preview; error texts of the service name the data action',
    sure: 'high',
  },
  messages: {
    ...chat,
    answer: 'a message, with content or with a reason why there is none',
    source: "Anthropic's reference; an error text of the service names the data action",
    sure: 'medium',
  },
  'azure-openai': {
    ...chat,
    source: 'official description of Azure OpenAI, 2024-06-01; operations of Microsoft.CognitiveServices',
    sure: 'high',
  },
  embeddings: {
    request: 'the prompt',
    answer: 'a vector with at least one number',
    cost: 'some 8 tokens',
    source:
      'OpenAI description of `/openai/v1`; operations of Microsoft.CognitiveServices; v1 is assumed to need the same data actions as the classic route',
    sure: 'medium',
  },
  completions: {
    ...chat,
    answer: 'a choice with a text',
    source: 'official description of Azure OpenAI, 2024-06-01; operations of Microsoft.CognitiveServices',
    sure: 'high',
  },
  speech: {
    request: 'one word of five letters',
    answer: 'sound data: MP3, WAVE, Ogg or FLAC',
    cost: 'five characters: $0.00015 with tts-hd',
    source:
      'REST reference of v1; gateways that use v1 for speech with Entra tokens (bifrost, vercel/ai#7985). We assume that speech needs the data action of audio',
    sure: 'medium',
  },
  transcriptions: {
    request: 'a second of a tone, made by the action itself',
    answer: 'a transcript, with words or without',
    cost: 'a second of sound: $0.0001 with whisper or gpt-4o-transcribe',
    source:
      'official description of Azure OpenAI, 2024-06-01; operations of Microsoft.CognitiveServices; OpenWhispr#2038, opentypeless#94 and vercel/ai#7985 report that this route accepts tokens and v1 answers DeploymentNotFound; bifrost#6097 reports the reverse',
    sure: 'medium',
  },
  realtime: {
    request: 'a WebSocket, closed as soon as it is open',
    answer: 'status 101 with the accepted key',
    cost: 'nothing: the gate sends nothing over it',
    source:
      'learn.microsoft.com, realtime audio by WebSockets; operations of Microsoft.CognitiveServices; litellm#34654',
    sure: 'medium',
  },
  images: {
    request: 'one image of 1024 by 1024 in low quality; FLUX: 256 by 256; MAI: 1024 by 1024',
    answer: 'an image, as data or as a URL',
    cost: 'one image: about $0.01 with gpt-image-1, $0.03 with FLUX.2-pro',
    source:
      'REST reference of v1; operations of Microsoft.CognitiveServices. FLUX and MAI: programs that call them with tokens; the data action of FLUX is a guess from other vendors, that of MAI comes from one report',
    sure: 'medium',
  },
  rerank: {
    request: 'one document of one word',
    answer: 'a result with an index and a score',
    cost: 'one search: $0.002',
    source:
      'route: litellm#18024, and programs that call it with managed identities; data action: as for other provider-native routes',
    sure: 'medium',
  },
  ocr: {
    request: 'a PDF of one page with one word, sent as data',
    answer: 'a page with text',
    cost: 'one page: $0.003',
    source:
      "route and body: Mistral's cookbook for Foundry, litellm; key-less since litellm#35415; data action: as for other provider-native routes",
    sure: 'medium',
  },
  agents: {
    request: 'the gate reads the agent and does not run it',
    answer: 'an agent, with its name',
    cost: 'nothing',
    source: 'REST of Foundry projects, version v1; error texts of the service name the data action',
    sure: 'high',
  },
}

const endpoints = {
  openAI: 'https://NAME.openai.azure.com',
  modelInference: 'https://NAME.services.ai.azure.com',
  project: 'https://NAME.services.ai.azure.com/api/projects/PROJECT',
}
const { inferenceAudiences: audiences } = cloudOf('AzureCloud', {})
const nothingAsked = { prompt: '', maxOutputTokens: 16, expect: undefined }

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: ReadonlyArray<readonly string[]>) =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
const code = (text: string) => `\`${text}\``

/** Models from vendors with their own routes. */
const examples = (api: Api) => (api === 'images' ? ['NAME', 'FLUX.2-pro', 'MAI-Image-1'] : ['NAME'])

const endpointsOf = (api: Api) => (apiOf(api).ofProject ? endpoints : { ...endpoints, project: undefined })

const routesOf = (api: Api) =>
  examples(api).map(model =>
    routeOf({ deployment: 'DEPLOYMENT', model }, api, { endpoints: endpointsOf(api), audiences }),
  )

function routes(api: Api): string[] {
  return routesOf(api).flatMap(route => {
    const { method } = requestOf(route, nothingAsked)
    return [route, ...(route.otherPlaces ?? [])].map(({ url }) =>
      code(`${method} ${url.replace('https://', '')}`),
    )
  })
}

function dataActions(api: Api): string[] {
  const all = routesOf(api).map(({ dataAction }) => dataAction)
  return [...new Set(all)].map(action => code(action.replace('Microsoft.CognitiveServices/accounts/', '')))
}

function audiencesInWords(api: Api): string {
  const [first, ...others] = apiOf(api)
    .audiencesOf(audiences, endpointsOf(api))
    .map(audience => code(audience))
  return others.length === 0 ? `${first} only` : `${first}, or ${others.join(', ')}`
}

const costInWords = (api: Api): string =>
  ({ tokens: known[api].cost, piece: `**per item**: ${known[api].cost}`, nothing: 'nothing' })[
    apiOf(api).cost
  ]

/** The higher number is the row of `consecutive-successes`, whose default is 3 (row.ts). */
const callsInWords = (api: Api): string =>
  ({ tokens: '1, or 3', piece: '1', nothing: '1, or 3' })[apiOf(api).cost]

const kindRows = kinds.map(({ kind, apis, ...told }) => {
  const {
    capabilities = [],
    formats = [],
    names,
  }: { capabilities?: readonly string[]; formats?: readonly string[]; names?: RegExp } = told
  const how = [
    ...capabilities.map(capability => `capability ${code(capability)}`),
    ...formats.map(format => `format ${code(format)}`),
    ...(names === undefined ? [] : [`name ${code(names.source.replaceAll('|', '\\|'))}`]),
  ]
  const called = apis.map(({ name }) => code(name)).join(', ')
  return [
    kind,
    how.join(', ') || 'called only if named',
    called || 'no call yet: fails with `operation-unsupported`',
  ]
})

export function kindsPage(): string {
  const { api: example } = automaticApi('gpt-4o', undefined, { project: undefined })
  return `# Kinds of models, and what a call costs

With \`api: auto\` the gate calls a deployment with the API that its model needs. It finds out by the capabilities that Resource Manager lists, then by the model's format, then by its name, or
by the name of the deployment if the model is not known. The log says which of these decided. To choose the API yourself, write ${code('NAME=API')} in \`deployments\`. If no line of the table fits, the gate assumes chat (${code(example ?? '')}).

**The gate never calls a model that is billed per item unless you name it.** If \`deployments\` names none, it calls a deployment that answers a chat. It calls a model that is billed per item once per run, if access exists already;
a denied or throttled call costs nothing.

${table(['A model for', 'is recognised by', 'and called with'], kindRows)}

For chat there are several APIs: \`messages\` for Claude models, \`models\` for those of other vendors, and \`responses\` in a project and for OpenAI models that no other API serves.

## What each API is asked, and what it costs

${table(
  ['API', 'The gate asks for', 'Proof', 'Cost of a call', 'Calls in a run'],
  registry.map(({ name }) => [
    code(name),
    known[name].request,
    known[name].answer,
    costInWords(name),
    callsInWords(name),
  ]),
)}

Azure charges only for answered calls. If the role is known to be at least half an hour old, each deployment is called once. Otherwise the gate needs a row of \`consecutive-successes\` answers, by default three, from one deployment for each right on a host.
If a denial breaks a row, the next row is longer, up to four times as long. So a run costs a few dozen tokens per deployment, and a hundred or two if the role is new.

Prices are list prices, to show their size. \`expect\` is checked against answers that follow from the prompt: those of chat, \`responses\`, \`messages\` and \`completions\`.

## When a model retires

Resource Manager lists the day on which each model, or one SKU of it, retires. The gate reads that list once, in parallel with the calls, and does not wait for it. If a model has less than ninety days left, the gate reports
the finding [\`model-retires-soon\`](findings.md#model-retires-soon): the day, what the deployment's \`versionUpgradeOption\` does then, and the command that moves it to a newer model. The report's field \`models\` has
the day of every model that was called. If the list comes late, or if the gate cannot read it, there is no finding. [\`fail-on\`](inputs.md#keys-and-findings) therefore fails on this finding only if the list came before the proof ended.
To make the gate fail for certain, use \`model-days-left\`.

With \`model-days-left: 30\` the gate fails if a model has fewer days left, or if it does not know how many. It then reads the list with retries, and waits for it at the end, for at most one \`request-timeout\`. A model
without a retirement day passes.

A retired model answers as if it did not exist, or as if it did not support the operation. After such an answer the gate waits for the list, again for at most one \`request-timeout\`. If the day has passed,
the code is [\`model-retired\`](diagnosis.md#model-retired). The gate reads an agent but does not run it, so it says nothing about the agent's model.

## Where each API is called, and how we know

If an API has two routes, the gate calls the second one when the first does not serve the deployment or does not accept the token. Log and report say which route answered. If none did, the diagnosis says which one accepted the token.

${table(
  [
    'API',
    'Routes',
    'Audience of the token',
    'Data action, below `Microsoft.CognitiveServices/accounts/`',
    'Known from',
    'How sure',
  ],
  registry.map(({ name }) => [
    code(name),
    routes(name).join('<br>'),
    audiencesInWords(name),
    dataActions(name).join('<br>'),
    known[name].source,
    known[name].sure,
  ]),
)}
`
}
