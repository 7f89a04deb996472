import type { Need, TokenAudience } from './terms.ts'
import type { World } from './world.ts'

/** One thing to find out about a service, as data. Each stands by itself, costs next to nothing, and leaves nothing behind. */
export interface Exchange {
  /** Unique, in kebab case: its recording goes by it. */
  name: string
  service: Service
  /** What is learned from it, in a sentence. */
  purpose: string
  /** What the world must have; where it has it not, the exchange is left out, and that is said. */
  needs: readonly Need[]
  /** Requests in their order. The last one is what is compared; those before it make way for it. */
  steps: (world: World) => Steps
}

type Service = 'github' | 'entra' | 'resource-manager' | 'graph' | 'inference'

export interface Steps {
  requests: readonly ConformanceRequest[]
  /** Sent in any case, whatever became of the others. What they answer is not looked at. */
  cleanUp?: readonly ConformanceRequest[]
}

export interface ConformanceRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  url: string
  /** Whose token goes along; none where it is absent. */
  as?: TokenAudience
  headers?: Readonly<Record<string, string>>
  /** Goes out as JSON. */
  json?: unknown
  /** Goes out as a form. A value may be made anew for each request: assertions are used once. */
  form?: Readonly<Record<string, string>>
}

/** Headers that clients read: whether they are there is compared, their values are not. */
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
    'apim-request-id',
    'x-ms-region',
    'x-ratelimit-remaining-requests',
    'x-ratelimit-remaining-tokens',
    'www-authenticate',
    'retry-after',
  ],
}
