import { compactVerify, decodeJwt, decodeProtectedHeader, errors, type JWTVerifyGetKey } from 'jose'
import * as v from 'valibot'
import type { Claims } from '../claims-matching.ts'
import type { Application } from '../world.ts'
import { Refused } from './refused.ts'

/** The token of an issuer with which an application signs in, as Entra reads and checks it. */

const assertionClaims = v.looseObject({
  iss: v.string(),
  sub: v.string(),
  aud: v.union([v.string(), v.pipe(v.array(v.string()), v.length(1))]),
  exp: v.number(),
  nbf: v.optional(v.number()),
  enterprise: v.optional(v.string(), ''),
})

export interface Assertion {
  token: string
  issuer: string
  subject: string
  audience: string
  /** All of them, for expressions of flexible credentials. */
  claims: Claims
  /** Empty if the token names none. */
  enterprise: string
  /** Seconds since the epoch. */
  notBefore: number
  expires: number
}

export function readAssertion(token: string): Assertion {
  const { algorithm, claims } = decode(token)
  if (algorithm !== 'RS256' && algorithm !== 'HS256') {
    const message =
      `Invalid JWT token. '${algorithm}' is not a supported signature algorithm. ` +
      "Supported signing algorithms are: 'RS256, HS256'"
    throw new Refused(5002738, 400, 'invalid_request', message)
  }
  const { iss, sub, aud, exp, nbf, enterprise } = claims
  return {
    token,
    issuer: iss,
    subject: sub,
    claims,
    audience: typeof aud === 'string' ? aud : String(aud[0]),
    enterprise,
    notBefore: nbf ?? 0,
    expires: exp,
  }
}

function decode(token: string) {
  try {
    return {
      algorithm: v.parse(v.string(), decodeProtectedHeader(token).alg),
      claims: v.parse(assertionClaims, decodeJwt(token)),
    }
  } catch {
    throw new Refused(50027, 400, 'invalid_request', 'JWT token is invalid or malformed.')
  }
}

/** To the second. Entra tolerates some minutes: what passes here passes there. */
export function checkTimes({ notBefore, expires }: Assertion, now: number): void {
  const seconds = now / 1000
  if (seconds >= notBefore && seconds < expires) return
  const iso = (at: number) => new Date(at * 1000).toISOString()
  const message =
    `Client assertion is not within its valid time range. Current time: ${iso(seconds)}, assertion valid from ` +
    `${iso(notBefore)}, expiry time of assertion ${iso(expires)}. Review the documentation at ` +
    'https://learn.microsoft.com/entra/identity-platform/certificate-credentials .'
  throw new Refused(700024, 401, 'invalid_client', message)
}

/** What jose throws about the key or the signature; anything else means that the issuer's keys could not be read. */
const SIGNATURE_ERRORS = [
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JWSSignatureVerificationFailed,
  errors.JWSInvalid,
  errors.JOSENotSupported,
]

export async function checkSignature(
  { token }: Assertion,
  { clientId }: Application,
  keys: JWTVerifyGetKey,
): Promise<void> {
  try {
    await compactVerify(token, keys)
  } catch (error) {
    if (!SIGNATURE_ERRORS.some(kind => error instanceof kind)) {
      throw new Refused(50166, 400, 'invalid_request', 'Request to External OIDC endpoint failed.')
    }
    const reason =
      error instanceof errors.JWKSNoMatchingKey
        ? 'The key was not found.'
        : 'The signature could not be verified.'
    const message =
      `Client assertion contains an invalid signature. [Reason - ${reason}, Please visit the Azure Portal, Graph ` +
      `Explorer or directly use MS Graph to see configured keys for app Id '${clientId}'.]`
    throw new Refused(700027, 401, 'invalid_client', message)
  }
}
