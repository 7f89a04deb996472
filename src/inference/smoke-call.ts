import { refusalOfInference } from '../diagnosis/inference.ts'
import { refusalOfNetwork } from '../diagnosis/network.ts'
import { ownRefusal, type Refusal } from '../diagnosis/verdict.ts'
import { confine, type Http, type HttpReply, NetworkFailure } from '../http.ts'
import type { Clock } from '../tools.ts'
import { plain } from '../untrusted-text.ts'
import { type Answer, readAnswer } from './answers.ts'
import type { Api } from './apis.ts'
import type { Route } from './routes.ts'

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
  let shape: Shape = {
    audience: route.audiences[0] ?? '',
    tokenParameter: route.api === 'models' ? 'max_tokens' : 'max_completion_tokens',
    maxOutputTokens: settings.maxOutputTokens,
  }
  for (;;) {
    const result = await callOnce(route, settings, shape, tools)
    const adapted = adaptations.length < maxAdaptations ? adapt(shape, result, route) : undefined
    if (adapted === undefined) return { ...result, adaptations }
    adaptations.push(adapted.because)
    shape = adapted.shape
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
  const startedAt = tools.clock.now()
  try {
    const reply = await confine(
      tools.http,
      route.url,
    )({
      method: 'POST',
      url: route.url,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify(bodyOf(route, settings.prompt, shape)),
    })
    const latencyMs = tools.clock.now() - startedAt
    return judge(reply, {
      route,
      audience: shape.audience,
      latencyMs,
      expect: settings.expect,
      now: tools.clock.now(),
    })
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
  expect: RegExp | undefined
  now: number
}

function judge(reply: HttpReply, { route, audience, latencyMs, expect, now }: Circumstances): CallResult {
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
  const unexpected =
    expect !== undefined && route.api !== 'embeddings' && !(answer.text === '' && answer.cutShort)
  if (unexpected && !expect.test(answer.text.slice(0, maxMatched))) {
    const message = `The answer was "${plain(answer.text, 200)}"; expected was a match of ${plain(String(expect), 200)}.`
    return { kind: 'refused', route, refusal: ownRefusal('answer-unexpected', message) }
  }
  return { kind: 'ok', route, audience, latencyMs, answer }
}

/** The request as this reply wants it; undefined where the reply is final. */
function adapt(
  shape: Shape,
  result: CallResult,
  route: Route,
): { shape: Shape; because: string } | undefined {
  if (result.kind === 'ok') {
    const starved = result.answer.cutShort && result.answer.text === ''
    return starved ? withMoreRoom(shape, 'the budget was spent before the answer began') : undefined
  }
  const { refusal } = result
  if (refusal.code === 'token-audience-rejected') return withAnotherAudience(shape, refusal, route)
  if (refusal.code !== 'parameter-unsupported') return undefined
  const parameter = refusal.named?.parameter
  if (
    parameter === 'max_completion_tokens' ||
    (parameter === 'max_tokens' && shape.tokenParameter === 'max_tokens')
  ) {
    const tokenParameter = shape.tokenParameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
    return {
      shape: { ...shape, tokenParameter },
      because: `${tokenParameter} instead of ${shape.tokenParameter}`,
    }
  }
  if (parameter === 'max_output_tokens' && shape.maxOutputTokens < leastForResponses) {
    return {
      shape: { ...shape, maxOutputTokens: leastForResponses },
      because: `at least ${leastForResponses} tokens`,
    }
  }
  if (/max_tokens or model output limit/i.test(refusal.said.message))
    return withMoreRoom(shape, 'the model could not finish in its budget')
  return undefined
}

function withMoreRoom(shape: Shape, why: string): { shape: Shape; because: string } | undefined {
  if (shape.maxOutputTokens >= roomForReasoning) return undefined
  return {
    shape: { ...shape, maxOutputTokens: roomForReasoning },
    because: `${roomForReasoning} tokens: ${why}`,
  }
}

/** The service names the audience it wants; it is tried only if it is one that this route is known to take. */
function withAnotherAudience(
  shape: Shape,
  refusal: Refusal,
  route: Route,
): { shape: Shape; because: string } | undefined {
  const wanted = refusal.named?.audience ?? ''
  const next = route.audiences.find(audience => audience !== shape.audience && wanted.includes(audience))
  return next === undefined ? undefined : { shape: { ...shape, audience: next }, because: `audience ${next}` }
}
