import * as v from 'valibot'
import type { Cloud } from '../clouds.ts'
import { parseJson, StepFailure } from '../diagnosis/verdict.ts'
import type { Http, HttpReply } from '../http.ts'
import { persist, type RetryPolicy, standardRetry } from '../retry.ts'
import type { Clock, Log, Mask } from '../tools.ts'
import type { WorkflowRun } from '../workflow-run.ts'
import { type AccessTokenClaims, maskJwt, readAccessTokenClaims } from './claims.ts'
import type { AccessToken } from './entra.ts'
import { type Assertion, requestAssertion } from './github-oidc.ts'

/** Signs in as one identity for as long as the run lasts: tokens are kept, and renewed before they end. */
export interface Session {
  /** The current OIDC token. @throws StepFailure */
  assertion(): Promise<Assertion>
  /** Gets bearer tokens for several audiences side by side. @throws StepFailure */
  signIn(audiences: readonly string[]): Promise<void>
  /** A bearer token for an audience (without `/.default`). @throws StepFailure */
  accessToken(audience: string): Promise<string>
  /** Claims of the first access token that arrived; undefined before, and where it is opaque. */
  principal(): AccessTokenClaims | undefined
}

interface SessionOptions {
  clientId: string
  tenantId: string
  assertionAudience: string
  cloud: Cloud
  run: WorkflowRun
  tools: { http: Http; clock: Clock; log: Log; mask: Mask }
}

/** An exchange must fit into what is left of a token's life. */
const assertionReserveMs = 60_000
const accessTokenReserveMs = 5 * 60_000

/**
 * A new federated credential reaches Entra's replicas one by one; after some twenty seconds a mismatch is final. An identity
 * without any is nearly always one without any.
 */
const signInRetry: RetryPolicy = {
  ...standardRetry,
  waiting: {
    'federated-subject-mismatch': [2000, 3000, 4000, 5000, 6000],
    'federated-credential-missing': [1000, 2000],
    'assertion-expired': [500],
  },
}

export function createSession(options: SessionOptions): Session {
  const { clock, log, mask } = options.tools
  const http = discoverOnce(options.tools.http)
  const accessTokens = new Map<string, Promise<AccessToken>>()
  let assertion: Promise<Assertion> | undefined
  let principal: AccessTokenClaims | undefined

  async function currentAssertion(): Promise<Assertion> {
    const current = assertion
    const known = await current
    if (known !== undefined && known.expiresAt - assertionReserveMs > clock.now()) return known
    // Two tokens are asked for side by side: whoever comes second takes the assertion that the first asked for.
    if (assertion === current || assertion === undefined) {
      const fresh = requestAssertion(options.run, options.assertionAudience, options.tools)
      assertion = fresh
      fresh.catch(() => {
        if (assertion === fresh) assertion = undefined
      })
    }
    return assertion
  }

  async function exchange(audience: string): Promise<AccessToken> {
    await currentAssertion()
    // Loaded by now, as a rule: see while-waiting.ts.
    const { exchangeAssertion } = await import('./entra.ts')
    const accessToken = await exchangeAssertion({
      ...options,
      audience,
      http,
      now: clock.now,
      getAssertion: async () => (await currentAssertion()).token,
    }).catch(error => {
      // Kept for too long, after all: by a clock that stood still, say. The next try asks for another.
      if (error instanceof StepFailure && error.refusal.code === 'assertion-expired') assertion = undefined
      throw error
    })
    maskJwt(mask, accessToken.token)
    principal ??= readAccessTokenClaims(accessToken.token)
    return accessToken
  }

  async function currentToken(audience: string): Promise<string> {
    const current = accessTokens.get(audience)
    const known = await current
    if (known !== undefined && known.expiresAt - accessTokenReserveMs > clock.now()) return known.token
    // Several calls may find the same token old: the first of them renews it for all.
    if (accessTokens.get(audience) === current) {
      const fresh = exchange(audience)
      accessTokens.set(audience, fresh)
      fresh.catch(() => {
        if (accessTokens.get(audience) === fresh) accessTokens.delete(audience)
      })
    }
    return (await accessTokens.get(audience))?.token ?? currentToken(audience)
  }

  return {
    assertion: currentAssertion,
    principal: () => principal,
    // One patience for all of them: what one is refused for, the others are refused for as well.
    signIn: audiences =>
      persist({ clock, log }, async () => void (await Promise.all(audiences.map(currentToken))), signInRetry),
    accessToken: audience => persist({ clock, log }, () => currentToken(audience), signInRetry),
  }
}

/** An authority of the user's own is asked for its endpoints before every sign-in; the first answer serves the run. */
function discoverOnce(http: Http): Http {
  const answers = new Map<string, ReturnType<Http>>()
  return request => {
    if (request.method !== 'GET' || !request.url.includes('/.well-known/openid-configuration'))
      return http(request)
    const known = answers.get(request.url)
    if (known !== undefined) return known
    const answer = http(request)
    answers.set(request.url, answer)
    answer.then(
      reply => {
        if (!namesEndpoints(reply)) answers.delete(request.url)
      },
      () => answers.delete(request.url),
    )
    return answer
  }
}

const discoveryDocument = v.object({ issuer: v.string(), token_endpoint: v.string() })

/** What is half a document, or a proxy's page, must not serve the next try as well. */
function namesEndpoints({ status, body }: HttpReply): boolean {
  return status === 200 && v.is(discoveryDocument, parseJson(body))
}
