import { failureOfNetwork } from '../../../src/core/failures/network.ts'
import {
  errorCode,
  errorText,
  NetworkFailure,
  proxyUnusable,
  requestTimedOut,
  responseTooLarge,
  unknownEncoding,
  untrustedOrigin,
} from '../../../src/core/http/network-failure.ts'

const target = 'contoso.openai.azure.com'
const proxyHost = 'proxy.contoso.example:3128'

const straight = undefined
const failed = { host: proxyHost, failed: true }
const between = { host: proxyHost, failed: false }

test.each([
  ['ENOTFOUND', straight, 'dns-failed', 'transient'],
  ['EAI_AGAIN', straight, 'dns-failed', 'transient'],
  ['EAI_FAIL', straight, 'dns-failed', 'transient'],
  ['ENOTFOUND', failed, 'dns-failed', 'transient'],
  ['ENODATA', straight, 'dns-failed', 'transient'],
  ['ESERVFAIL', straight, 'dns-failed', 'transient'],
  ['XENOTFOUND', straight, 'connection-failed', 'transient'],
  ['ENOTFOUNDX', straight, 'connection-failed', 'transient'],
  ['CRL_HAS_EXPIRED', straight, 'tls-untrusted', 'fatal'],
  ['UNABLE_TO_GET_CRL', straight, 'tls-untrusted', 'fatal'],
  ['INVALID_PURPOSE', straight, 'tls-untrusted', 'fatal'],
  ['INVALID_PURPOSES', straight, 'connection-failed', 'transient'],
  ['XINVALID_PURPOSE', straight, 'connection-failed', 'transient'],
  ['PATH_LENGTH_EXCEEDED', straight, 'tls-untrusted', 'fatal'],
  ['HOSTNAME_MISMATCH', straight, 'tls-untrusted', 'fatal'],
  ['ESOCKETTIMEDOUT', straight, 'request-timeout', 'transient'],
  ['XETIMEDOUT', straight, 'connection-failed', 'transient'],
  ['ETIMEDOUTX', straight, 'connection-failed', 'transient'],
  ['PROXY_407', straight, 'proxy-refused', 'fatal'],
  ['PROXY_4031', failed, 'proxy-refused', 'transient'],
  ['PROXY_5021', failed, 'proxy-refused', 'transient'],
  ['XPROXY_403', failed, 'proxy-refused', 'transient'],
  ['SELF_SIGNED_CERT_IN_CHAIN', straight, 'tls-untrusted', 'fatal'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', straight, 'tls-untrusted', 'fatal'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', straight, 'tls-untrusted', 'fatal'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', straight, 'tls-untrusted', 'fatal'],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', straight, 'request-timeout', 'transient'],
  ['CERT_HAS_EXPIRED', straight, 'tls-untrusted', 'fatal'],
  ['CERT_UNTRUSTED', between, 'tls-untrusted', 'fatal'],
  ['INVALID_CA', straight, 'tls-untrusted', 'fatal'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', straight, 'tls-untrusted', 'fatal'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', failed, 'tls-untrusted', 'fatal'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', straight, 'connection-failed', 'transient'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', straight, 'connection-failed', 'transient'],
  ['EPROTO', straight, 'connection-failed', 'transient'],
  ['PROXY_407', failed, 'proxy-refused', 'fatal'],
  ['PROXY_403', failed, 'proxy-refused', 'fatal'],
  ['PROXY_302', failed, 'proxy-refused', 'fatal'],
  ['PROXY_408', failed, 'proxy-refused', 'transient'],
  ['PROXY_429', failed, 'proxy-refused', 'transient'],
  ['PROXY_502', failed, 'proxy-refused', 'transient'],
  [proxyUnusable, failed, 'proxy-refused', 'fatal'],
  ['ECONNREFUSED', failed, 'proxy-refused', 'transient'],
  ['ECONNRESET', failed, 'proxy-refused', 'transient'],
  ['HPE_INVALID_CONSTANT', failed, 'proxy-refused', 'transient'],
  [requestTimedOut, failed, 'request-timeout', 'transient'],
  ['ECONNREFUSED', straight, 'connection-failed', 'transient'],
  ['ECONNRESET', between, 'connection-failed', 'transient'],
  ['EHOSTUNREACH', straight, 'connection-failed', 'transient'],
  ['HPE_INVALID_CONSTANT', straight, 'connection-failed', 'transient'],
  [unknownEncoding, straight, 'connection-failed', 'transient'],
  ['ETIMEDOUT', straight, 'request-timeout', 'transient'],
  [requestTimedOut, between, 'request-timeout', 'transient'],
  [responseTooLarge, straight, 'connection-failed', 'fatal'],
  [untrustedOrigin, straight, 'connection-failed', 'fatal'],
  ['UNKNOWN', straight, 'connection-failed', 'transient'],
])('%s, by a proxy: %j', (code, proxy, expected, kind) => {
  const failure = new NetworkFailure(code, target, `${code} ##[error]\n::error::x`, proxy)

  expect(failureOfNetwork(failure)).toEqual({
    kind,
    code: expected,
    said: {
      serviceCode: code,
      message: `${code} # #[error] : :error: :x`,
      ids: {},
      host: proxy?.failed === true ? proxyHost : target,
    },
    way: proxy === undefined ? { target } : { target, proxy: proxyHost },
  })
})

describe('the cause of an error', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })
  const unreachable = Object.assign(new Error('connect ENETUNREACH 10.0.0.1:1'), { code: 'ENETUNREACH' })

  test.each([
    ['itself', refused, 'ECONNREFUSED', 'connect ECONNREFUSED ::1:1'],
    [
      'wrapped',
      new TypeError('fetch failed', { cause: refused }),
      'ECONNREFUSED',
      'connect ECONNREFUSED ::1:1',
    ],
    [
      'one per address',
      new AggregateError([refused, unreachable]),
      'ECONNREFUSED',
      'connect ECONNREFUSED ::1:1; connect ENETUNREACH 10.0.0.1:1',
    ],
    ['without a code', new RangeError('no'), 'RangeError', 'no'],
    ['no error at all', 'broken', 'UNKNOWN', 'broken'],
  ])('%s', (_, error, code, text) => {
    expect(errorCode(error)).toBe(code)
    expect(errorText(error)).toBe(text)
  })
})
