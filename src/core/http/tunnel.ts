import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { errorCode, errorText, NetworkFailure, requestTimedOut } from './network-failure.ts'
import type { ProxyServer } from './proxy.ts'
import type { TimeLimit } from './time-limit.ts'

/**
 * Asks a proxy for a tunnel to `authority` (host and port) and returns the open connection.
 * @throws NetworkFailure that names the proxy as what failed.
 */
export function openTunnel(proxy: ProxyServer, authority: string, limit: TimeLimit): Promise<Socket> {
  const failure = (code: string, message: string) =>
    new NetworkFailure(code, authority.replace(/:443$/, ''), message, { host: proxy.host, failed: true })
  const tooLate = () =>
    failure(requestTimedOut, `The proxy ${proxy.host} opened no way to ${authority} in time`)

  const opened = new Promise<Socket>((resolve, reject) => {
    const request = (proxy.secure ? https : http).request({
      host: proxy.hostname,
      port: proxy.port,
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
      },
      agent: false,
      // Checked always, no matter what NODE_TLS_REJECT_UNAUTHORIZED says, because the proxy gets credentials.
      rejectUnauthorized: true,
      signal: limit.signal,
    })
    request.once('connect', (reply, socket, head) => {
      const status = reply.statusCode ?? 0
      if (status >= 200 && status <= 299) {
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
        return
      }
      socket.destroy()
      reject(
        failure(
          `PROXY_${status}`,
          `The proxy ${proxy.host} refused the way to ${authority}: ${reasonOf(reply)}`,
        ),
      )
    })
    request.once('error', error =>
      reject(
        limit.signal.aborted
          ? tooLate()
          : failure(
              errorCode(error),
              `The proxy ${proxy.host} opened no way to ${authority}: ${errorText(error)}`,
            ),
      ),
    )
    request.end()
  })
  return opened.finally(limit.clear)
}

/** Status and what proxies add to it: the authentication methods that they accept (407), Squid's own reason. Untrusted text. */
function reasonOf({ statusCode, statusMessage, headers }: IncomingMessage): string {
  const schemes = headers['proxy-authenticate']
  const reason = headers['x-squid-error'] ?? headers['proxy-status']
  return [
    `${statusCode} ${statusMessage}`,
    schemes === undefined ? '' : `it asks for ${schemes}`,
    reason === undefined ? '' : String(reason),
  ]
    .filter(part => part !== '')
    .join('; ')
}
