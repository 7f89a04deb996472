import * as v from 'valibot'
import {
  ACCOUNT,
  ADMIN,
  GROUP,
  type ResourceManagerFixture,
  SUBSCRIPTION,
  startResourceManager,
} from './fixture.ts'

/** Requests in the forms in which az 2.91 makes them; __tests__/compatibility/ runs the program itself, where it is installed. */

const REGIONAL = `${GROUP}/providers/Microsoft.CognitiveServices/accounts/contoso-regional`

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const admin = (target: string, method: string, body?: unknown) =>
  arm.ask(target, { as: ADMIN, method, ...(body !== undefined && { body }) })

test('az cloud register: the metadata of the cloud needs no token', async () => {
  const answer = await arm.ask('/metadata/endpoints?api-version=2022-09-01', {
    headers: { authorization: '' },
  })
  expect(answer).toMatchObject({
    status: 200,
    body: {
      name: 'LocalCloud',
      authentication: {
        loginEndpoint: 'https://login.invalid',
        audiences: expect.arrayContaining(['https://management.core.windows.net/']),
        identityProvider: 'AAD',
      },
      resourceManager: `${arm.url}/`,
      suffixes: {},
    },
  })
})

test('az ad: the metadata has the address of Microsoft Graph', async () => {
  const { body } = await arm.ask('/metadata/endpoints')
  expect(body).toMatchObject({ microsoftGraphResourceId: 'https://graph.invalid/' })
})

test('az group exists: HEAD answers 204 or 404', async () => {
  const group = (name: string) => `/subscriptions/${SUBSCRIPTION}/resourcegroups/${name}`
  expect((await admin(group('rg-keyless'), 'HEAD')).status).toBe(204)
  expect((await admin(group('rg-nowhere'), 'HEAD')).status).toBe(404)
})

test('az cognitiveservices account deployment create: the capacity is sent as text', async () => {
  const answer = await admin(`${ACCOUNT}/deployments/chat-2`, 'PUT', {
    properties: { model: { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' } },
    sku: { name: 'GlobalStandard', capacity: '3' },
  })
  expect(answer).toMatchObject({ status: 201, body: { sku: { name: 'GlobalStandard', capacity: 3 } } })
  const refused = await admin(`${ACCOUNT}/deployments/chat-3`, 'PUT', {
    properties: { model: { format: 'OpenAI', name: 'gpt-4.1-mini' } },
    sku: { name: 'GlobalStandard', capacity: 'three' },
  })
  expect(refused).toMatchObject({ status: 400, body: { error: { code: 'InvalidRequestContent' } } })
})

describe('az resource update: sends the whole account back', () => {
  test('changes what it changed', async () => {
    const account = v.parse(
      v.looseObject({ properties: v.looseObject({ disableLocalAuth: v.literal(true) }) }),
      (await admin(ACCOUNT, 'GET')).body,
    )
    const changed = { ...account, properties: { ...account.properties, disableLocalAuth: false } }
    expect(await admin(ACCOUNT, 'PUT', changed)).toMatchObject({
      status: 200,
      body: { properties: { disableLocalAuth: false, customSubDomainName: 'contoso-ai' } },
    })
  })

  test('removes what it leaves out, except the subdomain', async () => {
    const answer = await admin(ACCOUNT, 'PUT', { location: 'swedencentral', properties: {} })
    expect(answer).toMatchObject({ status: 200, body: { properties: { customSubDomainName: 'contoso-ai' } } })
    expect(answer).not.toHaveProperty('body.properties.disableLocalAuth')
  })

  test('needs the right to write', async () => {
    expect((await arm.ask(ACCOUNT, { method: 'PUT', body: { properties: {} } })).status).toBe(403)
  })
})

describe('az cognitiveservices account update --custom-domain', () => {
  const update = (id: string, customSubDomainName: string) =>
    admin(id, 'PATCH', { sku: { name: 'S0' }, properties: { customSubDomainName } })

  test('gives an account that lost its subdomain the same host as before', async () => {
    const [account] = arm.world.accounts
    expect(account?.name).toBe('contoso-ai')
    if (account) account.customSubDomainName = null
    expect((await admin(ACCOUNT, 'GET')).body).toMatchObject({
      properties: { endpoint: 'https://127.0.0.1:4400/' },
    })
    expect(await update(ACCOUNT, 'contoso-ai')).toMatchObject({
      status: 202,
      body: { properties: { customSubDomainName: 'contoso-ai', endpoint: 'https://127.0.0.1:4401/' } },
    })
  })

  test('cannot change a subdomain; a new one opens a host', async () => {
    expect((await update(ACCOUNT, 'contoso-ai')).status).toBe(200)
    expect(await update(ACCOUNT, 'other')).toMatchObject({
      status: 400,
      body: { error: { message: "The custom subdomain 'contoso-ai' cannot be changed." } },
    })
    expect(await update(REGIONAL, 'contoso-regional')).toMatchObject({
      status: 202,
      body: { properties: { endpoint: 'https://contoso-regional.openai.invalid/' } },
    })
  })
})
