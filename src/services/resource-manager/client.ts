import { AuthorizationManagementClient } from '@azure/arm-authorization'
import { createHttpHeaders, createPipelineRequest, isRestError, RestError } from '@azure/core-rest-pipeline'
import type * as v from 'valibot'
import type { Cloud } from '../../azure/clouds.ts'
import { sdkOptions, withoutForms } from '../../azure/sdk-transport.ts'
import { StepError, withHost } from '../../core/failures/failure.ts'
import { failureOfNetwork } from '../../core/failures/network.ts'
import { persist, type RetryPolicy, standardRetry } from '../../core/failures/retry.ts'
import type { Http } from '../../core/http/client.ts'
import { NetworkFailure } from '../../core/http/network-failure.ts'
import { restrictOrigins } from '../../core/http/wrappers.ts'
import type { Clock, Log } from '../../core/ports.ts'
import { readClaimsRequest } from './claims-challenge.ts'
import { failureOfResourceManager } from './errors.ts'
import { endless, maxPages, pageOf } from './pages.ts'
import { parseReply, unreadableReply } from './reply.ts'
import { throttledBudgetMs } from './throttling.ts'

/** Azure Resource Manager as this action uses it: the official client signs requests and writes; schemas check what is read. */
export interface ResourceManager {
  authorization: AuthorizationManagementClient
  /** Reads one resource, checked by a schema. @throws StepError */
  read<T extends v.GenericSchema>(
    operation: string,
    path: string,
    apiVersion: string,
    schema: T,
  ): Promise<v.InferOutput<T>>
  /** Reads a collection to its last page. @throws StepError */
  readAll<T extends v.GenericSchema>(
    operation: string,
    path: string,
    { apiVersion, filter }: ListQuery,
    entrySchema: T,
  ): Promise<Listed<v.InferOutput<T>>>
  /** The same, page by page, with one try each: what comes before a failure is kept. @throws what the request throws */
  pages<T extends v.GenericSchema>(
    operation: string,
    path: string,
    { apiVersion, filter }: ListQuery,
    entrySchema: T,
  ): AsyncGenerator<Listed<v.InferOutput<T>>>
  /** Runs calls of the official client with our retries. @throws StepError */
  call<T>(operation: string, attempt: () => Promise<T>): Promise<T>
}

interface ListQuery {
  apiVersion: string
  /** OData, as the service writes it. */
  filter?: string
}

interface Listed<T> {
  entries: T[]
  /** Time of the answer, by Resource Manager's clock; milliseconds since the epoch. */
  asOf: number | undefined
}

interface Options {
  cloud: Cloud
  subscriptionId: string
  accessToken: (claims?: string) => Promise<string>
  tools: { http: Http; clock: Clock; log: Log }
}

const retryPolicy: RetryPolicy = { ...standardRetry, throttledBudgetMs }

export function createResourceManager(options: Options): ResourceManager {
  const { tools } = options
  const { endpoint } = options.cloud.resourceManager
  const authorization = authorizationClient(options)

  const call: ResourceManager['call'] = (operation, attempt) =>
    persist(
      tools,
      async () => {
        try {
          return await attempt()
        } catch (error) {
          throw failureOf(operation, error, tools.clock.now())
        }
      },
      retryPolicy,
    )

  const pages: ResourceManager['pages'] = (operation, path, query, entrySchema) =>
    pagesFrom(authorization, operation, `${endpoint}${path}?${inQuery(query)}`, entrySchema)

  return {
    authorization,
    call,
    pages,
    async read(operation, path, apiVersion, schema) {
      const url = `${endpoint}${path}?${inQuery({ apiVersion })}`
      const { body } = await call(operation, () => get(authorization, operation, url, schema))
      return body
    },
    readAll: (operation, path, query, entrySchema) =>
      call(operation, async () => {
        const all: Listed<v.InferOutput<typeof entrySchema>> = { entries: [], asOf: undefined }
        for await (const { entries, asOf } of pages(operation, path, query, entrySchema)) {
          all.entries = all.entries.concat(entries)
          all.asOf = asOf
        }
        return all
      }),
  }
}

function authorizationClient({
  cloud,
  subscriptionId,
  accessToken,
  tools,
}: Options): AuthorizationManagementClient {
  const { endpoint, audience } = cloud.resourceManager
  const credential = {
    // The pipeline renews the token by this time, but the session itself decides when a token is too old. On a challenge
    // (continuous access evaluation) the pipeline asks once more, with the claims that it took from the reply unchecked.
    getToken: async (_scopes: string | string[], { claims }: { claims?: string } = {}) => ({
      token: await accessToken(claims === undefined ? undefined : readClaimsRequest(claims)),
      expiresOnTimestamp: Date.now() + 5 * 60_000,
    }),
  }
  const client = new AuthorizationManagementClient(credential, subscriptionId, {
    ...sdkOptions(restrictOrigins(tools.http, endpoint)),
    endpoint,
    credentialScopes: `${audience}/.default`,
  })
  withoutForms(client.pipeline)
  return client
}

const inQuery = ({ apiVersion, filter }: ListQuery): string =>
  `api-version=${apiVersion}${filter === undefined ? '' : `&$filter=${encodeURIComponent(filter)}`}`

/** What the SDK is told that it need not parse: our schemas read it, and a list of models is long. */
const streamResponseStatusCodes = new Set([200])

interface Got<T> {
  body: T
  /** By Resource Manager's clock; milliseconds since the epoch. */
  asOf: number | undefined
}

async function get<T extends v.GenericSchema>(
  client: AuthorizationManagementClient,
  operation: string,
  url: string,
  schema: T,
): Promise<Got<v.InferOutput<T>>> {
  const headers = createHttpHeaders({ accept: 'application/json' })
  const request = createPipelineRequest({ url, method: 'GET', headers, streamResponseStatusCodes })
  const reply = await client.sendRequest(request)
  if (reply.status !== 200) throw new RestError('', { response: reply, statusCode: reply.status })
  const date = Date.parse(reply.headers.get('date') ?? '')
  return {
    body: parseReply(operation, reply.bodyAsText, schema),
    asOf: Number.isNaN(date) ? undefined : date,
  }
}

async function* pagesFrom<T extends v.GenericSchema>(
  client: AuthorizationManagementClient,
  operation: string,
  first: string,
  entrySchema: T,
): AsyncGenerator<Listed<v.InferOutput<T>>> {
  const page = pageOf(entrySchema)
  let next: string | null | undefined = first
  for (let count = 1; next; count += 1) {
    if (count > maxPages) throw endless(operation)
    const { body, asOf }: Got<v.InferOutput<typeof page>> = await get(client, operation, next, page)
    yield { entries: body.value, asOf }
    next = body.nextLink
  }
}

function failureOf(operation: string, error: unknown, now: number): unknown {
  if (error instanceof StepError) return error
  if (error instanceof NetworkFailure) return new StepError(operation, failureOfNetwork(error))
  // The authorization client has its own copy of the class, so `instanceof` would not recognise its errors.
  if (!isRestError(error)) return error
  const { response } = error
  // A success that the SDK could not read, such as a truncated JSON document.
  if (response === undefined || response.status < 300)
    return new StepError(operation, unreadableReply(error.message))
  const reply = {
    status: response.status,
    headers: response.headers.toJSON(),
    body: response.bodyAsText ?? '',
  }
  return new StepError(operation, withHost(failureOfResourceManager(reply, now), response.request.url))
}
