import type { JWTVerifyGetKey } from 'jose'
import type { Context } from '../context.ts'
import { createReplicas, lagOf } from '../replicas.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import type { Application, Tenant, World } from '../world.ts'
import { type Assertion, checkSignature, checkTimes, readAssertion } from './assertion.ts'
import { matchCredential, visibleCredentials } from './federated-credential.ts'
import { enabledPrincipal } from './principals.ts'
import { Refused } from './refused.ts'
import { checkResource } from './resources.ts'

/** Life of an access token in seconds, as Entra states it (one less than an hour). */
const TOKEN_LIFETIME = 3599

const DOCUMENT_HEADERS = {
  'cache-control': 'max-age=86400, private',
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, OPTIONS',
}

const TOKEN_HEADERS = { 'cache-control': 'no-store, no-cache', pragma: 'no-cache', expires: '-1' }

/**
 * Entra ID as an identity client sees it: discovery, keys, and the token endpoint for federated client assertions.
 * @param issuerKeys finds the key of an assertion among those that the local GitHub publishes
 */
export function createEntra(context: Context, issuerKeys: JWTVerifyGetKey): Service {
  const chooseReplica = createReplicas(context.replicasBy)

  /** Answers a request, or refuses it as Entra does where `action` throws a `Refused`. */
  async function answer(
    request: ServiceRequest,
    headers: Record<string, string>,
    action: () => Promise<ServiceReply> | ServiceReply,
  ): Promise<ServiceReply> {
    try {
      const reply = await action()
      return { ...reply, headers: { ...headers, ...reply.headers } }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      return refusal(error, request, headers, context)
    }
  }

  const document = (body: (request: ServiceRequest, tenant: string) => unknown) => {
    return (request: ServiceRequest, params: Readonly<Record<string, string>>) =>
      answer(request, DOCUMENT_HEADERS, () => ({
        status: 200,
        body: body(request, params.tenant ?? 'common'),
      }))
  }

  async function exchange(request: ServiceRequest, tenantName: string): Promise<ServiceReply> {
    const lag = lagOf(context.lag.federatedCredentials, chooseReplica(request))
    const tenant = findTenant(context.world, tenantName)
    const form = readForm(request)
    const audience = requestedAudience(form.scope)
    const assertion = form.assertion === undefined ? undefined : readAssertion(form.assertion)
    const application = findApplication(context.world, tenant, form.clientId)
    if (assertion === undefined) throw wrongSecret(application)
    const principal = enabledPrincipal(application)
    checkConfidential(application)
    matchCredential(
      application,
      visibleCredentials(application, context.endpoints.github, context.clock.now() - lag),
      assertion,
      tenant,
    )
    checkTimes(assertion, context.clock.now())
    await checkSignature(assertion, application, issuerKeys)
    checkFederationPolicy(tenant, assertion)
    checkResource(audience, tenant, context)
    checkConditionalAccess(tenant, principal.objectId)

    const claims = { aud: audience, tid: tenant.id, oid: principal.objectId, appid: application.clientId }
    const token = await context.tokens.issue(
      application.resourceId === undefined ? claims : { ...claims, xms_mirid: application.resourceId },
      TOKEN_LIFETIME,
    )
    return {
      status: 200,
      headers: { 'x-ms-clitelem': '1,0,0,,' },
      body: {
        token_type: 'Bearer',
        expires_in: TOKEN_LIFETIME,
        ext_expires_in: TOKEN_LIFETIME,
        access_token: token,
      },
      caller: principal.objectId,
    }
  }

  const configuration = document((_, tenant) => openidConfiguration(context, tenant, 'v2'))
  const configurationV1 = document((_, tenant) => openidConfiguration(context, tenant, 'v1'))
  const keys = document(() => context.tokens.jwks())

  return {
    name: 'entra',
    routes: [
      {
        operation: 'discovery.instance',
        method: 'GET',
        path: /^\/common\/discovery\/instance$/,
        handle: document(request => instanceDiscovery(request, context.endpoints.authorityHost)),
      },
      {
        operation: 'openid.configuration',
        method: 'GET',
        path: /^\/(?<tenant>[^/]+)\/v2\.0\/\.well-known\/openid-configuration$/,
        handle: configuration,
      },
      {
        operation: 'openid.configuration',
        method: 'GET',
        path: /^\/(?<tenant>[^/]+)\/\.well-known\/openid-configuration$/,
        handle: configurationV1,
      },
      {
        operation: 'openid.keys',
        method: 'GET',
        path: /^\/(?<tenant>[^/]+)\/discovery\/(?:v2\.0\/)?keys$/,
        handle: keys,
      },
      {
        operation: 'token',
        method: 'POST',
        path: /^\/(?<tenant>[^/]+)\/oauth2\/v2\.0\/token$/,
        handle: (request, { tenant = '' }) => answer(request, TOKEN_HEADERS, () => exchange(request, tenant)),
      },
    ],
    notFound: () => ({ status: 404 }),
    commonHeaders: () => ({
      'x-content-type-options': 'nosniff',
      'x-ms-request-id': crypto.randomUUID(),
      'x-ms-ests-server': '2.1.22222.5 - LOCAL ProdSlices',
    }),
  }
}

function refusal(
  { aadsts, oauthError, status, message }: Refused,
  request: ServiceRequest,
  headers: Record<string, string>,
  { clock, endpoints }: Context,
): ServiceReply {
  const traceId = crypto.randomUUID()
  const correlationId = correlationIdOf(request) ?? crypto.randomUUID()
  const timestamp = `${new Date(clock.now()).toISOString().slice(0, 19).replace('T', ' ')}Z`
  const trailer = `Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`
  return {
    status,
    headers: { ...headers, 'x-ms-request-id': traceId, 'x-ms-clitelem': `1,${aadsts},0,,` },
    body: {
      error: oauthError,
      error_description: `AADSTS${aadsts}: ${message} ${trailer}`,
      error_codes: [aadsts],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `${endpoints.authorityHost}/error?code=${aadsts}`,
    },
  }
}

function correlationIdOf({ url, headers, body }: ServiceRequest): string | undefined {
  const name = 'client-request-id'
  return url.searchParams.get(name) ?? headers[name] ?? new URLSearchParams(body).get(name) ?? undefined
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const DOMAIN = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i

function findTenant(world: World, name: string): Tenant {
  const tenant = world.tenants.find(({ id }) => id === name.toLowerCase())
  if (tenant) return tenant
  if (!GUID.test(name) && !DOMAIN.test(name)) {
    const message = `Specified tenant identifier '${name}' is neither a valid DNS name, nor a valid external domain.`
    throw new Refused(900023, 400, 'invalid_request', message)
  }
  throw new Refused(
    90002,
    400,
    'invalid_tenant',
    `Tenant '${name}' not found. Check to make sure you have the correct tenant ID and are signing into the ` +
      'correct cloud. Check with your subscription administrator, this may happen if there are no active ' +
      'subscriptions for the tenant.',
  )
}

/** Names that stand for "the tenant of anyone who signs in" in addresses of the discovery documents. */
const SHARED_TENANTS = ['common', 'organizations', 'consumers']

function openidConfiguration({ endpoints, world }: Context, tenantName: string, version: 'v1' | 'v2') {
  const shared = SHARED_TENANTS.includes(tenantName.toLowerCase())
  const tenant = shared ? tenantName.toLowerCase() : findTenant(world, tenantName).id
  const host = endpoints.authorityHost
  const base = `${host}/${tenant}/oauth2${version === 'v2' ? '/v2.0' : ''}`
  const issuerTenant = shared ? '{tenantid}' : tenant
  return {
    token_endpoint: `${base}/token`,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    jwks_uri: version === 'v2' ? `${host}/${tenant}/discovery/v2.0/keys` : `${host}/common/discovery/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: version === 'v2' ? `${host}/${issuerTenant}/v2.0` : `https://sts.windows.net/${issuerTenant}/`,
    request_uri_parameter_supported: false,
    authorization_endpoint: `${base}/authorize`,
    device_authorization_endpoint: `${base}/devicecode`,
    end_session_endpoint: `${base}/logout`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    kerberos_endpoint: `${host}/${tenant}/kerberos`,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'tid', 'ver'],
    tenant_region_scope: null,
    cloud_instance_name: new URL(host).host,
    // Services of three hosts in Azure: here one answers for them, and says that it does not have them.
    userinfo_endpoint: `${endpoints.graph}/oidc/userinfo`,
    cloud_graph_host_name: new URL(endpoints.graph).host,
    msgraph_host: new URL(endpoints.graph).host,
    rbac_url: endpoints.graph,
  }
}

function instanceDiscovery(request: ServiceRequest, authorityHost: string) {
  const asked = URL.parse(request.url.searchParams.get('authorization_endpoint') ?? '')
  const { host: own, hostname } = new URL(authorityHost)
  // That of Java leaves the port out (msal4j, AadInstanceDiscoveryProvider).
  if (asked?.protocol !== 'https:' || ![own, hostname].includes(asked.host)) {
    throw new Refused(50049, 400, 'invalid_instance', 'Unknown or invalid instance.')
  }
  const { host } = asked
  const tenant = asked.pathname.split('/')[1] ?? 'common'
  return {
    tenant_discovery_endpoint: `${authorityHost}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  }
}

interface TokenForm {
  clientId: string
  scope: string
  /** Absent: a secret was sent in its place. */
  assertion?: string
}

function readForm(request: ServiceRequest): TokenForm {
  const form = new URLSearchParams(request.body)
  const required = (name: string) => {
    const value = form.get(name)
    if (value) return value
    const message = `The request body must contain the following parameter: '${name}'.`
    throw new Refused(900144, 400, 'invalid_request', message)
  }
  const grant = required('grant_type')
  if (grant !== 'client_credentials') {
    throw new Refused(70003, 400, 'unsupported_grant_type', `The access grant '${grant}' is not supported.`)
  }
  const clientId = required('client_id')
  const scope = required('scope')
  if (!form.get('client_assertion') && form.get('client_secret')) return { clientId, scope }
  if (!form.get('client_assertion')) {
    const message =
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    throw new Refused(7000218, 401, 'invalid_client', message)
  }
  required('client_assertion_type')
  return { clientId, scope, assertion: required('client_assertion') }
}

/** What MSAL for Go and for Java adds to every request, client credentials or not. */
const OPENID_SCOPES = ['openid', 'profile', 'offline_access']

/** The resource before `/.default`, as it is written: `…//.default` asks for an audience with a slash at its end. */
function requestedAudience(scope: string): string {
  const suffix = '/.default'
  const scopes = scope.split(' ').filter(name => name !== '' && !OPENID_SCOPES.includes(name))
  const [only = ''] = scopes
  if (scopes.length !== 1 || only === suffix) {
    const message =
      "The provided request must include a 'scope' input parameter. The provided value for the input parameter " +
      `'scope' is not valid. The scope ${scope} is not valid.`
    throw new Refused(70011, 400, 'invalid_scope', message)
  }
  if (!only.endsWith(suffix)) {
    const message =
      `The provided value for scope ${only} is not valid. Client credential flows must have a scope value with ` +
      '/.default suffixed to the resource identifier (application ID URI).'
    throw new Refused(1002012, 400, 'invalid_scope', message)
  }
  return only.slice(0, -suffix.length)
}

function findApplication(world: World, tenant: Tenant, clientId: string): Application {
  const found = world.applications.find(
    application => application.tenantId === tenant.id && application.clientId === clientId.toLowerCase(),
  )
  if (found) return found
  const message =
    `Application with identifier '${clientId}' was not found in the directory '${tenant.displayName}'. This can ` +
    'happen if the application has not been installed by the administrator of the tenant or consented to by any ' +
    'user in the tenant. You may have sent your authentication request to the wrong tenant.'
  throw new Refused(700016, 400, 'unauthorized_client', message)
}

/** No application here has a secret. */
function wrongSecret({ clientId }: Application): Refused {
  const message =
    'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the ' +
    `client secret ID, for a secret added to app '${clientId}'.`
  return new Refused(7000215, 401, 'invalid_client', message)
}

/** A public client has nothing to prove itself by. */
function checkConfidential({ isFallbackPublicClient }: Application): void {
  if (isFallbackPublicClient !== true) return
  const message = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
  throw new Refused(700025, 401, 'invalid_client', message)
}

function checkFederationPolicy(
  { federationDisabled, requiredEnterprises }: Tenant,
  { issuer, enterprise }: Assertion,
): void {
  if (federationDisabled) {
    const message = 'Workload identity federation is blocked by a policy of this tenant.'
    throw new Refused(700223, 401, 'invalid_client', message)
  }
  if (requiredEnterprises.length === 0 || requiredEnterprises.includes(enterprise)) return
  const message =
    `Federated identity credentials issued by '${issuer}' for applications or managed identities registered in this ` +
    `tenant must contain the enterprise claim with value ${requiredEnterprises.map(name => `'${name}'`).join(' or ')} ` +
    `but actual value is '${enterprise}'.`
  throw new Refused(7002381, 401, 'invalid_client', message)
}

function checkConditionalAccess({ conditionalAccess }: Tenant, principalId: string): void {
  if (!conditionalAccess.some(({ blocked }) => blocked.includes(principalId))) return
  const message =
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.'
  throw new Refused(53003, 400, 'invalid_grant', message)
}
