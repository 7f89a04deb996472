import {
  createHttpHeaders,
  createPipelineFromOptions,
  formDataPolicyName,
  type HttpClient,
  type Pipeline,
} from '@azure/core-rest-pipeline'
import type { Http } from '../core/http/client.ts'

/**
 * Lets the Azure SDKs send their requests through our door, so that time, size, proxies and destinations are bounded for
 * them too. Retries and redirects are left to us: the SDKs wait as long as a server says, and follow where it points.
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
 * Proxies are the door's concern. The SDKs would read them from the environment too, and throw at an address without a scheme;
 * one that is named to them keeps them from it, and is never used.
 */
const proxyOptions = { host: 'http://unused.invalid', port: 1 }

/** Options that every SDK client of this action is made with. */
export function sdkOptions(http: Http) {
  return {
    httpClient: asHttpClient(http),
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    proxyOptions,
    userAgentOptions: { userAgentPrefix: 'key-less-gate' },
  }
}

/** The same for a client that lets nobody change its pipeline once it is made, and has nothing to serialize. */
export function sdkOptionsWithPipeline(http: Http) {
  const options = sdkOptions(http)
  return { ...options, pipeline: withoutForms(createPipelineFromOptions(options)) }
}

/**
 * No request of an SDK is a form here. The policy that asks whether it is one names FormData, and with that Node loads the HTTP stack
 * under `fetch`, which nobody uses: a sixth of the processor's time of a run.
 */
export function withoutForms(pipeline: Pipeline): Pipeline {
  pipeline.removePolicy({ name: formDataPolicyName })
  return pipeline
}
