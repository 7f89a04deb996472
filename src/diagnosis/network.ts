import { type NetworkFailure, requestTimedOut, responseTooLarge, untrustedOrigin } from '../http.ts'
import { plain } from '../untrusted-text.ts'
import type { DiagnosisCode } from './codes.ts'
import type { Refusal } from './verdict.ts'

/** Requests that got no reply, on whichever hop. */

/** Node's and OpenSSL's codes for a certificate that is not trusted. */
const tlsCode = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS|ERR_SSL|EPROTO/

export function refusalOfNetwork(failure: NetworkFailure): Refusal {
  return {
    ...kindAndCode(failure),
    said: { serviceCode: failure.code, message: plain(failure.message), ids: {}, host: failure.host },
  }
}

function kindAndCode({ code, viaProxy }: NetworkFailure): { kind: Refusal['kind']; code: DiagnosisCode } {
  if (code.startsWith('PROXY_')) return { kind: 'fatal', code: 'proxy-refused' }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_NODATA' || code === 'EAI_FAIL') {
    return { kind: 'transient', code: 'dns-failed' }
  }
  if (tlsCode.test(code)) return { kind: 'fatal', code: 'tls-untrusted' }
  if (
    code === requestTimedOut ||
    code === 'ETIMEDOUT' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    code === 'UND_ERR_HEADERS_TIMEOUT'
  ) {
    return { kind: 'transient', code: 'request-timeout' }
  }
  if (code === responseTooLarge || code === untrustedOrigin)
    return { kind: 'fatal', code: 'connection-failed' }
  if (viaProxy && code === 'ECONNREFUSED') return { kind: 'transient', code: 'proxy-refused' }
  return { kind: 'transient', code: 'connection-failed' }
}
