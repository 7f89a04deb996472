import {
  createServer as createHttpServer,
  type IncomingMessage,
  ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { bySkewedClock, type Clock } from './clock.ts'
import { edited } from './edit.ts'
import type { Fault, FaultEffect, Faults } from './faults.ts'
import type { Journal, JournalEntry } from './journal.ts'
import type { Route, Service, ServiceReply, ServiceRequest } from './service.ts'
import type { TlsCredentials } from './tls.ts'
import { untilClosed } from './web-socket.ts'

/** Largest request body that is read, in bytes; what is longer is answered 413. */
const BODY_LIMIT = 4 * 1024 * 1024

/** Operation of requests that no route takes. */
export const UNKNOWN_OPERATION = 'unknown'

export interface ServerOptions {
  /** Undefined: plain http. */
  tls: TlsCredentials | undefined
  /** 0: whatever is free. */
  port: number
  clock: Clock
  faults: Faults
  journal: Journal
}

/** One port on 127.0.0.1. */
export interface ServiceServer {
  /** `https://127.0.0.1:PORT`, or with `http:`; no trailing slash. */
  readonly url: string
  /** Puts a service on the port, or replaces it. Requests that come before the first one wait for it. */
  serve(service: Service): void
  /**
   * Opens the port, or closes it: connections are refused then, and those that are there broken. Where somebody else has taken a
   * closed port, it stays closed.
   */
  listen(isWanted: boolean): Promise<void>
  /** Frees the port and breaks every connection at once. */
  close(): Promise<void>
}

/**
 * Opens a port of 127.0.0.1.
 * @throws the listen error of Node (`EADDRINUSE`, `EACCES`) where the port cannot be had
 */
export async function openServer(options: ServerOptions): Promise<ServiceServer> {
  const { tls, port } = options
  const connections = createConnections()
  let first: (service: Service) => void = () => {}
  let service = new Promise<Service>(resolve => {
    first = resolve
  })

  // Clients leave, the server does not: closing a connection is a fault, and faults are injected.
  const patience = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }
  const server =
    tls === undefined
      ? createHttpServer(patience)
      : createHttpsServer({ cert: tls.cert, key: tls.key, ...patience })
  server.on('connection', connections.add)
  await listen(server, port)
  let isListening = true
  const ownPort = portOf(server)
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${ownPort}`
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const wire: Wire = {
      request,
      response,
      connection: connections.numberOf(request.socket),
      wait: ms => pass(ms, options.clock, response),
      reset: () => connections.reset(request.socket),
    }
    await answer(wire, url, await service, options)
  }
  server.on('request', take)
  // What is asked for another protocol may still be refused in this one.
  server.on('upgrade', (request, socket) => take(request, responseOn(socket, request)))

  return {
    url,
    serve(next) {
      first(next)
      service = Promise.resolve(next)
    },
    async listen(isWanted) {
      if (isWanted === isListening) return
      isListening = isWanted
      if (isWanted)
        await listen(server, ownPort).catch(() => {
          isListening = false
        })
      else {
        server.close()
        connections.destroyAll()
      }
    },
    close() {
      return new Promise(resolve => {
        server.close(() => resolve())
        connections.destroyAll()
      })
    },
  }
}

/** Node makes none where another protocol is asked for. */
function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(request.socket)
  response.once('finish', () => {
    response.detachSocket(request.socket)
    socket.end()
  })
  return response
}

/** Lets `ms` milliseconds of the cloud's time pass. False where the client left before, or the server closed. */
async function pass(ms: number, clock: Clock, response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return false
  const left = new AbortController()
  const leave = () => left.abort('The connection is gone')
  response.once('close', leave)
  try {
    await clock.sleep(ms, left.signal)
    return true
  } catch {
    return false
  } finally {
    response.off('close', leave)
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP port')
  return address.port
}

/**
 * The TCP connections below TLS. Only they can be reset (Node sends no RST from a TLS socket), and only they
 * include clients that have not finished their handshake, for which close() would wait. Their order is the one in which a client
 * opened them: handshakes of several at once end in any order.
 */
function createConnections() {
  const open = new Map<string, { socket: Socket; number: number }>()
  let taken = 0
  const peer = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`
  return {
    add(socket: Socket) {
      const key = peer(socket)
      open.set(key, { socket, number: taken++ })
      socket.once('close', () => open.delete(key))
    },
    /** From 0, in the order in which the port took them. A connection that is gone, and gets no reply, has -1. */
    numberOf: (tlsSocket: Socket) => open.get(peer(tlsSocket))?.number ?? -1,
    reset(tlsSocket: Socket) {
      open.get(peer(tlsSocket))?.socket.resetAndDestroy()
    },
    destroyAll() {
      for (const { socket } of open.values()) socket.destroy()
    },
  }
}

/** One request on the wire: what a fault needs to spoil it. */
interface Wire {
  request: IncomingMessage
  response: ServerResponse
  /** As in a service's request. */
  connection: number
  /** Lets `ms` milliseconds of the cloud's time pass. False where meanwhile the client or the server has left. */
  wait(ms: number): Promise<boolean>
  reset(): void
}

interface Received {
  request: ServiceRequest
  complete: boolean
  tooLarge: boolean
}

/** Takes one request from its body to the last byte of its reply. Never rejects; makes exactly one journal entry. */
async function answer(wire: Wire, url: string, service: Service, { clock, faults, journal }: ServerOptions) {
  const at = clock.now()
  const received = await receive(wire, url)
  const { request } = received
  const target = wire.request.url ?? '/'
  const match = findRoute(service, request)
  const operation = match?.route.operation ?? UNKNOWN_OPERATION
  const text = `${target}\n${request.body}`
  const fault = received.complete ? faults.take({ service: service.name, operation, text }) : undefined
  const render = (produce: () => Promise<ServiceReply> | ServiceReply) =>
    rendered(service, request, clock, produce)
  const outcome = await settle(wire, fault, render, () => perform(service, match, received, render))

  const broken = wire.response.destroyed || wire.request.socket.destroyed
  const entry: JournalEntry = {
    at,
    service: service.name,
    operation,
    method: request.method,
    host: wire.request.headers.host ?? '',
    target,
    headers: request.headers,
    body: request.body,
    status: broken || outcome.reply === undefined ? null : outcome.reply.status,
  }
  if (outcome.caller !== undefined) entry.caller = outcome.caller
  if (outcome.unimplemented !== undefined) entry.unimplemented = outcome.unimplemented
  if (outcome.failure !== undefined) entry.failure = outcome.failure
  if (fault !== undefined) entry.fault = fault.name
  // Before the first byte goes out: anyone who has the reply finds the entry.
  journal.add(entry)

  if (outcome.reply === undefined) await leaveUnanswered(wire, fault?.effect)
  else await send(wire, outcome.reply, fault?.effect)
}

async function leaveUnanswered(wire: Wire, effect: FaultEffect | undefined): Promise<void> {
  if (effect?.kind === 'reset') wire.reset()
  if (effect?.kind === 'hang') await wire.wait(Number.POSITIVE_INFINITY)
}

async function receive({ request: incoming, connection }: Wire, url: string): Promise<Received> {
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

interface RouteMatch {
  route: Route
  params: Record<string, string>
}

function findRoute(service: Service, request: ServiceRequest): RouteMatch | undefined {
  const path = request.url.pathname.replace(/\/{2,}/g, '/')
  // A HEAD is a GET whose body stays behind (RFC 9110, 9.3.2); Node drops the body by itself.
  const method = request.method === 'HEAD' ? 'GET' : request.method
  for (const route of service.routes) {
    if (route.method !== method) continue
    const found = new RegExp(route.path, 'i').exec(path)
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

interface WireReply {
  status: number
  headers: Record<string, string>
  body: Buffer
  /** The body once more, where it is sent in pieces. */
  pieces?: readonly Buffer[]
}

/** What came of a request: no reply means that none is sent. */
interface Outcome {
  reply?: WireReply
  caller?: string
  unimplemented?: string
  failure?: string
}

type Render = (produce: () => Promise<ServiceReply> | ServiceReply) => Promise<Outcome>

/** Makes a reply ready for the wire. Whatever goes wrong on the way is a defect, and becomes a 500 of the service. */
async function rendered(
  service: Service,
  request: ServiceRequest,
  clock: Clock,
  produce: () => Promise<ServiceReply> | ServiceReply,
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

async function perform(
  service: Service,
  match: RouteMatch | undefined,
  { request, complete, tooLarge }: Received,
  render: Render,
): Promise<Outcome> {
  if (!complete) return {}
  if (tooLarge) return render(() => ({ status: 413 }))
  if (match === undefined) return render(() => service.notFound(request))
  return render(() => match.route.handle(request, match.params))
}

/** Lets the request take effect, or not, as the fault has it, and finds what is to be sent. */
async function settle(
  wire: Wire,
  fault: Fault | undefined,
  render: Render,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  if (fault === undefined) return run()
  const { effect, afterEffect = false } = fault
  if (effect.kind === 'delay') return delayed(wire, effect.ms, afterEffect, run)
  // What is sent in part must first exist: these take effect whatever `afterEffect` says.
  if (effect.kind === 'drip' || effect.kind === 'truncate' || isLateReset(effect)) return run()
  if (effect.kind === 'skew') return bySkewedClock(effect.ms, run)
  if (effect.kind === 'headers') return withHeaders(await run(), effect.headers)
  if (effect.kind === 'edit') return withEdit(await run(), effect)
  const { reply: _lost, ...kept } = afterEffect ? await run() : {}
  return effect.kind === 'reply' ? { ...(await render(() => replacement(effect))), ...kept } : kept
}

function withHeaders(outcome: Outcome, headers: Record<string, string>): Outcome {
  const { reply } = outcome
  return reply === undefined
    ? outcome
    : { ...outcome, reply: { ...reply, headers: { ...reply.headers, ...headers } } }
}

/** A reply that is no JSON is sent as it is. */
function withEdit(outcome: Outcome, { path, ...change }: Extract<FaultEffect, { kind: 'edit' }>): Outcome {
  const { reply } = outcome
  if (reply === undefined || !reply.headers['content-type']?.startsWith('application/json')) return outcome
  const json: unknown = JSON.parse(reply.body.toString('utf8'))
  const body = Buffer.from(JSON.stringify(edited(json, path, change)) ?? '', 'utf8')
  return { ...outcome, reply: { ...reply, body } }
}

const isLateReset = (effect: FaultEffect) => effect.kind === 'reset' && effect.when !== 'before'

function replacement({ status, headers, body }: Extract<FaultEffect, { kind: 'reply' }>): ServiceReply {
  return headers === undefined ? { status, body } : { status, headers, body }
}

async function delayed(
  wire: Wire,
  ms: number,
  effectFirst: boolean,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  const before = effectFirst ? await run() : undefined
  if (!(await wire.wait(ms))) return {}
  return before ?? run()
}

async function send(wire: Wire, reply: WireReply, effect: FaultEffect | undefined): Promise<void> {
  const { response } = wire
  if (reply.status === 101) return switchProtocols(wire, reply, effect)
  const body = effect?.kind === 'truncate' ? reply.body.subarray(0, effect.bytes) : reply.body
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value)
  // What a fault cuts short or slows down is known as a whole.
  const isWhole = effect?.kind === 'truncate' || effect?.kind === 'drip' || effect?.kind === 'reset'
  if (reply.pieces !== undefined && !isWhole) {
    response.statusCode = reply.status
    return trickle(wire, reply.pieces)
  }
  // 204 and 304 have no body, and no length either (RFC 9110, 8.6).
  if (reply.status !== 204 && reply.status !== 304) response.setHeader('content-length', body.length)
  response.statusCode = reply.status
  if (effect?.kind === 'drip') return drip(wire, body, effect.ms)
  if (effect?.kind === 'reset')
    return breakOff(wire, effect.when === 'body' ? body.subarray(0, body.length / 2) : undefined)
  response.end(body)
}

/** The body of such a reply is what the other protocol begins with. */
async function switchProtocols(
  { request, reset }: Wire,
  { headers, body }: WireReply,
  effect: FaultEffect | undefined,
): Promise<void> {
  const { socket } = request
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
  if (effect?.kind === 'reset') {
    await sleep(letRead)
    reset()
    return
  }
  socket.write(body)
  untilClosed(socket)
}

/** Between two pieces of a stream: enough for a client to see the first one before the last is there. */
const PIECE_PAUSE_MS = 5

async function trickle({ response, wait }: Wire, pieces: readonly Buffer[]): Promise<void> {
  response.flushHeaders()
  for (const piece of pieces) {
    response.write(piece)
    if (!(await wait(PIECE_PAUSE_MS))) return
  }
  response.end()
}

async function drip({ response, wait }: Wire, body: Buffer, ms: number): Promise<void> {
  response.flushHeaders()
  for (const byte of body) {
    if (!(await wait(ms))) return
    response.write(Buffer.of(byte))
  }
  response.end()
}

/** A reset makes kernels throw away what is on its way, some even what has arrived: let the client read first. Milliseconds. */
const letRead = 20

/** Sends the headers and, where given, the begin of the body; then resets the connection. */
async function breakOff(wire: Wire, begin: Buffer | undefined): Promise<void> {
  const { response } = wire
  response.flushHeaders()
  if (begin !== undefined) await new Promise(resolve => response.write(begin, resolve))
  await sleep(letRead)
  wire.reset()
}
