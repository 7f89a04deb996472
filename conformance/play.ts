import type { HttpRequest } from '../src/core/http/client.ts'
import { parseJson } from '../src/core/text/json.ts'
import { type ConformanceRequest, type Exchange, headersThatClientsRead } from './exchange.ts'
import type { Recording } from './recording.ts'
import { refusalIn } from './refusal.ts'
import { sanitised } from './sanitise.ts'
import type { Reply, Send } from './send.ts'
import { shapeOf } from './shape.ts'
import type { Need } from './terms.ts'
import type { World } from './world.ts'

/** The needs of the exchange that the world lacks. */
export const lackingFor = ({ needs }: Exchange, { has }: World): Need[] =>
  needs.filter(need => !has.has(need))

export interface PlayTools {
  send: Send
  /** Gets the address of each object that the run made and that may still exist. */
  onLeft: (url: string) => void
  /** Ends the run before its next request. The run still removes what it made. */
  signal?: AbortSignal | undefined
}

/** Sends the requests of one exchange, and cleans up after it even if it failed. @throws NetworkFailure if no reply came */
export async function play(
  exchange: Exchange,
  world: World,
  { send, onLeft, signal }: PlayTools,
): Promise<Recording> {
  const { requests, cleanUp = [] } = exchange.steps(world)
  let last: Reply | undefined
  try {
    for (const request of requests) {
      signal?.throwIfAborted()
      last = await send(onTheWire(request, world))
    }
  } finally {
    for (const request of cleanUp) if (!(await isDone(request, world, send))) onLeft(request.url)
  }
  if (last === undefined) throw new Error(`${exchange.name} has no request`)
  if (last.status === 429) throw new Error('the service still throttles (429) after all tries')
  return recordingOf(exchange, last, world)
}

/** Whether a removal left nothing behind: 200 means removed, 204 and 404 mean that nothing was there. If it was refused, a read decides. */
export async function isDone(request: ConformanceRequest, world: World, send: Send): Promise<boolean> {
  const statusOf = async (method: ConformanceRequest['method']) =>
    (await send(onTheWire({ ...request, method }, world)).catch(() => undefined))?.status ?? 0
  return [200, 204, 404].includes(await statusOf(request.method)) || (await statusOf('GET')) === 404
}

/** @throws Error if the run has no token of that kind: without one, the request would be another */
export function onTheWire(request: ConformanceRequest, world: World): HttpRequest {
  const { method, url, as, headers, webSocket } = request
  const token = as === undefined ? undefined : world.tokens.get(as)
  if (as !== undefined && token === undefined)
    throw new Error(`there is no token for ${as}: Entra ${world.refusals.get(as) ?? 'was not asked'}`)
  const { type, body } = bodyOf(request)
  return {
    method,
    url,
    headers: {
      accept: 'application/json',
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    ...(webSocket === undefined ? {} : { webSocket }),
  }
}

/** The client names the type of a multipart body, because that has its boundary. */
function bodyOf({ json, form, multipart }: ConformanceRequest): {
  type?: string
  body?: string | FormData
} {
  if (json !== undefined) return { type: 'application/json', body: JSON.stringify(json) }
  if (form !== undefined)
    return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(form).toString() }
  if (multipart === undefined) return {}
  const body = new FormData()
  for (const [name, value] of Object.entries(multipart))
    body.set(name, value instanceof File ? value : String(value))
  return { body }
}

function recordingOf({ name, service }: Exchange, { status, headers, body }: Reply, world: World): Recording {
  const document = parseJson(body)
  const { code, message, oauth = '' } = refusalIn(document)
  return {
    exchange: name,
    service,
    status,
    code: sanitised([code, oauth].filter(Boolean).join(' '), world),
    contentType: headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '',
    headers: headersThatClientsRead[service].filter(header => headers[header] !== undefined),
    shape: document === undefined ? [] : shapeOf(document),
    message: sanitised(message, world),
  }
}
