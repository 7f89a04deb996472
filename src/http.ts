import { getProxyForUrl } from 'proxy-from-env'
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici'

/**
 * The one door that every request of a run goes through, the Azure SDKs' included: https only, no redirects, bounded in
 * time and size, proxies as the environment says (HTTPS_PROXY, NO_PROXY, either case).
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

/** A request that got no complete reply. `code` is what the network stack said, such as ENOTFOUND. */
export class NetworkFailure extends Error {
  readonly code: string
  /** Host and port that did not answer as it should: the proxy's where the proxy failed. */
  readonly host: string
  readonly viaProxy: boolean

  constructor(code: string, host: string, message: string, viaProxy = false) {
    super(message)
    this.name = 'NetworkFailure'
    this.code = code
    this.host = host
    this.viaProxy = viaProxy
  }
}

/** A role assignment list is the largest reply there is: some 1 kB an assignment, a few thousand at most. */
const maxBodyBytes = 8 * 1024 * 1024

export const responseTooLarge = 'RESPONSE_TOO_LARGE'
export const requestTimedOut = 'REQUEST_TIMEOUT'
export const untrustedOrigin = 'UNTRUSTED_ORIGIN'

/** @param timeoutMs Limit for a whole request, from look-up of the name to the last byte of the body. */
export function createHttp(timeoutMs: number): Http {
  const dispatcherFor = createDispatchers(timeoutMs)
  return async ({ method, url, headers, body }) => {
    const { host, protocol } = new URL(url)
    if (protocol !== 'https:')
      throw new NetworkFailure(untrustedOrigin, host, `Not an https address: ${protocol}//${host}`)
    const proxy = proxyOf(url)
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const reply = await request(url, {
        method: method as Dispatcher.HttpMethod,
        headers: { ...headers, 'accept-encoding': 'identity' },
        body: body ?? null,
        dispatcher: dispatcherFor(proxy),
        signal,
      })
      return {
        status: reply.statusCode,
        headers: flatten(reply.headers),
        body: await readBounded(reply.body, host),
      }
    } catch (error) {
      throw networkFailure(error, host, proxy, signal.aborted)
    }
  }
}

/** Confines a door to the origins that a token may go to: whatever address a server hands out, no other is asked. */
export function confine(http: Http, ...origins: string[]): Http {
  const allowed = new Set(origins.map(origin => new URL(origin).origin))
  return async httpRequest => {
    const { origin, host } = new URL(httpRequest.url)
    if (!allowed.has(origin)) {
      throw new NetworkFailure(
        untrustedOrigin,
        host,
        `A server referred to ${host}, which is not ${[...allowed].join(' or ')}`,
      )
    }
    return http(httpRequest)
  }
}

function proxyOf(url: string): URL | undefined {
  const proxy = getProxyForUrl(url)
  return URL.canParse(proxy) ? new URL(proxy) : undefined
}

function createDispatchers(timeoutMs: number): (proxy: URL | undefined) => Dispatcher {
  const dispatchers = new Map<string, Dispatcher>()
  return proxy => {
    const key = proxy?.href ?? ''
    const known = dispatchers.get(key)
    if (known !== undefined) return known
    const connect = { timeout: timeoutMs }
    const made = proxy === undefined ? new Agent({ connect }) : new ProxyAgent({ uri: proxy.href, connect })
    dispatchers.set(key, made)
    return made
  }
}

async function readBounded(body: AsyncIterable<Buffer>, host: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBodyBytes)
      throw new NetworkFailure(responseTooLarge, host, `${host} sent more than ${maxBodyBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

function networkFailure(
  error: unknown,
  host: string,
  proxy: URL | undefined,
  timedOut: boolean,
): NetworkFailure {
  if (error instanceof NetworkFailure) return error
  if (timedOut) return new NetworkFailure(requestTimedOut, host, `${host} did not answer in time`)
  const message = error instanceof Error ? error.message : String(error)
  const refusedByProxy = /Proxy response \((\d{3})\)/.exec(message)
  if (refusedByProxy !== null && proxy !== undefined) {
    return new NetworkFailure(`PROXY_${refusedByProxy[1]}`, proxy.host, message, true)
  }
  return new NetworkFailure(codeOf(error), host, message, proxy !== undefined)
}

/** Node wraps: the errno is on the error, on its cause, or on the members of an AggregateError (one per address tried). */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return 'UNKNOWN'
  if (error.cause !== undefined) return codeOf(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
