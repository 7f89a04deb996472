import {
  ACCOUNT,
  ADMIN,
  GROUP,
  PIPELINE,
  type ResourceManagerFixture,
  ROLES,
  SUBSCRIPTION,
  startResourceManager,
  TENANT,
} from './fixture.ts'

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const admin = (target: string, method = 'GET', body?: unknown) =>
  arm.ask(target, { as: ADMIN, method, ...(body !== undefined && { body }) })
const group = (name: string) => `/subscriptions/${SUBSCRIPTION}/resourcegroups/${name}`

describe('resource groups', () => {
  test('are created once, tagged, and returned', async () => {
    const created = await admin(group('rg-new'), 'PUT', {
      location: 'Sweden Central',
      tags: { team: 'shop' },
    })
    expect(created).toMatchObject({
      status: 201,
      body: { name: 'rg-new', location: 'swedencentral', tags: { team: 'shop' } },
    })
    expect(await admin(group('RG-NEW'))).toMatchObject({ status: 200, body: created.body })
    expect(await admin(group('rg-new'), 'PATCH', { tags: { team: 'ads' } })).toMatchObject({
      status: 200,
      body: { tags: { team: 'ads' } },
    })
    expect(await admin(group('rg-new'), 'PUT', { location: 'westeurope' })).toMatchObject({
      status: 409,
      body: { error: { code: 'InvalidResourceGroupLocation' } },
    })
  })

  test.each([
    ['rg-new', { location: 'atlantis' }, 'InvalidRequestContent'],
    ['rg new', { location: 'swedencentral' }, 'InvalidResourceGroup'],
    ['rg-new', {}, 'InvalidRequestContent'],
  ])('%s with %j is refused', async (name, body, code) => {
    expect(await admin(group(name), 'PUT', body)).toMatchObject({ status: 400, body: { error: { code } } })
  })

  test('need a role that allows it', async () => {
    const body = { location: 'swedencentral' }
    expect((await arm.ask(group('rg-new'), { method: 'PUT', body })).status).toBe(403)
    expect((await arm.ask(GROUP, { method: 'DELETE' })).status).toBe(403)
  })

  test('deleting one deletes what is in it, with an operation to poll', async () => {
    arm.grant(PIPELINE, ROLES.reader, ACCOUNT)
    await admin(`${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop`, 'PUT', {
      location: 'swedencentral',
    })
    const { status, headers } = await admin(GROUP, 'DELETE')
    expect(status).toBe(202)
    const result = new URL(headers.location ?? '')
    expect((await admin(`${result.pathname}${result.search}`)).status).toBe(200)
    expect(await admin(GROUP)).toMatchObject({
      status: 404,
      body: { error: { code: 'ResourceGroupNotFound' } },
    })
    expect(arm.world.accounts).toEqual([])
    expect(arm.world.applications.some(({ resourceId }) => resourceId !== undefined)).toBe(false)
    expect(arm.world.roleAssignments.some(({ scope }) => scope === ACCOUNT)).toBe(false)
  })

  test('cannot be deleted while anything in them is locked', async () => {
    arm.world.locks.push({ name: 'keep', scope: ACCOUNT, level: 'CanNotDelete' })
    expect(await admin(GROUP, 'DELETE')).toMatchObject({
      status: 409,
      body: { error: { code: 'ScopeLocked' } },
    })
    expect((await admin(ACCOUNT)).status).toBe(200)
  })
})

describe('resources of types without their own routes', () => {
  const APP = `${GROUP}/providers/Microsoft.App/containerApps/shop`
  const VERSION = 'api-version=2025-01-01'
  const systemAssigned = {
    principalId: '0a6e1c3f-5d28-4b97-8e04-c91f7d23a6b8',
    clientId: '1b7f2d40-6e39-4ca8-9f15-da208e34b7c9',
  }
  beforeEach(() => {
    arm.world.resources.push({
      id: APP,
      location: 'swedencentral',
      tags: { team: 'shop' },
      identity: { systemAssigned },
      properties: { template: { containers: [{ name: 'shop' }] } },
    })
  })

  test('can be read as the seed has them, with their identity', async () => {
    expect(await admin(`${APP}?${VERSION}`)).toMatchObject({
      status: 200,
      body: {
        id: APP,
        name: 'shop',
        type: 'Microsoft.App/containerApps',
        tags: { team: 'shop' },
        identity: { type: 'SystemAssigned', principalId: systemAssigned.principalId, tenantId: TENANT },
        properties: { template: { containers: [{ name: 'shop' }] } },
      },
    })
  })

  test('need an API version that the provider lists', async () => {
    expect(await admin(`${APP}?api-version=2020-01-01`)).toMatchObject({
      status: 400,
      body: { error: { code: 'NoRegisteredProviderFound', message: expect.stringContaining('2025-01-01') } },
    })
    expect((await admin(`/subscriptions/${SUBSCRIPTION}/providers/microsoft.app`)).body).toMatchObject({
      resourceTypes: expect.arrayContaining([
        expect.objectContaining({
          resourceType: 'containerApps',
          apiVersions: expect.arrayContaining(['2025-01-01']),
        }),
      ]),
    })
  })

  test('need a role that allows reading; a missing one answers 404', async () => {
    expect((await arm.ask(`${APP}?${VERSION}`)).status).toBe(403)
    expect(await admin(`${APP}-2?${VERSION}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'ResourceNotFound' } },
    })
  })

  test('are listed by type, in a group and in a subscription', async () => {
    const inSubscription = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.App/containerApps`
    for (const target of [APP.replace('/shop', ''), inSubscription]) {
      expect(await admin(`${target}?${VERSION}`)).toMatchObject({
        status: 200,
        body: { value: [{ id: APP }] },
      })
      expect((await arm.ask(`${target}?${VERSION}`)).body).toEqual({ value: [] })
    }
    const storage = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts`
    expect((await admin(`${storage}?api-version=2025-01-01`)).body).toEqual({ value: [] })
    expect((await admin(`${GROUP}/providers/Contoso.Wares/shelves`)).status).toBe(501)
  })

  test('are in the list of all resources', async () => {
    const list = (filter: string) =>
      admin(`/subscriptions/${SUBSCRIPTION}/resources?$filter=${encodeURIComponent(filter)}`)
    expect((await admin(`${GROUP}/resources`)).body).toMatchObject({
      value: [{ name: 'contoso-ai' }, { name: 'contoso-regional' }, { name: 'shop' }],
    })
    expect((await list("resourceType eq 'microsoft.app/containerapps'")).body).toMatchObject({
      value: [{ id: APP, identity: { principalId: systemAssigned.principalId } }],
    })
    expect((await list("resourceType eq 'Microsoft.App/jobs'")).body).toEqual({ value: [] })
    expect((await list("substringof('s', name)")).status).toBe(501)
    expect((await admin(`${GROUP}/resources?$expand=createdTime,provisioningState`)).body).toMatchObject({
      value: expect.arrayContaining([
        expect.objectContaining({
          name: 'shop',
          provisioningState: 'Succeeded',
          createdTime: expect.any(String),
        }),
      ]),
    })
    expect((await admin(`${GROUP}/resources?$expand=secrets`)).status).toBe(501)
    expect((await arm.ask(`${GROUP}/resources`)).body).toEqual({ value: [] })
  })
})

describe('providers', () => {
  const provider = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ManagedIdentity`
  const identity = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop`

  test('a write through an unregistered provider is refused until it is registered', async () => {
    const [subscription] = arm.world.subscriptions
    if (subscription) subscription.unregisteredProviders = ['microsoft.managedidentity']
    const create = () => admin(identity, 'PUT', { location: 'swedencentral' })

    expect((await admin(provider)).body).toMatchObject({ registrationState: 'NotRegistered' })
    expect(await create()).toMatchObject({
      status: 409,
      body: { error: { code: 'MissingSubscriptionRegistration' } },
    })
    expect((await admin(identity)).status).toBe(404)
    expect((await admin(`${provider}/register`, 'POST')).body).toMatchObject({
      registrationState: 'Registering',
    })
    expect((await admin(provider)).body).toMatchObject({ registrationState: 'Registered' })
    expect((await create()).status).toBe(201)
  })
})

test('locations have a name and a display name', async () => {
  expect((await admin(`/subscriptions/${SUBSCRIPTION}/locations`)).body).toMatchObject({
    value: expect.arrayContaining([
      expect.objectContaining({ name: 'swedencentral', displayName: 'Sweden Central' }),
    ]),
  })
})
