import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { type Failure, localFailure, statusLine, withHost } from '../../core/failures/failure.ts'
import { isFromCache } from '../../core/failures/intermediary.ts'
import { failureOfNetwork } from '../../core/failures/network.ts'
import type { Http, HttpReply, HttpRequest } from '../../core/http/client.ts'
import { NetworkFailure } from '../../core/http/network-failure.ts'
import { restrictOrigins } from '../../core/http/wrappers.ts'
import type { Clock } from '../../core/ports.ts'
import { matchesInTime } from '../../core/text/match.ts'
import { plain } from '../../core/text/untrusted.ts'
import { type Answer, idOfAnswer, isRemembered } from './answer.ts'
import type { Place, Shape, SmokeSettings } from './apis/api.ts'
import { apiOf } from './apis/index.ts'
import { failureOfInference } from './errors.ts'
import { type Quota, quotaOf } from './quota.ts'
import { type Route, targetOf } from './route.ts'
import { withMoreRoom } from './shapes.ts'

/** One real call to a deployment, with a bearer token: both the probe of the wait and the proof. */

export type SmokeResult =
  | {
      kind: 'ok'
      route: Route
      /** Where it was answered, if that is not the route's own address. */
      answeredAt?: string
      audience: string
      latencyMs: number
      /** Equal numbers for answers that came over one connection. */
      connection?: number
      /** Equal ids show that one answer was given twice. */
      id?: string
      answer: Answer
      /** Absent: the answer says nothing about it. */
      quota?: Quota
      adaptations: readonly string[]
    }
  | {
      kind: 'refused'
      route: Route
      failure: Failure
      adaptations: readonly string[]
      /** The replies of the route's other places. */
      elsewhere?: readonly RefusedAt[]
    }

interface RefusedAt {
  url: string
  failure: Failure
}

export interface SmokeTools {
  http: Http
  clock: Clock
  accessToken: (audience: string) => Promise<string>
}

/** The form of the call for this deployment, learned from its refusals. */
interface Attempt {
  place: Place
  audience: string
  shape: Shape
}

/** With these codes a place does not serve the deployment, or does not accept the token: another place may. */
const notHere: ReadonlySet<DiagnosisCode> = new Set([
  'token-not-accepted',
  'token-audience-rejected',
  'deployment-not-found',
  'endpoint-not-found',
  'api-version-unsupported',
  'operation-unsupported',
])

const maxAdaptations = 4
/** The user's pattern runs against this many characters at most. */
const maxMatched = 4000

/**
 * Calls the deployment once, and again at once if the refusal says which form the request must have.
 * @throws StepError if signing in for another audience fails.
 */
export async function smokeCall(
  route: Route,
  settings: SmokeSettings,
  tools: SmokeTools,
): Promise<SmokeResult> {
  const adaptations: string[] = []
  const elsewhere: RefusedAt[] = []
  const { url, dataAction, otherPlaces = [] } = route
  let attempt = firstAttempt(route, { url, dataAction }, settings)
  for (;;) {
    const result = await callOnce(route, settings, attempt, tools)
    const adapted = adaptations.length < maxAdaptations ? adapt(attempt, result, settings.expect) : undefined
    const nextPlace = otherPlaces[elsewhere.length]
    if (adapted !== undefined) {
      adaptations.push(adapted.because)
      attempt = adapted.attempt
    } else if (result.kind === 'refused' && notHere.has(result.failure.code) && nextPlace !== undefined) {
      elsewhere.push({ url: attempt.place.url, failure: result.failure })
      adaptations.push(`${pathOf(nextPlace.url)}, since ${pathOf(attempt.place.url)} said ${said(result)}`)
      attempt = firstAttempt(route, nextPlace, settings)
    } else return { ...meetingExpectation(outcome(result, attempt, elsewhere), settings.expect), adaptations }
  }
}

const firstAttempt = (route: Route, place: Place, settings: SmokeSettings): Attempt => ({
  place,
  audience: route.audiences[0] ?? '',
  shape: apiOf(route.api).firstShape(settings, targetOf(route)),
})

const pathOf = (url: string) => new URL(url).pathname

const said = ({ failure }: Extract<CallResult, { kind: 'refused' }>) =>
  statusLine(failure.said) || failure.code

/** The request as it is sent, without the header that identifies the caller. */
export function requestOf(
  route: Route,
  settings: SmokeSettings,
  { place, shape } = firstAttempt(route, route, settings),
): HttpRequest {
  return { url: place.url, ...apiOf(route.api).requestOf(targetOf(route), settings.prompt, shape) }
}

type CallResult =
  | Omit<Extract<SmokeResult, { kind: 'ok' }>, 'adaptations'>
  | { kind: 'refused'; route: Route; failure: Failure; elsewhere?: readonly RefusedAt[] }

/** Of several places that refused, the result is from the one that accepted the token: it knows more about the deployment. */
function outcome(result: CallResult, { place: { url } }: Attempt, before: readonly RefusedAt[]): CallResult {
  if (result.kind === 'ok' || before.length === 0 || !notHere.has(result.failure.code)) return result
  const all = [...before, { url, failure: result.failure }]
  const telling = all.find(({ failure }) => tookToken(failure)) ?? all[0]
  return {
    ...result,
    failure: telling?.failure ?? result.failure,
    elsewhere: all.filter(each => each !== telling),
  }
}

/** Only a handshake is answered with 101. */
export const isSuccess = ({ status }: HttpReply): boolean =>
  (status >= 200 && status <= 299) || status === 101

export const tookToken = ({ code }: Failure): boolean =>
  code !== 'token-not-accepted' && code !== 'token-audience-rejected'

async function callOnce(
  route: Route,
  settings: SmokeSettings,
  attempt: Attempt,
  tools: SmokeTools,
): Promise<CallResult> {
  const { audience, place } = attempt
  const token = await tools.accessToken(audience)
  const request = requestOf(route, settings, attempt)
  const startedAt = tools.clock.now()
  try {
    const reply = await restrictOrigins(
      tools.http,
      place.url,
    )({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } })
    const latencyMs = tools.clock.now() - startedAt
    const answeredAt = place.url === route.url ? {} : { answeredAt: place.url }
    return judge(reply, { route, ...answeredAt, audience, latencyMs, now: tools.clock.now() })
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    return { kind: 'refused', route, failure: failureOfNetwork(error) }
  }
}

interface Circumstances {
  route: Route
  answeredAt?: string
  audience: string
  latencyMs: number
  now: number
}

function judge(reply: HttpReply, { now, ...call }: Circumstances): CallResult {
  if (!isSuccess(reply)) {
    const { route, answeredAt = route.url } = call
    return { kind: 'refused', route, failure: withHost(failureOfInference(reply, now), answeredAt) }
  }
  const { route } = call
  const isStored = isFromCache(reply) || isRemembered(reply)
  const answer = isStored ? undefined : apiOf(route.api).readAnswer(reply)
  if (answer === undefined) {
    const what = isStored ? outOfCache : `is no answer of the ${route.api} API`
    return { kind: 'refused', route, failure: invalid(`The reply ${what}: ${plain(reply.body, 200)}`) }
  }
  const { connection } = reply
  const quota = quotaOf(reply.headers)
  const id = idOfAnswer(reply.body)
  return {
    kind: 'ok',
    ...call,
    ...(connection === undefined ? {} : { connection }),
    ...(quota === undefined ? {} : { quota }),
    ...(id === undefined ? {} : { id }),
    answer,
  }
}

const outOfCache = 'comes out of a cache'

const invalid = (message: string): Failure => ({
  ...localFailure('answer-invalid', message),
  kind: 'transient',
})

/** An answer that was given before was not made for this call. @param given Ids of the answers so far; gets this one's. */
export function unlessGiven(result: SmokeResult, given: Set<string>): SmokeResult {
  if (result.kind === 'refused' || result.id === undefined) return result
  const { id, route, adaptations } = result
  if (!given.has(id)) {
    given.add(id)
    return result
  }
  const failure = invalid(`The reply ${outOfCache}: another call was given the same answer, ${plain(id, 80)}`)
  return { kind: 'refused', route, failure, adaptations }
}

/** If the answer of an API does not depend on the prompt, nothing is checked. */
const meets = ({ api }: Route, { text }: Answer, expect: RegExp | undefined) =>
  expect === undefined || !apiOf(api).answersPrompt || matchesInTime(expect, text.slice(0, maxMatched))

function meetingExpectation(result: CallResult, expect: RegExp | undefined): CallResult {
  if (result.kind === 'refused') return result
  const match = meets(result.route, result.answer, expect)
  if (match === true) return result
  const { text, instead = `"${text}"` } = result.answer
  const tooSlow =
    match === 'too-slow'
      ? ' Whether it does took too long to find out: the pattern backtracks on this answer.'
      : ''
  const message = `The answer was ${plain(instead, 200)}; expected was a match of ${plain(String(expect), 200)}.${tooSlow}`
  return { kind: 'refused', route: result.route, failure: localFailure('answer-unexpected', message) }
}

interface NextAttempt {
  attempt: Attempt
  because: string
}

/** The call in the form that this reply asks for; undefined if the reply is final. */
function adapt(attempt: Attempt, result: CallResult, expect: RegExp | undefined): NextAttempt | undefined {
  if (result.kind === 'refused' && result.failure.code === 'token-audience-rejected')
    return withAnotherAudience(attempt, result.failure, result.route)
  const adapted =
    result.kind === 'ok'
      ? adaptToAnswer(attempt.shape, result, expect)
      : adaptToRefusal(attempt.shape, result)
  return adapted && { attempt: { ...attempt, shape: adapted.shape }, because: adapted.because }
}

function adaptToAnswer(
  shape: Shape,
  { answer, route }: Extract<CallResult, { kind: 'ok' }>,
  expect: RegExp | undefined,
) {
  if (!answer.cutShort || (answer.text !== '' && meets(route, answer, expect) === true)) return undefined
  const why = answer.text === '' ? 'the budget was spent before the answer began' : 'the answer was cut short'
  return withMoreRoom(shape, why)
}

function adaptToRefusal(shape: Shape, { failure, route }: Extract<CallResult, { kind: 'refused' }>) {
  if (failure.code !== 'parameter-unsupported') return undefined
  const adapted = apiOf(route.api).adapt?.(shape, failure)
  if (adapted !== undefined || !/max_tokens or model output limit/i.test(failure.said.message)) return adapted
  return withMoreRoom(shape, 'the model could not finish in its budget')
}

/** The service names the audience it wants; the gate tries it only if this route is known to accept it. */
function withAnotherAudience(attempt: Attempt, failure: Failure, route: Route): NextAttempt | undefined {
  const wanted = failure.details?.audience ?? ''
  const next = route.audiences.find(audience => audience !== attempt.audience && wanted.includes(audience))
  return next === undefined
    ? undefined
    : { attempt: { ...attempt, audience: next }, because: `audience ${next}` }
}
