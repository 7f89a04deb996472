import * as v from 'valibot'
import type { Failure } from '../../core/failures/failure.ts'
import { parseJson } from '../../core/text/json.ts'

/** Claims of a challenge name a handful of conditions, in a few hundred characters of ASCII. */
const claimsText = v.pipe(v.string(), v.regex(/^[\x20-\x7e\t\r\n]{2,4096}$/))

/** The part about the access token; Entra gets the other members unchanged. */
const claimsRequest = v.looseObject({ access_token: v.record(v.string(), v.unknown()) })

/**
 * The claims with which to request a new token (learn.microsoft.com, claims-challenge): a claims request of OpenID Connect.
 * @param text decoded from the challenge
 * @returns the same text; undefined if it is not such a request, which Entra must not get
 */
export function readClaimsRequest(text: string): string | undefined {
  const readable = v.is(claimsText, text) && v.is(claimsRequest, parseJson(text))
  return readable ? text : undefined
}

/**
 * What happened with the challenge of a reply that ended a request: before the SDK returns such a reply, it requests a new
 * token and sends the request again.
 * @param header `WWW-Authenticate`
 */
export function challengeIn(header: string): NonNullable<Failure['details']>['challenge'] {
  if (!/\berror="insufficient_claims"/.test(header)) return undefined
  const encoded = /\bclaims="([^"]*)"/.exec(header)?.[1] ?? ''
  return readClaimsRequest(decode(encoded) ?? '') === undefined ? 'unreadable' : 'met'
}

/** Decoded as the SDK does it; undefined if it is not base64. */
function decode(encoded: string): string | undefined {
  try {
    return atob(encoded)
  } catch {
    return undefined
  }
}
