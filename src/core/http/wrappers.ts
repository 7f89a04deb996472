import type { Http } from './client.ts'
import { NetworkFailure, untrustedOrigin } from './network-failure.ts'

/** Wrappers of a client. They are separate from the client, so that importing them does not load sockets. */

/**
 * Makes every request on a new connection: balancers may bind a connection to one replica, and another replica may answer
 * differently.
 */
export const onFreshConnections =
  (http: Http): Http =>
  request =>
    http({ ...request, fresh: true })

/**
 * Restricts a client to the origins that may get the token. If a server names another address, the client does not call it.
 */
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
