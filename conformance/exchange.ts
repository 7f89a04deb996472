import type { Need, TokenAudience } from './terms.ts'
import type { World } from './world.ts'

/** One question to a service, as data. Each exchange is independent, costs next to nothing, and leaves nothing behind. */
export interface Exchange {
  /** Unique, in kebab case. The recording has this name. */
  name: string
  service: Service
  /** What we learn from it, in a sentence. */
  purpose: string
  /** What the world must have. If it lacks something, the run skips the exchange and says so. */
  needs: readonly Need[]
  /** Requests in order. Only the last one is compared; the others prepare for it. */
  steps: (world: World) => Steps
}

type Service = 'github' | 'entra' | 'resource-manager' | 'graph' | 'inference'

export interface Steps {
  requests: readonly ConformanceRequest[]
  /** Sent at the end, no matter how the others went. The answers are ignored. */
  cleanUp?: readonly ConformanceRequest[]
}

export interface ConformanceRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  url: string
  /** The token to send; none if absent. */
  as?: TokenAudience
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  json?: unknown
  /** Sent as a form. A value can be computed for each request, because an assertion is used once. */
  form?: Readonly<Record<string, string>>
  /** Sent as `multipart/form-data`: texts, and files. */
  multipart?: Readonly<Record<string, unknown>>
  /** Asks for a WebSocket. The reply is that to the handshake, and nothing is sent over it. */
  webSocket?: true
}

/** Headers that clients read. The comparison checks that they are present, not their values. */
export const headersThatClientsRead: Readonly<Record<Service, readonly string[]>> = {
  github: ['content-type'],
  entra: ['content-type', 'x-ms-request-id', 'retry-after'],
  'resource-manager': [
    'content-type',
    'date',
    'x-ms-request-id',
    'x-ms-correlation-request-id',
    'x-ms-failure-cause',
    'www-authenticate',
    'retry-after',
    'azure-asyncoperation',
    'location',
  ],
  graph: ['content-type', 'request-id', 'www-authenticate', 'retry-after'],
  inference: [
    'content-type',
    'date',
    'apim-request-id',
    // The SDKs of OpenAI and of Anthropic.
    'x-request-id',
    'request-id',
    'x-ms-region',
    'x-ratelimit-remaining-requests',
    'x-ratelimit-limit-requests',
    'x-ratelimit-remaining-tokens',
    'x-ratelimit-limit-tokens',
    'www-authenticate',
    'retry-after',
    'retry-after-ms',
    'x-ms-retry-after-ms',
    // A WebSocket opens with these two (RFC 6455, 4.1).
    'upgrade',
    'sec-websocket-accept',
  ],
}
