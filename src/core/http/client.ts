import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Agent, buildConnector, type Dispatcher, request } from 'undici'
import {
  errorCode,
  errorText,
  NetworkFailure,
  requestTimedOut,
  responseTooLarge,
  unknownEncoding,
  untrustedOrigin,
} from './network-failure.ts'
import { preconnecting } from './preconnect.ts'
import { type ProxyServer, proxyFor } from './proxy.ts'
import { openTunnel } from './tunnel.ts'

export { NetworkFailure } from './network-failure.ts'

/**
 * The one door that every request of a run goes through, the Azure SDKs' included: https only, no redirects, bounded in
 * time and size, proxies as the environment says.
 */

export interface HttpRequest {
  method: string
  url: string
  headers: Record<string, string>
  body?: string
}

export interface HttpReply {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  body: string
}

/** Sends one request. @throws NetworkFailure when no complete reply arrived. */
export type Http = (request: HttpRequest) => Promise<HttpReply>

/** Opens connections to a host that requests will go to soon. */
export type Preconnect = (origin: string, count: number) => void

/** A role assignment list is the largest reply there is: some 1 kB an assignment, a few thousand at most. */
const maxBodyBytes = 8 * 1024 * 1024

/**
 * @param timeoutMs Limit for a whole request, from look-up of the name to the last byte of the body.
 * @param env Where the proxy settings stand.
 */
export function createDoor(
  timeoutMs: number,
  env: Readonly<Record<string, string | undefined>>,
): { http: Http; preconnect: Preconnect } {
  const { wayTo, preconnect } = createWays(timeoutMs, env)
  const http: Http = async ({ method, url, headers, body }) => {
    const target = new URL(url)
    const { host, protocol } = target
    if (protocol !== 'https:')
      throw new NetworkFailure(untrustedOrigin, host, `Not an https address: ${protocol}//${host}`)
    const way = wayTo(target)
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const reply = await request(target, {
        method: method as Dispatcher.HttpMethod,
        headers: { ...headers, 'accept-encoding': 'identity' },
        body: body ?? null,
        dispatcher: way.dispatcher,
        signal,
      })
      const replyHeaders = flatten(reply.headers)
      const bytes = await readBounded(reply.body, host)
      return {
        status: reply.statusCode,
        headers: replyHeaders,
        body: await decode(bytes, replyHeaders['content-encoding'], host),
      }
    } catch (error) {
      if (error instanceof NetworkFailure) throw error
      throw signal.aborted ? timedOut(target, way) : broken(error, target, way)
    }
  }
  return { http, preconnect }
}

/** Confines a door to the origins that a token may go to: whatever address a server hands out, no other is asked. */
export function confine(http: Http, ...origins: string[]): Http {
  const allowed = new Set(origins.map(origin => new URL(origin).origin))
  return async httpRequest => {
    const url = URL.parse(httpRequest.url)
    if (url === null || !allowed.has(url.origin)) {
      const elsewhere = url?.host ?? 'something that is no address'
      throw new NetworkFailure(
        untrustedOrigin,
        elsewhere,
        `A server referred to ${elsewhere}, which is not ${[...allowed].join(' or ')}`,
      )
    }
    return http(httpRequest)
  }
}

/** How requests get to a host: straight, or through a proxy. */
interface Way {
  dispatcher: Dispatcher
  proxy?: ProxyServer
  /** Hosts and ports to which the proxy has not opened the way yet. */
  opening: ReadonlySet<string>
}

/** The request's own limit covers head and body; undici's would only cut a longer one short. */
const noLimitsOfUndici = { headersTimeout: 0, bodyTimeout: 0 }

/** A token goes to hosts that prove who they are: no NODE_TLS_REJECT_UNAUTHORIZED of the job's environment changes that. */
const connector = (timeoutMs: number) => buildConnector({ timeout: timeoutMs, rejectUnauthorized: true })

function createWays(
  timeoutMs: number,
  env: Readonly<Record<string, string | undefined>>,
): { wayTo: (target: URL) => Way; preconnect: Preconnect } {
  const ahead = preconnecting(connector(timeoutMs))
  const straight: Way = {
    dispatcher: new Agent({ ...noLimitsOfUndici, connect: ahead.connect }),
    opening: new Set(),
  }
  // The environment names one proxy at most.
  let throughProxy: Way | undefined
  return {
    wayTo(target) {
      const proxy = proxyFor(target, env)
      if (proxy === undefined) return straight
      throughProxy ??= wayThrough(proxy, timeoutMs)
      return throughProxy
    },
    preconnect(origin, count) {
      if (proxyFor(new URL(origin), env) === undefined) ahead.open(origin, count)
    },
  }
}

function wayThrough(proxy: ProxyServer, timeoutMs: number): Way {
  const opening = new Set<string>()
  const secure = connector(timeoutMs)
  const connect: buildConnector.connector = (options, callback) => {
    const authority = authorityOf(options)
    opening.add(authority)
    openTunnel(proxy, authority, timeoutMs)
      .finally(() => opening.delete(authority))
      .then(
        socket => secure({ ...options, httpSocket: socket }, callback),
        error => callback(error, null),
      )
  }
  return { dispatcher: new Agent({ ...noLimitsOfUndici, connect }), proxy, opening }
}

/** Host and port, as a CONNECT names them. */
function authorityOf({ hostname, port }: { hostname: string; port: string }): string {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
  return `${host}:${port || '443'}`
}

async function readBounded(body: AsyncIterable<Buffer>, host: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBodyBytes) throw tooLarge(host)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (host: string) =>
  new NetworkFailure(responseTooLarge, host, `${host} sent more than ${maxBodyBytes} bytes`)

const decoders = {
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  deflate: promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate),
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
}
const isKnownEncoding = (name: string): name is keyof typeof decoders => Object.hasOwn(decoders, name)

/** We ask for the plain body; some proxies and gateways compress it all the same. */
async function decode(bytes: Buffer, encoding = 'identity', host: string): Promise<string> {
  const name = encoding.trim().toLowerCase().replace(/^x-/, '')
  if (name === 'identity' || name === '' || bytes.length === 0) return textOf(bytes)
  if (!isKnownEncoding(name))
    throw new NetworkFailure(unknownEncoding, host, `${host} sent its reply in the encoding ${encoding}`)
  try {
    return textOf(await decoders[name](bytes, { maxOutputLength: maxBodyBytes }))
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(host)
    throw new NetworkFailure(code, host, `${host} sent a body that is not ${name}: ${errorText(error)}`)
  }
}

/** All that we ask for is UTF-8; a gateway on the way may write in another encoding, and marks it by the first two bytes. */
function textOf(bytes: Buffer): string {
  const mark = bytes.toString('hex', 0, 2)
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

function timedOut(target: URL, { proxy, opening }: Way): NetworkFailure {
  const authority = authorityOf(target)
  if (proxy !== undefined && opening.has(authority)) {
    return new NetworkFailure(
      requestTimedOut,
      target.host,
      `The proxy ${proxy.host} opened no way to ${authority} in time`,
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

function broken(error: unknown, target: URL, { proxy }: Way): NetworkFailure {
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
