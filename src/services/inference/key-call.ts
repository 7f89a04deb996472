import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { readErrorBody } from '../../core/failures/error-body.ts'
import {
  type Failure,
  localFailure,
  type ServiceResponse,
  summarizeResponse,
} from '../../core/failures/failure.ts'
import { isFromCache } from '../../core/failures/intermediary.ts'
import { failureOfNetwork } from '../../core/failures/network.ts'
import type { Http, HttpReply } from '../../core/http/client.ts'
import { NetworkFailure } from '../../core/http/network-failure.ts'
import { restrictOrigins } from '../../core/http/wrappers.ts'
import type { Clock } from '../../core/ports.ts'
import { type Scrub, scrubBody, scrubberOf } from '../../core/text/scrub.ts'
import type { SmokeSettings } from './apis/api.ts'
import { apiOf, type RouteApi } from './apis/index.ts'
import { failureOfInference } from './errors.ts'
import type { Route } from './route.ts'
import { isSuccess, requestOf } from './smoke-call.ts'

/** One call to a deployment with an API key instead of a bearer token: whether the data plane accepts the key. */

export type KeyReply =
  /** All keys are refused, or only this one. */
  | { kind: 'refused'; outcome: 'key-access-off' | 'key-invalid'; said: ServiceResponse }
  | { kind: 'accepted'; said: ServiceResponse }
  /** Says nothing about the key. */
  | { kind: 'unproven'; failure: Failure }

/** Sends the key to the host of the route only. */
export async function keyCall(
  route: Route,
  key: string,
  settings: SmokeSettings,
  { http, clock }: { http: Http; clock: Clock },
): Promise<KeyReply> {
  const request = requestOf(route, settings)
  const scrub = scrubberOf([key], '(key)')
  try {
    const reply = await restrictOrigins(
      http,
      route.url,
    )({ ...request, headers: { ...request.headers, [apiOf(route.api).keyHeader]: key } })
    return classifyKeyReply(withoutKey(reply, scrub), route.api, clock.now())
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    const { code, target, message, proxy } = error
    const failure = failureOfNetwork(new NetworkFailure(code, target, scrub(message), proxy))
    return { kind: 'unproven', failure }
  }
}

/** Refusals that come after authentication: from the check of rights, the deployment or its model. */
const behindAuthentication: ReadonlySet<DiagnosisCode> = new Set([
  'access-denied',
  'deployment-not-found',
  'operation-unsupported',
  'parameter-unsupported',
  'content-filtered',
])
/** The codes that the classifier, which is made for tokens, gives to 401 replies. */
const notAuthenticated: ReadonlySet<DiagnosisCode> = new Set([
  'token-not-accepted',
  'token-audience-rejected',
])
/** From a deployment, not from a gateway in front of it. */
const limitOfDeployment = /exceeded (call|token) rate limit|currently experiencing high demand/i

/** @param now Milliseconds since the epoch. */
export function classifyKeyReply(reply: HttpReply, api: RouteApi, now: number): KeyReply {
  if (isSuccess(reply)) return classifySuccess(reply, api)
  const failure = failureOfInference(reply, now)
  const { code, said } = failure
  if (code === 'key-auth-disabled') return { kind: 'refused', outcome: 'key-access-off', said }
  // The service always gives the reason in the body. A 401 without one may come from anybody, and a gateway's reply says
  // nothing about keys of the resource.
  if (notAuthenticated.has(code) && reply.body.trim() !== '' && said.by === undefined)
    return { kind: 'refused', outcome: 'key-invalid', said }
  const isOfDeployment =
    behindAuthentication.has(code) || (code === 'inference-throttled' && limitOfDeployment.test(said.message))
  if (isOfDeployment && readErrorBody(reply.body).structured) return { kind: 'accepted', said }
  // These codes are about tokens and roles, and no token was sent.
  const isAboutTokens = notAuthenticated.has(code) || code === 'access-denied'
  return {
    kind: 'unproven',
    failure: isAboutTokens ? { ...failure, kind: 'fatal', code: 'inference-rejected' } : failure,
  }
}

function classifySuccess(reply: HttpReply, api: RouteApi): KeyReply {
  if (!isFromCache(reply) && apiOf(api).readAnswer(reply) !== undefined)
    return { kind: 'accepted', said: summarizeResponse(reply, undefined, 'The model answered.') }
  const failure = localFailure('answer-invalid', `The reply is no answer of the ${api} API.`)
  return { kind: 'unproven', failure: { ...failure, kind: 'transient' } }
}

/**
 * The reply without the key, in case the server quoted it. Refusals are printed and cut to size, and no mask covers what is
 * left of a key. Answers are not printed.
 */
function withoutKey(reply: HttpReply, scrub: Scrub): HttpReply {
  const headers = Object.fromEntries(Object.entries(reply.headers).map(([name, text]) => [name, scrub(text)]))
  return { ...reply, headers, body: isSuccess(reply) ? reply.body : scrubBody(reply.body, scrub) }
}
