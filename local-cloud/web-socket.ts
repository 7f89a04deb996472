import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'

/** As much of the WebSocket protocol (RFC 6455) as opens one, sends something, and closes it properly. */

export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

const TEXT = 0x81
const CLOSE = 0x88
const LARGEST_SHORT = 125

/** One whole message of a server, which masks nothing. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text, 'utf8')
  if (payload.length <= LARGEST_SHORT) return Buffer.concat([Buffer.of(TEXT, payload.length), payload])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(payload.length)
  return Buffer.concat([Buffer.of(TEXT, LARGEST_SHORT + 1), length, payload])
}

/** Reads only close frames, and answers them. */
export function untilClosed(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  socket.on('data', (data: Buffer) => {
    if (data[0] === CLOSE) socket.end(Buffer.of(CLOSE, 0))
  })
  socket.on('end', () => socket.end())
}
