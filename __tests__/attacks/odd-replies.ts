import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { Api } from '../../src/services/inference/apis/choices.ts'
import {
  accountEndpoint,
  alsoHolds,
  app,
  customRole,
  groupScope,
  pipeline,
  roles,
} from '../support/arrange.ts'
import { inferenceExamples } from '../support/inference-examples.ts'
import { accountScope } from '../support/scenario.ts'

/** Replies that no service sends: the real one with one value that is odd, and bodies that are no reply at all. */

export interface OddHop {
  title: string
  /** Of the local cloud. */
  operation: string
  inputs?: Readonly<Record<string, string>>
  /** Makes the run come by there. */
  arrange?: (cloud: LocalCloud) => void
  /** Values of the reply that the gate reads; a path goes on into the claims of a token. */
  paths: ReadonlyArray<ReadonlyArray<string | number>>
  /** Values that an answer may have one way or the other: with another it may still be one. */
  freePaths?: ReadonlyArray<ReadonlyArray<string | number>>
  /** Requests that pass untouched first. */
  skip?: number
}

const held = (cloud: LocalCloud) => alsoHolds(cloud, { role: roles.user })
const entry = (...path: Array<string | number>) => ['value', 0, ...path]
const ofAssignment = [
  'roleDefinitionId',
  'principalId',
  'principalType',
  'scope',
  'createdOn',
  'condition',
  'description',
]
const foreign = (cloud: LocalCloud) => {
  pipeline(cloud).credential.subject = 'repo:contoso/shop:pull_request'
}

/** What makes an answer one, in each API. */
const answers: Readonly<Partial<Record<Api, Pick<OddHop, 'paths' | 'freePaths'>>>> = {
  'chat-completions': {
    paths: [[], ['choices'], ['choices', 0], ['choices', 0, 'message']],
    freePaths: [['choices', 0, 'message', 'content'], ['choices', 0, 'finish_reason'], ['model']],
  },
  responses: {
    paths: [[], ['status'], ['output'], ['output', 0]],
    freePaths: [
      ['output', 0, 'content'],
      ['output', 0, 'content', 0, 'text'],
    ],
  },
  embeddings: {
    paths: [[], ['data'], ['data', 0], ['data', 0, 'embedding']],
    freePaths: [['data', 0, 'embedding', 0]],
  },
  messages: {
    paths: [[], ['type'], ['content']],
    freePaths: [['content', 0], ['content', 0, 'text'], ['stop_reason']],
  },
  models: { paths: [[], ['choices'], ['choices', 0, 'message']] },
  completions: { paths: [[], ['choices'], ['choices', 0]], freePaths: [['choices', 0, 'text']] },
  images: { paths: [[], ['data'], ['data', 0]], freePaths: [['data', 0, 'b64_json']] },
  rerank: { paths: [[], ['results'], ['results', 0]], freePaths: [['results', 0, 'index']] },
  ocr: { paths: [[], ['pages'], ['pages', 0]], freePaths: [['pages', 0, 'markdown']] },
  agents: { paths: [[], ['object']], freePaths: [['name']] },
}

function answeringHops(): OddHop[] {
  return Object.entries(inferenceExamples).flatMap(([api, { title, operation, inputs }]) => {
    const paths = Object.entries(answers).find(([name]) => name === api)?.[1]
    return paths === undefined
      ? []
      : [{ title, operation, arrange: held, ...(inputs && { inputs }), ...paths }]
  })
}

/** Of GitHub, Entra and Resource Manager. */
export const serviceHops: readonly OddHop[] = [
  {
    title: 'GitHub OIDC token',
    operation: 'oidc.token',
    paths: [
      [],
      ['value'],
      ...['iss', 'sub', 'iat', 'exp', 'repository', 'environment', 'check_run_id'].map(claim => [
        'value',
        claim,
      ]),
    ],
  },
  {
    title: "GitHub's subject template",
    operation: 'oidc.subjectCustomization',
    inputs: { 'github-token': '{token}' },
    arrange: foreign,
    paths: [[], ['use_default'], ['include_claim_keys']],
  },
  {
    title: 'Entra, discovery',
    operation: 'openid.configuration',
    paths: [[], ['issuer'], ['authorization_endpoint'], ['token_endpoint'], ['jwks_uri']],
  },
  {
    title: 'Entra, tokens',
    operation: 'token',
    paths: [
      [],
      ['access_token'],
      ['token_type'],
      ['expires_in'],
      ['ext_expires_in'],
      ...['oid', 'tid', 'appid', 'azp', 'xms_mirid'].map(claim => ['access_token', claim]),
    ],
  },
  {
    title: 'account',
    operation: 'accounts.get',
    paths: [
      [],
      ['properties'],
      ['properties', 'endpoint'],
      ['properties', 'endpoints'],
      ['properties', 'endpoints', 'OpenAI Language Model Instance API'],
      ['properties', 'customSubDomainName'],
      ['properties', 'disableLocalAuth'],
      ['properties', 'publicNetworkAccess'],
    ],
  },
  {
    title: 'project',
    operation: 'projects.get',
    arrange: held,
    inputs: { 'resource-id': '{account}/projects/shop' },
    paths: [[], ['properties'], ['properties', 'endpoints'], ['properties', 'endpoints', 'AI Foundry API']],
  },
  {
    title: 'deployments',
    operation: 'deployments.list',
    paths: [
      [],
      ['value'],
      ['nextLink'],
      entry(),
      entry('name'),
      entry('properties'),
      entry('properties', 'model'),
      entry('properties', 'model', 'name'),
      entry('properties', 'provisioningState'),
      entry('properties', 'capabilities'),
      entry('systemData'),
      entry('systemData', 'createdAt'),
    ],
  },
  {
    title: 'models',
    operation: 'models.listOfAccount',
    inputs: { 'model-days-left': '30' },
    paths: [
      [],
      ['value'],
      ['nextLink'],
      entry(),
      ...['format', 'name', 'version', 'deprecation', 'lifecycleStatus', 'skus', 'isDefaultVersion'].map(
        name => entry(name),
      ),
      entry('skus', 0),
    ],
  },
  {
    title: 'role assignments',
    operation: 'roleAssignments.list',
    arrange: held,
    paths: [
      [],
      ['value'],
      ['nextLink'],
      entry(),
      entry('id'),
      entry('properties'),
      ...ofAssignment.map(name => entry('properties', name)),
    ],
  },
  {
    title: 'permissions',
    operation: 'permissions.list',
    paths: [
      [],
      ['value'],
      ['nextLink'],
      entry(),
      ...['actions', 'notActions', 'dataActions', 'notDataActions', 'condition'].map(name => entry(name)),
      entry('actions', 0),
    ],
  },
  {
    title: 'role definition',
    operation: 'roleDefinitions.get',
    paths: [
      [],
      ['name'],
      ['properties'],
      ['properties', 'roleName'],
      ['properties', 'permissions'],
      ['properties', 'permissions', 0],
      ['properties', 'permissions', 0, 'dataActions'],
    ],
  },
  {
    title: 'role definitions, by name',
    operation: 'roleDefinitions.list',
    inputs: { role: 'Models of Contoso' },
    arrange: cloud =>
      void customRole(
        cloud,
        { dataActions: ['Microsoft.CognitiveServices/*'] },
        { roleName: 'Models of Contoso' },
      ),
    paths: [[], ['value'], entry(), entry('name'), entry('properties'), entry('properties', 'permissions')],
  },
  {
    title: 'grant',
    operation: 'roleAssignments.create',
    paths: [[], ['id'], ['properties'], ['properties', 'createdOn'], ['properties', 'scope']],
  },
  {
    title: 'deny assignments',
    operation: 'denyAssignments.list',
    inputs: { grant: 'never' },
    arrange: cloud => {
      held(cloud)
      denies(cloud)
    },
    paths: [
      [],
      ['value'],
      entry(),
      entry('properties'),
      entry('properties', 'denyAssignmentName'),
      entry('properties', 'scope'),
      entry('properties', 'principals'),
      entry('properties', 'principals', 0),
      entry('properties', 'excludePrincipals'),
      entry('properties', 'permissions'),
      entry('properties', 'doNotApplyToChildScopes'),
    ],
  },
  {
    title: 'accounts, by a host',
    operation: 'accounts.listBySubscription',
    arrange: held,
    inputs: { 'resource-id': '', endpoint: '{endpoint}', 'subscription-id': '{subscription}' },
    paths: [[], ['value'], ['nextLink'], entry(), entry('id'), entry('properties', 'endpoints')],
  },
  {
    title: 'the identity of an app',
    operation: 'resources.get',
    arrange: runsApp,
    inputs: { 'runtime-principals': '{group}/providers/Microsoft.App/containerApps/shop' },
    paths: [
      [],
      ['identity'],
      ['identity', 'principalId'],
      ['identity', 'userAssignedIdentities'],
      ['properties', 'template', 'containers'],
      ['properties', 'template', 'containers', 0, 'env'],
    ],
  },
  {
    title: 'versions of a provider',
    operation: 'providers.get',
    arrange: runsApp,
    inputs: { 'runtime-principals': '{group}/providers/Microsoft.Storage/storageAccounts/shop' },
    paths: [[], ['resourceTypes'], ['resourceTypes', 0], ['resourceTypes', 0, 'apiVersions']],
  },
]

/** Of the data plane. */
export const modelHops: readonly OddHop[] = [
  ...answeringHops(),
  {
    title: 'chat completions by the retired key',
    operation: 'chatCompletions.create',
    arrange: held,
    inputs: { 'retired-key': 'a-key-that-is-no-more' },
    skip: 1,
    paths: [[], ['error'], ['error', 'code'], ['error', 'message']],
  },
]

export const oddHops: readonly OddHop[] = [...serviceHops, ...modelHops]

function runsApp(cloud: LocalCloud): void {
  held(cloud)
  alsoHolds(cloud, { role: roles.reader, scope: `/subscriptions/${subscriptionOf(cloud)}` })
  for (const type of ['Microsoft.App/containerApps', 'Microsoft.Storage/storageAccounts'])
    alsoHolds(cloud, { role: roles.user, principalId: app(cloud, 'shop', { type }).principalId })
}

const subscriptionOf = (cloud: LocalCloud) => cloud.world.accounts[0]?.subscriptionId ?? ''

function denies({ world }: LocalCloud): void {
  const [account] = world.accounts
  world.denyAssignments.push({
    name: '5c3a9d7e-8f21-4b06-9e4d-1a7c60b2f385',
    displayName: 'no models',
    scope: `/subscriptions/${account?.subscriptionId}/resourceGroups/${account?.resourceGroup}`,
    principals: ['00000000-0000-0000-0000-000000000000'],
    excludePrincipals: [],
    permissions: [{ actions: [], notActions: [], dataActions: ['*'], notDataActions: [] }],
    doNotApplyToChildScopes: false,
  })
}

const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)])

/** What stands in for a value. */
export const oddValues: ReadonlyArray<readonly [string, { value?: unknown }]> = [
  ['null', { value: null }],
  ['true', { value: true }],
  ['a number', { value: -1e300 }],
  ['an empty text', { value: '' }],
  ['a long text', { value: 'x'.repeat(100_000) }],
  ['text of every evil', { value: '::error::x\r\n##[add-mask]\u202e\u0000../../..?#%00' }],
  ['a date that is none', { value: '+999999-99-99T99:99:99Z' }],
  ['a list', { value: [[], {}, null] }],
  ['an object', { value: { __proto__: 1, constructor: {}, value: null } }],
  ['a nest', { value: nested(500) }],
  ['nothing', {}],
]

const jwt = (payload: string) => `e30.${Buffer.from(payload).toString('base64url')}.c2lnbmF0dXJl`

/** Tokens that are none, and such whose claims are none. */
export const oddTokens: readonly string[] = [
  'a',
  'a.b',
  '..',
  'a..c',
  'eyJ.eyJ.eyJ',
  'a b\r\nx: y',
  '\u00e9\u4e2d',
  jwt(''),
  jwt('null'),
  jwt('[]'),
  jwt('"text"'),
  jwt('{"oid":'),
  jwt('{}'),
  jwt(JSON.stringify(nested(500))),
  `eyJ${'x'.repeat(200_000)}`,
]

const mebibyte = 1024 * 1024

/** Bodies instead of the real one, with the status of a success, of a refusal, of a failure. */
export const oddBodies: ReadonlyArray<readonly [string, string]> = [
  ['nothing', ''],
  ['null', 'null'],
  ['true', 'true'],
  ['an empty list', '[]'],
  ['an empty object', '{}'],
  ['a text', '"text"'],
  ['half a document', '{"value":[{"id":"'],
  ['what is nearly JSON', '{value: [1,]}'],
  ['no text', '\u0000\u0001\ufffe\ud800'],
  ['a byte order mark', '\ufeff{}'],
  ['a page', '<!doctype html><html><body>##[error]<b>no</b></body></html>'],
  ['brackets without end', '['.repeat(200_000)],
]

/** What makes reading slow, or deep. */
const heavyBodies: ReadonlyArray<readonly [string, string]> = [
  ['7 MiB of empty objects', `[${'{},'.repeat((7 * mebibyte) / 3)}{}]`],
  ['7 MiB of empty objects in a list of values', `{"value":[${'{},'.repeat((7 * mebibyte) / 3)}{}]}`],
  ['7 MiB of numbers of errors', `{"error":"invalid","error_codes":[${'1,'.repeat((7 * mebibyte) / 2)}1]}`],
  ['6 MiB that look like tokens', 'eyJ'.repeat(2 * mebibyte)],
  ['6 MiB that look like an error', `{"error":{"code":"x","message":"${'eyJ'.repeat(2 * mebibyte)}"}}`],
  ['4 MiB of words with underscores', 'a_b_'.repeat(mebibyte)],
  ['7 MiB of blanks', ' '.repeat(7 * mebibyte)],
  ['an error within an error, 20,000 deep', `${'{"error":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
]

const heavyOperations: readonly string[] = [
  'oidc.token',
  'token',
  'accounts.get',
  'roleAssignments.list',
  'permissions.list',
  'chatCompletions.create',
]

/** Hop and body, each with its title before it. */
export const heavyReplies = oddHops
  .filter(({ operation, inputs }) => heavyOperations.includes(operation) && inputs === undefined)
  .flatMap(hop => heavyBodies.map(([title, body]) => [hop.title, title, hop, body] as const))

/** Title of the hop that gives a token, and the field that holds it. */
export const tokenReplies = [
  ['GitHub OIDC token', 'value'],
  ['Entra, tokens', 'access_token'],
] as const

export const oddStatuses = [200, 403] as const

export const inputsAt = ({ inputs = {} }: OddHop, cloud: LocalCloud): Record<string, string> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      value
        .replace('{account}', accountScope(cloud))
        .replace('{group}', groupScope(cloud))
        .replace('{endpoint}', accountEndpoint(cloud))
        .replace('{subscription}', subscriptionOf(cloud))
        .replace('{token}', cloud.runnerEnvironment().GITHUB_TOKEN ?? ''),
    ]),
  )
