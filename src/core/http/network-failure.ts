import { isNativeError } from 'node:util/types'

/** The proxy on the way of a request. `failed`: it is the proxy that failed, not what lies behind it. */
interface ProxyOnTheWay {
  host: string
  failed: boolean
}

/** A request that got no complete reply. */
export class NetworkFailure extends Error {
  /** What the network stack said, such as ENOTFOUND; `PROXY_407` and the like where a proxy answered; or a code from below. */
  readonly code: string
  /** Host and port that the request was for. */
  readonly target: string
  /** Absent where the request went straight to its target. */
  readonly proxy: ProxyOnTheWay | undefined

  constructor(code: string, target: string, message: string, proxy?: ProxyOnTheWay) {
    super(message)
    this.name = 'NetworkFailure'
    this.code = code
    this.target = target
    this.proxy = proxy
  }

  /** Host and port that did not do as expected: the proxy's where the proxy failed. */
  get host(): string {
    return this.proxy?.failed === true ? this.proxy.host : this.target
  }
}

export const responseTooLarge = 'RESPONSE_TOO_LARGE'
export const requestTimedOut = 'REQUEST_TIMEOUT'
export const untrustedOrigin = 'UNTRUSTED_ORIGIN'
/** The host went over to another protocol, which nobody asked for. */
export const protocolSwitched = 'PROTOCOL_SWITCHED'
export const unknownEncoding = 'UNKNOWN_ENCODING'
/** The proxy that the environment names is of a kind that we cannot use, or its address cannot be read. */
export const proxyUnusable = 'PROXY_UNUSABLE'

/** Node wraps: the errno is on the error, on its cause, or on the members of an AggregateError (one per address tried). */
export function errorCode(error: unknown): string {
  const [inner] = innerErrors(error)
  if (inner !== undefined) return errorCode(inner)
  if (!isNativeError(error)) return 'UNKNOWN'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** What the error says; one that wraps others says nothing by itself. */
export function errorText(error: unknown): string {
  const inner = innerErrors(error)
  if (inner.length > 0) return inner.map(errorText).join('; ')
  return isNativeError(error) ? error.message : String(error)
}

function innerErrors(error: unknown): readonly unknown[] {
  if (!isNativeError(error)) return []
  if ('errors' in error && Array.isArray(error.errors)) return error.errors
  return error.cause === undefined ? [] : [error.cause]
}
