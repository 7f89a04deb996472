import { AuthorizationManagementClient } from '@azure/arm-authorization'
import { createHttpHeaders, createPipelineRequest, isRestError, RestError } from '@azure/core-rest-pipeline'
import * as v from 'valibot'
import { sdkOptions } from '../azure-pipeline.ts'
import type { Cloud } from '../clouds.ts'
import { refusalOfNetwork } from '../diagnosis/network.ts'
import { refusalOfResourceManager } from '../diagnosis/resource-manager.ts'
import { ownRefusal, parseJson, type Refusal, StepFailure } from '../diagnosis/verdict.ts'
import { confine, type Http, NetworkFailure } from '../http.ts'
import { persist, type RetryPolicy, standardRetry } from '../retry.ts'
import type { Clock, Log } from '../tools.ts'
import { plain } from '../untrusted-text.ts'

/** Azure Resource Manager as this action uses it: the official client for roles, plain reads for everything else. */
export interface ResourceManager {
  authorization: AuthorizationManagementClient
  /** Reads one resource or one whole collection, checked by a schema. @throws StepFailure */
  read<T extends v.GenericSchema>(
    doing: string,
    path: string,
    apiVersion: string,
    schema: T,
  ): Promise<v.InferOutput<T>>
  /** Runs calls of the official client with our retries. @throws StepFailure */
  call<T>(doing: string, attempt: () => Promise<T>): Promise<T>
}

interface Options {
  cloud: Cloud
  subscriptionId: string
  accessToken: () => Promise<string>
  tools: { http: Http; clock: Clock; log: Log }
}

/**
 * Reads are limited to 25 a second for each principal and subscription, and who comes too early waits ten seconds for another
 * chance that is no surer (request-limits-and-throttling). A few hundred gates of one pipeline are served all the same, the
 * unlucky ones only after minutes.
 */
const retryPolicy: RetryPolicy = { ...standardRetry, throttledBudgetMs: 5 * 60_000 }

export function createResourceManager({
  cloud,
  subscriptionId,
  accessToken,
  tools,
}: Options): ResourceManager {
  const { endpoint, audience } = cloud.resourceManager
  const http = confine(tools.http, endpoint)
  const credential = {
    // The pipeline renews by this time; the session decides by itself when a token is too old.
    getToken: async () => ({ token: await accessToken(), expiresOnTimestamp: Date.now() + 5 * 60_000 }),
  }
  const authorization = new AuthorizationManagementClient(credential, subscriptionId, {
    ...sdkOptions(http),
    endpoint,
    credentialScopes: `${audience}/.default`,
  })

  const call: ResourceManager['call'] = (doing, attempt) =>
    persist(
      tools,
      async () => {
        try {
          return await attempt()
        } catch (error) {
          throw failureOf(doing, error, tools.clock.now())
        }
      },
      retryPolicy,
    )

  return {
    authorization,
    call,
    read: (doing, path, apiVersion, schema) =>
      call(doing, async () => {
        const url = `${endpoint}${path}?api-version=${apiVersion}`
        const reply = await authorization.sendRequest(
          createPipelineRequest({
            url,
            method: 'GET',
            headers: createHttpHeaders({ accept: 'application/json' }),
          }),
        )
        if (reply.status !== 200) throw new RestError('', { response: reply, statusCode: reply.status })
        const body = v.safeParse(schema, parseJson(reply.bodyAsText ?? ''))
        if (!body.success) throw new StepFailure(doing, notUnderstood(body.issues[0].message))
        return body.output
      }),
  }
}

function failureOf(doing: string, error: unknown, now: number): unknown {
  if (error instanceof StepFailure) return error
  if (error instanceof NetworkFailure) return new StepFailure(doing, refusalOfNetwork(error))
  // The authorization client brings a copy of the class of its own; `instanceof` would not know its errors.
  if (!isRestError(error)) return error
  const { response } = error
  // Success of which the SDK could make nothing, such as a JSON document cut in half.
  if (response === undefined || response.status < 300)
    return new StepFailure(doing, notUnderstood(error.message))
  const reply = {
    status: response.status,
    headers: response.headers.toJSON(),
    body: response.bodyAsText ?? '',
  }
  return new StepFailure(doing, refusalOfResourceManager(reply, now))
}

function notUnderstood(message: string): Refusal {
  return {
    ...ownRefusal('resource-manager-unavailable', `The reply was not understood: ${plain(message)}`),
    kind: 'transient',
  }
}
