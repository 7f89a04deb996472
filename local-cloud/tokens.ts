import { type JWK, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from './clock.ts'
import { createSigningKey } from './signing-key.ts'

/** Claims of an app-only access token, v1.0 form (learn.microsoft.com, access-token-claims-reference). */
export interface AccessTokenClaims {
  aud: string
  tid: string
  oid: string
  appid: string
  xms_mirid?: string
}

type TokenVerdict =
  | { ok: true; claims: AccessTokenClaims }
  | { ok: false; reason: 'malformed' | 'signature' | 'expired' | 'audience'; claims?: AccessTokenClaims }

/** The signing key of the local Entra: issues access tokens, and lets the other services check them. */
export interface AccessTokens {
  issue(claims: AccessTokenClaims, lifetimeSeconds: number): string
  /** `audiences` are compared without a trailing slash. */
  verify(token: string, audiences: readonly string[]): Promise<TokenVerdict>
  jwks(): { keys: JWK[] }
}

/** A key pair costs some 100 ms: one for all local clouds of a process. */
const signingKey = createSigningKey('entra-1')

/** Entra dates its tokens back by five minutes, so that services whose clocks are behind take them; seconds. */
const BACKDATED = 300

function reasonOf(error: unknown): 'expired' | 'signature' | 'malformed' {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_JWT_EXPIRED' || code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') return 'expired'
  return code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' ? 'signature' : 'malformed'
}

type VerifiedClaims = AccessTokenClaims & JWTPayload

/** Nobody uses more tokens than that at the same time. */
const mostRemembered = 1000

/** RFC 7519, 4.1.4 and 4.1.5: neither expired nor in the future. @param now Milliseconds since the epoch */
function isValid({ exp, nbf }: VerifiedClaims, now: number): boolean {
  const seconds = Math.floor(now / 1000)
  return seconds < (exp ?? Number.POSITIVE_INFINITY) && (nbf ?? 0) <= seconds
}

const withoutSlash = (text: string) => text.replace(/\/+$/, '')

export async function createAccessTokens(clock: Clock): Promise<AccessTokens> {
  const { jwk, publicKey, sign } = await signingKey

  /**
   * By token: those that were signed here, and those whose signature was found good. A job sends one of them a dozen times, several
   * at once, and a signature stays good.
   */
  const genuine = new Map<string, VerifiedClaims>()

  function remember(token: string, claims: VerifiedClaims): void {
    if (genuine.size >= mostRemembered) genuine.clear()
    genuine.set(token, claims)
  }

  async function claimsOf(token: string): Promise<VerifiedClaims> {
    const known = genuine.get(token)
    if (known !== undefined) return known
    const options = { algorithms: ['RS256'], currentDate: new Date(clock.now()) }
    const { payload } = await jwtVerify<AccessTokenClaims>(token, publicKey, options)
    remember(token, payload)
    return payload
  }

  return {
    issue(claims, lifetimeSeconds) {
      const now = Math.floor(clock.now() / 1000)
      const all = {
        ...claims,
        iss: `https://sts.windows.net/${claims.tid}/`,
        iat: now - BACKDATED,
        nbf: now - BACKDATED,
        exp: now + lifetimeSeconds,
        appidacr: '2',
        idp: `https://sts.windows.net/${claims.tid}/`,
        idtyp: 'app',
        sub: claims.oid,
        uti: crypto.randomUUID(),
        ver: '1.0',
      }
      const token = sign(all)
      remember(token, all)
      return token
    },

    async verify(token, audiences) {
      const wanted = audiences.map(withoutSlash)
      try {
        const claims = await claimsOf(token)
        if (!isValid(claims, clock.now())) return { ok: false, reason: 'expired' }
        const ok = wanted.includes(withoutSlash(String(claims.aud)))
        return ok ? { ok, claims } : { ok, reason: 'audience', claims }
      } catch (error) {
        return { ok: false, reason: reasonOf(error) }
      }
    },

    jwks: () => ({ keys: [jwk] }),
  }
}
