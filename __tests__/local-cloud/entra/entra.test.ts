import { ClientAssertionCredential } from '@azure/identity'
import { decodeJwt, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose'
import * as v from 'valibot'
import type { LocalCloud } from '../../../local-cloud/local-cloud.ts'
import { type FederatedCredential, GITHUB_ISSUER } from '../../../local-cloud/world.ts'
import { type Answer, idToken, pipelineOf, publishedKey, startLocalCloud } from '../cloud-fixture.ts'

const { cloud, send } = await startLocalCloud({ lag: { federatedCredentials: [0, 60_000] } })

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const MANAGEMENT = 'https://management.azure.com/.default'
const STRANGE_GUID = '00000000-0000-4000-8000-00000000000f'

const tokenUrl = (tenant = pipelineOf(cloud).tenantId) =>
  `${cloud.endpoints.authorityHost}/${tenant}/oauth2/v2.0/token`

type Form = Record<string, string | undefined>

async function askToken(changes: Form = {}, tenant?: string): Promise<Answer> {
  const form: Form = {
    grant_type: 'client_credentials',
    client_id: pipelineOf(cloud).clientId,
    scope: MANAGEMENT,
    client_assertion_type: JWT_BEARER,
    client_assertion: changes.client_assertion ?? (await idToken(cloud, send)),
    ...changes,
  }
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value)
  return send(tokenUrl(tenant), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
  })
}

const accessToken = (answer: Answer) =>
  v.parse(v.object({ access_token: v.string() }), answer.json).access_token

/** An assertion like GitHub's, signed by somebody else's key. */
async function forged(
  changes: Record<string, unknown> = {},
  algorithm = 'RS256',
  kid = 'github-1',
): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm)
  const claims = decodeJwt(await idToken(cloud, send))
  return new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: algorithm, kid }).sign(privateKey)
}

function credential(): FederatedCredential {
  const [first] = pipelineOf(cloud).federatedCredentials
  if (first === undefined) throw new Error('The pipeline has no federated credential')
  return first
}

/** The pipeline's credential as a flexible one. */
function flexible(value: string): void {
  const own = credential()
  own.claimsMatchingExpression = { value, languageVersion: 1 }
  delete own.subject
}

function sdkCredential(assertion: () => Promise<string>, { caPem, endpoints }: LocalCloud = cloud) {
  const { tenantId, clientId } = pipelineOf(cloud)
  return new ClientAssertionCredential(tenantId, clientId, assertion, {
    authorityHost: endpoints.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: caPem },
    retryOptions: { maxRetries: 0 },
  })
}

describe('token endpoint, if everything matches', () => {
  test('answers the Azure SDK with an access token of the service principal', async () => {
    const { token, expiresOnTimestamp } = await sdkCredential(() => idToken(cloud, send)).getToken(MANAGEMENT)
    const { tenantId, clientId, servicePrincipal } = pipelineOf(cloud)
    expect(decodeJwt(token)).toMatchObject({
      aud: 'https://management.azure.com',
      iss: `https://sts.windows.net/${tenantId}/`,
      tid: tenantId,
      oid: servicePrincipal?.objectId,
      sub: servicePrincipal?.objectId,
      appid: clientId,
      appidacr: '2',
      idtyp: 'app',
      ver: '1.0',
    })
    expect(decodeJwt(token)).not.toHaveProperty('xms_mirid')
    expect(expiresOnTimestamp).toBeGreaterThan(cloud.clock.now() + 3_500_000)
  })

  test.each([
    [
      "claims['sub'] matches 'repo:contoso/shop:ref:refs/heads/gh-readonly-queue/main/*'",
      'refs/heads/gh-readonly-queue/main/pr-13-7b1f002b',
    ],
    ["claims['sub'] matches 'repo:contoso/shop:ref:refs/tags/v?.*'", 'refs/tags/v2.0.6'],
    [
      "claims['sub'] eq 'repo:contoso/shop:ref:refs/heads/main' and claims['job_workflow_ref'] matches 'contoso/shop/*'",
      'refs/heads/main',
    ],
  ])('accepts a flexible credential: %s', async (expression, ref) => {
    flexible(expression)
    cloud.world.workflow.ref = ref
    expect((await askToken()).status).toBe(200)
  })

  test('a * in a subject matches only a *', async () => {
    credential().subject = 'repo:contoso/shop:ref:refs/heads/*'
    expect((await askToken()).json).toMatchObject({ error_codes: [700213] })
  })

  test('signs with a key that it publishes', async () => {
    const token = accessToken(await askToken())
    const key = await publishedKey(send, `${cloud.endpoints.authorityHost}/common/discovery/v2.0/keys`)
    const currentDate = new Date(cloud.clock.now())
    await expect(jwtVerify(token, await importJWK(key, 'RS256'), { currentDate })).resolves.toBeDefined()
  })

  test('answers with the body and the headers of Entra', async () => {
    const answer = await askToken()
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({
      token_type: 'Bearer',
      expires_in: 3599,
      ext_expires_in: 3599,
      access_token: expect.any(String),
    })
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store, no-cache',
      pragma: 'no-cache',
      'content-type': 'application/json; charset=utf-8',
      'x-ms-request-id': expect.any(String),
      'x-ms-clitelem': '1,0,0,,',
    })
  })

  test('a scope with two slashes keeps one of them in the audience', async () => {
    const token = accessToken(await askToken({ scope: 'https://management.azure.com//.default' }))
    expect(decodeJwt(token).aud).toBe('https://management.azure.com/')
  })

  test.each([
    'https://management.core.windows.net/',
    'https://cognitiveservices.azure.com',
    'https://ai.azure.com',
    'https://graph.microsoft.com',
    'https://ml.azure.com',
    'https://search.azure.com',
    'https://storage.azure.com',
    'https://vault.azure.net',
  ])('knows the resource %s', async resource => {
    expect(decodeJwt(accessToken(await askToken({ scope: `${resource}/.default` }))).aud).toBe(resource)
  })

  test.each(['openid profile offline_access', 'offline_access openid profile'])(
    'accepts a scope together with %s, as MSAL for Go and Java sends it',
    async others => {
      const token = accessToken(await askToken({ scope: `${MANAGEMENT} ${others}` }))
      expect(decodeJwt(token).aud).toBe('https://management.azure.com')
    },
  )

  test("accepts the local issuer for a credential that names GitHub's, and leaves the credential unchanged", async () => {
    pipelineOf(cloud).federatedCredentials.splice(0, 1, { ...credential(), issuer: GITHUB_ISSUER })
    expect(await askToken()).toMatchObject({ status: 200 })
    expect(credential().issuer).toBe(GITHUB_ISSUER)
  })

  test('knows the local Resource Manager as a resource', async () => {
    const resource = cloud.endpoints.resourceManager
    expect(decodeJwt(accessToken(await askToken({ scope: `${resource}/.default` }))).aud).toBe(resource)
  })

  test('the token of a managed identity names its resource in xms_mirid', async () => {
    cloud.world.workflow.environment = 'production'
    const identity = cloud.world.applications[1]
    const token = accessToken(await askToken({ client_id: identity?.clientId }))
    expect(decodeJwt(token).xms_mirid).toBe(identity?.resourceId)
  })

  test('accepts ids in upper or lower case', async () => {
    const { clientId, tenantId } = pipelineOf(cloud)
    expect(await askToken({ client_id: clientId.toUpperCase() }, tenantId.toUpperCase())).toMatchObject({
      status: 200,
    })
  })
})

interface Refusal {
  aadsts: number
  status: number
  error: string
  says: string
  form?: () => Form | Promise<Form>
  world?: () => void
  tenant?: string
}

const refusals: Refusal[] = [
  {
    aadsts: 900144,
    status: 400,
    error: 'invalid_request',
    says: "the following parameter: 'grant_type'",
    form: () => ({ grant_type: undefined }),
  },
  {
    aadsts: 70003,
    status: 400,
    error: 'unsupported_grant_type',
    says: "The access grant 'password' is not supported",
    form: () => ({ grant_type: 'password' }),
  },
  {
    aadsts: 900144,
    status: 400,
    error: 'invalid_request',
    says: "'client_id'",
    form: () => ({ client_id: undefined }),
  },
  {
    aadsts: 900144,
    status: 400,
    error: 'invalid_request',
    says: "'scope'",
    form: () => ({ scope: undefined }),
  },
  {
    aadsts: 7000218,
    status: 401,
    error: 'invalid_client',
    says: "'client_assertion' or 'client_secret'",
    form: () => ({ client_assertion: '' }),
  },
  {
    aadsts: 7000215,
    status: 401,
    error: 'invalid_client',
    says: 'Invalid client secret provided.',
    form: () => ({ client_assertion: '', client_secret: 'a-secret' }),
  },
  {
    aadsts: 900144,
    status: 400,
    error: 'invalid_request',
    says: "'client_assertion_type'",
    form: () => ({ client_assertion_type: undefined }),
  },
  {
    aadsts: 900023,
    status: 400,
    error: 'invalid_request',
    says: "Specified tenant identifier 'undefined' is neither a valid DNS name",
    tenant: 'undefined',
  },
  {
    aadsts: 90002,
    status: 400,
    error: 'invalid_tenant',
    says: `Tenant '${STRANGE_GUID}' not found`,
    tenant: STRANGE_GUID,
  },
  {
    aadsts: 90002,
    status: 400,
    error: 'invalid_tenant',
    says: "Tenant 'fabrikam.example' not found",
    tenant: 'fabrikam.example',
  },
  {
    aadsts: 70011,
    status: 400,
    error: 'invalid_scope',
    says: 'is not valid',
    form: () => ({ scope: `${MANAGEMENT} https://ai.azure.com/.default` }),
  },
  {
    aadsts: 70011,
    status: 400,
    error: 'invalid_scope',
    says: 'is not valid',
    form: () => ({ scope: 'openid profile' }),
  },
  {
    aadsts: 1002012,
    status: 400,
    error: 'invalid_scope',
    says: 'must have a scope value with /.default',
    form: () => ({ scope: 'https://management.azure.com' }),
  },
  {
    aadsts: 50027,
    status: 400,
    error: 'invalid_request',
    says: 'JWT token is invalid or malformed.',
    form: () => ({ client_assertion: 'no-jwt' }),
  },
  {
    aadsts: 50027,
    status: 400,
    error: 'invalid_request',
    says: 'JWT token is invalid or malformed.',
    form: async () => ({ client_assertion: await forged({ sub: 7 }) }),
  },
  {
    aadsts: 5002738,
    status: 400,
    error: 'invalid_request',
    says: "'ES384' is not a supported signature algorithm",
    form: async () => ({ client_assertion: await forged({}, 'ES384') }),
  },
  {
    aadsts: 700016,
    status: 400,
    error: 'unauthorized_client',
    says: `Application with identifier '${STRANGE_GUID}' was not found in the directory 'Contoso'`,
    form: () => ({ client_id: STRANGE_GUID }),
  },
  {
    aadsts: 7000112,
    status: 400,
    error: 'unauthorized_client',
    says: '(contoso-pipeline) is disabled.',
    world: () => {
      pipelineOf(cloud).servicePrincipal = { objectId: STRANGE_GUID, enabled: false }
    },
  },
  {
    aadsts: 7000229,
    status: 401,
    error: 'invalid_client',
    says: 'is missing service principal in the tenant',
    world: () => {
      pipelineOf(cloud).servicePrincipal = null
    },
  },
  {
    aadsts: 70025,
    status: 401,
    error: 'invalid_client',
    says: "The client 'contoso-pipeline' has no configured federated identity credentials.",
    world: () => {
      pipelineOf(cloud).federatedCredentials = []
    },
  },
  {
    aadsts: 700025,
    status: 401,
    error: 'invalid_client',
    says: 'Client is public so neither',
    world: () => {
      pipelineOf(cloud).isFallbackPublicClient = true
    },
  },
  {
    aadsts: 700235,
    status: 401,
    error: 'invalid_client',
    says: 'does not support credentials matching via expression',
    world: () => {
      flexible("claims['sub'] matches 'repo:contoso/shop:*'")
      for (const tenant of cloud.world.tenants) tenant.refusesExpressions = true
    },
  },
  {
    aadsts: 700211,
    status: 401,
    error: 'invalid_client',
    says: "presented assertion issuer 'https://127.0.0.1:",
    world: () => {
      credential().issuer = 'https://token.actions.githubusercontent.com/'
    },
  },
  {
    aadsts: 700212,
    status: 401,
    error: 'invalid_client',
    says: "presented assertion audience 'https://github.com/contoso'",
    form: async () => ({ client_assertion: await idToken(cloud, send, '') }),
  },
  {
    aadsts: 700213,
    status: 401,
    error: 'invalid_client',
    says: "presented assertion subject 'repo:contoso/shop:environment:staging'",
    world: () => {
      cloud.world.workflow.environment = 'staging'
    },
  },
  {
    aadsts: 7002131,
    status: 401,
    error: 'invalid_client',
    says: "presented assertion subject 'repo:contoso/shop:ref:refs/heads/main' or no federated identity credential expression matched. Please check your federated identity credential Subject, Expression, Audience",
    world: () =>
      flexible("claims['sub'] matches 'repo:contoso/shop:ref:refs/heads/gh-readonly-queue/main/*'"),
  },
  {
    aadsts: 700263,
    status: 401,
    error: 'invalid_client',
    says: 'More than one federated identity credential matches',
    world: () => {
      pipelineOf(cloud).federatedCredentials.push({ ...credential(), name: 'the-same-subject' })
    },
  },
  {
    aadsts: 700263,
    status: 401,
    error: 'invalid_client',
    says: 'More than one federated identity credential matches',
    world: () => {
      const own = credential()
      flexible("claims['sub'] matches 'repo:contoso/shop:*'")
      pipelineOf(cloud).federatedCredentials.push({
        ...own,
        subject: 'repo:contoso/shop:ref:refs/heads/main',
      })
    },
  },
  {
    aadsts: 7002138,
    status: 401,
    error: 'invalid_client',
    says: 'matches with case-insensitive comparison, but not with case-sensitive comparison',
    world: () => {
      credential().subject = 'repo:Contoso/shop:ref:refs/heads/main'
    },
  },
  {
    aadsts: 700024,
    status: 401,
    error: 'invalid_client',
    says: 'Client assertion is not within its valid time range.',
    form: async () => {
      const assertion = await idToken(cloud, send)
      cloud.clock.advance(301_000)
      return { client_assertion: assertion }
    },
  },
  {
    aadsts: 700024,
    status: 401,
    error: 'invalid_client',
    says: 'Client assertion is not within its valid time range.',
    form: async () => ({ client_assertion: await forged({ nbf: cloud.clock.now() / 1000 + 60 }) }),
  },
  {
    aadsts: 700027,
    status: 401,
    error: 'invalid_client',
    says: '[Reason - The signature could not be verified.',
    form: async () => ({ client_assertion: await forged() }),
  },
  {
    aadsts: 700027,
    status: 401,
    error: 'invalid_client',
    says: '[Reason - The key was not found.',
    form: async () => ({ client_assertion: await forged({}, 'RS256', 'unknown-key') }),
  },
  {
    aadsts: 50166,
    status: 400,
    error: 'invalid_request',
    says: 'Request to External OIDC endpoint failed.',
    world: () =>
      cloud.faults.add({ name: 'no keys', operation: 'oidc.keys', effect: { kind: 'reply', status: 503 } }),
  },
  {
    aadsts: 700223,
    status: 401,
    error: 'invalid_client',
    says: 'Workload identity federation is blocked',
    world: () => {
      for (const tenant of cloud.world.tenants) tenant.federationDisabled = true
    },
  },
  {
    aadsts: 500011,
    status: 400,
    error: 'invalid_resource',
    says: 'The resource principal named https://contoso-ai.openai.azure.com was not found in the tenant named Contoso',
    form: () => ({ scope: 'https://contoso-ai.openai.azure.com/.default' }),
  },
]

describe('token endpoint, refusals', () => {
  test.each(refusals)(
    'AADSTS$aadsts: $says',
    async ({ aadsts, status, error, says, form, world, tenant }) => {
      world?.()
      const answer = await askToken(await form?.(), tenant)
      expect(answer.status).toBe(status)
      expect(answer.json).toEqual({
        error,
        error_description: expect.stringMatching(
          new RegExp(`^AADSTS${aadsts}: .* Trace ID: [0-9a-f-]{36} Correlation ID: .+ Timestamp: .+Z$`),
        ),
        error_codes: [aadsts],
        timestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z$/),
        trace_id: answer.headers['x-ms-request-id'],
        correlation_id: expect.any(String),
        error_uri: `${cloud.endpoints.authorityHost}/error?code=${aadsts}`,
      })
      expect(answer.json).toMatchObject({ error_description: expect.stringContaining(says) })
      expect(answer.headers['x-ms-clitelem']).toBe(`1,${aadsts},0,,`)
    },
  )

  test('the Azure SDK reports the code', async () => {
    credential().subject = 'repo:contoso/shop:pull_request'
    await expect(sdkCredential(() => idToken(cloud, send)).getToken(MANAGEMENT)).rejects.toThrow(
      /invalid_client: Error\(s\): 700213 .*AADSTS700213: No matching federated identity record/,
    )
  })

  test('answers with the correlation id that the client sent', async () => {
    const answer = await askToken({ 'client-request-id': 'sent-by-the-client', scope: undefined })
    expect(answer.json).toMatchObject({ correlation_id: 'sent-by-the-client' })
  })

  test("after an outage of the issuer's keys the next request succeeds", async () => {
    cloud.faults.add({
      name: 'no keys',
      operation: 'oidc.keys',
      times: 1,
      effect: { kind: 'reset', when: 'before' },
    })
    expect(await askToken()).toMatchObject({ status: 400, json: { error_codes: [50166] } })
    expect(await askToken()).toMatchObject({ status: 200 })
  })
})

describe('a new federated credential', () => {
  test('reaches the replicas one by one', async () => {
    credential().createdOn = new Date(cloud.clock.now()).toISOString()
    const statuses = async () => [(await askToken()).status, (await askToken()).status]
    expect(await statuses()).toEqual([200, 401])
    expect(await statuses()).toEqual([200, 401])
    cloud.clock.advance(60_000)
    expect(await statuses()).toEqual([200, 200])
  })
})

describe('discovery', () => {
  const host = () => cloud.endpoints.authorityHost

  test('openid-configuration of a tenant names this host throughout', async () => {
    const { tenantId } = pipelineOf(cloud)
    const answer = await send(`${host()}/${tenantId}/v2.0/.well-known/openid-configuration`)
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({
      issuer: `${host()}/${tenantId}/v2.0`,
      token_endpoint: tokenUrl(),
      jwks_uri: `${host()}/${tenantId}/discovery/v2.0/keys`,
      authorization_endpoint: `${host()}/${tenantId}/oauth2/v2.0/authorize`,
      end_session_endpoint: `${host()}/${tenantId}/oauth2/v2.0/logout`,
    })
    expect(answer.headers['cache-control']).toBe('max-age=86400, private')
  })

  test('the v1.0 document names the issuer of the access tokens', async () => {
    const { tenantId } = pipelineOf(cloud)
    const answer = await send(`${host()}/${tenantId}/.well-known/openid-configuration`)
    expect(answer.json).toMatchObject({ issuer: `https://sts.windows.net/${tenantId}/` })
  })

  test('openid-configuration of organizations has a placeholder for the tenant', async () => {
    const answer = await send(`${host()}/organizations/v2.0/.well-known/openid-configuration`)
    expect(answer.json).toMatchObject({ issuer: `${host()}/{tenantid}/v2.0` })
  })

  test.each([
    [STRANGE_GUID, 90002, 'invalid_tenant'],
    ['undefined', 900023, 'invalid_request'],
  ])('openid-configuration of %s is refused', async (tenant, code, error) => {
    const answer = await send(`${host()}/${tenant}/v2.0/.well-known/openid-configuration`)
    expect(answer).toMatchObject({ status: 400, json: { error, error_codes: [code] } })
  })

  test('instance discovery accepts this host', async () => {
    const endpoint = encodeURIComponent(`${host()}/organizations/oauth2/v2.0/authorize`)
    const answer = await send(
      `${host()}/common/discovery/instance?api-version=1.1&authorization_endpoint=${endpoint}`,
    )
    expect(answer.json).toMatchObject({
      tenant_discovery_endpoint: `${host()}/organizations/v2.0/.well-known/openid-configuration`,
      metadata: [{ preferred_network: new URL(host()).host }],
    })
  })

  test('instance discovery refuses another host', async () => {
    const endpoint = encodeURIComponent('https://login.example/common/oauth2/v2.0/authorize')
    const answer = await send(`${host()}/common/discovery/instance?authorization_endpoint=${endpoint}`)
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_instance', error_codes: [50049] } })
  })
})
