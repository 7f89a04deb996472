import { createHash, randomBytes } from 'node:crypto'

/** The opening handshake of a WebSocket (RFC 6455, 4.1): enough to know that the other side speaks it. */

export const newKey = (): string => randomBytes(16).toString('base64')

export const handshakeHeaders = (key: string): Record<string, string> => ({
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': key,
})

/** The answer that a WebSocket server derives from the key. A device that only answers 101 cannot know it. */
export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
