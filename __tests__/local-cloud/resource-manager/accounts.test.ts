import * as v from 'valibot'
import {
  ACCOUNT,
  ADMIN,
  type Answer,
  GROUP,
  PIPELINE,
  type ResourceManagerFixture,
  ROLES,
  SUBSCRIPTION,
  startResourceManager,
  TENANT,
} from './fixture.ts'

/** The life of an account: made, changed, deleted, restored, purged; with operations that take half a minute. */

const MINUTE = 60_000
const NEW = ACCOUNT.replace('contoso-ai', 'contoso-new')
const PROVIDER = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.CognitiveServices`
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop`

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager({ provisioningMs: 30_000 })
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const admin = (target: string, method = 'GET', body?: unknown) =>
  arm.ask(target, { as: ADMIN, method, ...(body !== undefined && { body }) })
const wanted = (changes: object = {}, properties: object = {}) => ({
  location: 'swedencentral',
  kind: 'AIServices',
  sku: { name: 'S0' },
  properties: { customSubDomainName: 'contoso-new', ...properties },
  ...changes,
})
const create = (changes: object = {}, properties: object = {}) =>
  admin(NEW, 'PUT', wanted(changes, properties))
const settle = () => arm.clock.advance(MINUTE)
const refused = (code: string) => ({ body: { error: { code, message: expect.any(String) } } })
const told = (answer: Answer) =>
  v.parse(
    v.looseObject({ properties: v.looseObject({}), identity: v.optional(v.looseObject({})) }),
    answer.body,
  )

/** Asks the address in a header of an answer. */
function poll({ headers }: Answer, header: string): Promise<Answer> {
  const { pathname, search } = new URL(headers[header] ?? '')
  return admin(`${pathname}${search}`)
}

describe('a new account', () => {
  test('takes time to create, as its operation and its state show', async () => {
    const created = await create({ tags: { team: 'shop' } })
    expect(created).toMatchObject({
      status: 201,
      headers: { etag: expect.any(String) },
      body: {
        id: NEW,
        kind: 'AIServices',
        tags: { team: 'shop' },
        sku: { name: 'S0' },
        properties: { provisioningState: 'Creating', customSubDomainName: 'contoso-new' },
      },
    })
    expect(created.headers['azure-asyncoperation']).toContain('/locations/swedencentral/operationResults/')
    const started = await poll(created, 'azure-asyncoperation')
    expect(started).toMatchObject({
      status: 200,
      body: { status: 'Creating', startTime: expect.any(String) },
    })
    expect(started.body).not.toHaveProperty('endTime')
    expect(told(await admin(NEW)).properties).toMatchObject({ provisioningState: 'Creating' })

    settle()
    expect((await poll(created, 'azure-asyncoperation')).body).toMatchObject({
      status: 'Succeeded',
      endTime: expect.any(String),
    })
    expect(told(await admin(NEW)).properties).toMatchObject({
      provisioningState: 'Succeeded',
      endpoint: 'https://contoso-new.cognitive.invalid/',
      endpoints: { 'AI Foundry API': 'https://contoso-new.foundry.invalid/' },
    })
  })

  test('refuses writes while it is being created', async () => {
    await create()
    const busy = refused('AccountProvisioningStateInvalid')
    expect(await admin(NEW, 'PATCH', { tags: {} })).toMatchObject({ status: 409, ...busy })
    expect(await admin(NEW, 'DELETE')).toMatchObject({ status: 409, ...busy })
    const model = { format: 'OpenAI', name: 'gpt-4.1-mini' }
    const deploy = () => admin(`${NEW}/deployments/chat`, 'PUT', { properties: { model } })
    expect(await deploy()).toMatchObject({ status: 409, ...busy })
    settle()
    expect((await deploy()).status).toBe(201)
  })

  test('accepts keys and has no own host by default', async () => {
    const { properties } = told(await admin(NEW, 'PUT', { ...wanted(), properties: {} }))
    expect(properties).toMatchObject({ endpoint: 'https://127.0.0.1:4400/', publicNetworkAccess: 'Enabled' })
    expect(properties).not.toHaveProperty('disableLocalAuth')
    expect(properties).not.toHaveProperty('customSubDomainName')
  })

  test.each([
    [wanted({ location: undefined }), 400, 'LocationRequired'],
    [wanted({ kind: undefined }), 400, 'InvalidRequestContent'],
    [wanted({ sku: undefined }), 400, 'InvalidRequestContent'],
    [wanted({ sku: { name: 'P9' } }), 400, 'InvalidResourceProperties'],
    [wanted({ kind: 'Face' }), 501, 'LocalCloudNotImplemented'],
    [wanted({ zones: ['1'] }), 501, 'LocalCloudNotImplemented'],
    [wanted({}, { encryption: { keySource: 'Microsoft.KeyVault' } }), 501, 'LocalCloudNotImplemented'],
    [wanted({}, { customSubDomainName: 'contoso-ai' }), 409, 'CustomDomainInUse'],
    [wanted({}, { customSubDomainName: 'no.dots' }), 400, 'BadRequest'],
    [
      wanted({ identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } } }),
      400,
      'FailedIdentityOperation',
    ],
  ])('%j: %d %s, and nothing is created', async (body, status, code) => {
    expect(await admin(NEW, 'PUT', body)).toMatchObject({ status, ...refused(code) })
    expect((await admin(NEW)).status).toBe(404)
  })

  test('needs a role that allows it, and an existing group', async () => {
    expect((await arm.ask(NEW, { method: 'PUT', body: wanted() })).status).toBe(403)
    const nowhere = NEW.replace('rg-keyless', 'rg-nowhere')
    expect(await admin(nowhere, 'PUT', wanted())).toMatchObject({
      status: 404,
      ...refused('ResourceGroupNotFound'),
    })
  })
})

describe('a change', () => {
  test('of tags alone keeps everything else', async () => {
    expect(await admin(ACCOUNT, 'PATCH', { tags: { team: 'shop' } })).toMatchObject({
      status: 200,
      body: { tags: { team: 'shop' }, properties: { disableLocalAuth: true } },
    })
  })

  test('is stored and returned, whether it has an effect here or not', async () => {
    const properties = {
      networkAcls: {
        bypass: 'AzureServices',
        defaultAction: 'Deny',
        ipRules: [{ value: '203.0.113.7' }],
        virtualNetworkRules: [],
      },
      restrictOutboundNetworkAccess: true,
      allowedFqdnList: ['contoso.example'],
      publicNetworkAccess: 'Enabled',
    }
    const answer = await admin(ACCOUNT, 'PATCH', { properties })
    expect(answer).toMatchObject({
      status: 202,
      body: { properties: { ...properties, provisioningState: 'Accepted' } },
    })
    expect(answer.headers.etag).toBe(v.parse(v.looseObject({ etag: v.string() }), answer.body).etag)
    expect((await admin(ACCOUNT)).body).toEqual(answer.body)
    expect(arm.world.accounts[0]).toMatchObject({ networkDefaultAction: 'Deny', ipRules: ['203.0.113.7'] })
  })

  test('by PUT removes what it leaves out', async () => {
    await admin(ACCOUNT, 'PATCH', {
      tags: { team: 'shop' },
      properties: { allowedFqdnList: ['x.example'], networkAcls: { bypass: 'AzureServices' } },
    })
    settle()
    const { properties, ...others } = told(
      await admin(ACCOUNT, 'PUT', {
        kind: 'AIServices',
        sku: { name: 'S0' },
        location: 'Sweden Central',
        properties: {},
      }),
    )
    expect(others).not.toHaveProperty('tags')
    expect(properties).not.toHaveProperty('allowedFqdnList')
    expect(properties).not.toHaveProperty('networkAcls')
    expect(properties).toMatchObject({ customSubDomainName: 'contoso-ai' })
  })

  test('by PUT of what a GET returned changes nothing', async () => {
    await admin(ACCOUNT, 'PATCH', { identity: { type: 'SystemAssigned' } })
    settle()
    const present = await admin(ACCOUNT)
    const { etag: _, ...body } = v.parse(v.looseObject({}), present.body)
    expect(await admin(ACCOUNT, 'PUT', present.body)).toMatchObject({ status: 200, body })
  })

  test.each([
    [{ location: 'westeurope' }, 409, 'InvalidResourceLocation'],
    [{ kind: 'OpenAI' }, 501, 'LocalCloudNotImplemented'],
    [{ properties: { userOwnedStorage: [] } }, 501, 'LocalCloudNotImplemented'],
    [{ properties: { customSubDomainName: 'other' } }, 400, 'InvalidRequestContent'],
  ])('%j is refused: %d %s', async (body, status, code) => {
    const before = structuredClone(arm.world.accounts)
    expect(await admin(ACCOUNT, 'PATCH', body)).toMatchObject({ status, ...refused(code) })
    expect(arm.world.accounts).toEqual(before)
  })

  test('that sets a subdomain is accepted, with two addresses to poll', async () => {
    const regional = ACCOUNT.replace('contoso-ai', 'contoso-regional')
    const answer = await admin(regional, 'PATCH', { properties: { customSubDomainName: 'contoso-own' } })
    expect(answer).toMatchObject({ status: 202, body: { properties: { provisioningState: 'Accepted' } } })
    expect((await poll(answer, 'azure-asyncoperation')).body).toMatchObject({ status: 'Accepted' })
    expect((await poll(answer, 'location')).status).toBe(202)
    settle()
    expect((await poll(answer, 'azure-asyncoperation')).body).toMatchObject({ status: 'Succeeded' })
    expect((await poll(answer, 'location')).status).toBe(200)
  })
})

describe('identities', () => {
  const assign = async (identity: unknown) => {
    const answer = await admin(ACCOUNT, 'PATCH', { identity })
    expect(answer.status).toBe(202)
    settle()
    return told(answer).identity
  }

  test('a system-assigned identity is a principal that can hold roles until it is removed', async () => {
    const identity = await assign({ type: 'SystemAssigned' })
    const { principalId } = v.parse(v.looseObject({ principalId: v.string() }), identity)
    expect(identity).toEqual({ type: 'SystemAssigned', principalId, tenantId: TENANT })
    const name = 'f0a1c2d3-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
    const grant = () =>
      admin(`${GROUP}/providers/Microsoft.Authorization/roleAssignments/${name}`, 'PUT', {
        properties: { roleDefinitionId: ROLES.reader, principalId, principalType: 'ServicePrincipal' },
      })
    expect((await grant()).status).toBe(201)
    expect(arm.world.applications.at(-1)).toMatchObject({ kind: 'managedIdentity', resourceId: ACCOUNT })

    expect(
      (await admin(`${ACCOUNT}/providers/Microsoft.ManagedIdentity/identities/default`)).body,
    ).toMatchObject({
      name: 'default',
      properties: { principalId, tenantId: TENANT, clientId: arm.world.applications.at(-1)?.clientId },
    })
    expect(told(await admin(ACCOUNT, 'PATCH', { tags: {} })).identity).toEqual(identity)
    expect(await assign({ type: 'None' })).toEqual({ type: 'None' })
    expect(await grant()).toMatchObject({ status: 400, ...refused('PrincipalNotFound') })
    expect((await admin(`${ACCOUNT}/providers/Microsoft.ManagedIdentity/identities/default`)).status).toBe(
      404,
    )
  })

  test('user-assigned identities are listed by id, added and removed', async () => {
    await admin(IDENTITY, 'PUT', { location: 'swedencentral' })
    const principalId = arm.world.applications.at(-1)?.servicePrincipal?.objectId
    const identity = { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } }
    expect(await assign(identity)).toMatchObject({
      type: 'SystemAssigned, UserAssigned',
      userAssignedIdentities: { [IDENTITY]: { principalId, clientId: expect.any(String) } },
    })
    const alone = { type: 'SystemAssigned, UserAssigned' }
    expect(await assign(alone)).toHaveProperty(['userAssignedIdentities', IDENTITY])
    const without = { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [IDENTITY]: null } }
    expect(await assign(without)).toMatchObject({
      type: 'SystemAssigned',
    })
  })

  test('projects have identities too', async () => {
    const project = `${ACCOUNT}/projects/store`
    const body = {
      location: 'swedencentral',
      identity: { type: 'SystemAssigned' },
      tags: { team: 'shop' },
      properties: { displayName: 'Store', description: 'of the shop' },
    }
    const created = await admin(project, 'PUT', body)
    expect(created).toMatchObject({
      status: 201,
      body: {
        identity: { type: 'SystemAssigned', principalId: expect.any(String), tenantId: TENANT },
        tags: { team: 'shop' },
        properties: { displayName: 'Store', description: 'of the shop', provisioningState: 'Creating' },
      },
    })
    settle()
    expect((await poll(created, 'azure-asyncoperation')).body).toMatchObject({ status: 'Succeeded' })
    const present = await admin(project)
    expect(present.body).toMatchObject({ properties: { provisioningState: 'Succeeded' } })
    expect((await admin(project, 'PUT', present.body)).body).toEqual(present.body)
    expect((await admin(project, 'PATCH', { properties: { description: 'of all' } })).body).toMatchObject({
      properties: { displayName: 'Store', description: 'of all' },
    })
    const principals = arm.world.applications.length
    expect((await admin(project, 'DELETE')).status).toBe(200)
    expect(arm.world.applications).toHaveLength(principals - 1)
  })
})

describe('deletion', () => {
  const deleted = `${PROVIDER}/locations/swedencentral/resourceGroups/rg-keyless/deletedAccounts/contoso-ai`

  test('an account with projects is not deleted', async () => {
    expect(await admin(ACCOUNT, 'DELETE')).toMatchObject({ status: 409, ...refused('CannotDeleteResource') })
    expect((await admin(ACCOUNT)).status).toBe(200)
  })

  describe('without projects', () => {
    beforeEach(() => admin(`${ACCOUNT}/projects/shop`, 'DELETE'))

    test('the account is gone with its identity and its role assignments, and can be restored', async () => {
      await admin(ACCOUNT, 'PATCH', { identity: { type: 'SystemAssigned' } })
      settle()
      arm.grant(PIPELINE, ROLES.reader, ACCOUNT)
      const answer = await admin(ACCOUNT, 'DELETE')
      expect(answer.status).toBe(202)
      expect((await poll(answer, 'azure-asyncoperation')).body).toMatchObject({ status: 'Deleting' })
      settle()
      expect((await poll(answer, 'azure-asyncoperation')).body).toMatchObject({ status: 'Succeeded' })
      expect((await admin(ACCOUNT)).status).toBe(404)
      expect((await admin(ACCOUNT, 'DELETE')).status).toBe(204)
      expect(arm.world.applications.some(({ resourceId }) => resourceId === ACCOUNT)).toBe(false)
      expect(arm.world.roleAssignments.some(({ scope }) => scope === ACCOUNT)).toBe(false)
      expect((await admin(`${PROVIDER}/deletedAccounts`)).body).toMatchObject({ value: [{ id: deleted }] })
      expect((await admin(deleted)).body).toMatchObject({
        properties: { deletionDate: expect.any(String), scheduledPurgeDate: expect.any(String) },
      })
    })

    test('its name and its subdomain stay in use until it is restored or purged', async () => {
      await admin(ACCOUNT, 'DELETE')
      const again = wanted({}, { customSubDomainName: 'contoso-ai' })
      expect(await admin(ACCOUNT, 'PUT', again)).toMatchObject({
        status: 409,
        ...refused('FlagMustBeSetForRestore'),
      })
      expect(await create({}, { customSubDomainName: 'contoso-ai' })).toMatchObject({
        status: 409,
        ...refused('CustomDomainInUse'),
      })
      expect((await admin(deleted, 'DELETE')).status).toBe(202)
      expect((await admin(deleted, 'DELETE')).status).toBe(204)
      expect((await admin(ACCOUNT, 'PUT', again)).status).toBe(201)
    })

    test('a restored account has what it had', async () => {
      await admin(ACCOUNT, 'DELETE')
      const answer = await admin(ACCOUNT, 'PUT', { location: 'swedencentral', properties: { restore: true } })
      expect(answer).toMatchObject({ status: 201, body: { kind: 'AIServices' } })
      settle()
      expect((await admin(`${ACCOUNT}/deployments`)).body).toMatchObject({ value: [{ name: 'chat' }] })
      expect((await admin(`${PROVIDER}/deletedAccounts`)).body).toEqual({ value: [] })
    })

    test('after two days it cannot be restored', async () => {
      await admin(ACCOUNT, 'DELETE')
      arm.clock.advance(48 * 60 * MINUTE)
      expect((await admin(`${PROVIDER}/deletedAccounts`)).body).toEqual({ value: [] })
      expect((await admin(ACCOUNT, 'PUT', wanted({}, { customSubDomainName: 'contoso-ai' }))).status).toBe(
        201,
      )
    })

    test('deleting a group deletes its accounts the same way', async () => {
      await admin(GROUP, 'DELETE')
      expect((await admin(`${PROVIDER}/deletedAccounts`)).body).toMatchObject({ value: [{}, {}] })
    })
  })

  test('an account that was not deleted cannot be restored', async () => {
    expect(await create({}, { restore: true })).toMatchObject({
      status: 404,
      ...refused('CanNotRestoreANonExistingResource'),
    })
  })
})

test.each([
  ['contoso-free', true],
  ['contoso-ai', false],
  ['CONTOSO-AI', false],
  ['no.dots', false],
])('the subdomain %s is available: %s', async (subdomainName, isSubdomainAvailable) => {
  const body = { subdomainName, type: 'Microsoft.CognitiveServices/accounts' }
  const answer = await admin(`${PROVIDER}/checkDomainAvailability`, 'POST', body)
  expect(answer).toMatchObject({ status: 200, body: { isSubdomainAvailable, ...body } })
})

test('the SKUs of a kind are listed and checked', async () => {
  expect((await admin(`${ACCOUNT}/skus`)).body).toEqual({
    value: [{ resourceType: 'Microsoft.CognitiveServices/accounts', sku: { name: 'S0', tier: 'Standard' } }],
  })
  expect((await admin(`${PROVIDER}/skus`)).body).toMatchObject({
    value: expect.arrayContaining([
      expect.objectContaining({ kind: 'TextAnalytics', name: 'F0', tier: 'Free' }),
    ]),
  })
  const asked = { skus: ['S0', 'F0'], kind: 'AIServices', type: 'Microsoft.CognitiveServices/accounts' }
  const answer = await admin(`${PROVIDER}/locations/swedencentral/checkSkuAvailability`, 'POST', asked)
  expect(answer.body).toMatchObject({
    value: [
      { skuName: 'S0', skuAvailable: true },
      { skuName: 'F0', skuAvailable: false },
    ],
  })
})

describe('models', () => {
  const models = (answer: Answer) =>
    v.parse(
      v.object({ value: v.array(v.looseObject({ format: v.string(), name: v.string() })) }),
      answer.body,
    ).value

  test('of a Foundry resource come from every publisher, of an OpenAI resource from OpenAI', async () => {
    const all = models(await admin(`${ACCOUNT}/models`))
    expect(all).toContainEqual(
      expect.objectContaining({
        format: 'Anthropic',
        name: 'claude-haiku-4-5',
        lifecycleStatus: 'GenerallyAvailable',
      }),
    )
    const ofOpenAI = models(await admin(`${ACCOUNT.replace('contoso-ai', 'contoso-regional')}/models`))
    expect(new Set(ofOpenAI.map(({ format }) => format))).toEqual(new Set(['OpenAI']))
    expect((await admin(`${PROVIDER}/locations/swedencentral/models`)).body).toMatchObject({
      value: expect.arrayContaining([
        expect.objectContaining({ kind: 'OpenAI', model: expect.objectContaining({ name: 'gpt-4.1-mini' }) }),
      ]),
    })
  })

  test('have only the dates that the seed gives them', async () => {
    const retired = {
      format: 'OpenAI' as const,
      name: 'gpt-4.1-mini',
      version: '2025-04-14',
      isDefaultVersion: true,
      lifecycleStatus: 'Deprecating' as const,
      deprecation: { inference: '2027-03-01T00:00:00.000Z' },
    }
    arm.world.models.push(retired)
    const found = models(await admin(`${ACCOUNT}/models`)).filter(({ name }) => name === 'gpt-4.1-mini')
    expect(found).toMatchObject([{ lifecycleStatus: 'Deprecating', deprecation: retired.deprecation }])
    const other = models(await admin(`${ACCOUNT}/models`)).find(({ name }) => name === 'gpt-4o')
    expect(other).not.toHaveProperty('deprecation')
  })
})

describe('deployments', () => {
  const CHAT = `${ACCOUNT}/deployments/new`
  const model = { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' }
  const deploy = (properties: object, others: object = {}) =>
    admin(CHAT, 'PUT', {
      sku: { name: 'GlobalStandard', capacity: 3 },
      properties: { model, ...properties },
      ...others,
    })

  test('keep their properties', async () => {
    const created = await deploy(
      { raiPolicyName: 'Microsoft.DefaultV2', versionUpgradeOption: 'NoAutoUpgrade' },
      { tags: { team: 'shop' } },
    )
    expect(created).toMatchObject({ status: 201, body: { properties: { provisioningState: 'Creating' } } })
    settle()
    const { body } = await admin(CHAT)
    expect(body).toMatchObject({
      sku: { name: 'GlobalStandard', capacity: 3 },
      tags: { team: 'shop' },
      properties: {
        model,
        raiPolicyName: 'Microsoft.DefaultV2',
        versionUpgradeOption: 'NoAutoUpgrade',
        provisioningState: 'Succeeded',
      },
    })
    expect(await admin(CHAT, 'PUT', body)).toMatchObject({ status: 200, body })
  })

  test('are created one after the other', async () => {
    expect((await deploy({})).status).toBe(201)
    const other = () => admin(`${ACCOUNT}/deployments/other`, 'PUT', { properties: { model } })
    expect(await other()).toMatchObject({ status: 409, ...refused('RequestConflict') })
    settle()
    expect((await other()).status).toBe(201)
  })

  test('get the default version of the model if none is named', async () => {
    await deploy({ model: { format: 'OpenAI', name: 'gpt-4o' } })
    expect((await admin(CHAT)).body).toMatchObject({ properties: { model: { version: '2024-11-20' } } })
  })

  test.each([
    [{ model: { ...model, name: 'gpt-9' } }, 400, 'DeploymentModelNotSupported'],
    [{ model: { ...model, version: '1999-01-01' } }, 400, 'DeploymentModelNotSupported'],
    [{ raiPolicyName: 'strict' }, 400, 'InvalidResourceProperties'],
    [{ versionUpgradeOption: 'Sometimes' }, 400, 'InvalidRequestContent'],
    [{ spilloverDeploymentName: 'other' }, 501, 'LocalCloudNotImplemented'],
  ])('%j: %d %s', async (properties, status, code) => {
    expect(await deploy(properties)).toMatchObject({ status, ...refused(code) })
    expect((await admin(CHAT)).status).toBe(404)
  })

  test('can change capacity and tags alone', async () => {
    const target = `${ACCOUNT}/deployments/chat`
    const change = { sku: { name: 'GlobalStandard', capacity: 20 }, tags: { team: 'ads' } }
    expect(await admin(target, 'PATCH', change)).toMatchObject({
      status: 200,
      body: { ...change, properties: { model } },
    })
    expect((await admin(target, 'PATCH', { sku: { name: 'Tiny' } })).status).toBe(400)
    expect((await admin(`${target}/skus`)).body).toMatchObject({
      value: expect.arrayContaining([expect.objectContaining({ sku: { name: 'GlobalStandard' } })]),
    })
    expect((await admin(`${PROVIDER}/locations/swedencentral/usages`)).body).toMatchObject({
      value: expect.arrayContaining([
        expect.objectContaining({
          name: expect.objectContaining({ value: 'OpenAI.GlobalStandard.gpt-4.1-mini' }),
          currentValue: 20,
        }),
      ]),
    })
    expect((await admin(`${ACCOUNT}/usages`)).body).toEqual({ value: [] })
  })
})
