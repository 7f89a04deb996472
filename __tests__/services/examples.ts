import type { AllExamples, Examples } from '../support/example.ts'
import { entraExamples } from './entra/examples.ts'
import { githubExamples } from './github/examples.ts'
import { inferenceExamples } from './inference/examples.ts'
import { resourceManagerExamples } from './resource-manager/examples.ts'

const input: Examples<'input'> = {
  'input-invalid': { own: 'The gate checks all inputs at once, before any request.' },
}

const nodeErrors = 'https://nodejs.org/api/errors.html'

const network: Examples<'network'> = {
  'dns-failed': {
    network: { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND contoso-ai.openai.azure.com' },
    source: 'https://github.com/dyad-sh/dyad/issues/2572',
  },
  'tls-untrusted': {
    network: { code: 'SELF_SIGNED_CERT_IN_CHAIN', message: 'self-signed certificate in certificate chain' },
    source: 'https://nodejs.org/api/tls.html#x509-certificate-error-codes',
  },
  'proxy-refused': {
    network: { code: 'PROXY_407', message: 'the proxy answered 407', proxy: 'proxy.contoso.example:8080' },
    source: 'https://github.com/actions/setup-java/issues/169',
  },
  'blocked-on-the-way': {
    reply: {
      status: 403,
      headers: { 'content-type': 'text/html', server: 'Microsoft-Azure-Application-Gateway/v2' },
      body: '<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr><center>Microsoft-Azure-Application-Gateway/v2</center></body></html>',
    },
    source: 'https://learn.microsoft.com/azure/web-application-firewall/ag/ag-overview',
  },
  'connection-failed': {
    network: { code: 'ECONNRESET', message: 'read ECONNRESET' },
    source: nodeErrors,
  },
  'request-timeout': {
    network: { code: 'ETIMEDOUT', message: 'connect ETIMEDOUT' },
    source: nodeErrors,
  },
}

const posture: Examples<'posture'> = {
  'keys-enabled': {
    own: 'The account’s `disableLocalAuth` is not true, or a call with a key was answered, and `key-access` is `forbid`.',
  },
  'retired-key-accepted': { own: 'A call with the key in `retired-key` reached the model.' },
  'endpoint-of-another-resource': {
    own: 'The account does not report the host of the input `endpoint`, and `key-access` is `forbid`.',
  },
  'finding-forbidden': {
    own: 'A finding has the severity in the input `fail-on`, or a higher one.',
  },
  'model-retires-soon': {
    own: 'A model that was called retires within `model-days-left`, or the day of its retirement could not be read.',
  },
}

const production: Examples<'production'> = {
  'runtime-access-missing': {
    own: 'The roles of an identity in `runtime-principals` do not allow its calls, and the gate cannot or must not grant a role.',
  },
  'runtime-access-unknown': {
    own: 'It is not known whether an identity in `runtime-principals` can make its calls, and `runtime-unknown` is `fail`.',
  },
  'probe-failed': {
    own: 'The route of `probe-url` did not answer 2xx, or its answer does not match `probe-expect`.',
  },
}

const action: Examples<'action'> = {
  'unexpected-error': { own: 'Something failed in a way that the action does not expect.' },
}

export const examples: AllExamples = {
  ...input,
  ...githubExamples,
  ...entraExamples,
  ...resourceManagerExamples,
  ...inferenceExamples,
  ...network,
  ...posture,
  ...production,
  ...action,
}
