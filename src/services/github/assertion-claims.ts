import * as v from 'valibot'
import { readClaims } from '../../core/text/jwt.ts'

/** Claims of GitHub's OIDC token. */

/** What people must compare with the federated credential (docs.github.com, OpenID Connect reference). */
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
  repository_id: v.optional(v.string()),
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

/** Whether the job is in a reusable workflow: then its own workflow differs from the one that was started. */
export function inReusableWorkflow({
  job_workflow_ref: own,
  workflow_ref: started,
}: AssertionClaims): boolean {
  return own !== undefined && started !== undefined && own !== started
}

export const readAssertionClaims = (token: string) => readClaims(assertionClaims, token)
