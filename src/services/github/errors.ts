import * as v from 'valibot'
import { type Failure, localFailure, retryAfterMs, summarizeResponse } from '../../core/failures/failure.ts'
import { isBlockedOnTheWay } from '../../core/failures/intermediary.ts'
import type { HttpReply } from '../../core/http/client.ts'
import { parseErrorJson } from '../../core/text/json.ts'
import { wordingOf } from '../../core/text/wording.ts'
import { isDependabotRun, type WorkflowRun } from './workflow-run.ts'

/** Refusals of GitHub's OIDC endpoint. */

/** Why the runner offered no OIDC endpoint at all. Only missing variables show this, never an outage. */
export function oidcUnavailable(run: WorkflowRun): Failure {
  if (run.fromFork) {
    return localFailure(
      'oidc-unavailable-fork',
      'The pull request comes from a fork, and GitHub gives such runs no OIDC token.',
    )
  }
  if (isDependabotRun(run)) {
    return localFailure(
      'oidc-unavailable-fork',
      'Dependabot started this run, and GitHub gives such runs a read-only token unless the job asks for more.',
    )
  }
  return localFailure(
    'oidc-permission-missing',
    'ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not both set.',
  )
}

const errorBody = v.union([
  v.object({ message: v.string() }),
  v.pipe(
    v.object({ errorMessage: v.string() }),
    v.transform(({ errorMessage }) => ({ message: errorMessage })),
  ),
])

/** @param now Milliseconds since the epoch. */
export function failureOfOidc(reply: HttpReply, now: number): Failure {
  const body = v.safeParse(errorBody, parseErrorJson(reply.body))
  const said = summarizeResponse(reply, undefined, body.success ? body.output.message : reply.body)
  const { status } = reply
  if (status === 429 || (status === 403 && isRateLimited(reply))) {
    const after = retryAfterMs(reply.headers, now)
    return {
      kind: 'throttled',
      code: 'oidc-endpoint-unavailable',
      said,
      ...(after === undefined ? {} : { retryAfterMs: after }),
    }
  }
  if (isBlockedOnTheWay(reply)) return { kind: 'fatal', code: 'blocked-on-the-way', said }
  if (status >= 500 || status === 408 || status < 300)
    return { kind: 'transient', code: 'oidc-endpoint-unavailable', said }
  return { kind: 'fatal', code: 'oidc-request-refused', said }
}

/** GitHub also uses 403 for too many requests (docs.github.com, rate limits for the REST API). */
function isRateLimited({ headers, body }: HttpReply): boolean {
  return headers['x-ratelimit-remaining'] === '0' || /\brate limit/i.test(wordingOf(body))
}
