import { ManagedIdentityCredential } from '@azure/identity'
import { decodeJwt } from 'jose'
import * as v from 'valibot'
import { startLocalCloud } from '../cloud-fixture.ts'

const { cloud, send } = await startLocalCloud()

const RESOURCE = 'https://ai.azure.com'
const {
  IDENTITY_ENDPOINT = '',
  IDENTITY_HEADER = '',
  AZURE_POD_IDENTITY_AUTHORITY_HOST,
} = cloud.jobEnvironment()
const IMDS = `${AZURE_POD_IDENTITY_AUTHORITY_HOST}/metadata/identity/oauth2/token?api-version=2018-02-01`

const appService = (
  query: string,
  headers: Record<string, string> = { 'x-identity-header': IDENTITY_HEADER },
) => send(`${IDENTITY_ENDPOINT}?api-version=2019-08-01${query}`, { headers })
const imds = (query: string, headers: Record<string, string> = { metadata: 'true' }) =>
  send(`${IMDS}${query}`, { headers })

const claimsOf = (json: unknown) =>
  decodeJwt(v.parse(v.object({ access_token: v.string() }), json).access_token)

function identity() {
  const [, found] = cloud.world.applications
  if (!found?.servicePrincipal) throw new Error('The default world has a managed identity')
  return { ...found, principalId: found.servicePrincipal.objectId }
}

/** A second one, which has to be named. */
function otherIdentity() {
  const other = {
    ...identity(),
    clientId: '9d3b6f10-4c2e-4a75-b8d1-60f7c25e9a34',
    resourceId: `${identity().resourceId}-2`,
    servicePrincipal: { objectId: '2f8e41c7-b95d-4063-a7f2-d81c64e3950b', enabled: true },
  }
  cloud.world.applications.push(other)
  return other
}

test('without a name the first managed identity gets a token, in both forms of the request', async () => {
  const { clientId, principalId, resourceId, tenantId } = identity()
  const wanted = { aud: RESOURCE, oid: principalId, appid: clientId, tid: tenantId, xms_mirid: resourceId }
  const one = await appService(`&resource=${RESOURCE}`)
  expect(one).toMatchObject({ status: 200, json: { client_id: clientId, resource: RESOURCE } })
  expect(claimsOf(one.json)).toMatchObject(wanted)
  const other = await imds(`&resource=${RESOURCE}`)
  expect(other).toMatchObject({
    status: 200,
    json: { client_id: clientId, expires_in: '86399', token_type: 'Bearer' },
  })
  expect(claimsOf(other.json)).toMatchObject(wanted)
})

test.each([
  ['client_id', () => otherIdentity().clientId.toUpperCase()],
  ['object_id', () => otherIdentity().servicePrincipal.objectId],
  ['principal_id', () => otherIdentity().servicePrincipal.objectId],
  ['mi_res_id', () => otherIdentity().resourceId],
  ['msi_res_id', () => otherIdentity().resourceId],
])('a managed identity is named by %s', async (name, value) => {
  const asked = `&resource=${RESOURCE}&${name}=${encodeURIComponent(value())}`
  for (const { json } of [await appService(asked), await imds(asked)]) {
    expect(claimsOf(json).oid).toBe('2f8e41c7-b95d-4063-a7f2-d81c64e3950b')
  }
})

test.each([
  [
    'an application that is not a managed identity',
    () => `&resource=${RESOURCE}&client_id=${cloud.world.applications[0]?.clientId}`,
  ],
  ['an unknown identity', () => `&resource=${RESOURCE}&object_id=00000000-0000-4000-8000-00000000000f`],
  ['no resource', () => ''],
  ['a resource that the tenant does not know', () => '&resource=https://nowhere.example'],
])('%s is refused', async (_, query) => {
  expect(await appService(query())).toMatchObject({ status: 400, json: { statusCode: 400 } })
  expect(await imds(query())).toMatchObject({
    status: 400,
    json: { error: expect.stringMatching(/^invalid_/) },
  })
})

test('a request without the Metadata or secret header is refused', async () => {
  expect(await appService(`&resource=${RESOURCE}`, {})).toMatchObject({ status: 401 })
  expect(await appService(`&resource=${RESOURCE}`, { 'x-identity-header': 'guessed' })).toMatchObject({
    status: 401,
  })
  expect(await imds(`&resource=${RESOURCE}`, {})).toMatchObject({ status: 400 })
})

test('the Azure SDK gets a token from it', async () => {
  const before = { ...process.env }
  Object.assign(process.env, { IDENTITY_ENDPOINT, IDENTITY_HEADER })
  try {
    const { token } = await new ManagedIdentityCredential().getToken(`${RESOURCE}/.default`)
    expect(decodeJwt(token).oid).toBe(identity().principalId)
  } finally {
    process.env = before
  }
})

test('the journal names the caller, and faults hit the endpoint', async () => {
  cloud.faults.add({
    name: 'away',
    service: 'managed-identity',
    times: 1,
    effect: { kind: 'reply', status: 503 },
  })
  expect(await imds(`&resource=${RESOURCE}`)).toMatchObject({ status: 503 })
  await imds(`&resource=${RESOURCE}`)
  expect(cloud.journal.entries).toMatchObject([
    { service: 'managed-identity', operation: 'instanceMetadata.token', status: 503, fault: 'away' },
    { operation: 'instanceMetadata.token', status: 200, caller: identity().principalId },
  ])
})
