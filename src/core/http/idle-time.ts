import type { Http } from './client.ts'
import { nextRequestSent } from './warm-up.ts'

/** What can be done while replies are awaited takes its turns here. */
export interface IdleTime {
  http: Http
  /** Resolves when the client has waited for a reply for some milliseconds, and still does. */
  idle: () => Promise<void>
}

/** A reply that comes within this time leaves none to use. */
const quickReplyMs = 4

/** @param client Its requests count. */
export function withIdleTime(client: Http): IdleTime {
  let awaited = 0
  return {
    async http(request) {
      awaited += 1
      try {
        return await client(request)
      } finally {
        awaited -= 1
      }
    },
    async idle() {
      do {
        if (awaited === 0) await nextRequestSent()
        await new Promise(resolve => setTimeout(resolve, quickReplyMs))
        // Replies that came in this time are read first.
        await new Promise(resolve => setImmediate(resolve))
      } while (awaited === 0)
    },
  }
}
