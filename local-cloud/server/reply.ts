import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Clock } from '../clock.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'

export interface WireReply {
  status: number
  headers: Record<string, string>
  body: Buffer
  /** The body once more, where it is sent in pieces. */
  pieces?: readonly Buffer[]
}

/** What came of a request: no reply means that none is sent. */
export interface Outcome {
  reply?: WireReply
  caller?: string
  unimplemented?: string
  failure?: string
}

/** Makes the reply of a service. */
type Produce = () => Promise<ServiceReply> | ServiceReply

export type Render = (produce: Produce) => Promise<Outcome>

/** Makes a reply ready for the wire. Whatever goes wrong on the way is a defect, and becomes a 500 of the service. */
export async function rendered(
  service: Service,
  request: ServiceRequest,
  clock: Clock,
  produce: Produce,
): Promise<Outcome> {
  // Node would stamp the reply with real time, which is not the time that the rest of the reply speaks of.
  const common = { date: new Date(clock.now()).toUTCString(), ...service.commonHeaders(request) }
  try {
    const reply = await produce()
    const outcome: Outcome = { reply: wireReply(reply, common) }
    if (reply.caller !== undefined) outcome.caller = reply.caller
    if (reply.unimplemented !== undefined) outcome.unimplemented = reply.unimplemented
    return outcome
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const message = `The local cloud failed on this request: ${error instanceof Error ? error.message : failure}`
    const body = { error: { code: 'InternalServerError', message } }
    return { reply: wireReply({ status: 500, body }, common), failure }
  }
}

/** @throws TypeError where a header cannot be sent or the body cannot be written as JSON */
function wireReply(
  { status, headers, body, pieces }: ServiceReply,
  common: Record<string, string>,
): WireReply {
  const json = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)
  const all = {
    ...common,
    ...(json ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    ...headers,
  }
  for (const [name, value] of Object.entries(all)) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  }
  if (pieces !== undefined) {
    const made = pieces.map(piece => Buffer.from(piece, 'utf8'))
    return { status, headers: all, body: Buffer.concat(made), pieces: made }
  }
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(json ? JSON.stringify(body) : String(body ?? ''), 'utf8')
  return { status, headers: all, body: bytes }
}
