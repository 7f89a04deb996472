import { refusalOfNetwork } from '../../src/diagnosis/network.ts'
import { NetworkFailure, requestTimedOut, responseTooLarge, untrustedOrigin } from '../../src/http.ts'

test.each([
  ['ENOTFOUND', false, 'dns-failed', 'transient'],
  ['EAI_AGAIN', false, 'dns-failed', 'transient'],
  ['SELF_SIGNED_CERT_IN_CHAIN', false, 'tls-untrusted', 'fatal'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', false, 'tls-untrusted', 'fatal'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', false, 'tls-untrusted', 'fatal'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, 'tls-untrusted', 'fatal'],
  ['CERT_HAS_EXPIRED', false, 'tls-untrusted', 'fatal'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false, 'tls-untrusted', 'fatal'],
  ['PROXY_407', true, 'proxy-refused', 'fatal'],
  ['PROXY_403', true, 'proxy-refused', 'fatal'],
  ['ECONNREFUSED', true, 'proxy-refused', 'transient'],
  ['ECONNREFUSED', false, 'connection-failed', 'transient'],
  ['ECONNRESET', false, 'connection-failed', 'transient'],
  ['UND_ERR_SOCKET', true, 'connection-failed', 'transient'],
  ['EHOSTUNREACH', false, 'connection-failed', 'transient'],
  ['ETIMEDOUT', false, 'request-timeout', 'transient'],
  ['UND_ERR_CONNECT_TIMEOUT', false, 'request-timeout', 'transient'],
  [requestTimedOut, false, 'request-timeout', 'transient'],
  [responseTooLarge, false, 'connection-failed', 'fatal'],
  [untrustedOrigin, false, 'connection-failed', 'fatal'],
  ['UNKNOWN', false, 'connection-failed', 'transient'],
])('%s, by a proxy: %s', (code, viaProxy, expected, kind) => {
  const failure = new NetworkFailure(
    code,
    'contoso.openai.azure.com',
    `${code} ##[error]\n::error::x`,
    viaProxy,
  )

  expect(refusalOfNetwork(failure)).toEqual({
    kind,
    code: expected,
    said: {
      serviceCode: code,
      message: `${code} # #[error] : :error: :x`,
      ids: {},
      host: 'contoso.openai.azure.com',
    },
  })
})
