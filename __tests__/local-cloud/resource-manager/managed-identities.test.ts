import * as v from 'valibot'
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

test('an identity is created once, with a service principal that can hold roles', async () => {
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

test('a caller without the right cannot create or read identities', async () => {
  expect((await arm.ask(IDENTITY, { method: 'PUT', body: { location: 'x' } })).status).toBe(403)
  expect((await arm.ask(IDENTITIES)).status).toBe(403)
})

test('an identity that does not exist has no credentials', async () => {
  expect(await credential('github')).toMatchObject({
    status: 404,
    body: { error: { code: 'ResourceNotFound' } },
  })
})

test('a credential is created, changed by name, and listed', async () => {
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

test('issuer and subject are unique in an identity, and a twenty-first credential is refused', async () => {
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

test('an identity has tags and a location, and can be changed and deleted', async () => {
  const created = await put(IDENTITY, { location: 'westeurope', tags: { team: 'shop' } })
  expect(created).toMatchObject({ status: 201, body: { location: 'westeurope', tags: { team: 'shop' } } })
  const changed = await arm.ask(IDENTITY, { as: ADMIN, method: 'PATCH', body: { tags: { team: 'ads' } } })
  expect(changed).toMatchObject({ status: 200, body: { location: 'westeurope', tags: { team: 'ads' } } })
  const inSubscription = IDENTITIES.replace('/resourceGroups/rg-keyless', '')
  expect((await get(inSubscription)).body).toEqual({ value: [changed.body] })
  const remove = () => arm.ask(IDENTITY, { as: ADMIN, method: 'DELETE' })
  expect((await remove()).status).toBe(200)
  expect((await remove()).status).toBe(204)
  expect((await get(IDENTITY)).status).toBe(404)
})

test('a credential is read and deleted by its name', async () => {
  await create()
  const { body } = await credential('github')
  const target = `${IDENTITY}/federatedIdentityCredentials/github`
  expect(await get(target)).toMatchObject({ status: 200, body })
  const remove = () => arm.ask(target, { as: ADMIN, method: 'DELETE' })
  expect((await remove()).status).toBe(200)
  expect((await remove()).status).toBe(204)
  expect((await get(target)).status).toBe(404)
})

test('many credentials are listed in pages', async () => {
  await create()
  for (const name of ['first', 'second', 'third'])
    await credential(name, { subject: `repo:contoso/${name}:x` })
  const { body } = await get(`${IDENTITY}/federatedIdentityCredentials?$top=2`)
  const { value, nextLink } = v.parse(v.object({ value: v.array(v.unknown()), nextLink: v.string() }), body)
  expect(value).toMatchObject([{ name: 'first' }, { name: 'second' }])
  const { pathname, search } = new URL(nextLink)
  expect((await get(`${pathname}${search}`)).body).toMatchObject({ value: [{ name: 'third' }] })
})

describe('a flexible credential is refused', () => {
  const flexible = (value: string, version: string, others: object) =>
    put(`${IDENTITY}/federatedIdentityCredentials/any-branch?api-version=${version}`, {
      properties: {
        issuer: trust.issuer,
        audiences: trust.audiences,
        claimsMatchingExpression: { value, languageVersion: 1 },
        ...others,
      },
    })
  const expression = "claims['sub'] matches 'repo:contoso/shop:*' and claims['repository_id'] eq '674512309'"
  beforeEach(create)

  test.each([
    [expression, '2025-01-31-preview', {}, 'lacks all required claims'],
    [
      "claims['sub'] matches 'x*'",
      '2025-01-31-preview',
      { issuer: 'https://gitlab.com' },
      'lacks all required',
    ],
    [expression, '2023-01-31', {}, 'known since'],
    [expression, '2025-01-31-preview', { subject: 'repo:contoso/shop:ref:refs/heads/main' }, 'must specify'],
  ])('%s under %s with %j', async (value, version, others, why) => {
    expect(await flexible(value, version, others)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining(why) } },
    })
    expect((await get(`${IDENTITY}/federatedIdentityCredentials`)).body).toMatchObject({ value: [] })
  })
})
