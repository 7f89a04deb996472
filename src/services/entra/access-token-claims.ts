import * as v from 'valibot'
import { guidPattern } from '../../azure/resource-id.ts'
import { readClaims } from '../../core/text/jwt.ts'

/** Claims of Entra's access tokens. */

/** App-only access tokens; `oid` is the object id of the service principal (access-token-claims-reference). */
const guid = v.pipe(v.string(), v.regex(guidPattern), v.toLowerCase())
const accessTokenClaims = v.object({
  oid: guid,
  tid: guid,
  appid: v.optional(v.string()),
  azp: v.optional(v.string()),
  xms_mirid: v.optional(v.string()),
})
export type AccessTokenClaims = v.InferOutput<typeof accessTokenClaims>

export const readAccessTokenClaims = (token: string) => readClaims(accessTokenClaims, token)
