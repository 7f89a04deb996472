import { ADMIN, GROUP, type ResourceManagerFixture, startResourceManager } from './fixture.ts'

const IDENTITIES = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
const IDENTITY = `${IDENTITIES}/shop-pipeline`
const trust = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:contoso/shop:environment:production',
  audiences: ['api://AzureADTokenExchange'],
}

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const put = (target: string, body: unknown) => arm.ask(target, { as: ADMIN, method: 'PUT', body })
const get = (target: string) => arm.ask(target, { as: ADMIN })
const create = () => put(IDENTITY, { location: 'swedencentral' })
const credential = (name: string, others: object = {}) =>
  put(`${IDENTITY}/federatedIdentityCredentials/${name}`, { properties: { ...trust, ...others } })

test('an identity is made once, with a service principal that may hold roles', async () => {
  const created = await create()
  expect(created).toMatchObject({
    status: 201,
    body: {
      id: IDENTITY,
      name: 'shop-pipeline',
      location: 'swedencentral',
      properties: { tenantId: expect.any(String) },
    },
  })
  expect(
    await put(IDENTITY.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'), { location: 'x' }),
  ).toMatchObject({
    status: 200,
    body: created.body,
  })
  expect(await get(IDENTITY)).toMatchObject({ status: 200, body: created.body })
  expect(await get(IDENTITIES)).toMatchObject({ status: 200, body: { value: [created.body] } })
  const principalId = arm.world.applications.at(-1)?.servicePrincipal?.objectId
  expect(principalId).toBeDefined()
  expect(created.body).toMatchObject({ properties: { principalId } })
})

test('whoever has no right to identities makes none, and sees none', async () => {
  expect((await arm.ask(IDENTITY, { method: 'PUT', body: { location: 'x' } })).status).toBe(403)
  expect((await arm.ask(IDENTITIES)).status).toBe(403)
})

test('what does not exist has no credentials', async () => {
  expect(await credential('github')).toMatchObject({
    status: 404,
    body: { error: { code: 'ResourceNotFound' } },
  })
})

test('a credential is made, changed under its name, and listed', async () => {
  await create()
  expect(await credential('github')).toMatchObject({
    status: 201,
    body: { name: 'github', properties: trust },
  })
  const changed = { subject: 'repo:contoso/shop:pull_request' }
  expect(await credential('github', changed)).toMatchObject({ status: 200, body: { properties: changed } })
  expect(await get(`${IDENTITY}/federatedIdentityCredentials`)).toMatchObject({
    body: { value: [{ name: 'github', properties: { ...trust, ...changed } }] },
  })
  expect(arm.world.applications.at(-1)?.federatedCredentials).toMatchObject([
    { createdOn: expect.any(String) },
  ])
})

test('issuer and subject are unique on an identity, and twenty credentials are all it has', async () => {
  await create()
  await credential('github')
  expect((await credential('github-2')).status).toBe(409)
  for (let made = 1; made < 20; made += 1)
    await credential(`github-${made}`, { subject: `repo:contoso/${made}:x` })
  expect((await credential('github-20', { subject: 'repo:contoso/20:x' })).status).toBe(400)
})

test.each([
  ['g', {}],
  ['github', { audiences: [] }],
  ['github', { audiences: ['a', 'b'] }],
  ['github', { issuer: 'token.actions' }],
  ['github', { subject: 's'.repeat(601) }],
])('a credential %s with %j is refused', async (name, others) => {
  await create()
  expect((await credential(name, others)).status).toBe(400)
})
