import * as v from 'valibot'
import { accessToken, accessTokenFor, idToken, pipelineOf, startLocalCloud } from '../cloud-fixture.ts'

const { cloud, send } = await startLocalCloud()

type Permissions = NonNullable<
  NonNullable<ReturnType<typeof pipelineOf>['servicePrincipal']>['graphPermissions']
>

/** Lets the pipeline do in the directory what `permissions` say. */
function mayIn(...permissions: Permissions): void {
  const { servicePrincipal } = pipelineOf(cloud)
  if (servicePrincipal) servicePrincipal.graphPermissions = permissions
}

const ask = (target: string, method?: Method, body?: unknown) => askVersion('v1.0', target, method, body)
const askBeta = (target: string, method?: Method, body?: unknown) => askVersion('beta', target, method, body)

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

async function askVersion(version: string, target: string, method: Method = 'GET', body?: unknown) {
  const token = await accessToken(cloud, send, cloud.endpoints.graph)
  const authorization = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const { status, json, text, headers } = await send(`${cloud.endpoints.graph}/${version}${target}`, {
    method,
    headers: { ...authorization, ...(method === 'PATCH' && { prefer: 'create-if-missing' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status, body: json, text, location: headers.location }
}

const made = v.object({ id: v.string(), appId: v.string() })
const listed = (body: unknown) => v.parse(v.object({ value: v.array(v.looseObject({})) }), body).value
const refused = (code: string) => ({ body: { error: { code, message: expect.any(String) } } })
const trust = {
  name: 'shop-production',
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:contoso/shop:environment:production',
  audiences: ['api://AzureADTokenExchange'],
}

const createApplication = async (displayName = 'shop') => {
  const { status, body } = await ask('/applications', 'POST', {
    displayName,
    signInAudience: 'AzureADMyOrg',
    keyCredentials: [],
  })
  expect(status).toBe(201)
  return v.parse(made, body)
}

beforeEach(() => mayIn('Directory.ReadWrite.All'))

describe('who may ask', () => {
  test('a request without a token for Graph is refused', async () => {
    const arm = await accessToken(cloud, send, cloud.endpoints.resourceManager)
    for (const authorization of ['', 'Bearer x', `Bearer ${arm}`]) {
      const { status, json } = await send(`${cloud.endpoints.graph}/v1.0/applications`, {
        headers: { authorization },
      })
      expect({ status, json }).toMatchObject({
        status: 401,
        json: { error: { code: 'InvalidAuthenticationToken' } },
      })
    }
  })

  test('a token for graph.microsoft.com is accepted', async () => {
    const token = await accessToken(cloud, send, 'https://graph.microsoft.com')
    const { status } = await send(`${cloud.endpoints.graph}/beta/applications`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(status).toBe(200)
  })

  test.each([
    [[], '/applications', 'GET', 403],
    [['Application.Read.All'], '/applications', 'GET', 200],
    [['Application.Read.All'], '/applications', 'POST', 403],
    [['Application.Read.All'], '/groups', 'GET', 403],
    [['Application.ReadWrite.All'], '/applications', 'POST', 201],
    [['Group.Read.All'], '/groups', 'GET', 200],
    [['User.Read.All'], '/users', 'GET', 200],
    [['User.Read.All'], '/servicePrincipals', 'GET', 403],
  ] as const)('with %j: %s %s is %d', async (permissions, target, method, status) => {
    mayIn(...permissions)
    const answer = await ask(target, method, method === 'POST' ? { displayName: 'shop' } : undefined)
    expect(answer.status).toBe(status)
    if (status === 403) expect(answer).toMatchObject(refused('Authorization_RequestDenied'))
  })
})

describe('applications', () => {
  test('can be created, found as az finds them, changed and deleted', async () => {
    const { id, appId } = await createApplication()
    for (const filter of [`appId eq '${appId}'`, "displayName eq 'shop'", "startswith(displayName,'sho')"]) {
      const { body } = await ask(`/applications?$filter=${encodeURIComponent(filter)}`)
      expect(listed(body)).toMatchObject([{ id, appId, displayName: 'shop', signInAudience: 'AzureADMyOrg' }])
    }
    expect((await ask(`/applications/${id}`, 'PATCH', { displayName: 'store' })).status).toBe(204)
    expect((await ask(`/applications/${id}?$select=displayName`)).body).toEqual({
      '@odata.context': expect.stringContaining('#applications/$entity'),
      displayName: 'store',
    })
    expect((await ask(`/applications/${id}`, 'DELETE')).status).toBe(204)
    expect(await ask(`/applications/${id}`)).toMatchObject({
      status: 404,
      ...refused('Request_ResourceNotFound'),
    })
  })

  test('do not include those of another tenant or managed identities', async () => {
    const { value } = v.parse(
      v.object({ value: v.array(v.looseObject({})) }),
      (await ask('/applications')).body,
    )
    expect(value.map(({ displayName }) => displayName)).toEqual(['contoso-pipeline'])
  })

  test('the replies to creation have a Location header', async () => {
    const { id, appId } = await createApplication()
    const directory = `${cloud.endpoints.graph}/v2/${pipelineOf(cloud).tenantId}`
    const principal = await ask('/servicePrincipals', 'POST', { appId })
    const credential = await ask(`/applications/${id}/federatedIdentityCredentials`, 'POST', trust)
    expect(principal.location).toBe(
      `${directory}/directoryObjects/${Object(principal.body).id}/Microsoft.DirectoryServices.ServicePrincipal`,
    )
    expect(credential.location).toBe(
      `${directory}/federatedIdentityCredentials/${Object(credential.body).id}`,
    )
  })

  test('a certificate answers 501', async () => {
    const certificate = { type: 'AsymmetricX509Cert', usage: 'Verify', key: 'MIIC' }
    const body = { displayName: 'shop', keyCredentials: [certificate] }
    expect(await ask('/applications', 'POST', body)).toMatchObject({
      status: 501,
      ...refused('LocalCloudNotImplemented'),
    })
  })

  test('a doubled quote in a filter is one quote', async () => {
    await createApplication("O'Neil and sons")
    const filter = encodeURIComponent("displayName eq 'O''Neil and sons'")
    expect(listed((await ask(`/applications?$filter=${filter}`)).body)).toHaveLength(1)
  })

  test.each([
    [{ displayName: 'shop', web: { redirectUris: [] } }, 501, 'LocalCloudNotImplemented'],
    [{ displayName: 'shop', identifierUris: ['api://shop'] }, 501, 'LocalCloudNotImplemented'],
    [{ displayName: '' }, 400, 'Request_BadRequest'],
    [{}, 400, 'Request_BadRequest'],
  ])('%j: %d %s', async (body, status, code) => {
    const before = cloud.world.applications.length
    expect(await ask('/applications', 'POST', body)).toMatchObject({ status, ...refused(code) })
    expect(cloud.world.applications).toHaveLength(before)
  })

  test('what is not implemented is named in the reply and in the journal', async () => {
    const { id } = await createApplication()
    const path = `/applications/${id}/addPassword`
    expect(await ask(path, 'POST', {})).toMatchObject({ status: 501, ...refused('LocalCloudNotImplemented') })
    expect(cloud.journal.entries.at(-1)).toMatchObject({
      service: 'graph',
      unimplemented: `POST /v1.0${path}`,
    })
    expect((await ask('/applications?$expand=owners')).status).toBe(501)
    expect((await ask(`/applications?$filter=${encodeURIComponent('createdDateTime gt 2024')}`)).status).toBe(
      501,
    )
  })
})

test('a new application with a service principal and a credential signs in, and can hold a role', async () => {
  const { id, appId } = await createApplication()
  const principal = await ask('/servicePrincipals', 'POST', { appId, accountEnabled: true })
  expect(principal).toMatchObject({ status: 201, body: { appId, servicePrincipalType: 'Application' } })
  const credential = await ask(`/applications/${id}/federatedIdentityCredentials`, 'POST', {
    ...trust,
    issuer: cloud.endpoints.github,
    subject: 'repo:contoso/shop:ref:refs/heads/main',
  })
  expect(credential.status).toBe(201)
  const token = await accessTokenFor(send, {
    authorityHost: cloud.endpoints.authorityHost,
    tenantId: pipelineOf(cloud).tenantId,
    clientId: appId,
    resource: 'https://management.azure.com',
    assertion: await idToken(cloud, send),
  })
  expect(token).not.toBe('')
})

describe('service principals', () => {
  test('are found by id or app id; those of managed identities have that type', async () => {
    const { clientId, servicePrincipal } = pipelineOf(cloud)
    const found = async (filter: string) =>
      listed((await ask(`/servicePrincipals?$filter=${encodeURIComponent(filter)}`)).body)
    const expected = [{ id: servicePrincipal?.objectId, appId: clientId, accountEnabled: true }]
    expect(await found(`appId eq '${clientId}'`)).toMatchObject(expected)
    expect(await found(`servicePrincipalNames/any(c:c eq '${clientId}')`)).toMatchObject(expected)
    expect(await found("displayName eq 'contoso-pipeline-identity'")).toMatchObject([
      {
        servicePrincipalType: 'ManagedIdentity',
        alternativeNames: ['isExplicit=True', expect.stringContaining('/userAssignedIdentities/')],
      },
    ])
  })

  test('can be created once for an application, and not for an unknown app id', async () => {
    const { clientId } = pipelineOf(cloud)
    expect(await ask('/servicePrincipals', 'POST', { appId: clientId })).toMatchObject({
      status: 409,
      ...refused('Request_MultipleObjectsWithSameKeyValue'),
    })
    const nobody = '00000000-1111-4222-8333-444444444444'
    expect((await ask('/servicePrincipals', 'POST', { appId: nobody })).status).toBe(400)
  })

  test('can be disabled and deleted', async () => {
    const { id, appId } = await createApplication()
    const { body } = await ask('/servicePrincipals', 'POST', { appId })
    const target = `/servicePrincipals/${v.parse(made, body).id}`
    expect((await ask(target, 'PATCH', { accountEnabled: false })).status).toBe(204)
    expect((await ask(target)).body).toMatchObject({ accountEnabled: false })
    expect((await ask(target, 'DELETE')).status).toBe(204)
    expect((await ask(target)).status).toBe(404)
    expect((await ask(`/applications/${id}`)).status).toBe(200)
  })
})

describe('federated credentials of an application', () => {
  test('can be created, read by name and by id, changed and deleted', async () => {
    const collection = `/applications/${(await createApplication()).id}/federatedIdentityCredentials`
    const { body } = await ask(collection, 'POST', { ...trust, description: 'of the shop' })
    expect(body).toMatchObject({ ...trust, description: 'of the shop' })
    const { id } = v.parse(v.object({ id: v.string() }), body)
    expect((await ask(`${collection}/${trust.name}`)).body).toMatchObject({ id, ...trust })
    expect(
      (await ask(`${collection}/${id}`, 'PATCH', { subject: 'repo:contoso/shop:pull_request' })).status,
    ).toBe(204)
    expect(listed((await ask(collection)).body)).toMatchObject([
      { id, subject: 'repo:contoso/shop:pull_request', description: 'of the shop' },
    ])
    expect((await ask(`${collection}/${id}`, 'DELETE')).status).toBe(204)
    expect(await ask(`${collection}/${id}`)).toMatchObject({
      status: 404,
      ...refused('Request_ResourceNotFound'),
    })
  })

  const { subject: _, ...withoutSubject } = trust
  const claimsMatchingExpression = {
    value: "claims['sub'] matches 'repo:contoso/*' and claims['repository_id'] eq '674512309'",
    languageVersion: 1,
  }
  const flexible = { ...withoutSubject, claimsMatchingExpression }

  test('beta accepts a flexible one, with an expression and no subject', async () => {
    const collection = `/applications(appId='${(await createApplication()).appId}')/federatedIdentityCredentials`
    expect(await askBeta(collection, 'POST', flexible)).toMatchObject({
      status: 201,
      body: { subject: null, claimsMatchingExpression },
    })
    expect((await askBeta(collection)).body).toMatchObject({
      '@odata.context': expect.stringContaining('/beta/$metadata#applications('),
      value: [{ name: trust.name, subject: null, claimsMatchingExpression }],
    })
    const others = { ...flexible, name: 'other' }
    expect((await askBeta(collection, 'POST', { ...others, subject: trust.subject })).status).toBe(400)
    expect((await askBeta(collection, 'POST', { ...withoutSubject, name: 'other' })).status).toBe(400)
    const subjectAlone = { value: "claims['sub'] matches 'repo:contoso/*'", languageVersion: 1 }
    for (const issuer of [trust.issuer, cloud.endpoints.github])
      expect(
        await askBeta(collection, 'POST', { ...others, issuer, claimsMatchingExpression: subjectAlone }),
      ).toMatchObject({ status: 400, ...refused('InvalidFederatedIdentityCredentialValue') })
  })

  test('v1.0 refuses a flexible one, and fails to list an application that has one', async () => {
    const collection = `/applications/${(await createApplication()).id}/federatedIdentityCredentials`
    expect(await ask(collection, 'POST', flexible)).toMatchObject({
      status: 400,
      body: { error: { message: "Property 'subject' cannot be empty." } },
    })
    await ask(collection, 'POST', trust)
    await askBeta(collection, 'POST', { ...flexible, name: 'flexible' })

    for (const { status, text } of [await ask(collection), await ask(`${collection}/flexible`)]) {
      expect({ status, text }).toEqual({
        status: 200,
        text: expect.stringMatching(/"issuer":"[^"]+"\{"error":/),
      })
      expect(() => JSON.parse(text)).toThrow(SyntaxError)
    }
    expect((await ask(`${collection}/${trust.name}`)).body).toMatchObject(trust)
  })

  test('can be created and changed by name, at the client id', async () => {
    const { appId, id } = await createApplication()
    await ask('/servicePrincipals', 'POST', { appId })
    expect((await ask(`/servicePrincipals(appId='${appId}')`)).body).toMatchObject({ appId })
    expect((await ask(`/applications(appId='${appId}')`)).body).toMatchObject({ id })
    for (const unknown of [`/applications(appId='${id}')`, `/applications/${appId}`])
      expect((await ask(unknown)).status).toBe(404)

    const { name, ...others } = trust
    const single = `/applications(appId='${appId}')/federatedIdentityCredentials(name='${name}')`
    expect((await ask(single)).status).toBe(404)
    const token = await accessToken(cloud, send, cloud.endpoints.graph)
    const withoutPreference = await send(`${cloud.endpoints.graph}/v1.0${single}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(others),
    })
    expect(withoutPreference.status).toBe(404)
    expect(await ask(single, 'PATCH', others)).toMatchObject({ status: 201, body: trust })
    expect((await ask(single, 'PATCH', { description: 'of the shop' })).status).toBe(204)
    expect((await ask(single)).body).toMatchObject({ ...trust, description: 'of the shop' })
    expect((await ask(single.replace(name, 'other'), 'PATCH', { description: 'x' })).status).toBe(400)
    expect((await ask(single, 'DELETE')).status).toBe(204)
  })

  test('a second one with the same name or subject is refused, and so is a twenty-first', async () => {
    const collection = `/applications/${(await createApplication()).id}/federatedIdentityCredentials`
    const create = async (changes: object) => (await ask(collection, 'POST', { ...trust, ...changes })).status
    expect(await create({})).toBe(201)
    expect(await create({ subject: 'repo:contoso/other:x' })).toBe(409)
    expect(await create({ name: 'other' })).toBe(409)
    for (let count = 1; count < 20; count += 1) {
      expect(await create({ name: `more-${count}`, subject: `repo:contoso/${count}:x` })).toBe(201)
    }
    expect(await create({ name: 'one-more', subject: 'repo:contoso/20:x' })).toBe(400)
  })
})

describe('groups', () => {
  const group = {
    displayName: 'pipelines',
    mailNickname: 'pipelines',
    mailEnabled: false,
    securityEnabled: true,
  }

  test('have members, who hold the roles of the group', async () => {
    const { body } = await ask('/groups', 'POST', group)
    const { id } = v.parse(v.object({ id: v.string() }), body)
    const principal = pipelineOf(cloud).servicePrincipal?.objectId ?? ''
    const reference = { '@odata.id': `${cloud.endpoints.graph}/v1.0/directoryObjects/${principal}` }
    const members = `/groups/${id}/members`
    expect((await ask(`${members}/$ref`, 'POST', reference)).status).toBe(204)
    expect((await ask(`${members}/$ref`, 'POST', reference)).status).toBe(400)
    expect(listed((await ask(members)).body)).toMatchObject([
      { '@odata.type': '#microsoft.graph.servicePrincipal', id: principal },
    ])
    expect(
      (await ask(`/directoryObjects/${principal}/checkMemberGroups`, 'POST', { groupIds: [id] })).body,
    ).toMatchObject({ value: [id] })
    expect((await ask(`${members}/${principal}/$ref`, 'DELETE')).status).toBe(204)
    expect(listed((await ask(members)).body)).toEqual([])
    expect((await ask(`/groups/${id}`, 'DELETE')).status).toBe(204)
    expect((await ask(`/groups/${id}`)).status).toBe(404)
  })

  test('that are not security groups answer 501', async () => {
    for (const others of [{ mailEnabled: true }, { groupTypes: ['Unified'] }, { visibility: 'Private' }])
      expect(await ask('/groups', 'POST', { ...group, ...others })).toMatchObject({
        status: 501,
        ...refused('LocalCloudNotImplemented'),
      })
    expect((await ask('/groups', 'POST', { ...group, mailEnabled: 'no' })).status).toBe(400)
  })

  test('have a security identifier made from their id', async () => {
    await ask('/groups', 'POST', group)
    const made = cloud.world.groups.at(-1)
    if (made) made.objectId = '795b1624-5b39-4705-bfea-48a52592e18f'
    expect((await ask('/groups/795b1624-5b39-4705-bfea-48a52592e18f')).body).toMatchObject({
      securityIdentifier: 'S-1-12-1-2036012580-1191533369-2773019327-2413924901',
    })
  })
})

test('getByIds returns each object with its type, and leaves out unknown ids', async () => {
  const principal = pipelineOf(cloud).servicePrincipal?.objectId ?? ''
  const user = cloud.world.users[0]?.objectId ?? ''
  const ids = [principal, user, '00000000-1111-4222-8333-444444444444']
  const types = (body: unknown) => listed(body).map(object => object['@odata.type'])
  expect(types((await ask('/directoryObjects/getByIds', 'POST', { ids })).body)).toEqual([
    '#microsoft.graph.servicePrincipal',
    '#microsoft.graph.user',
  ])
  const users = await ask('/directoryObjects/getByIds', 'POST', { ids, types: ['user', 'group'] })
  expect(types(users.body)).toEqual(['#microsoft.graph.user'])
  expect((await ask('/users/admin@contoso.example')).body).toMatchObject({ id: user })
})
