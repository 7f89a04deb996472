import type { Context } from '../context.ts'
import type { ServiceRequest } from '../service.ts'
import { findTenant } from './lookups.ts'
import { Refused } from './refused.ts'

/** The documents that clients read before they sign in. */

/** Names that stand for "the tenant of anyone who signs in" in addresses of the discovery documents. */
const SHARED_TENANTS = ['common', 'organizations', 'consumers']

export function openidConfiguration({ endpoints, world }: Context, tenantName: string, version: 'v1' | 'v2') {
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

export function instanceDiscovery(request: ServiceRequest, authorityHost: string) {
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
