import { exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose'
import type { Clock } from './clock.ts'

/** Claims of an app-only access token, v1.0 form (learn.microsoft.com, access-token-claims-reference). */
export interface AccessTokenClaims {
  aud: string
  tid: string
  oid: string
  appid: string
  xms_mirid?: string
}

export type TokenVerdict =
  | { ok: true; claims: AccessTokenClaims }
  | { ok: false; reason: 'malformed' | 'signature' | 'expired' | 'audience'; claims?: AccessTokenClaims }

/** The signing key of the local Entra: issues access tokens, and lets the other services check them. */
export interface AccessTokens {
  issue(claims: AccessTokenClaims, lifetimeSeconds: number): Promise<string>
  /** `audiences` are compared without a trailing slash. */
  verify(token: string, audiences: readonly string[]): Promise<TokenVerdict>
  jwks(): { keys: JWK[] }
}

/** A key pair costs some 100 ms: one for all local clouds of a process. */
const keyPair = generateKeyPair('RS256')

/** Entra dates its tokens back by five minutes, so that services whose clocks are behind take them; seconds. */
const BACKDATED = 300

const withoutSlash = (text: string) => text.replace(/\/+$/, '')

export async function createAccessTokens(clock: Clock): Promise<AccessTokens> {
  const { privateKey, publicKey } = await keyPair
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'entra-1', use: 'sig', alg: 'RS256' }

  return {
    issue(claims, lifetimeSeconds) {
      const now = Math.floor(clock.now() / 1000)
      return new SignJWT({
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
      })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'entra-1' })
        .sign(privateKey)
    },

    async verify(token, audiences) {
      const wanted = audiences.map(withoutSlash)
      try {
        const { payload } = await jwtVerify<AccessTokenClaims>(token, publicKey, {
          algorithms: ['RS256'],
          currentDate: new Date(clock.now()),
        })
        const ok = wanted.includes(withoutSlash(String(payload.aud)))
        return ok ? { ok, claims: payload } : { ok, reason: 'audience', claims: payload }
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code === 'ERR_JWT_EXPIRED' || code === 'ERR_JWT_CLAIM_VALIDATION_FAILED')
          return { ok: false, reason: 'expired' }
        if (code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') return { ok: false, reason: 'signature' }
        return { ok: false, reason: 'malformed' }
      }
    },

    jwks: () => ({ keys: [jwk] }),
  }
}
