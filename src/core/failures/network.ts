import {
  type NetworkFailure,
  proxyUnusable,
  requestTimedOut,
  responseTooLarge,
  untrustedOrigin,
} from '../http/network-failure.ts'
import { plain } from '../text/untrusted.ts'
import type { Failure } from './failure.ts'

/** Classifies requests that got no reply, for every hop. */

type KindAndCode = Pick<Failure, 'kind' | 'code'>

const unresolved = /^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/
/**
 * Certificates that Node does not accept (nodejs.org, tls: X509 certificate error codes). Failures of TLS itself, ERR_SSL_… and
 * EPROTO, are not among them.
 */
const untrusted =
  /^(?!ERR_SSL_)(.*CERT.*|.*CRL.*|UNABLE_TO_.*|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/
const timedOut = /^(ETIMEDOUT|ESOCKETTIMEDOUT|ERR_SOCKET_CONNECTION_TIMEOUT)$/
const never: ReadonlySet<string> = new Set([proxyUnusable, responseTooLarge, untrustedOrigin])

export function failureOfNetwork(failure: NetworkFailure): Failure {
  const { code, target, proxy, host, message } = failure
  return {
    ...kindAndCode(failure),
    said: { serviceCode: plain(code, 80), message: plain(message), ids: {}, host: plain(host, 260) },
    way: { target: plain(target, 260), ...(proxy === undefined ? {} : { proxy: plain(proxy.host, 260) }) },
  }
}

function kindAndCode({ code, proxy }: NetworkFailure): KindAndCode {
  // Retried, because some resolvers return EAI_AGAIN both for a short failure and for a name that does not exist.
  if (unresolved.test(code)) return { kind: 'transient', code: 'dns-failed' }
  if (untrusted.test(code)) return { kind: 'fatal', code: 'tls-untrusted' }
  if (code === requestTimedOut || timedOut.test(code)) return { kind: 'transient', code: 'request-timeout' }
  if (proxy?.failed === true || code.startsWith('PROXY_'))
    return { kind: mayPassAtProxy(code) ? 'transient' : 'fatal', code: 'proxy-refused' }
  return { kind: never.has(code) ? 'fatal' : 'transient', code: 'connection-failed' }
}

/**
 * Whether a failure at the proxy may pass. A refusal is its policy and stays, unless the proxy says that it is busy or could not
 * connect. Anything but a reply is a broken connection, which may pass.
 */
function mayPassAtProxy(code: string): boolean {
  const status = /^PROXY_(\d{3})$/.exec(code)?.[1]
  if (status === undefined) return !never.has(code)
  return status === '408' || status === '429' || status.startsWith('5')
}
