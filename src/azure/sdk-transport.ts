import {
  createHttpHeaders,
  createPipelineFromOptions,
  formDataPolicyName,
  type HttpClient,
  type Pipeline,
} from '@azure/core-rest-pipeline'
import type { Http } from '../core/http/client.ts'

/**
 * Makes the Azure SDKs send their requests through our client, so that its limits on time, size, proxies and destinations apply.
 * Retries and redirects of the SDKs are off: they would wait as long as a server says, and follow its redirects.
 */
function asHttpClient(http: Http): HttpClient {
  return {
    async sendRequest(request) {
      if (request.body !== undefined && request.body !== null && typeof request.body !== 'string') {
        throw new TypeError('Only text bodies are sent to Azure')
      }
      const reply = await http({
        method: request.method,
        url: request.url,
        headers: request.headers.toJSON(),
        ...(typeof request.body === 'string' ? { body: request.body } : {}),
      })
      return {
        request,
        status: reply.status,
        headers: createHttpHeaders(reply.headers),
        bodyAsText: reply.body,
      }
    },
  }
}

/**
 * Our client handles proxies. The SDKs would read them from the environment too, and throw if an address has no scheme. This
 * setting stops that. The proxy in it is never used.
 */
const proxyOptions = { host: 'http://unused.invalid', port: 1 }

/** Options for every SDK client of this action. */
export function sdkOptions(http: Http) {
  return {
    httpClient: asHttpClient(http),
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    proxyOptions,
    userAgentOptions: { userAgentPrefix: 'key-less-gate' },
  }
}

/** The same for a client whose pipeline cannot be changed later, and which serializes nothing. */
export function sdkOptionsWithPipeline(http: Http) {
  const options = sdkOptions(http)
  return { ...options, pipeline: withoutForms(createPipelineFromOptions(options)) }
}

/**
 * Removes the policy for forms: no SDK request here is one. The policy touches FormData, which makes Node load the HTTP stack of
 * `fetch`, and that costs a sixth of a run's processor time.
 */
export function withoutForms(pipeline: Pipeline): Pipeline {
  pipeline.removePolicy({ name: formDataPolicyName })
  return pipeline
}
