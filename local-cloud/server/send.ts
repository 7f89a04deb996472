import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultEffect } from '../faults.ts'
import { untilClosed } from '../web-socket.ts'
import type { WireReply } from './reply.ts'
import type { Wire } from './wire.ts'

export async function leaveUnanswered(wire: Wire, effect: FaultEffect | undefined): Promise<void> {
  if (effect?.kind === 'reset') wire.reset()
  if (effect?.kind === 'hang') await wire.wait(Number.POSITIVE_INFINITY)
}

export async function send(wire: Wire, reply: WireReply, effect: FaultEffect | undefined): Promise<void> {
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
