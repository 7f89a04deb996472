import { AuthorizationManagementClient } from '@azure/arm-authorization'
import { ClientAssertionCredential } from '@azure/identity'
import { Agent, fetch } from 'undici'
import { createLocalCloud } from '../../../local-cloud/local-cloud.ts'
import { accountId } from '../../../local-cloud/scopes.ts'
import {
  ACCOUNT,
  ADMIN,
  APPLICATION_OBJECT,
  assignmentOf,
  collect,
  DISABLED_SUBSCRIPTION,
  FOREIGN_SUBSCRIPTION,
  GROUP,
  MANAGEMENT_GROUP,
  OTHER_TENANT,
  OUTER_TEAM,
  PIPELINE,
  PIPELINE_CLIENT,
  type ResourceManagerFixture,
  ROLES,
  rolePath,
  STRANGER,
  SUBSCRIPTION,
  startResourceManager,
  TEAM,
  TENANT,
  USER,
} from './fixture.ts'

const NAME = '7b082443-c50f-43a2-87a6-d8385d2edfe3'
const assignments = (scope: string) => `${scope}/providers/Microsoft.Authorization/roleAssignments`
const roleDefinitions = (scope: string) => `${scope}/providers/Microsoft.Authorization/roleDefinitions`

const wanted = (principalId: string, roleId: string, others: Record<string, unknown> = {}) => ({
  properties: { roleDefinitionId: rolePath(roleId), principalId, ...others },
})
const forPipeline = wanted(PIPELINE, ROLES.openAIUser, { principalType: 'ServicePrincipal' })

const refusal = (code: string, message: string | RegExp = /./) => ({
  error: { code, message: typeof message === 'string' ? message : expect.stringMatching(message) },
})

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const put = (scope: string, body: unknown, { as = ADMIN, name = NAME } = {}) =>
  arm.ask(`${assignments(scope)}/${name}`, { method: 'PUT', as, body })

describe('authentication', () => {
  const bearer = async (token: string) => arm.ask('/subscriptions', { headers: { authorization: token } })

  test('the api-version is checked before the token', async () => {
    const answer = await arm.ask('/subscriptions?api-version=', { headers: { authorization: '' } })
    expect(answer).toMatchObject({ status: 400, body: refusal('MissingApiVersionParameter') })
    expect(await arm.ask('/subscriptions?api-version=latest')).toMatchObject({
      status: 400,
      body: refusal('InvalidApiVersionParameter'),
    })
  })

  test('without a token the reply says where to get one', async () => {
    const answer = await bearer('')
    expect(answer).toMatchObject({
      status: 401,
      body: refusal('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing."),
    })
    expect(answer.headers['www-authenticate']).toMatch(
      /^Bearer authorization_uri="https:\/\/login\.invalid\/"/,
    )
  })

  test.each([
    ['a header without a bearer token answers 401', 'Basic dXNlcg=='],
    ['a bearer token that is not a JWT answers 401', 'Bearer nonsense'],
  ])('%s', async (_what, header) => {
    const answer = await bearer(header)
    expect(answer).toMatchObject({ status: 401, body: refusal('InvalidAuthenticationToken') })
    expect(answer.headers['x-ms-failure-cause']).toBe('gateway')
  })

  test('a token with a changed payload answers 401', async () => {
    const [header, , signature] = (await arm.token()).split('.')
    const [, payload] = (await arm.token({ oid: ADMIN })).split('.')
    expect(await bearer(`Bearer ${header}.${payload}.${signature}`)).toMatchObject({
      status: 401,
      body: refusal('InvalidAuthenticationToken'),
    })
  })

  test('an expired token answers 401 with both times', async () => {
    const token = await arm.token({}, 60)
    arm.clock.advance(120_000)
    expect(await bearer(`Bearer ${token}`)).toMatchObject({
      status: 401,
      body: refusal(
        'ExpiredAuthenticationToken',
        /^The access token expiry UTC time '\d+\/\d+\/\d{4} \d+:\d\d:\d\d [AP]M' is earlier than current UTC time '/,
      ),
    })
  })

  test('a token for the data plane answers 401 with its audience', async () => {
    const token = await arm.token({ aud: 'https://cognitiveservices.azure.com' })
    expect(await bearer(`Bearer ${token}`)).toMatchObject({
      status: 401,
      body: refusal('InvalidAuthenticationTokenAudience', /'https:\/\/cognitiveservices\.azure\.com'/),
    })
  })

  test.each(['https://management.azure.com', 'https://management.core.windows.net/'])(
    'audience %s is accepted',
    async aud => {
      expect((await bearer(`Bearer ${await arm.token({ aud })}`)).status).toBe(200)
    },
  )

  test('the address of the local endpoint is accepted as audience', async () => {
    expect((await bearer(`Bearer ${await arm.token({ aud: arm.url })}`)).status).toBe(200)
  })

  test("a subscription of another tenant names that tenant's issuer", async () => {
    const answer = await arm.ask(`/subscriptions/${FOREIGN_SUBSCRIPTION}/resourcegroups`)
    expect(answer).toMatchObject({
      status: 401,
      body: refusal(
        'InvalidAuthenticationTokenTenant',
        new RegExp(`must match the tenant '[^']*${OTHER_TENANT}/'`),
      ),
    })
    expect(answer.headers['www-authenticate']).toContain(
      `Bearer authorization_uri="https://login.invalid/${OTHER_TENANT}"`,
    )
  })
})

describe('headers', () => {
  test('are those of Resource Manager', async () => {
    const { headers } = await arm.ask(`/subscriptions/${SUBSCRIPTION}/resourcegroups`)
    expect(headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'application/json; charset=utf-8',
      expires: '-1',
      pragma: 'no-cache',
      'strict-transport-security': expect.stringContaining('max-age='),
      'x-content-type-options': 'nosniff',
      'x-ms-ratelimit-remaining-subscription-reads': '11999',
      'x-ms-routing-request-id': expect.stringMatching(/^WESTEUROPE:\d{8}T\d{6}Z:[0-9a-f-]{36}$/),
    })
    expect(headers['x-ms-request-id']).toBe(headers['x-ms-correlation-request-id'])
    expect(headers['x-ms-failure-cause']).toBeUndefined()
  })

  test('count writes and deletes separately, and requests without a subscription by tenant', async () => {
    expect((await put(ACCOUNT, forPipeline)).headers).toHaveProperty(
      'x-ms-ratelimit-remaining-subscription-writes',
    )
    const removed = await arm.ask(`${assignments(ACCOUNT)}/${NAME}`, { method: 'DELETE', as: ADMIN })
    expect(removed.headers).toHaveProperty('x-ms-ratelimit-remaining-subscription-deletes')
    expect((await arm.ask('/tenants')).headers).toHaveProperty('x-ms-ratelimit-remaining-tenant-reads')
  })

  test("return the client's request id only if the client asks for it", async () => {
    const headers = { 'x-ms-client-request-id': 'mine' }
    expect((await arm.ask('/tenants', { headers })).headers['x-ms-client-request-id']).toBeUndefined()
    const asked = await arm.ask('/tenants', {
      headers: { ...headers, 'x-ms-return-client-request-id': 'true' },
    })
    expect(asked.headers['x-ms-client-request-id']).toBe('mine')
  })
})

describe('what does not exist', () => {
  test.each([
    ['/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups', 'SubscriptionNotFound'],
    [`/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-none`, 'ResourceGroupNotFound'],
    [
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-none/providers/Microsoft.CognitiveServices/accounts/a`,
      'ResourceGroupNotFound',
    ],
    [`${ACCOUNT}-none`, 'ResourceNotFound'],
    [`${ACCOUNT}/projects/none`, 'ResourceNotFound'],
    [`${ACCOUNT}/deployments/none`, 'ResourceNotFound'],
    [assignments(`${ACCOUNT}-none`), 'ResourceNotFound'],
    [assignments(`${ACCOUNT}/projects/none`), 'ResourceNotFound'],
    [assignments(`${GROUP}/providers/Microsoft.Storage/storageAccounts/x`), 'ResourceNotFound'],
    [`${assignments(ACCOUNT)}/${NAME}`, 'RoleAssignmentNotFound'],
    [`${roleDefinitions(ACCOUNT)}/${NAME}`, 'RoleDefinitionDoesNotExist'],
    [`${ACCOUNT}/providers/Microsoft.Authorization/denyAssignments/${NAME}`, 'DenyAssignmentNotFound'],
  ])('GET %s: 404 %s', async (target, code) => {
    expect(await arm.ask(target, { as: ADMIN })).toMatchObject({ status: 404, body: refusal(code) })
  })

  test("a missing resource answers with Azure's words", async () => {
    expect((await arm.ask(`${ACCOUNT}-none`, { as: ADMIN })).body).toEqual(
      refusal(
        'ResourceNotFound',
        "The Resource 'Microsoft.CognitiveServices/accounts/contoso-ai-none' under resource group 'rg-keyless' " +
          'was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix',
      ),
    )
  })

  test('a caller without the right to read gets 403, whether the resource exists or not', async () => {
    for (const target of [ACCOUNT, `${ACCOUNT}-none`]) {
      expect(await arm.ask(target, { as: STRANGER })).toMatchObject({
        status: 403,
        body: refusal('AuthorizationFailed'),
      })
    }
  })
})

describe('authorization', () => {
  test('a refusal names client, object, action and scope', async () => {
    const { body, headers } = await put(ACCOUNT, forPipeline, { as: PIPELINE })
    expect(body).toEqual(
      refusal(
        'AuthorizationFailed',
        `The client '${PIPELINE_CLIENT}' with object id '${PIPELINE}' does not have authorization to perform action ` +
          `'Microsoft.Authorization/roleAssignments/write' over scope '${assignments(ACCOUNT)}/${NAME}' or the scope ` +
          'is invalid. If access was recently granted, please refresh your credentials.',
      ),
    )
    expect(headers['x-ms-failure-cause']).toBe('gateway')
  })

  test('a condition that is not fulfilled gets the same refusal as a missing right', async () => {
    arm.grant(PIPELINE, ROLES.foundryOwner, ACCOUNT)
    expect(await put(ACCOUNT, wanted(TEAM, ROLES.cognitiveServicesUser), { as: PIPELINE })).toMatchObject({
      status: 403,
      body: refusal(
        'AuthorizationFailed',
        /does not have authorization to perform action 'Microsoft\.Authorization\/roleAssignments\/write'/,
      ),
    })
    expect((await put(ACCOUNT, wanted(TEAM, ROLES.foundryUser), { as: PIPELINE })).status).toBe(201)
  })

  test('a refusal by a deny assignment names it', async () => {
    arm.world.denyAssignments.push({
      name: '11111f74-0ce9-4642-acaf-15775e7f2b80',
      displayName: "Deny assignment 'x' created by Deployment Stack",
      scope: GROUP,
      permissions: [
        { actions: ['Microsoft.Authorization/*/write'], notActions: [], dataActions: [], notDataActions: [] },
      ],
      principals: ['00000000-0000-0000-0000-000000000000'],
      excludePrincipals: [],
      doNotApplyToChildScopes: false,
    })
    expect(await put(ACCOUNT, forPipeline)).toMatchObject({
      status: 403,
      body: refusal(
        'DenyAssignmentAuthorizationFailed',
        new RegExp(
          `has permission to perform action .*; however, the access is denied because of the deny assignment with ` +
            `name 'Deny assignment 'x' created by Deployment Stack' and Id '11111f740ce94642acaf15775e7f2b80' at scope '${GROUP}'\\.$`,
        ),
      ),
    })
  })

  test('a disabled subscription refuses writes and allows reads', async () => {
    const scope = `/subscriptions/${DISABLED_SUBSCRIPTION}`
    arm.grant(ADMIN, ROLES.owner, scope)
    expect(await put(scope, forPipeline)).toMatchObject({
      status: 409,
      body: refusal('ReadOnlyDisabledSubscription'),
    })
    expect((await arm.ask(assignments(scope), { as: ADMIN })).status).toBe(200)
  })

  test('the journal names the caller, also of refused requests', async () => {
    await arm.ask(ACCOUNT, { as: STRANGER })
    expect(arm.journal.entries).toMatchObject([{ operation: 'accounts.get', caller: STRANGER, status: 403 }])
  })
})

describe('lists', () => {
  test('a subscription is visible to anyone with a role anywhere in it', async () => {
    expect((await arm.ask('/subscriptions')).body).toMatchObject({ value: [] })
    expect(await arm.ask(`/subscriptions/${SUBSCRIPTION}`)).toMatchObject({
      status: 404,
      body: refusal('SubscriptionNotFound'),
    })
    arm.grant(TEAM, ROLES.openAIUser, ACCOUNT, { principalType: 'Group' })
    expect((await arm.ask('/subscriptions?api-version=2022-12-01')).body).toMatchObject({
      value: [{ subscriptionId: SUBSCRIPTION, tenantId: TENANT, state: 'Enabled' }],
      count: { value: 1 },
    })
    expect((await arm.ask(`/subscriptions/${SUBSCRIPTION}`)).body).toMatchObject({
      displayName: 'Contoso Production',
    })
  })

  test('tenants has the tenant of the token', async () => {
    expect((await arm.ask('/tenants')).body).toMatchObject({
      value: [{ tenantId: TENANT, displayName: 'Contoso' }],
    })
  })

  test('resource groups are listed if the caller can read them', async () => {
    arm.grant(PIPELINE, ROLES.reader, GROUP)
    expect((await arm.ask(`/subscriptions/${SUBSCRIPTION}/resourcegroups`)).body).toMatchObject({
      value: [{ id: GROUP, location: 'swedencentral', type: 'Microsoft.Resources/resourceGroups' }],
    })
    expect((await arm.ask(`/subscriptions/${SUBSCRIPTION}/resourceGroups/RG-KEYLESS`)).body).toMatchObject({
      name: 'rg-keyless',
    })
    expect((await arm.ask(`/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-other`)).status).toBe(403)
  })

  test('providers list their API versions', async () => {
    const target = `/subscriptions/${SUBSCRIPTION}/providers`
    expect((await arm.ask(`${target}/microsoft.cognitiveservices`, { as: ADMIN })).body).toMatchObject({
      namespace: 'Microsoft.CognitiveServices',
      registrationState: 'Registered',
      resourceTypes: expect.arrayContaining([
        expect.objectContaining({
          resourceType: 'accounts',
          apiVersions: expect.arrayContaining(['2025-06-01']),
        }),
      ]),
    })
    expect((await arm.ask(target, { as: ADMIN })).body).toMatchObject({
      value: expect.arrayContaining([expect.objectContaining({ namespace: 'Microsoft.Authorization' })]),
    })
    expect(await arm.ask(`${target}/Microsoft.None`, { as: ADMIN })).toMatchObject({
      status: 404,
      body: refusal('InvalidResourceNamespace'),
    })
  })
})

describe('accounts', () => {
  test('an account with its own subdomain', async () => {
    const { body } = await arm.ask(ACCOUNT.toLowerCase(), { as: ADMIN })
    expect(body).toMatchObject({
      id: ACCOUNT,
      name: 'contoso-ai',
      kind: 'AIServices',
      properties: {
        endpoint: 'https://127.0.0.1:4401/',
        customSubDomainName: 'contoso-ai',
        disableLocalAuth: true,
        publicNetworkAccess: 'Enabled',
        allowProjectManagement: true,
        defaultProject: 'shop',
        endpoints: {
          'AI Foundry API': 'https://127.0.0.1:4403/',
          'AI Model Inference API': 'https://127.0.0.1:4403/',
          'OpenAI Language Model Instance API': 'https://127.0.0.1:4402/',
        },
      },
    })
    expect(body).not.toHaveProperty('properties.networkAcls')
  })

  test('an account without a subdomain has the regional endpoint, and no unset property', async () => {
    const { body } = await arm.ask(
      `${GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso-regional`,
      {
        as: ADMIN,
      },
    )
    expect(body).toMatchObject({
      properties: { endpoint: 'https://127.0.0.1:4400/', networkAcls: { defaultAction: 'Deny' } },
    })
    for (const absent of [
      'customSubDomainName',
      'disableLocalAuth',
      'allowProjectManagement',
      'defaultProject',
    ]) {
      expect(body).not.toHaveProperty(`properties.${absent}`)
    }
    expect(body).not.toHaveProperty(['properties', 'endpoints', 'AI Foundry API'])
  })

  test('a list has the accounts that the caller can read, and answers 403 if there are none', async () => {
    const lists = [`/subscriptions/${SUBSCRIPTION}`, GROUP].map(
      scope => `${scope}/providers/Microsoft.CognitiveServices/accounts`,
    )
    for (const target of lists) {
      expect((await arm.ask(target, { as: ADMIN })).body).toMatchObject({
        value: [{ name: 'contoso-ai' }, { name: 'contoso-regional' }],
      })
      expect((await arm.ask(target)).status).toBe(403)
    }
    arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
    for (const target of lists)
      expect((await arm.ask(target)).body).toMatchObject({ value: [{ name: 'contoso-ai' }] })
  })

  test('two keys, always the same; listing them needs the right', async () => {
    const list = (as: string) => arm.ask(`${ACCOUNT}/listKeys`, { method: 'POST', as })
    arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
    expect((await list(PIPELINE)).status).toBe(403)
    expect(await list(ADMIN)).toMatchObject({
      status: 400,
      body: {
        error: { code: 'BadRequest', message: 'Failed to list key. disableLocalAuth is set to be true' },
      },
    })
    await arm.ask(ACCOUNT, { method: 'PATCH', as: ADMIN, body: { properties: { disableLocalAuth: false } } })
    const { body } = await list(ADMIN)
    expect(body).toEqual({
      key1: expect.stringMatching(/^[0-9a-f]{32}$/),
      key2: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    arm.grant(PIPELINE, ROLES.cognitiveServicesUser, ACCOUNT)
    expect((await list(PIPELINE)).body).toEqual(body)
  })

  test('key access can be switched off and on with the right to write', async () => {
    const patch = (as: string, properties: unknown) =>
      arm.ask(ACCOUNT, { method: 'PATCH', as, body: { properties } })
    arm.grant(PIPELINE, ROLES.reader, ACCOUNT)
    expect((await patch(PIPELINE, { disableLocalAuth: false })).status).toBe(403)
    expect(await patch(ADMIN, { disableLocalAuth: false })).toMatchObject({
      status: 200,
      body: { properties: { disableLocalAuth: false } },
    })
    expect((await arm.ask(ACCOUNT)).body).toMatchObject({ properties: { disableLocalAuth: false } })
    for (const properties of [{ disableLocalAuth: 'yes' }, { customSubDomainName: 'other' }]) {
      expect(await patch(ADMIN, properties)).toMatchObject({
        status: 400,
        body: refusal('InvalidRequestContent'),
      })
    }
  })

  test('only a real change of key access has a date', async () => {
    const patch = (properties: object) =>
      arm.ask(ACCOUNT, { method: 'PATCH', as: ADMIN, body: { properties } })
    const changedOn = () => arm.world.accounts[0]?.keyAccessChangedOn
    await patch({ disableLocalAuth: true })
    await patch({ publicNetworkAccess: 'Disabled' })
    expect(changedOn()).toBeUndefined()
    await patch({ disableLocalAuth: false })
    const turnedOn = changedOn()
    expect(Date.parse(turnedOn ?? '')).toBeLessThanOrEqual(arm.clock.now())
    arm.clock.advance(60_000)
    await arm.ask(ACCOUNT, { method: 'PUT', as: ADMIN, body: { properties: {} } })
    expect(changedOn()).toBe(turnedOn)
    await patch({ disableLocalAuth: true })
    expect(Date.parse(changedOn() ?? '')).toBeGreaterThanOrEqual(Date.parse(turnedOn ?? '') + 60_000)
  })

  test('projects have the address of their API', async () => {
    const project = {
      id: `${ACCOUNT}/projects/shop`,
      name: 'contoso-ai/shop',
      properties: {
        isDefault: true,
        endpoints: { 'AI Foundry API': 'https://127.0.0.1:4403/api/projects/shop' },
      },
    }
    expect((await arm.ask(`${ACCOUNT}/projects`, { as: ADMIN })).body).toMatchObject({ value: [project] })
    expect((await arm.ask(`${ACCOUNT}/projects/SHOP`, { as: ADMIN })).body).toMatchObject(project)
  })
})

describe('deployments', () => {
  const target = `${ACCOUNT}/deployments/embed`
  const body = {
    sku: { name: 'Standard', capacity: 5 },
    properties: { model: { format: 'OpenAI', name: 'text-embedding-3-large', version: '1' } },
  }

  test('can be created, changed, listed and deleted', async () => {
    const created = await arm.ask(target, { method: 'PUT', as: ADMIN, body })
    expect(created).toMatchObject({
      status: 201,
      body: { name: 'embed', properties: { provisioningState: 'Creating' } },
    })
    expect((await arm.ask(target, { as: ADMIN })).body).toMatchObject({
      properties: { provisioningState: 'Succeeded' },
    })
    const larger = { ...body, sku: { name: 'Standard', capacity: 9 } }
    expect(await arm.ask(target, { method: 'PUT', as: ADMIN, body: larger })).toMatchObject({
      status: 200,
      body: { sku: { capacity: 9 } },
    })
    expect((await arm.ask(`${ACCOUNT}/deployments`, { as: ADMIN })).body).toMatchObject({
      value: [{ name: 'chat' }, { name: 'embed', sku: { capacity: 9 }, properties: body.properties }],
    })
    expect(await arm.ask(target, { method: 'DELETE', as: ADMIN })).toMatchObject({
      status: 200,
      body: undefined,
    })
    expect((await arm.ask(target, { method: 'DELETE', as: ADMIN })).status).toBe(204)
    expect((await arm.ask(target, { as: ADMIN })).status).toBe(404)
  })

  test('need the right to write them', async () => {
    arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
    expect((await arm.ask(`${ACCOUNT}/deployments/chat`)).status).toBe(200)
    expect((await arm.ask(target, { method: 'PUT', body })).status).toBe(403)
    expect((await arm.ask(`${ACCOUNT}/deployments/chat`, { method: 'DELETE' })).status).toBe(403)
  })

  test('of an unknown model are refused', async () => {
    const unknown = { properties: { model: { format: 'Abacus', name: 'beads', version: '1' } } }
    expect(await arm.ask(target, { method: 'PUT', as: ADMIN, body: unknown })).toMatchObject({
      status: 400,
      body: refusal('DeploymentModelNotSupported', /'Format: Abacus, Name: beads, Version: 1'/),
    })
  })
})

describe('role definitions', () => {
  const list = async (scope: string, filter?: string) => {
    const found = []
    const options = filter === undefined ? {} : { filter }
    for await (const role of arm.client(ADMIN).roleDefinitions.list(scope, options)) found.push(role)
    return found
  }

  test('are found by name, in any case', async () => {
    expect(await list(ACCOUNT, "roleName eq 'cognitive services openai user'")).toMatchObject([
      {
        id: rolePath(ROLES.openAIUser),
        name: ROLES.openAIUser,
        roleName: 'Cognitive Services OpenAI User',
        roleType: 'BuiltInRole',
      },
    ])
    expect(await list(ACCOUNT, "roleName eq 'Azure AI User'")).toEqual([])
  })

  test('custom roles are listed where they can be assigned, or below on request', async () => {
    const custom = {
      id: '5f1d7c20-94be-4a83-b6f0-2e8d3a715c49',
      roleName: "Shop's role",
      description: '',
      type: 'CustomRole' as const,
      assignableScopes: [GROUP],
      permissions: [],
    }
    arm.world.roleDefinitions.push(custom)
    expect(await list(ACCOUNT, "type eq 'CustomRole'")).toMatchObject([{ name: custom.id }])
    expect(await list(`/subscriptions/${SUBSCRIPTION}`, "type eq 'CustomRole'")).toEqual([])
    expect(
      await list(`/subscriptions/${SUBSCRIPTION}`, "atScopeAndBelow() and type eq 'CustomRole'"),
    ).toHaveLength(1)
    expect(await list(ACCOUNT, "roleName eq 'Shop''s role'")).toHaveLength(1)
  })

  test('can be read by id, at a scope or at the root', async () => {
    const client = arm.client(ADMIN)
    expect(await client.roleDefinitions.get(GROUP, ROLES.reader)).toMatchObject({ roleName: 'Reader' })
    arm.grant(ADMIN, ROLES.reader, '/')
    const { body } = await arm.ask(`${roleDefinitions('')}/${ROLES.reader}`, { as: ADMIN })
    expect(body).toMatchObject({ id: `/providers/Microsoft.Authorization/roleDefinitions/${ROLES.reader}` })
  })

  test('cannot be read with Cognitive Services User alone', async () => {
    arm.grant(PIPELINE, ROLES.cognitiveServicesUser, ACCOUNT)
    expect((await arm.ask(roleDefinitions(ACCOUNT))).status).toBe(403)
  })

  test('an unknown filter is refused', async () => {
    expect(await arm.ask(`${roleDefinitions(ACCOUNT)}?$filter=name eq 'x'`, { as: ADMIN })).toMatchObject({
      status: 400,
    })
  })
})

describe('creating a role assignment', () => {
  test('PUT answers without a creator, GET with one', async () => {
    const made = await put(ACCOUNT, forPipeline)
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: `${assignments(ACCOUNT)}/${NAME}`,
        name: NAME,
        properties: {
          roleDefinitionId: rolePath(ROLES.openAIUser),
          scope: ACCOUNT,
          principalType: 'ServicePrincipal',
          createdBy: null,
          updatedBy: ADMIN,
          condition: null,
          description: null,
        },
      },
    })
    const { body } = await arm.ask(`${assignments(ACCOUNT)}/${NAME}`, { as: ADMIN })
    expect(body).toMatchObject({
      properties: { createdBy: ADMIN, createdOn: expect.stringMatching(/\.\d{7}Z$/) },
    })
  })

  test('the same PUT again answers 201 with new times, and changes the description', async () => {
    await put(ACCOUNT, forPipeline)
    const before = await arm.client(ADMIN).roleAssignments.get(ACCOUNT, NAME)
    arm.clock.advance(3_600_000)
    const again = await put(ACCOUNT, wanted(PIPELINE, ROLES.openAIUser, { description: 'run 42' }))
    expect(again).toMatchObject({
      status: 201,
      body: { properties: { createdBy: null, description: 'run 42' } },
    })
    const after = await arm.client(ADMIN).roleAssignments.get(ACCOUNT, NAME)
    expect(after.createdOn).toEqual(before.createdOn)
    expect(after.updatedOn?.getTime()).toBeGreaterThan(after.createdOn?.getTime() ?? Number.POSITIVE_INFINITY)
    expect(again.body).not.toMatchObject({ properties: { createdOn: before.createdOn?.toISOString() } })
    expect(arm.world.roleAssignments).toHaveLength(2)
  })

  test.each([
    [PIPELINE, 'ServicePrincipal'],
    [USER, 'User'],
    [TEAM, 'Group'],
  ])('without a principal type it is looked up: %s is a %s', async (principalId, principalType) => {
    expect((await put(ACCOUNT, wanted(principalId, ROLES.reader))).body).toMatchObject({
      properties: { principalType },
    })
  })

  test.each([
    ['the group', GROUP],
    ['the subscription', `/subscriptions/${SUBSCRIPTION}`],
    ['a project', `${ACCOUNT}/projects/shop`],
    ['a deployment', `${ACCOUNT}/deployments/chat`],
    ['a path with other letters', ACCOUNT.toUpperCase()],
  ])('at %s answers 201', async (_where, scope) => {
    expect((await put(scope, forPipeline)).status).toBe(201)
    expect((await arm.ask(`${assignments(scope)}/${NAME}`, { as: ADMIN })).status).toBe(200)
  })

  test('at the root and at a management group, with the right to do so', async () => {
    arm.grant(ADMIN, ROLES.owner, '/')
    expect((await put('', forPipeline)).body).toMatchObject({
      id: `/providers/Microsoft.Authorization/roleAssignments/${NAME}`,
      properties: {
        scope: '/',
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${ROLES.openAIUser}`,
      },
    })
    const name = '2f0a6b83-91dc-4e57-8b24-c7d50e193fa6'
    expect((await put(MANAGEMENT_GROUP, forPipeline, { name })).status).toBe(201)
    expect((await put(`${MANAGEMENT_GROUP}-none`, forPipeline, { name })).status).toBe(404)
  })

  test.each([
    ['another principal', wanted(TEAM, ROLES.openAIUser), ACCOUNT],
    ['another role', wanted(PIPELINE, ROLES.reader), ACCOUNT],
    ['another scope', forPipeline, GROUP],
  ])('a name in use by %s', async (_what, body, scope) => {
    await put(ACCOUNT, forPipeline)
    expect(await put(scope, body)).toMatchObject({
      status: 400,
      body: refusal('RoleAssignmentUpdateNotPermitted'),
    })
  })

  test('a second PUT of the same role under another name answers 409 with the existing name, without dashes', async () => {
    await put(ACCOUNT, forPipeline)
    const answer = await put(ACCOUNT.toLowerCase(), forPipeline, {
      name: '2f0a6b83-91dc-4e57-8b24-c7d50e193fa6',
    })
    expect(answer).toMatchObject({
      status: 409,
      body: refusal(
        'RoleAssignmentExists',
        'The role assignment already exists. The ID of the existing role assignment is 7b082443c50f43a287a6d8385d2edfe3.',
      ),
    })
    expect(answer.headers['x-ms-failure-cause']).toBeUndefined()
  })

  test.each([
    ['InvalidPrincipalId', wanted('wow', ROLES.reader)],
    ['PrincipalNotFound', wanted('90cc53e8-4a6e-45b6-8339-516448218ee0', ROLES.reader)],
    [
      'PrincipalNotFound',
      wanted('90cc53e8-4a6e-45b6-8339-516448218ee0', ROLES.reader, { principalType: 'ServicePrincipal' }),
    ],
    ['PrincipalNotFound', wanted(PIPELINE_CLIENT, ROLES.reader)],
    ['PrincipalTypeNotSupported', wanted(APPLICATION_OBJECT, ROLES.reader)],
    ['UnmatchedPrincipalType', wanted(PIPELINE, ROLES.reader, { principalType: 'User' })],
    ['RoleDefinitionDoesNotExist', wanted(PIPELINE, '90cc53e8-4a6e-45b6-8339-516448218ee0')],
    ['InvalidRequestContent', '{"properties":'],
    ['InvalidRequestContent', { properties: { principalId: PIPELINE } }],
    ['InvalidRequestContent', ''],
  ])('400 %s', async (code, body) => {
    expect(await put(ACCOUNT, body)).toMatchObject({ status: 400, body: refusal(code) })
    expect(arm.world.roleAssignments).toHaveLength(1)
  })

  test('an unknown principal is named without dashes', async () => {
    const { body } = await put(ACCOUNT, wanted('90cc53e8-4a6e-45b6-8339-516448218ee0', ROLES.reader))
    expect(body).toEqual(
      refusal(
        'PrincipalNotFound',
        new RegExp(
          `^Principal 90cc53e84a6e45b68339516448218ee0 does not exist in the directory ${TENANT}\\. Check`,
        ),
      ),
    )
  })

  test('a name that is not a GUID answers 400', async () => {
    expect(await put(ACCOUNT, forPipeline, { name: 'mine' })).toMatchObject({
      status: 400,
      body: refusal('InvalidRoleAssignmentId'),
    })
  })

  test('the limit is 4,000 assignments', async () => {
    while (arm.world.roleAssignments.length < 3999) {
      arm.world.roleAssignments.push(assignmentOf(STRANGER, ROLES.reader, GROUP))
    }
    expect((await put(ACCOUNT, forPipeline)).status).toBe(201)
    const another = { name: '2f0a6b83-91dc-4e57-8b24-c7d50e193fa6' }
    expect(await put(ACCOUNT, wanted(TEAM, ROLES.reader), another)).toMatchObject({
      status: 400,
      body: refusal('RoleAssignmentLimitExceeded'),
    })
  })

  test('a new assignment counts at once for Resource Manager', async () => {
    expect((await arm.ask(ACCOUNT)).status).toBe(403)
    await put(ACCOUNT, forPipeline)
    expect((await arm.ask(ACCOUNT)).status).toBe(200)
  })

  test('through the Azure SDK', async () => {
    const made = await arm.client(ADMIN).roleAssignments.create(ACCOUNT, NAME, {
      roleDefinitionId: rolePath(ROLES.openAIUser),
      principalId: PIPELINE,
      principalType: 'ServicePrincipal',
    })
    expect(made).toMatchObject({ name: NAME, principalId: PIPELINE, scope: ACCOUNT })
    await expect(
      arm.client(ADMIN).roleAssignments.create(`/${ACCOUNT}`, '2f0a6b83-91dc-4e57-8b24-c7d50e193fa6', {
        roleDefinitionId: rolePath(ROLES.openAIUser),
        principalId: PIPELINE,
      }),
    ).rejects.toMatchObject({ statusCode: 409, code: 'RoleAssignmentExists' })
  })
})

describe('removing a role assignment', () => {
  const remove = (scope = ACCOUNT, as = ADMIN) =>
    arm.ask(`${assignments(scope)}/${NAME}`, { method: 'DELETE', as })

  test('answers 200 with the assignment, then 204; 404 under a resource that is gone', async () => {
    await put(ACCOUNT, forPipeline)
    expect(await remove()).toMatchObject({
      status: 200,
      body: { name: NAME, properties: { createdBy: ADMIN } },
    })
    expect(await remove()).toMatchObject({ status: 204, body: undefined })
    expect(await remove(`${ACCOUNT}-none`)).toMatchObject({ status: 404, body: refusal('ResourceNotFound') })
    await expect(arm.client(ADMIN).roleAssignments.get(ACCOUNT, NAME)).rejects.toMatchObject({
      code: 'RoleAssignmentNotFound',
    })
  })

  test('needs the right to remove it', async () => {
    await put(ACCOUNT, forPipeline)
    expect((await remove(ACCOUNT, PIPELINE)).status).toBe(403)
    arm.grant(PIPELINE, ROLES.foundryOwner, ACCOUNT)
    expect(await remove(ACCOUNT, PIPELINE)).toMatchObject({
      status: 403,
      body: refusal('AuthorizationFailed', /does not have authorization to perform action/),
    })
  })
})

describe('listing role assignments', () => {
  const names = async (scope: string, filter?: string) => {
    const found: string[] = []
    const options = filter === undefined ? {} : { filter }
    for await (const { roleDefinitionId, principalId } of arm
      .client(ADMIN)
      .roleAssignments.listForScope(scope, options)) {
      const role = Object.entries(ROLES).find(([, id]) => roleDefinitionId?.endsWith(id))?.[0]
      found.push(`${role} of ${principalId === PIPELINE ? 'pipeline' : 'others'}`)
    }
    return found.sort()
  }

  beforeEach(() => {
    arm.world.roleAssignments.splice(0)
    arm.grant(ADMIN, ROLES.owner, '/')
    arm.grant(PIPELINE, ROLES.reader, MANAGEMENT_GROUP)
    arm.grant(PIPELINE, ROLES.contributor, GROUP)
    arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
    arm.grant(OUTER_TEAM, ROLES.foundryUser, ACCOUNT, { principalType: 'Group' })
    arm.grant(PIPELINE, ROLES.cognitiveServicesUser, `${ACCOUNT}/projects/shop`)
    arm.grant(STRANGER, ROLES.reader, `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-other`)
  })

  test('without a filter: at the scope, above and below', async () => {
    expect(await names(ACCOUNT)).toEqual([
      'cognitiveServicesUser of pipeline',
      'contributor of pipeline',
      'foundryUser of others',
      'openAIUser of pipeline',
      'owner of others',
      'reader of pipeline',
    ])
  })

  test('atScope(): at the scope and above', async () => {
    expect(await names(ACCOUNT, 'atScope()')).toEqual([
      'contributor of pipeline',
      'foundryUser of others',
      'openAIUser of pipeline',
      'owner of others',
      'reader of pipeline',
    ])
    expect(await names(GROUP, 'atScope()')).toEqual([
      'contributor of pipeline',
      'owner of others',
      'reader of pipeline',
    ])
    expect(await names(MANAGEMENT_GROUP, 'atScope()')).toEqual(['owner of others', 'reader of pipeline'])
  })

  test('principalId: only those of the principal itself, also below', async () => {
    expect(await names(GROUP, `principalId eq '${PIPELINE}'`)).toEqual([
      'cognitiveServicesUser of pipeline',
      'contributor of pipeline',
      'openAIUser of pipeline',
      'reader of pipeline',
    ])
    expect(await names(GROUP, `principalId eq '${OUTER_TEAM}'`)).toEqual(['foundryUser of others'])
  })

  test('assignedTo: those of its groups too', async () => {
    expect(await names(ACCOUNT, `atScope() and assignedTo('${PIPELINE}')`)).toEqual([
      'contributor of pipeline',
      'foundryUser of others',
      'openAIUser of pipeline',
      'reader of pipeline',
    ])
    expect(await names(ACCOUNT, `assignedTo('${PIPELINE}')`)).toHaveLength(5)
  })

  test('the ways of the SDK to list them agree', async () => {
    const count = async (list: AsyncIterable<unknown>) => (await collect(list)).length
    const { roleAssignments } = arm.client(ADMIN)
    expect(await count(roleAssignments.listForSubscription())).toBe(7)
    expect(await count(roleAssignments.listForResourceGroup('rg-other'))).toBe(3)
    expect(
      await count(
        roleAssignments.listForResource(
          'rg-keyless',
          'Microsoft.CognitiveServices',
          'accounts',
          'contoso-ai',
          {
            filter: 'atScope()',
          },
        ),
      ),
    ).toBe(5)
  })

  test.each(["principalId%20eq%20'", 'principalId%20eq%20%27'])(
    'quotes may be percent-encoded or not: %s',
    async start => {
      const filter = `${start}${PIPELINE}${start.endsWith("'") ? "'" : '%27'}`
      const { body } = await arm.ask(`${assignments(ACCOUNT)}?api-version=2022-04-01&$filter=${filter}`, {
        as: ADMIN,
      })
      expect(body).toMatchObject({ value: [{}, {}, {}, {}] })
    },
  )

  test('Cognitive Services User alone gets 403', async () => {
    arm.grant(STRANGER, ROLES.cognitiveServicesUser, ACCOUNT)
    expect(await arm.ask(assignments(ACCOUNT), { as: STRANGER })).toMatchObject({
      status: 403,
      body: refusal(
        'AuthorizationFailed',
        new RegExp(`roleAssignments/read' over scope '${ACCOUNT}/providers/Microsoft\\.Authorization'`),
      ),
    })
  })

  test('a second page is at the same host, with the same filter', async () => {
    for (let count = 0; count < 250; count += 1) arm.grant(STRANGER, ROLES.foundryUser, ACCOUNT)
    expect(await names(ACCOUNT, `principalId eq '${STRANGER}'`)).toHaveLength(250)
    const pages = arm.journal.entries.filter(({ operation }) => operation === 'roleAssignments.list')
    expect(pages).toHaveLength(3)
    const { body } = await arm.ask(assignments(ACCOUNT), { as: ADMIN })
    expect(body).toMatchObject({
      nextLink: expect.stringMatching(new RegExp(`^${arm.url}${assignments(ACCOUNT)}\\?`)),
    })
    expect(await arm.ask(`${assignments(ACCOUNT)}?$skipToken=-1`, { as: ADMIN })).toMatchObject({
      status: 400,
    })
  })
})

describe('permissions of the caller', () => {
  test('has one element per role, at the path of the SDK', async () => {
    arm.grant(PIPELINE, ROLES.foundryUser, ACCOUNT)
    arm.grant(TEAM, ROLES.reader, GROUP, { principalType: 'Group' })
    arm.grant(OUTER_TEAM, ROLES.reader, ACCOUNT, { principalType: 'Group' })
    for (const parent of ['', '.']) {
      const permissions = await collect(
        arm
          .client()
          .permissions.listForResource(
            'rg-keyless',
            'Microsoft.CognitiveServices',
            parent,
            'accounts',
            'contoso-ai',
          ),
      )
      expect(permissions).toHaveLength(2)
      expect(permissions).toContainEqual(expect.objectContaining({ actions: ['*/read'] }))
    }
    expect(await collect(arm.client().permissions.listForResourceGroup('rg-keyless'))).toHaveLength(1)
  })

  test('needs the right to read permissions', async () => {
    arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
    expect((await arm.ask(`${ACCOUNT}/providers/Microsoft.Authorization/permissions`)).status).toBe(403)
  })

  test('deny assignments are listed, and read by id', async () => {
    arm.world.denyAssignments.push({
      name: NAME,
      displayName: 'stack',
      scope: GROUP,
      permissions: [{ actions: ['*/delete'], notActions: [], dataActions: [], notDataActions: [] }],
      principals: ['00000000-0000-0000-0000-000000000000'],
      excludePrincipals: [PIPELINE],
      doNotApplyToChildScopes: false,
    })
    const { denyAssignments } = arm.client(ADMIN)
    const expected = {
      denyAssignmentName: 'stack',
      scope: GROUP,
      isSystemProtected: true,
      principals: [{ type: 'SystemDefined' }],
      excludePrincipals: [{ id: PIPELINE, type: 'ServicePrincipal' }],
    }
    expect(await collect(denyAssignments.listForScope(ACCOUNT, { filter: 'atScope()' }))).toMatchObject([
      expected,
    ])
    expect(await collect(denyAssignments.listForScope(`/subscriptions/${SUBSCRIPTION}`))).toMatchObject([
      expected,
    ])
    expect(await denyAssignments.get(GROUP, NAME)).toMatchObject(expected)
  })
})

describe('deny assignments of users', () => {
  const path = `${GROUP}/providers/Microsoft.Authorization/denyAssignments/${NAME}?api-version=2024-07-01-preview`
  const wanted = (properties: object = {}) => ({
    properties: {
      denyAssignmentName: 'no removals',
      description: 'for a test',
      permissions: [{ actions: ['Microsoft.CognitiveServices/accounts/deployments/delete'] }],
      principals: [{ id: PIPELINE, type: 'ServicePrincipal' }],
      ...properties,
    },
  })
  const put = (body: unknown, as = ADMIN) => arm.ask(path, { method: 'PUT', as, body })

  test('can be created, deny, and can be deleted', async () => {
    arm.grant(PIPELINE, ROLES.contributor, GROUP)
    const remove = () => arm.ask(`${ACCOUNT}/deployments/chat?api-version=2024-10-01`, { method: 'DELETE' })

    expect(await put(wanted())).toMatchObject({
      status: 201,
      body: {
        name: NAME,
        properties: {
          denyAssignmentName: 'no removals',
          description: 'for a test',
          isSystemProtected: false,
          principals: [{ id: PIPELINE, type: 'ServicePrincipal' }],
        },
      },
    })
    expect(await remove()).toMatchObject({
      status: 403,
      body: { error: { code: 'DenyAssignmentAuthorizationFailed' } },
    })
    const asAdmin = { method: 'DELETE', as: ADMIN }
    expect((await arm.ask(path, asAdmin)).status).toBe(200)
    expect((await arm.ask(path, asAdmin)).status).toBe(204)
    expect((await remove()).status).toBeLessThan(300)
  })

  test('need the right to write them', async () => {
    expect((await put(wanted(), PIPELINE)).status).toBe(403)
  })

  test.each<[string, object]>([
    ['', { principals: [{ id: '00000000-0000-0000-0000-000000000000', type: 'SystemDefined' }] }],
    [', or an empty list of them', { excludePrincipals: [] }],
  ])('for everyone need an excluded principal%s', async (_, properties) => {
    expect(await put(wanted(properties))).toMatchObject({
      status: 400,
      body: { error: { code: 'UserAssignedDenyAssignmentPropertiesNotValid' } },
    })
  })

  test('answer 501 in an API version without them, and so does deleting one of Azure', async () => {
    const older = path.replace('2024-07-01-preview', '2022-04-01')
    expect((await arm.ask(older, { method: 'PUT', as: ADMIN, body: wanted() })).status).toBe(501)
    await put(wanted())
    const [made] = arm.world.denyAssignments
    if (made === undefined) throw new Error('Nothing was made')
    delete made.userAssigned
    expect((await arm.ask(path, { method: 'DELETE', as: ADMIN })).status).toBe(501)
  })
})

test('on a whole local cloud: signed in by federation, granted with the SDKs, live on the data plane later', async () => {
  const cloud = await createLocalCloud({ lag: { roleAssignments: [60_000] } })
  const dispatcher = new Agent({ connect: { ca: cloud.caPem } })
  try {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } =
      cloud.runnerEnvironment()
    const assertion = async () => {
      const reply = await fetch(`${url}&audience=api%3A%2F%2FAzureADTokenExchange`, {
        dispatcher,
        headers: { authorization: `Bearer ${requestToken}` },
      })
      const { value } = JSON.parse(await reply.text())
      return String(value)
    }
    const [pipeline] = cloud.world.applications
    const [account] = cloud.world.accounts
    if (!pipeline?.servicePrincipal || !account)
      throw new Error('The default world has a pipeline and an account')
    const tlsOptions = { ca: cloud.caPem }
    const credential = new ClientAssertionCredential(pipeline.tenantId, pipeline.clientId, assertion, {
      authorityHost: cloud.endpoints.authorityHost,
      disableInstanceDiscovery: true,
      tlsOptions,
    })
    const client = new AuthorizationManagementClient(credential, account.subscriptionId, {
      endpoint: cloud.endpoints.resourceManager,
      credentialScopes: 'https://management.azure.com/.default',
      tlsOptions,
    })
    const scope = accountId(account)
    const made = await client.roleAssignments.create(scope, NAME, {
      roleDefinitionId: rolePath(ROLES.openAIUser),
      principalId: pipeline.servicePrincipal.objectId,
      principalType: 'ServicePrincipal',
    })
    expect(made.id).toBe(`${assignments(scope)}/${NAME}`)

    const { token } = await credential.getToken('https://cognitiveservices.azure.com/.default')
    const infer = async () => {
      const reply = await fetch(
        `${cloud.endpoints.accounts.get(scope.toLowerCase())}/openai/v1/chat/completions`,
        {
          method: 'POST',
          dispatcher,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] }),
        },
      )
      await reply.text()
      return reply.status
    }
    expect(await infer()).toBe(401)
    cloud.clock.advance(60_000)
    expect(await infer()).toBe(200)

    await client.roleAssignments.delete(scope, NAME)
    expect(await infer()).toBe(200)
    cloud.clock.advance(60_000)
    expect(await infer()).toBe(401)
  } finally {
    await dispatcher.destroy()
    await cloud.close()
  }
})
