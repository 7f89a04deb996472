import type { ServiceReply } from '../service.ts'

export function eventStream(events: readonly string[], headers: Record<string, string>): ServiceReply {
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' },
    pieces: events.map(event => `${event}\n\n`),
  }
}

/** Streamed tokens are padded, so that the size of the packets does not reveal them. */
export const obfuscationOf = (token: string) => '0'.repeat(Math.max(0, 16 - token.length))

export const dataEvent = (data: unknown) => `data: ${JSON.stringify(data)}`

export const namedEvent = (name: string, data: unknown) => `event: ${name}\n${dataEvent(data)}`
