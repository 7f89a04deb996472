import * as v from 'valibot'
import { guidPattern } from '../../azure/resource-id.ts'
import { parseJson } from '../../core/failures/failure.ts'

/** Token claims, read without checking the signature: they are shown and compared here, never trusted. */

/** What a person must compare with the federated credential (docs.github.com, OpenID Connect reference). */
const assertionClaims = v.object({
  iss: v.string(),
  sub: v.string(),
  aud: v.union([
    v.string(),
    v.pipe(
      v.array(v.string()),
      v.transform(audiences => audiences.join(' ')),
    ),
  ]),
  iat: v.optional(v.number()),
  exp: v.optional(v.number()),
  repository: v.optional(v.string()),
  environment: v.optional(v.string()),
  ref: v.optional(v.string()),
  event_name: v.optional(v.string()),
  job_workflow_ref: v.optional(v.string()),
  workflow_ref: v.optional(v.string()),
  base_ref: v.optional(v.string()),
  enterprise: v.optional(v.string()),
  check_run_id: v.fallback(
    v.optional(
      v.pipe(
        v.union([v.string(), v.number()]),
        v.transform(id => String(id)),
      ),
    ),
    undefined,
  ),
})
export type AssertionClaims = v.InferOutput<typeof assertionClaims>

/** Whether the job stands in a reusable workflow: its own workflow is another one than the one that was started. */
export function inReusableWorkflow({
  job_workflow_ref: own,
  workflow_ref: started,
}: AssertionClaims): boolean {
  return own !== undefined && started !== undefined && own !== started
}

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

export const readAssertionClaims = (token: string) => readClaims(assertionClaims, token)
export const readAccessTokenClaims = (token: string) => readClaims(accessTokenClaims, token)

function readClaims<T extends v.GenericSchema>(schema: T, token: string): v.InferOutput<T> | undefined {
  const payload = token.split('.')[1]
  if (payload === undefined) return undefined
  const claims = v.safeParse(schema, parseJson(Buffer.from(payload, 'base64url').toString('utf8')))
  return claims.success ? claims.output : undefined
}

/** Masks a JWT and its parts: the runner masks whole values only, and a payload alone still tells everything. */
export function maskJwt(mask: (secret: string) => void, token: string): void {
  mask(token)
  const [, payload, signature] = token.split('.')
  for (const part of [payload, signature]) if (part !== undefined && part.length > 8) mask(part)
}
