import { describeComparison } from '../descriptions-folder.ts'
import { loadOfficial, specification, violations } from '../official-descriptions.ts'
import {
  ACCOUNT,
  ADMIN,
  assignmentPath,
  collect,
  GROUP,
  PIPELINE,
  type ResourceManagerFixture,
  ROLES,
  rolePath,
  STRANGER,
  SUBSCRIPTION,
  startResourceManager,
  USER,
} from './fixture.ts'

const NAME = '7b082443-c50f-43a2-87a6-d8385d2edfe3'
const OTHER_NAME = '2f0a6b83-91dc-4e57-8b24-c7d50e193fa6'
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

const put = (body: unknown, { scope = ACCOUNT, name = NAME, as = ADMIN } = {}) =>
  arm.ask(assignment(scope, name), { method: 'PUT', as, body })

/** Requests of every operation that the official descriptions know; those with a code must end in that error. */
const CASES: ReadonlyArray<readonly [title: string, run: () => Promise<unknown>]> = [
  ['role assignments: create', () => create()],
  ['role assignments: create again', () => create().then(create)],
  [
    'role assignments: create, as az does',
    () => put({ ...properties(PIPELINE, ROLES.openAIUser), name: NAME }),
  ],
  [
    'role assignments: create with everything',
    () =>
      arm.client(ADMIN).roleAssignments.create(ACCOUNT, NAME, {
        roleDefinitionId: rolePath(ROLES.reader),
        principalId: USER,
        principalType: 'User',
        description: 'for a while',
        condition: "!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})",
        conditionVersion: '2.0',
      }),
  ],
  [
    'role assignments: create without the right',
    () => refused(arm.client().roleAssignments.create(ACCOUNT, NAME, WANTED)),
  ],
  ['role assignments: create what exists', () => create().then(() => refused(create(OTHER_NAME)))],
  ['role assignments: get', () => create().then(() => arm.client(ADMIN).roleAssignments.get(ACCOUNT, NAME))],
  [
    'role assignments: get by id',
    () => create().then(() => arm.client(ADMIN).roleAssignments.getById(assignment(ACCOUNT))),
  ],
  [
    'role assignments: get a missing one',
    () => refused(arm.client(ADMIN).roleAssignments.get(ACCOUNT, NAME)),
  ],
  [
    'role assignments: list for scope',
    () => collect(arm.client(ADMIN).roleAssignments.listForScope(ACCOUNT, { filter: 'atScope()' })),
  ],
  [
    'role assignments: list for subscription',
    () => collect(arm.client(ADMIN).roleAssignments.listForSubscription()),
  ],
  [
    'role assignments: list for resource group',
    () =>
      collect(
        arm
          .client(ADMIN)
          .roleAssignments.listForResourceGroup('rg-keyless', { filter: `principalId eq '${PIPELINE}'` }),
      ),
  ],
  [
    'role assignments: list for resource',
    () =>
      collect(
        arm
          .client(ADMIN)
          .roleAssignments.listForResource(
            'rg-keyless',
            'Microsoft.CognitiveServices',
            'accounts',
            'contoso-ai',
          ),
      ),
  ],
  [
    'role assignments: list without the right',
    () => refused(collect(arm.client(STRANGER).roleAssignments.listForScope(ACCOUNT))),
  ],
  [
    'role assignments: delete',
    () => create().then(() => arm.client(ADMIN).roleAssignments.delete(ACCOUNT, NAME)),
  ],
  ['role assignments: delete a missing one', () => arm.client(ADMIN).roleAssignments.delete(ACCOUNT, NAME)],
  [
    'role definitions: list',
    () => collect(arm.client(ADMIN).roleDefinitions.list(ACCOUNT, { filter: "roleName eq 'Reader'" })),
  ],
  ['role definitions: list all', () => collect(arm.client(ADMIN).roleDefinitions.list(ACCOUNT))],
  ['role definitions: get', () => arm.client(ADMIN).roleDefinitions.get(ACCOUNT, ROLES.foundryOwner)],
  [
    'role definitions: get a missing one',
    () => refused(arm.client(ADMIN).roleDefinitions.get(ACCOUNT, NAME)),
  ],
  ['role definitions: create', () => writeRole()],
  ['role definitions: create one with a name that is taken', () => refused(writeRole('Reader'))],
  ['role definitions: delete', () => writeRole().then(removeRole)],
  ['role definitions: delete a missing one', () => removeRole()],
  [
    'permissions: list for resource group',
    () => collect(arm.client(ADMIN).permissions.listForResourceGroup('rg-keyless')),
  ],
  [
    'permissions: list for resource',
    () =>
      collect(
        arm
          .client(ADMIN)
          .permissions.listForResource(
            'rg-keyless',
            'Microsoft.CognitiveServices',
            '.',
            'accounts',
            'contoso-ai',
          ),
      ),
  ],
  [
    'deny assignments: list',
    () => deny().then(() => collect(arm.client(ADMIN).denyAssignments.listForScope(ACCOUNT))),
  ],
  ['deny assignments: get', () => deny().then(() => arm.client(ADMIN).denyAssignments.get(GROUP, NAME))],
  ['deny assignments: get a missing one', () => refused(arm.client(ADMIN).denyAssignments.get(GROUP, NAME))],
  ['accounts: get', () => cognitive(ACCOUNT)],
  ['accounts: get one without subdomain', () => cognitive(ACCOUNT.replace('contoso-ai', 'contoso-regional'))],
  ['accounts: get without the right', () => cognitive(ACCOUNT, { as: STRANGER })],
  ['accounts: get a missing one', () => cognitive(`${ACCOUNT}-none`)],
  [
    'accounts: list by resource group',
    () => cognitive(`${GROUP}/providers/Microsoft.CognitiveServices/accounts`),
  ],
  [
    'accounts: list by subscription',
    () => cognitive(`/subscriptions/${SUBSCRIPTION}/providers/Microsoft.CognitiveServices/accounts`),
  ],
  ['accounts: update', () => switchKeysOn()],
  [
    'accounts: list keys',
    () => switchKeysOn().then(() => cognitive(`${ACCOUNT}/listKeys`, { method: 'POST' })),
  ],
  ['accounts: make a key anew', () => regenerate()],
  ['accounts: create', () => makeNew()],
  ['accounts: replace', () => makeNew().then(makeNew)],
  [
    'accounts: give a subdomain',
    () =>
      cognitive(REGIONAL, { method: 'PATCH', body: { properties: { customSubDomainName: 'contoso-own' } } }),
  ],
  [
    'accounts: identity and tags',
    () =>
      cognitive(ACCOUNT, {
        method: 'PATCH',
        body: { identity: { type: 'SystemAssigned' }, tags: { team: 'shop' } },
      }),
  ],
  ['accounts: delete', () => makeNew().then(removeNew)],
  ['accounts: delete a missing one', () => removeNew()],
  ['accounts: models', () => cognitive(`${ACCOUNT}/models`)],
  ['accounts: skus', () => cognitive(`${ACCOUNT}/skus`)],
  ['accounts: usages', () => cognitive(`${ACCOUNT}/usages`)],
  [
    'deleted accounts: list',
    () =>
      makeNew()
        .then(removeNew)
        .then(() => cognitive(`${COGNITIVE}/deletedAccounts`)),
  ],
  [
    'deleted accounts: get',
    () =>
      makeNew()
        .then(removeNew)
        .then(() => cognitive(DELETED)),
  ],
  ['deleted accounts: get a missing one', () => cognitive(DELETED)],
  [
    'deleted accounts: purge',
    () =>
      makeNew()
        .then(removeNew)
        .then(() => cognitive(DELETED, { method: 'DELETE' })),
  ],
  ['deleted accounts: purge a missing one', () => cognitive(DELETED, { method: 'DELETE' })],
  ['skus of a subscription', () => cognitive(`${COGNITIVE}/skus`)],
  ['models of a location', () => cognitive(`${COGNITIVE}/locations/swedencentral/models`)],
  ['usages of a location', () => cognitive(`${COGNITIVE}/locations/swedencentral/usages`)],
  [
    'availability of a subdomain',
    () =>
      cognitive(`${COGNITIVE}/checkDomainAvailability`, {
        method: 'POST',
        body: { subdomainName: 'contoso-free', type: ACCOUNTS },
      }),
  ],
  [
    'availability of skus',
    () =>
      cognitive(`${COGNITIVE}/locations/swedencentral/checkSkuAvailability`, {
        method: 'POST',
        body: { skus: ['S0'], kind: 'OpenAI', type: ACCOUNTS },
      }),
  ],
  ['deployments: list', () => cognitive(`${ACCOUNT}/deployments`)],
  ['deployments: get', () => cognitive(`${ACCOUNT}/deployments/chat`)],
  ['deployments: get a missing one', () => cognitive(`${ACCOUNT}/deployments/none`)],
  ['deployments: create', () => deploy('new')],
  ['deployments: change', () => deploy('chat')],
  ['deployments: delete', () => cognitive(`${ACCOUNT}/deployments/chat`, { method: 'DELETE' })],
  ['deployments: delete a missing one', () => cognitive(`${ACCOUNT}/deployments/none`, { method: 'DELETE' })],
]

const ACCOUNTS = 'Microsoft.CognitiveServices/accounts'
const COGNITIVE = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.CognitiveServices`
const NEW_ACCOUNT = `${ACCOUNT}-new`
const REGIONAL = ACCOUNT.replace('contoso-ai', 'contoso-regional')
const DELETED = `${COGNITIVE}/locations/swedencentral/resourceGroups/rg-keyless/deletedAccounts/contoso-ai-new`

const makeNew = () =>
  cognitive(NEW_ACCOUNT, {
    method: 'PUT',
    body: { location: 'swedencentral', kind: 'OpenAI', sku: { name: 'S0' }, properties: {} },
  })
const removeNew = () => cognitive(NEW_ACCOUNT, { method: 'DELETE' })

const WANTED = {
  roleDefinitionId: rolePath(ROLES.openAIUser),
  principalId: PIPELINE,
  principalType: 'ServicePrincipal',
}

function create(name: unknown = NAME): Promise<unknown> {
  return arm.client(ADMIN).roleAssignments.create(ACCOUNT, typeof name === 'string' ? name : NAME, WANTED)
}

async function refused(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toHaveProperty('code')
}

async function deny(): Promise<void> {
  arm.world.denyAssignments.push({
    name: NAME,
    displayName: 'stack',
    scope: GROUP,
    permissions: [{ actions: ['*/delete'], notActions: [], dataActions: [], notDataActions: [] }],
    principals: ['00000000-0000-0000-0000-000000000000'],
    excludePrincipals: [ADMIN],
    doNotApplyToChildScopes: false,
  })
}

const cognitive = (target: string, options: { method?: string; as?: string; body?: unknown } = {}) =>
  arm.ask(`${target}?api-version=2023-05-01`, { as: ADMIN, ...options })

const switchKeysOn = () =>
  cognitive(ACCOUNT, { method: 'PATCH', body: { properties: { disableLocalAuth: false } } })

const regenerate = () => cognitive(`${ACCOUNT}/regenerateKey`, { method: 'POST', body: { keyName: 'Key1' } })

const writeRole = (roleName = 'Chat only') =>
  arm.client(ADMIN).roleDefinitions.createOrUpdate(`/subscriptions/${SUBSCRIPTION}`, NAME, {
    roleName,
    roleType: 'CustomRole',
    assignableScopes: [`/subscriptions/${SUBSCRIPTION}`],
    permissions: [{ actions: ['*/read'] }],
  })

const removeRole = () => arm.client(ADMIN).roleDefinitions.delete(`/subscriptions/${SUBSCRIPTION}`, NAME)

const deploy = (name: string) =>
  cognitive(`${ACCOUNT}/deployments/${name}`, {
    method: 'PUT',
    body: {
      sku: { name: 'Standard', capacity: 1 },
      properties: { model: { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' } },
    },
  })

describeComparison('requests and replies are as officially described', specification, () => {
  const official = loadOfficial()

  test.each(CASES)('%s', async (_title, run) => {
    await run()
    expect(arm.exchanges).not.toEqual([])
    for (const exchange of arm.exchanges) expect(violations(official, exchange)).toEqual([])
  })

  test('every described operation that is served here was tried', async () => {
    const tried = new Set<string>()
    for (const [, run] of CASES) {
      arm.reset()
      await run()
      for (const { operation } of arm.exchanges) tried.add(operation)
    }
    expect([...tried].sort()).toEqual([
      'accounts.create',
      'accounts.delete',
      'accounts.get',
      'accounts.listByResourceGroup',
      'accounts.listBySubscription',
      'accounts.listKeys',
      'accounts.regenerateKey',
      'accounts.update',
      'deletedAccounts.get',
      'deletedAccounts.list',
      'deletedAccounts.purge',
      'denyAssignments.get',
      'denyAssignments.list',
      'deployments.create',
      'deployments.delete',
      'deployments.get',
      'deployments.list',
      'domains.check',
      'models.listOfAccount',
      'models.listOfLocation',
      'permissions.list',
      'roleAssignments.create',
      'roleAssignments.delete',
      'roleAssignments.get',
      'roleAssignments.list',
      'roleDefinitions.create',
      'roleDefinitions.delete',
      'roleDefinitions.get',
      'roleDefinitions.list',
      'skus.check',
      'skus.list',
      'skus.listOfAccount',
      'usages.listOfAccount',
      'usages.listOfLocation',
    ])
  })

  test('the comparison notices what is wrong', async () => {
    await create()
    const [exchange] = arm.exchanges
    if (!exchange) throw new Error('No request was made')
    expect(violations(official, { ...exchange, status: 202 })).toEqual(['status 202 is not described'])
    expect(violations(official, { ...exchange, body: { properties: { principalId: 5 } } })).toEqual([
      "/properties: must have required property 'roleDefinitionId'",
      '/properties/principalId: must be string',
    ])
    expect(violations(official, { ...exchange, requestBody: '{}' })).toEqual([
      ": must have required property 'properties'",
    ])
    const url = new URL(`${exchange.url.href}&other=1`)
    expect(violations(official, { ...exchange, url })).toEqual(['query parameter other is not described'])
  })
})
