import type { Http } from './client.ts'
import { nextRequestSent } from './warm-up.ts'

/** What can be done while replies are awaited takes its turns here. */
export interface IdleTime {
  http: Http
  /** Resolves when the client has waited for replies for some milliseconds, and still does. */
  idle: () => Promise<void>
}

/** A reply that comes within this time leaves none to use. */
const quickReplyMs = 4

/** @param client Its requests count. */
export function withIdleTime(client: Http): IdleTime {
  let awaited = 0
  let hasWaited = Promise.resolve()
  return {
    async http(request) {
      awaited += 1
      hasWaited = new Promise(resolve => setTimeout(resolve, quickReplyMs))
      try {
        return await client(request)
      } finally {
        awaited -= 1
      }
    },
    async idle() {
      do {
        if (awaited === 0) await nextRequestSent()
        await hasWaited
        // Replies that came in this time are read first.
        await new Promise(resolve => setImmediate(resolve))
      } while (awaited === 0)
    },
  }
}
