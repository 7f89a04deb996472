import type { ClientRequest, IncomingMessage } from 'node:http'
import { type Agent, request as sendRequest } from 'node:https'
import type { Socket } from 'node:net'
import {
  errorCode,
  errorText,
  NetworkFailure,
  protocolSwitched,
  requestTimedOut,
  untrustedOrigin,
} from './network-failure.ts'
import type { ProxyServer } from './proxy.ts'
import { decode, readBounded } from './reply-body.ts'
import {
  authorityOf,
  createRoutes,
  type Preconnect,
  type Route,
  type RouteOptions,
  type Routes,
} from './routes.ts'
import { timeLimit } from './time-limit.ts'
import { requestSent } from './warm-up.ts'
import { acceptOf, handshakeHeaders, newKey } from './web-socket.ts'

export type { Preconnect } from './routes.ts'

/**
 * The one client for every request of a run, those of the Azure SDKs included: https only, no redirects, limits on time and
 * size, and the environment's proxies.
 */

export interface HttpRequest {
  method: string
  url: string
  headers: Record<string, string>
  /** A form is sent as `multipart/form-data`. */
  body?: string | FormData
  /** Opens a WebSocket and closes it at once. The reply is the handshake, status 101. */
  webSocket?: true
  /** On a new connection, to the next of the host's addresses. */
  fresh?: boolean
}

export interface HttpReply {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  body: string
  /** Number of the connection that the reply came over. */
  connection?: number
}

/** Sends one request. @throws NetworkFailure when no complete reply arrived. */
export type Http = (request: HttpRequest) => Promise<HttpReply>

interface ClientOptions extends RouteOptions {
  /** For a whole request, from the name lookup to the last byte of the body. */
  timeoutMs: number
  /** If connections were opened before the time limit was known. */
  routes?: Routes | undefined
}

export function createHttpClient(options: ClientOptions): { http: Http; preconnect: Preconnect } {
  const { clock, timeoutMs } = options
  const { routeTo, preconnect } = options.routes ?? createRoutes(options)
  const http: Http = async request => {
    const target = new URL(request.url)
    const { host, protocol } = target
    if (protocol !== 'https:')
      throw new NetworkFailure(untrustedOrigin, host, `Not an https address: ${protocol}//${host}`)
    const route = routeTo(target, timeoutMs)
    const limit = timeLimit(clock, timeoutMs)
    let exchange: Exchange | undefined
    const { body } = request
    // FormData itself is not named here, because that makes Node load a whole HTTP stack, which takes as long as all our code.
    const packed = typeof body === 'object' ? await packForm(request, body) : pack(request, body)
    const tryOn = (agent: Agent) => {
      exchange = send(target, packed, { agent, signal: limit.signal })
      return exchange.reply
    }
    try {
      const reply = await tryOn(request.fresh ? route.fresh : route.kept).catch(error => {
        if (limit.signal.aborted || !exchange || !wasStale(exchange, route)) throw error
        return tryOn(route.fresh)
      })
      return await read(reply, host)
    } catch (error) {
      if (error instanceof NetworkFailure) throw error
      throw limit.signal.aborted ? timedOut(target, route, exchange) : broken(error, target, route)
    } finally {
      limit.clear()
    }
  }
  return { http, preconnect }
}

/** A request as it is sent. */
interface Packed {
  method: string
  headers: Record<string, string>
  body?: string | Buffer
  /** The key of a WebSocket's handshake. */
  key?: string
}

function pack({ method, headers, webSocket }: HttpRequest, body: string | undefined): Packed {
  if (webSocket === true) {
    const key = newKey()
    return { method, headers: { ...headers, ...handshakeHeaders(key) }, key }
  }
  return body === undefined ? { method, headers } : { method, headers, body }
}

async function packForm({ method, headers }: HttpRequest, body: FormData): Promise<Packed> {
  const form = new Response(body)
  const type = form.headers.get('content-type') ?? ''
  return {
    method,
    headers: { ...headers, 'content-type': type },
    body: Buffer.from(await form.arrayBuffer()),
  }
}

/** A request that has been sent. */
interface Exchange {
  /** The head of its reply; the body has not been read yet. */
  reply: Promise<IncomingMessage>
  request: ClientRequest
  /** Absent until there is a connection. */
  connection?: Socket
  /** Bytes read from the connection before this request. */
  bytesBefore?: number
}

function send(
  target: URL,
  { method, headers, body, key }: Packed,
  way: { agent: Agent; signal: AbortSignal },
): Exchange {
  const { agent, signal } = way
  const request = sendRequest(target, {
    agent,
    method,
    headers: { ...headers, 'accept-encoding': 'identity' },
  })
  const exchange: Exchange = {
    request,
    reply: new Promise((resolve, reject) => {
      request.once('response', resolve).on('error', reject)
      // Also for a request that still waits for its connection.
      signal.addEventListener('abort', () => {
        request.destroy()
        reject(signal.reason)
      })
      request.once('upgrade', (head, connection) => {
        connection.destroy()
        if (key !== undefined && head.headers['sec-websocket-accept'] === acceptOf(key)) resolve(head)
        else reject(Object.assign(new Error('It changed to another protocol'), { code: protocolSwitched }))
      })
    }),
  }
  request.once('socket', socket => {
    exchange.connection = socket
    exchange.bytesBefore = socket.bytesRead
  })
  request.once('finish', () => requestSent.publish({}))
  request.end(body)
  return exchange
}

/**
 * Whether a kept connection ended before a byte of the reply came. The host or a device on the way had closed it, so the service
 * may not have seen the request (RFC 9112, 9.3.1). All our requests are safe to repeat.
 */
function wasStale({ request, connection, bytesBefore }: Exchange, { isOpenedAhead }: Route): boolean {
  if (connection === undefined || connection.bytesRead !== bytesBefore) return false
  return request.reusedSocket || isOpenedAhead(connection)
}

async function read(reply: IncomingMessage, host: string): Promise<HttpReply> {
  const headers = flatten(reply.headers)
  const connection = numberOf(reply.socket)
  if (reply.statusCode === 101) return { status: 101, headers, body: '', connection }
  const bytes = await readBounded(reply, host)
  return {
    status: reply.statusCode ?? 0,
    headers,
    body: await decode(bytes, headers['content-encoding'], host),
    connection,
  }
}

const numbers = new WeakMap<Socket, number>()
let connections = 0

function numberOf(socket: Socket): number {
  const known = numbers.get(socket)
  if (known !== undefined) return known
  connections += 1
  numbers.set(socket, connections)
  return connections
}

function flatten(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

function timedOut(target: URL, { proxy }: Route, exchange: Exchange | undefined): NetworkFailure {
  if (proxy !== undefined && exchange?.connection === undefined) {
    return new NetworkFailure(
      requestTimedOut,
      target.host,
      `The proxy ${proxy.host} opened no way to ${authorityOf(target.hostname, target.port)} in time`,
      { host: proxy.host, failed: true },
    )
  }
  return new NetworkFailure(
    requestTimedOut,
    target.host,
    `${target.host} did not answer in time${through(proxy)}`,
    behind(proxy),
  )
}

function broken(error: unknown, target: URL, { proxy }: Route): NetworkFailure {
  return new NetworkFailure(
    errorCode(error),
    target.host,
    `No reply from ${target.host}${through(proxy)}: ${errorText(error)}`,
    behind(proxy),
  )
}

const through = (proxy: ProxyServer | undefined) =>
  proxy === undefined ? '' : ` through the proxy ${proxy.host}`
const behind = (proxy: ProxyServer | undefined) =>
  proxy === undefined ? undefined : { host: proxy.host, failed: false }
