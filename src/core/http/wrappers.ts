import type { Http } from './client.ts'
import { NetworkFailure, untrustedOrigin } from './network-failure.ts'

/** What a client is given to, to narrow what it does. Apart from the client, so that nobody who only names these loads its sockets. */

/** Sends nothing, and never replies: for code that is run ahead as far as its first request, since it is compiled at its first use. */
export const rehearsal: Http = () => new Promise(() => {})

/** Makes every request on a connection of its own: balancers may bind a connection to one replica, and another has its own mind. */
export const onFreshConnections =
  (http: Http): Http =>
  request =>
    http({ ...request, fresh: true })

/** Restricts a client to the origins that a token may go to: whatever address a server hands out, no other is asked. */
export function restrictOrigins(http: Http, ...origins: string[]): Http {
  const allowed = new Set(origins.map(origin => new URL(origin).origin))
  return async httpRequest => {
    const url = URL.parse(httpRequest.url)
    if (url === null || !allowed.has(url.origin)) {
      const elsewhere = url?.host ?? 'something that is no address'
      throw new NetworkFailure(
        untrustedOrigin,
        elsewhere,
        `A server referred to ${elsewhere}, which is not ${[...allowed].join(' or ')}`,
      )
    }
    return http(httpRequest)
  }
}
