import type { Context } from '../context.ts'
import { accountId, normalizeScope } from '../scopes.ts'
import {
  notImplemented,
  type Route,
  type Service,
  type ServiceReply,
  type ServiceRequest,
} from '../service.ts'
import type { Gateway, World } from '../world.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import {
  missingSubscriptionKey,
  noSuchOperation,
  rateLimited,
  rejectedToken,
  wrongSubscriptionKey,
} from './refusals.ts'

/** A gateway in front of an account, such as API Management. It sends refusals of its own, and passes other requests on over the wire. */

/** Sends a request to another service of the cloud. */
export type Send = (url: string, request: Outgoing) => Promise<Incoming>

interface Outgoing {
  method: Method
  headers: Record<string, string>
  body: string
}

interface Incoming {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** Distinguishes the requests of a gateway from those of clients (RFC 9110, 7.6.3). */
export const VIA_GATEWAY = '1.1 local-cloud-gateway'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
type Method = (typeof METHODS)[number]

/** @param name of the gateway. The world says what it does, and may change at any time. */
export function createGateway(context: Context, name: string, send: Send): Service {
  const limit = createRateLimit()
  const handle = (method: Method) => (request: ServiceRequest) =>
    pass({ context, limit, send, method, gateway: gatewayNamed(context.world, name) }, request)
  return {
    name: 'gateway',
    routes: METHODS.map(
      (method): Route => ({ operation: 'gateway.forward', method, path: /^\/.*/, handle: handle(method) }),
    ),
    notFound: () => noSuchOperation(),
    commonHeaders: () => ({}),
  }
}

interface Passing {
  context: Context
  limit: RateLimit
  send: Send
  method: Method
  gateway: Gateway
}

/** The order in which API Management refuses: its operations, subscription keys, then the policies of the API. */
async function pass(
  { context, limit, send, method, gateway }: Passing,
  request: ServiceRequest,
): Promise<ServiceReply> {
  const { url, headers } = request
  if (headers.upgrade !== undefined) return notImplemented('a gateway that passes WebSockets on')
  const within = pathWithin(url.pathname, gateway.path)
  if (within === undefined) return noSuchOperation()
  const refusal =
    refusedKey(gateway, request) ??
    (await refusedToken(context, gateway, headers)) ??
    refusedCall(gateway, limit, context.clock.now())
  if (refusal !== undefined) return refusal
  const sent = withChanges(withoutHopByHop(headers), gateway.requestHeaders)
  const backend = `${backendOf(context, gateway)}${gateway.backendPath}`
  const own = ownIdentity(context, gateway)
  const outgoing = { method, headers: { ...sent, ...own, via: VIA_GATEWAY }, body: request.body }
  const reply = await send(`${backend}${within}${url.search}`, outgoing)
  return { ...reply, headers: withChanges(withoutHopByHop(reply.headers), gateway.replyHeaders) }
}

function gatewayNamed({ gateways }: World, name: string): Gateway {
  const gateway = gateways.find(candidate => candidate.name === name)
  if (gateway === undefined) throw new Error(`The world has no gateway ${name} any more`)
  return gateway
}

/** The path below the gateway's own; undefined if the request is for none of its operations. */
function pathWithin(pathname: string, path: string): string | undefined {
  if (pathname.slice(0, path.length).toLowerCase() !== path.toLowerCase()) return undefined
  const within = pathname.slice(path.length)
  return within === '' || within.startsWith('/') ? within : undefined
}

/** In the two headers of an imported Azure OpenAI API, and of any other. */
function refusedKey(
  { subscriptionKey, path }: Gateway,
  { headers, url }: ServiceRequest,
): ServiceReply | undefined {
  const given = headers['api-key'] ?? headers['ocp-apim-subscription-key']
  if (subscriptionKey === undefined || given === subscriptionKey) return undefined
  const realm = `${url.origin}${path}`
  return given === undefined ? missingSubscriptionKey(realm) : wrongSubscriptionKey(realm)
}

async function refusedToken(
  { tokens }: Context,
  { audience }: Gateway,
  { authorization = '' }: ServiceRequest['headers'],
): Promise<ServiceReply | undefined> {
  if (audience === undefined) return undefined
  const verdict = await tokens.verify(authorization.replace(/^Bearer /i, ''), [audience])
  return verdict.ok ? undefined : rejectedToken()
}

function refusedCall({ callsPerMinute }: Gateway, limit: RateLimit, now: number): ServiceReply | undefined {
  if (callsPerMinute === undefined) return undefined
  const waitSeconds = limit.take(callsPerMinute, now)
  return waitSeconds === undefined ? undefined : rateLimited(waitSeconds)
}

/** A gateway that checks the caller's token calls with its own identity (authentication-managed-identity). */
function ownIdentity({ tokens, world }: Context, { identity }: Gateway): Record<string, string> {
  if (identity === undefined) return {}
  const application = world.applications.find(
    ({ servicePrincipal }) => servicePrincipal?.objectId === identity,
  )
  if (application === undefined) throw new Error(`The gateway's identity ${identity} is nobody's`)
  const { tenantId: tid, clientId: appid } = application
  const token = tokens.issue({ aud: BACKEND_AUDIENCE, tid, oid: identity, appid }, TOKEN_LIFETIME)
  return { authorization: `Bearer ${token}` }
}

const BACKEND_AUDIENCE = 'https://cognitiveservices.azure.com'
/** Seconds. */
const TOKEN_LIFETIME = 3600

function backendOf({ world, endpoints }: Context, { account }: Gateway): string {
  const behind = world.accounts.find(({ name }) => name.toLowerCase() === account.toLowerCase())
  const url = behind && endpoints.accounts.get(normalizeScope(accountId(behind)))
  if (url === undefined) throw new Error(`The gateway stands in front of ${account}, which has no host`)
  return url
}

/** Headers of one connection alone (RFC 9110, 7.6.1), and those that are computed again. */
const HOP_BY_HOP = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding'])

const withoutHopByHop = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)))

/** @param changes Null removes a header. */
function withChanges(
  headers: Readonly<Record<string, string>>,
  changes: Gateway['requestHeaders'],
): Record<string, string> {
  const all = Object.entries({ ...headers, ...changes })
  return Object.fromEntries(all.flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}
