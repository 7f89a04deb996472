import * as v from 'valibot'
import { shapeOf } from '../body-shape.ts'
import { recordedFact, recordedIds } from '../recorded-facts.ts'
import {
  ACCOUNT,
  ADMIN,
  type Answer,
  assignmentPath,
  GROUP,
  PIPELINE,
  type ResourceManagerFixture,
  ROLES,
  rolePath,
  SUBSCRIPTION,
  startResourceManager,
  USER,
} from './fixture.ts'

/** Resource Manager answers as it does in recorded exchanges, or says by name what it does not have. */

const NAME = '7b082443-c50f-43a2-87a6-d8385d2edfe3'
const OTHER_NAME = '2f0a6b83-91dc-4e57-8b24-c7d50e193fa6'
const REGIONAL = ACCOUNT.replace('contoso-ai', 'contoso-regional')
const assignment = (scope: string, name = NAME) => assignmentPath(scope, name)
const properties = (principalId: string, roleId: string, others: Record<string, unknown> = {}) => ({
  properties: { roleDefinitionId: rolePath(roleId), principalId, ...others },
})

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const ask = (path: string, options: Partial<Parameters<ResourceManagerFixture['ask']>[1]> = {}) =>
  arm.ask(path, { as: ADMIN, ...options })

const put = (body: unknown, name = NAME) => ask(assignment(ACCOUNT, name), { method: 'PUT', body })
const pipelineRole = properties(PIPELINE, ROLES.openAIUser)
const granted = () => put(pipelineRole)
const list = (filter: string) =>
  ask(`${GROUP}/providers/Microsoft.Authorization/roleAssignments?$filter=${filter}`)
const definitions = (name: string) =>
  ask(`${GROUP}/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName eq '${name}'`)

const makeAccount = (kind = 'OpenAI') =>
  ask(`${ACCOUNT}-new`, {
    method: 'PUT',
    body: { kind, sku: { name: 'S0' }, location: 'SOUTHCENTRALUS', properties: {} },
  })
const regional = () => {
  const account = arm.world.accounts.find(({ name }) => name === 'contoso-regional')
  if (account) account.networkDefaultAction = 'Allow'
  return ask(REGIONAL)
}
const giveSubdomain = () =>
  ask(REGIONAL, {
    method: 'PATCH',
    body: { sku: { name: 'S0' }, properties: { customSubDomainName: 'contoso-regional' } },
  })
const switchKeysOn = () =>
  ask(ACCOUNT, { method: 'PATCH', body: { properties: { disableLocalAuth: false } } })
const customRole = () =>
  arm.client(ADMIN).roleDefinitions.createOrUpdate(`/subscriptions/${SUBSCRIPTION}`, NAME, {
    roleName: 'Chat only',
    roleType: 'CustomRole',
    assignableScopes: [`/subscriptions/${SUBSCRIPTION}`],
    permissions: [{ actions: ['*/read'] }],
  })

/** What the poll of a new account's operation says, which the account's answer names. */
async function operationOfNewAccount(): Promise<Answer> {
  const { headers } = await makeAccount()
  const { pathname, search } = new URL(headers['azure-asyncoperation'] ?? '')
  return arm.ask(`${pathname}${search}`, { as: ADMIN })
}

/** The list of a group's accounts, of which the recorded one has tags and is no project's. */
async function listedWithTags(): Promise<Answer> {
  const body = { kind: 'OpenAI', sku: { name: 'S0' }, location: 'SOUTHCENTRALUS', properties: {} }
  await ask(`${ACCOUNT}-new`, { method: 'PUT', body: { ...body, tags: { tagname000003: 'x' } } })
  const answer = await ask(`${GROUP}/providers/Microsoft.CognitiveServices/accounts`)
  const { value } = v.parse(v.object({ value: v.array(v.looseObject({ name: v.string() })) }), answer.body)
  return { ...answer, body: { value: value.filter(({ name }) => name === 'contoso-ai-new') } }
}

const IDENTITIES = '/providers/Microsoft.ManagedIdentity/userAssignedIdentities'
const SHOP = `${GROUP}${IDENTITIES}/shop`
const CREDENTIAL = `${SHOP}/federatedIdentityCredentials/main`
const tagged = { location: 'swedencentral', tags: { key1: 'value1', key2: 'value2' } }
const makeIdentity = () => ask(SHOP, { method: 'PUT', body: tagged })
const trust = async () => {
  await makeIdentity()
  const properties = {
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:contoso/shop:ref:refs/heads/main',
    audiences: ['api://AzureADTokenExchange'],
  }
  return ask(CREDENTIAL, { method: 'PUT', body: { properties } })
}
/** The identities of a scope without those of the seed. */
async function listedIdentities(scope: string): Promise<Answer> {
  await makeIdentity()
  const answer = await ask(`${scope}${IDENTITIES}`)
  const { value } = v.parse(v.object({ value: v.array(v.looseObject({ name: v.string() })) }), answer.body)
  return { ...answer, body: { value: value.filter(({ name }) => name === 'shop') } }
}
const NEW_GROUP = GROUP.replace('rg-keyless', 'go-sdk-test')
const makeGroup = () => ask(NEW_GROUP, { method: 'PUT', body: { location: 'swedencentral' } })
const makeDeployment = () =>
  ask(`${ACCOUNT}/deployments/new`, {
    method: 'PUT',
    body: {
      sku: { name: 'Standard', capacity: 1 },
      properties: { model: { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' } },
    },
  })

/** Of the headers, those that clients read. */
const TELLING = new Set(['azure-asyncoperation', 'content-type', 'etag', 'location', 'www-authenticate'])

const refusal = v.object({ error: v.object({ code: v.string(), message: v.string() }) })

/** Ids of exchanges that agree, and the request that is theirs in the world of these tests. */
const agreeing: ReadonlyArray<readonly [ids: readonly string[], run: () => Promise<Answer>]> = [
  [['arm-cognitive-accounts/0'], () => makeAccount()],
  [['arm-cognitive-accounts/1'], operationOfNewAccount],
  [['arm-cognitive-accounts/2'], () => makeAccount().then(() => ask(`${ACCOUNT}-new/deployments`))],
  [['arm-cognitive-accounts/4'], () => ask(`${ACCOUNT}/deployments/chat`, { method: 'DELETE' })],
  [
    ['arm-cognitive-accounts/5', 'arm-cognitive-accounts/9'],
    () => makeAccount().then(() => ask(`${ACCOUNT}-new`, { method: 'DELETE' })),
  ],
  [
    ['arm-cognitive-accounts/6'],
    () => switchKeysOn().then(() => ask(`${ACCOUNT}/listKeys`, { method: 'POST' })),
  ],
  [['arm-cognitive-accounts/7'], listedWithTags],
  [['arm-cognitive-accounts/10', 'arm-cognitive-accounts/12'], regional],
  [['arm-cognitive-accounts/13'], () => regional().then(giveSubdomain)],
  [['arm-cognitive-accounts/14'], () => regional().then(giveSubdomain).then(regional)],
  [['arm-errors/0'], () => arm.ask(ACCOUNT)],
  [['arm-identities/0'], makeGroup],
  [['arm-identities/1'], makeIdentity],
  [['arm-identities/2'], trust],
  [['arm-identities/3'], () => trust().then(() => ask(`${SHOP}/federatedIdentityCredentials`))],
  [['arm-identities/4'], () => trust().then(() => ask(CREDENTIAL))],
  [['arm-identities/5'], () => trust().then(() => ask(CREDENTIAL, { method: 'DELETE' }))],
  [
    ['arm-identities/7'],
    () =>
      ask(SHOP, { method: 'PUT', body: { ...tagged, tags: {} } }).then(() =>
        ask(`/subscriptions/${SUBSCRIPTION}${IDENTITIES}`),
      ),
  ],
  [['arm-identities/8'], () => listedIdentities(GROUP)],
  [['arm-identities/9'], () => makeIdentity().then(() => ask(SHOP))],
  [['arm-identities/10'], () => makeIdentity().then(() => ask(SHOP, { method: 'PATCH', body: tagged }))],
  [['arm-identities/11'], () => makeIdentity().then(() => ask(SHOP, { method: 'DELETE' }))],
  [['arm-identities/12'], () => makeGroup().then(() => ask(NEW_GROUP, { method: 'DELETE' }))],
  [
    ['arm-usages/0'],
    () => ask(`/subscriptions/${SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/eastus/usages`),
  ],
  [['arm-deny-assignments/1'], () => ask(`${ACCOUNT}/providers/Microsoft.Authorization/denyAssignments`)],
  [
    ['arm-role-assignments/1', 'arm-role-assignments/2'],
    () => granted().then(() => list(`principalId eq '${PIPELINE}'`)),
  ],
  [
    ['arm-role-assignments/3'],
    () => put(properties(PIPELINE, ROLES.reader, { principalType: 'ServicePrincipal' })),
  ],
  [['arm-role-assignments/4'], granted],
  [
    ['arm-role-assignments/5', 'arm-role-assignments/7', 'arm-role-assignments/9'],
    () => granted().then(() => ask(assignment(ACCOUNT))),
  ],
  [['arm-role-assignments/6'], () => ask(assignment(ACCOUNT))],
  [['arm-role-assignments/8'], () => granted().then(granted)],
  [['arm-role-assignments/14'], () => granted().then(() => ask(assignment(ACCOUNT), { method: 'DELETE' }))],
  [
    ['arm-role-assignments/18', 'arm-role-assignments/19'],
    () => put(properties('90cc53e8-4a6e-45b6-8339-516448218ee0', ROLES.reader)),
  ],
  [['arm-role-assignments/20'], () => put(properties('wow', ROLES.reader))],
  [['arm-role-assignments/21'], () => ask(assignment(`${ACCOUNT}-none`), { method: 'DELETE' })],
  [['arm-role-assignments-atscope/0', 'arm-role-assignments-atscope/1'], () => list('atScope()')],
  [['arm-role-definitions/0'], () => definitions('Reader')],
  [['arm-role-definitions/1'], () => definitions('contributor')],
  [['arm-role-definitions/3'], () => customRole().then(() => ask(rolePath(NAME)))],
  [['arm-role-definitions/4'], () => ask(rolePath(NAME))],
  [
    ['arm-role-definitions-cognitive/0'],
    () => ask(`${GROUP}/providers/Microsoft.Authorization/roleDefinitions`),
  ],
]

test.each(agreeing.flatMap(([ids, run]) => ids.map(id => [id, run] as const)))('%s', async (id, run) => {
  const { method, status, shape, failureCause, headers } = recordedFact(id)
  const answer = await run()
  expect({ method, status: answer.status }).toEqual({ method, status })
  expect(shapeOf(answer.body ?? null)).toEqual(shape)
  expect(answer.headers['x-ms-failure-cause']).toBe(failureCause)
  expect(Object.keys(answer.headers)).toEqual(
    expect.arrayContaining(headers.filter(name => TELLING.has(name))),
  )
})

const again = () => granted().then(() => put(pipelineRole, OTHER_NAME))

/**
 * Azure's sentence on an assignment that exists has grown since these were recorded. A token that was revoked, as in the last, is
 * played by a fault: without one, who is nobody is who sends no token.
 */
const byCode: ReadonlyArray<readonly [id: string, run: () => Promise<Answer>]> = [
  ['arm-role-assignments/15', again],
  ['arm-role-assignments/16', again],
  ['arm-role-assignments/17', again],
  ['arm-unauthenticated/0', () => ask('/subscriptions', { headers: { authorization: '' } })],
]

test.each(byCode)('%s: the same code', async (id, run) => {
  const { status, shape, failureCause, headers } = recordedFact(id)
  const answer = await run()
  expect(answer.status).toBe(status)
  expect(answer.headers['x-ms-failure-cause']).toBe(failureCause)
  expect('www-authenticate' in answer.headers).toBe(headers.includes('www-authenticate'))
  const { error } = v.parse(refusal, shape)
  expect(answer.body).toEqual({
    error: { code: error.code, message: expect.stringMatching(new RegExp(`^${error.message} `)) },
  })
})

test('arm-cognitive-accounts/3, except for properties of api-versions before 2023', async () => {
  const { status, shape } = recordedFact('arm-cognitive-accounts/3')
  const answer = await ask(`${ACCOUNT}/deployments`)
  expect(answer.status).toBe(status)
  const deployments = v.object({ value: v.tuple([v.looseObject({ properties: v.looseObject({}) })]) })
  const [recorded] = v.parse(deployments, shape).value
  const { scaleSettings, ...properties } = recorded.properties
  expect(scaleSettings).toBeDefined()
  expect(shapeOf(answer.body)).toMatchObject({ value: [{ ...recorded, properties }] })
})

test('arm-deployments/0: an operation that still runs has no end time', async () => {
  const slow = await startResourceManager({ provisioningMs: 30_000 })
  try {
    slow.reset()
    const body = { kind: 'OpenAI', sku: { name: 'S0' }, location: 'SOUTHCENTRALUS', properties: {} }
    const { headers } = await slow.ask(`${ACCOUNT}-new`, { as: ADMIN, method: 'PUT', body })
    const { pathname, search } = new URL(headers['azure-asyncoperation'] ?? '')
    const { status, shape } = recordedFact('arm-deployments/0')
    const answer = await slow.ask(`${pathname}${search}`, { as: ADMIN })
    expect(answer.status).toBe(status)
    expect(shapeOf(answer.body)).toEqual(shape)
  } finally {
    await slow.close()
  }
})

test('arm-deployments/1, except for what was spelt differently or missing in 2023', async () => {
  const { status, shape } = recordedFact('arm-deployments/1')
  const answer = await makeDeployment()
  expect(answer.status).toBe(status)
  const deployment = v.looseObject({ properties: v.looseObject({}) })
  const [recorded, sent] = [v.parse(deployment, shape), v.parse(deployment, shapeOf(answer.body))]
  const { ratelimits, ...properties } = recorded.properties
  const { rateLimits, currentCapacity, ...own } = sent.properties
  expect({ ...sent, properties: own }).toEqual({ ...recorded, properties })
  expect({ rateLimits, currentCapacity }).toEqual({ rateLimits: ratelimits, currentCapacity: 'present' })
})

test('arm-deny-assignments/0, except for the tags of that subscription', async () => {
  const { status, shape } = recordedFact('arm-deny-assignments/0')
  const { tags, ...others } = v.parse(v.looseObject({ tags: v.unknown() }), shape)
  expect(tags).toBeDefined()
  const answer = await ask(`/subscriptions/${SUBSCRIPTION}`)
  expect({ status: answer.status, shape: shapeOf(answer.body) }).toEqual({ status, shape: others })
})

const ofKind = (kind: string) => ({
  kind,
  sku: { name: 'S0' },
  location: 'SOUTHCENTRALUS',
  properties: {},
})
const ofBlobs = properties(USER, ROLES.reader, {
  condition: "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'foo'",
  conditionVersion: '2.0',
})
const here = (path: string) =>
  path
    .replace('00000000-0000-0000-0000-000000000000', SUBSCRIPTION)
    .replace(/resourceGroups\/[^/]+/, 'resourceGroups/rg-keyless')

/** What is not there, by what the refusal names. */
const refused: ReadonlyArray<readonly [id: string, names: string, body?: unknown]> = [
  ['arm-cognitive-accounts/8', "accounts of kind 'FormRecognizer'", ofKind('FormRecognizer')],
  ['arm-cognitive-accounts/11', "accounts of kind 'Face'", ofKind('Face')],
  ['arm-role-assignments/10', 'conditions in this form', ofBlobs],
  ['arm-role-assignments/11', 'conditions in this form', ofBlobs],
  ['arm-role-assignments/12', 'conditions in this form', ofBlobs],
  ['arm-role-assignments/13', 'conditions in this form', ofBlobs],
  ['arm-errors/1', 'Microsoft.Management/managementGroups/read'],
  ['arm-errors/2', 'Microsoft.Media/mediaservices/write', {}],
  ['arm-errors/3', 'Microsoft.RecoveryServices/vaults/backupJobs/read'],
  ['arm-errors/4', 'Microsoft.EventHub/namespaces/eventhubs/consumergroups/delete'],
  ['arm-identities/6', 'Microsoft.ManagedIdentity/operations/read'],
  ['arm-double-slash/0', 'Microsoft.Authorization/privateLinkAssociations/write', {}],
  ['arm-double-slash/1', 'Microsoft.Authorization/privateLinkAssociations/delete'],
]

test.each(refused.map(([id, ...rest]) => [id, rest] as const))(
  '%s answers 501 with its name',
  async (id, [names, body]) => {
    const { method, path } = recordedFact(id)
    const answer = await ask(here(path), { method, body })
    expect(answer.status).toBe(501)
    expect(v.parse(refusal, answer.body).error).toEqual({
      code: 'LocalCloudNotImplemented',
      message: expect.stringContaining(`The local cloud does not have ${names}`),
    })
  },
)

/** Whom management groups are hidden from, and what is below a virtual network. */
const ofOtherServices = ['arm-role-assignments/0', 'arm-role-definitions/2']

test.each(ofOtherServices)('%s is about another service, and gets an error', async id => {
  const { path } = recordedFact(id)
  expect((await ask(here(path))).status).toBeGreaterThanOrEqual(400)
})

test('every recorded exchange of Resource Manager is among these', () => {
  const tried = [
    ...agreeing.flatMap(([ids]) => ids),
    ...byCode.map(([id]) => id),
    ...['arm-cognitive-accounts/3', 'arm-deployments/0', 'arm-deployments/1', 'arm-deny-assignments/0'],
    ...refused.map(([id]) => id),
    ...ofOtherServices,
  ]
  expect(tried.sort()).toEqual(recordedIds('arm-').sort())
})
