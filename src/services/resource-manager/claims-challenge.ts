import * as v from 'valibot'
import type { Failure } from '../../core/failures/failure.ts'
import { parseJson } from '../../core/text/json.ts'

/** Claims of a challenge name a handful of conditions, in a few hundred characters of ASCII. */
const claimsText = v.pipe(v.string(), v.regex(/^[\x20-\x7e\t\r\n]{2,4096}$/))

/** What concerns the access token; the request takes the other members as they are. */
const claimsRequest = v.looseObject({ access_token: v.record(v.string(), v.unknown()) })

/**
 * The claims that a token has to be asked for with (learn.microsoft.com, claims-challenge): a claims request of OpenID Connect.
 * @param text as decoded from the challenge
 * @returns the same text; undefined where it is no such request, which Entra is not to be asked
 */
export function readClaims(text: string): string | undefined {
  const readable = v.is(claimsText, text) && v.is(claimsRequest, parseJson(text))
  return readable ? text : undefined
}

/**
 * What became of the challenge of a reply that ended a request: the SDK asks for a new token, and sends the request again,
 * before it hands such a reply over.
 * @param header `WWW-Authenticate`
 */
export function challengeIn(header: string): NonNullable<Failure['details']>['challenge'] {
  if (!/\berror="insufficient_claims"/.test(header)) return undefined
  const encoded = /\bclaims="([^"]*)"/.exec(header)?.[1] ?? ''
  return readClaims(decode(encoded) ?? '') === undefined ? 'unreadable' : 'met'
}

/** As the SDK decodes it; undefined where it is no base64. */
function decode(encoded: string): string | undefined {
  try {
    return atob(encoded)
  } catch {
    return undefined
  }
}
