import { ownRefusal, type Refusal } from '../../core/failures/failure.ts'
import { refusalOfNetwork } from '../../core/failures/network.ts'
import {
  type Http,
  type HttpReply,
  type HttpRequest,
  NetworkFailure,
  restrictOrigins,
} from '../../core/http/client.ts'
import type { Clock } from '../../core/ports.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { Answer } from './answer.ts'
import type { Shape, SmokeSettings } from './apis/api.ts'
import { apiOf } from './apis/index.ts'
import { withMoreRoom } from './budget.ts'
import { refusalOfInference } from './errors.ts'
import type { Route } from './route.ts'

/** One real call to a deployment, with a bearer token; it is the probe of the wait and the proof in one. */

export type SmokeResult =
  | {
      kind: 'ok'
      route: Route
      audience: string
      latencyMs: number
      answer: Answer
      adaptations: readonly string[]
    }
  | { kind: 'refused'; route: Route; refusal: Refusal; adaptations: readonly string[] }

export interface SmokeTools {
  http: Http
  clock: Clock
  accessToken: (audience: string) => Promise<string>
}

/** How the call has to look for this deployment; learnt from its refusals. */
interface Attempt {
  audience: string
  shape: Shape
}

const maxAdaptations = 4
/** A pattern of the user's own is run against no more than this many characters. */
const maxMatched = 4000

/**
 * Calls the deployment once; asks again at once where the refusal says how the request has to look instead.
 * @throws StepFailure where signing in for another audience fails.
 */
export async function smokeCall(
  route: Route,
  settings: SmokeSettings,
  tools: SmokeTools,
): Promise<SmokeResult> {
  const adaptations: string[] = []
  let attempt: Attempt = {
    audience: route.audiences[0] ?? '',
    shape: apiOf(route.api).firstShape(settings),
  }
  for (;;) {
    const result = await callOnce(route, settings, attempt, tools)
    const adapted = adaptations.length < maxAdaptations ? adapt(attempt, result, settings.expect) : undefined
    if (adapted === undefined) return { ...meetingExpectation(result, settings.expect), adaptations }
    adaptations.push(adapted.because)
    attempt = adapted.attempt
  }
}

/** The call as it goes out, but for the header by which the caller is known. */
export function requestOf(
  { api, deployment, url }: Route,
  settings: SmokeSettings,
  shape: Shape = apiOf(api).firstShape(settings),
): HttpRequest {
  return { url, ...apiOf(api).requestOf(deployment, settings.prompt, shape) }
}

type CallResult =
  | { kind: 'ok'; route: Route; audience: string; latencyMs: number; answer: Answer }
  | { kind: 'refused'; route: Route; refusal: Refusal }

async function callOnce(
  route: Route,
  settings: SmokeSettings,
  { audience, shape }: Attempt,
  tools: SmokeTools,
): Promise<CallResult> {
  const token = await tools.accessToken(audience)
  const request = requestOf(route, settings, shape)
  const startedAt = tools.clock.now()
  try {
    const reply = await restrictOrigins(
      tools.http,
      route.url,
    )({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } })
    const latencyMs = tools.clock.now() - startedAt
    return judge(reply, { route, audience, latencyMs, now: tools.clock.now() })
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    return { kind: 'refused', route, refusal: refusalOfNetwork(error) }
  }
}

interface Circumstances {
  route: Route
  audience: string
  latencyMs: number
  now: number
}

function judge(reply: HttpReply, { route, audience, latencyMs, now }: Circumstances): CallResult {
  if (reply.status < 200 || reply.status > 299)
    return { kind: 'refused', route, refusal: refusalOfInference(reply, now) }
  const answer = apiOf(route.api).readAnswer(reply)
  if (answer === undefined) {
    const message = `The reply is no answer of the ${route.api} API: ${plain(reply.body, 200)}`
    return {
      kind: 'refused',
      route,
      refusal: { ...ownRefusal('answer-invalid', message), kind: 'transient' },
    }
  }
  return { kind: 'ok', route, audience, latencyMs, answer }
}

/** Of an API whose answer does not follow from the prompt, nothing is expected. */
const meets = ({ api }: Route, { text }: Answer, expect: RegExp | undefined) =>
  expect === undefined || !apiOf(api).answersPrompt || expect.test(text.slice(0, maxMatched))

function meetingExpectation(result: CallResult, expect: RegExp | undefined): CallResult {
  if (result.kind === 'refused' || meets(result.route, result.answer, expect)) return result
  const { text, instead = `"${text}"` } = result.answer
  const message = `The answer was ${plain(instead, 200)}; expected was a match of ${plain(String(expect), 200)}.`
  return { kind: 'refused', route: result.route, refusal: ownRefusal('answer-unexpected', message) }
}

interface NextAttempt {
  attempt: Attempt
  because: string
}

/** The call as this reply wants it; undefined where the reply is final. */
function adapt(attempt: Attempt, result: CallResult, expect: RegExp | undefined): NextAttempt | undefined {
  if (result.kind === 'refused' && result.refusal.code === 'token-audience-rejected')
    return withAnotherAudience(attempt, result.refusal, result.route)
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
  if (!answer.cutShort || (answer.text !== '' && meets(route, answer, expect))) return undefined
  const why = answer.text === '' ? 'the budget was spent before the answer began' : 'the answer was cut short'
  return withMoreRoom(shape, why)
}

function adaptToRefusal(shape: Shape, { refusal, route }: Extract<CallResult, { kind: 'refused' }>) {
  if (refusal.code !== 'parameter-unsupported') return undefined
  const adapted = apiOf(route.api).adapt?.(shape, refusal)
  if (adapted !== undefined || !/max_tokens or model output limit/i.test(refusal.said.message)) return adapted
  return withMoreRoom(shape, 'the model could not finish in its budget')
}

/** The service names the audience it wants; it is tried only if it is one that this route is known to take. */
function withAnotherAudience(attempt: Attempt, refusal: Refusal, route: Route): NextAttempt | undefined {
  const wanted = refusal.named?.audience ?? ''
  const next = route.audiences.find(audience => audience !== attempt.audience && wanted.includes(audience))
  return next === undefined
    ? undefined
    : { attempt: { ...attempt, audience: next }, because: `audience ${next}` }
}
