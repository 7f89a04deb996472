import type { IncomingMessage } from 'node:http'
import type { Route, Service, ServiceRequest } from '../service.ts'
import type { Wire } from './wire.ts'

/** Largest request body that is read, in bytes; what is longer is answered 413. */
const BODY_LIMIT = 4 * 1024 * 1024

export interface Received {
  request: ServiceRequest
  complete: boolean
  tooLarge: boolean
}

export async function receive({ request: incoming, connection }: Wire, url: string): Promise<Received> {
  const chunks: Buffer[] = []
  let size = 0
  let complete = true
  try {
    for await (const chunk of incoming) {
      size += chunk.length
      // What exceeds the limit is read and dropped: a client that is still sending would not read the 413.
      if (size <= BODY_LIMIT) chunks.push(chunk)
    }
  } catch {
    complete = false
  }
  const request: ServiceRequest = {
    method: incoming.method ?? 'GET',
    url: requestUrl(incoming.url ?? '/', url),
    headers: flatHeaders(incoming),
    body: Buffer.concat(chunks).toString('utf8'),
    connection,
  }
  return { request, complete, tooLarge: size > BODY_LIMIT }
}

/** Not `new URL(target, base)`: that takes the `subscriptions` of `//subscriptions/…` for a host. */
function requestUrl(target: string, base: string): URL {
  const path = target.startsWith('/') ? target : '/'
  return URL.parse(`${base}${path}`) ?? new URL(base)
}

function flatHeaders(incoming: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

export interface RouteMatch {
  route: Route
  params: Record<string, string>
}

export function findRoute(service: Service, request: ServiceRequest): RouteMatch | undefined {
  const path = request.url.pathname.replace(/\/{2,}/g, '/')
  // A HEAD is a GET whose body stays behind (RFC 9110, 9.3.2); Node drops the body by itself.
  const method = request.method === 'HEAD' ? 'GET' : request.method
  for (const route of service.routes) {
    if (route.method !== method) continue
    const found = route.path.exec(path)
    if (found) return { route, params: decoded(found.groups ?? {}) }
  }
  return undefined
}

function decoded(groups: Record<string, string | undefined>): Record<string, string> {
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(groups)) {
    if (value !== undefined) params[name] = percentDecoded(value)
  }
  return params
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
