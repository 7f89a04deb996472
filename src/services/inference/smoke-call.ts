import { ownRefusal, type Refusal } from '../../core/failures/failure.ts'
import { refusalOfNetwork } from '../../core/failures/network.ts'
import {
  confine,
  type Http,
  type HttpReply,
  type HttpRequest,
  NetworkFailure,
} from '../../core/http/client.ts'
import type { Clock } from '../../core/ports.ts'
import { plain } from '../../core/text/untrusted.ts'
import { type Answer, readAnswer } from './answer.ts'
import type { Api } from './apis/index.ts'
import { refusalOfInference } from './errors.ts'
import type { Route } from './route.ts'

/** One real call to a deployment, with a bearer token; it is the probe of the wait and the proof in one. */

export interface SmokeSettings {
  prompt: string
  maxOutputTokens: number
  expect: RegExp | undefined
}

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

/** How the request has to be shaped for this model; learnt from its refusals. */
interface Shape {
  audience: string
  tokenParameter: 'max_completion_tokens' | 'max_tokens'
  maxOutputTokens: number
}

/** Reasoning comes out of the same budget; this much lets every current model finish a one-word answer. */
const roomForReasoning = 2048
/** The only version that Claude's documents speak of; a request without one is refused. */
const anthropicVersion = '2023-06-01'
/** The least that the Responses API takes. */
const leastForResponses = 16
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
  let shape = firstShape(route, settings)
  for (;;) {
    const result = await callOnce(route, settings, shape, tools)
    const adapted = adaptations.length < maxAdaptations ? adapt(shape, result, settings.expect) : undefined
    if (adapted === undefined) return { ...meetingExpectation(result, settings.expect), adaptations }
    adaptations.push(adapted.because)
    shape = adapted.shape
  }
}

const firstShape = (route: Route, { maxOutputTokens }: SmokeSettings): Shape => ({
  audience: route.audiences[0] ?? '',
  tokenParameter: route.api === 'models' ? 'max_tokens' : 'max_completion_tokens',
  maxOutputTokens,
})

/** The call as it goes out, but for the header by which the caller is known. */
export function requestOf(
  route: Route,
  settings: SmokeSettings,
  shape: Shape = firstShape(route, settings),
): HttpRequest {
  return {
    method: 'POST',
    url: route.url,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(route.api === 'messages' ? { 'anthropic-version': anthropicVersion } : {}),
    },
    body: JSON.stringify(bodyOf(route, settings.prompt, shape)),
  }
}

type CallResult =
  | { kind: 'ok'; route: Route; audience: string; latencyMs: number; answer: Answer }
  | { kind: 'refused'; route: Route; refusal: Refusal }

async function callOnce(
  route: Route,
  settings: SmokeSettings,
  shape: Shape,
  tools: SmokeTools,
): Promise<CallResult> {
  const token = await tools.accessToken(shape.audience)
  const request = requestOf(route, settings, shape)
  const startedAt = tools.clock.now()
  try {
    const reply = await confine(
      tools.http,
      route.url,
    )({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } })
    const latencyMs = tools.clock.now() - startedAt
    return judge(reply, { route, audience: shape.audience, latencyMs, now: tools.clock.now() })
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    return { kind: 'refused', route, refusal: refusalOfNetwork(error) }
  }
}

function bodyOf(
  { api, deployment }: Route,
  prompt: string,
  { tokenParameter, maxOutputTokens }: Shape,
): object {
  const messages = [{ role: 'user', content: prompt }]
  const bodies: Record<Api, object> = {
    'chat-completions': { model: deployment, messages, [tokenParameter]: maxOutputTokens },
    'azure-openai': { messages, [tokenParameter]: maxOutputTokens },
    models: { model: deployment, messages, [tokenParameter]: maxOutputTokens },
    messages: { model: deployment, messages, max_tokens: maxOutputTokens },
    // Nothing of a smoke call is worth keeping at the service.
    responses: { model: deployment, input: prompt, max_output_tokens: maxOutputTokens, store: false },
    embeddings: { model: deployment, input: prompt },
  }
  return bodies[api]
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
  const answer = readAnswer(route.api, reply.body)
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

/** Embeddings are no text: nothing is expected of them. */
const meets = ({ text, dimensions }: Answer, expect: RegExp | undefined) =>
  expect === undefined || dimensions !== undefined || expect.test(text.slice(0, maxMatched))

function meetingExpectation(result: CallResult, expect: RegExp | undefined): CallResult {
  if (result.kind === 'refused' || meets(result.answer, expect)) return result
  const message = `The answer was "${plain(result.answer.text, 200)}"; expected was a match of ${plain(String(expect), 200)}.`
  return { kind: 'refused', route: result.route, refusal: ownRefusal('answer-unexpected', message) }
}

interface Adaptation {
  shape: Shape
  because: string
}

/** The request as this reply wants it; undefined where the reply is final. */
function adapt(shape: Shape, result: CallResult, expect: RegExp | undefined): Adaptation | undefined {
  return result.kind === 'ok'
    ? adaptToAnswer(shape, result.answer, expect)
    : adaptToRefusal(shape, result.refusal, result.route)
}

function adaptToAnswer(shape: Shape, answer: Answer, expect: RegExp | undefined): Adaptation | undefined {
  if (!answer.cutShort || (answer.text !== '' && meets(answer, expect))) return undefined
  const why = answer.text === '' ? 'the budget was spent before the answer began' : 'the answer was cut short'
  return withMoreRoom(shape, why)
}

function adaptToRefusal(shape: Shape, refusal: Refusal, route: Route): Adaptation | undefined {
  if (refusal.code === 'token-audience-rejected') return withAnotherAudience(shape, refusal, route)
  if (refusal.code !== 'parameter-unsupported') return undefined
  const parameter = refusal.named?.parameter
  if (parameter === shape.tokenParameter) {
    const tokenParameter = shape.tokenParameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
    return { shape: { ...shape, tokenParameter }, because: `${tokenParameter} instead of ${parameter}` }
  }
  if (parameter === 'max_output_tokens' && shape.maxOutputTokens < leastForResponses) {
    const because = `at least ${leastForResponses} tokens`
    return { shape: { ...shape, maxOutputTokens: leastForResponses }, because }
  }
  if (!/max_tokens or model output limit/i.test(refusal.said.message)) return undefined
  return withMoreRoom(shape, 'the model could not finish in its budget')
}

function withMoreRoom(shape: Shape, why: string): Adaptation | undefined {
  if (shape.maxOutputTokens >= roomForReasoning) return undefined
  return {
    shape: { ...shape, maxOutputTokens: roomForReasoning },
    because: `${roomForReasoning} tokens: ${why}`,
  }
}

/** The service names the audience it wants; it is tried only if it is one that this route is known to take. */
function withAnotherAudience(shape: Shape, refusal: Refusal, route: Route): Adaptation | undefined {
  const wanted = refusal.named?.audience ?? ''
  const next = route.audiences.find(audience => audience !== shape.audience && wanted.includes(audience))
  return next === undefined ? undefined : { shape: { ...shape, audience: next }, because: `audience ${next}` }
}
