import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request on the wire: what a fault needs to spoil it. */
export interface Wire {
  request: IncomingMessage
  response: ServerResponse
  /** As in a service's request. */
  connection: number
  /** Lets `ms` milliseconds of the cloud's time pass. False where meanwhile the client or the server has left. */
  wait(ms: number): Promise<boolean>
  reset(): void
}
