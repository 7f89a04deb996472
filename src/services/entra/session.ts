import type { Cloud } from '../../azure/clouds.ts'
import { localFailure, StepError } from '../../core/failures/failure.ts'
import { persist, type RetryPolicy, standardRetry } from '../../core/failures/retry.ts'
import type { Http } from '../../core/http/client.ts'
import type { Clock, Log, Mask } from '../../core/ports.ts'
import { maskJwt } from '../../core/text/jwt.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { Assertions } from '../github/assertions.ts'
import { type AccessTokenClaims, readAccessTokenClaims } from './access-token-claims.ts'
import type { AccessToken } from './token-exchange.ts'

/** Signs in as one identity for the whole run: tokens are kept, and renewed before they expire. */
export interface Session {
  readonly clientId: string
  /** Gets bearer tokens for several audiences in parallel. @throws StepError */
  signIn(audiences: readonly string[]): Promise<void>
  /**
   * A bearer token for an audience (without `/.default`).
   * @param claims Further claims that a service asks for (continuous access evaluation), as JSON. Entra is asked once: a
   * service that asks for the same claims again gets the same token.
   * @throws StepError
   */
  accessToken(audience: string, claims?: string): Promise<string>
  /** Claims of the first access token that arrived; undefined before, and if it is opaque. */
  principal(): AccessTokenClaims | undefined
}

interface SessionOptions {
  clientId: string
  tenantId: string
  cloud: Cloud
  assertions: Assertions
  tools: { http: Http; clock: Clock; log: Log; mask: Mask }
}

/** The remaining life of a token must be long enough for an exchange. */
const accessTokenReserveMs = 5 * 60_000

/**
 * A new federated credential reaches Entra's replicas one by one; after some twenty seconds a mismatch is final. An identity
 * without credentials nearly always really has none.
 */
const signInRetry: RetryPolicy = {
  ...standardRetry,
  waiting: {
    'federated-subject-mismatch': [2000, 3000, 4000, 5000, 6000],
    'federated-credential-missing': [1000, 2000],
    'assertion-expired': [500],
  },
}

interface Expected {
  clientId: string
  tenantId: string
  /** Of the tokens that came before. */
  principal: AccessTokenClaims | undefined
}

/**
 * What shows that a token is not this identity's, in words that follow "the token"; undefined if nothing does. With it, roles
 * would be looked up for one principal, and calls made by another.
 */
function strangeIn(
  { appid, azp, tid, oid }: AccessTokenClaims,
  { clientId, tenantId, principal }: Expected,
): string | undefined {
  const application = appid ?? azp
  if (application !== undefined && application.toLowerCase() !== clientId.toLowerCase())
    return `is for the application ${plain(application, 80)}, and not for ${clientId}`
  if (tid !== tenantId.toLowerCase()) return `is of the tenant ${tid}, and not of ${tenantId}`
  if (principal !== undefined && principal.oid !== oid)
    return `is for the principal ${oid}; another token of this run is for ${principal.oid}`
  return undefined
}

export function createSession(options: SessionOptions): Session {
  const { clientId, assertions } = options
  const { http, clock, log, mask } = options.tools
  const accessTokens = new Map<string, Promise<AccessToken>>()
  /** Claims with which the token of an audience was last requested. */
  const claimsMet = new Map<string, string>()
  let principal: AccessTokenClaims | undefined

  async function exchange(audience: string, claims: string | undefined): Promise<AccessToken> {
    await assertions.current()
    // Usually loaded by now: see step/rehearsal.ts.
    const { exchangeAssertion } = await import('./token-exchange.ts')
    const accessToken = await exchangeAssertion({
      ...options,
      audience,
      claims,
      http,
      now: clock.now,
      getAssertion: async () => (await assertions.current()).token,
    }).catch(error => {
      if (!(error instanceof StepError)) throw error
      // Kept for too long after all, for example because a clock stood still. The next try requests a new one.
      if (error.failure.code === 'assertion-expired') assertions.discard()
      throw new StepError(error.operation, { ...error.failure, signingInAs: clientId })
    })
    maskJwt(mask, accessToken.token)
    const named = readAccessTokenClaims(accessToken.token)
    const strange = named && strangeIn(named, { ...options, principal })
    if (strange !== undefined)
      throw new StepError(
        `asking Entra for a token for ${audience}`,
        localFailure('entra-rejected', `The access token that came ${strange}.`),
      )
    principal ??= named
    return accessToken
  }

  async function currentToken(audience: string): Promise<string> {
    const current = accessTokens.get(audience)
    const known = await current
    if (known !== undefined && known.expiresAt - accessTokenReserveMs > clock.now()) return known.token
    // Several calls may find the same token too old: the first of them renews it for all.
    if (accessTokens.get(audience) === current) renew(audience)
    return (await accessTokens.get(audience))?.token ?? currentToken(audience)
  }

  function renew(audience: string): void {
    const fresh = exchange(audience, claimsMet.get(audience))
    accessTokens.set(audience, fresh)
    fresh.catch(() => {
      if (accessTokens.get(audience) === fresh) accessTokens.delete(audience)
    })
  }

  /** The current token is not good enough, unless it was requested with these very claims. */
  function meet(audience: string, claims: string): void {
    if (claimsMet.get(audience) === claims) return
    claimsMet.set(audience, claims)
    log.info(
      `${audience} asks for a token that meets a policy (continuous access evaluation): Entra is asked for one, once`,
    )
    renew(audience)
  }

  return {
    clientId,
    principal: () => principal,
    // One retry budget for all of them: they are refused for the same reasons.
    signIn: audiences =>
      persist({ clock, log }, async () => void (await Promise.all(audiences.map(currentToken))), signInRetry),
    accessToken(audience, claims) {
      if (claims !== undefined) meet(audience, claims)
      return persist({ clock, log }, () => currentToken(audience), signInRetry)
    },
  }
}
