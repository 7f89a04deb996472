import type { JWTVerifyGetKey } from 'jose'
import type { Context } from '../context.ts'
import { createReplicas, lagOf } from '../replicas.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import { instanceDiscovery, openidConfiguration } from './discovery.ts'
import { exchangeAssertion } from './exchange.ts'
import { Refused } from './refused.ts'

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

  function exchange(request: ServiceRequest, tenantName: string): Promise<ServiceReply> {
    const lagMs = lagOf(context.lag.federatedCredentials, chooseReplica(request))
    return exchangeAssertion(request, tenantName, { context, issuerKeys, lagMs })
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
