import { isNativeError } from 'node:util/types'

/** The proxy of a request. `failed`: the proxy itself failed, and not the host behind it. */
interface ProxyOnTheWay {
  host: string
  failed: boolean
}

/** A request that got no complete reply. */
export class NetworkFailure extends Error {
  /**
   * The code of the network stack, such as ENOTFOUND; `PROXY_407` and the like if a proxy answered; or one of the codes below.
   */
  readonly code: string
  /** Host and port that the request was for. */
  readonly target: string
  /** Absent if the request used no proxy. */
  readonly proxy: ProxyOnTheWay | undefined

  constructor(code: string, target: string, message: string, proxy?: ProxyOnTheWay) {
    super(message)
    this.name = 'NetworkFailure'
    this.code = code
    this.target = target
    this.proxy = proxy
  }

  /** Host and port that failed: the proxy's if the proxy failed. */
  get host(): string {
    return this.proxy?.failed === true ? this.proxy.host : this.target
  }
}

export const responseTooLarge = 'RESPONSE_TOO_LARGE'
export const requestTimedOut = 'REQUEST_TIMEOUT'
export const untrustedOrigin = 'UNTRUSTED_ORIGIN'
/** The host switched to another protocol, although nobody asked for that. */
export const protocolSwitched = 'PROTOCOL_SWITCHED'
export const unknownEncoding = 'UNKNOWN_ENCODING'
/** The environment names a proxy of an unsupported kind, or its address is not valid. */
export const proxyUnusable = 'PROXY_UNUSABLE'

/** Node wraps errors: the errno is on the error, on its cause, or on the members of an AggregateError (one per address). */
export function errorCode(error: unknown): string {
  const [inner] = innerErrors(error)
  if (inner !== undefined) return errorCode(inner)
  if (!isNativeError(error)) return 'UNKNOWN'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** The error's message; an error that only wraps others has none of its own. */
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
