import * as v from 'valibot'
import { StepError, withHost } from '../../core/failures/failure.ts'
import { failureOfNetwork } from '../../core/failures/network.ts'
import { persist } from '../../core/failures/retry.ts'
import type { Http } from '../../core/http/client.ts'
import { NetworkFailure } from '../../core/http/network-failure.ts'
import { restrictOrigins } from '../../core/http/wrappers.ts'
import type { Clock, Log, Mask } from '../../core/ports.ts'
import { parseJson } from '../../core/text/json.ts'
import { maskJwt } from '../../core/text/jwt.ts'
import { type AssertionClaims, readAssertionClaims } from './assertion-claims.ts'
import { failureOfOidc, oidcUnavailable } from './errors.ts'
import type { WorkflowRun } from './workflow-run.ts'

/** A GitHub OIDC token: the assertion that Entra gets. */
export interface Assertion {
  token: string
  claims: AssertionClaims
  /** Milliseconds since the epoch, by our clock: its life counts from its arrival. */
  expiresAt: number
}

const operation = 'asking GitHub for an OIDC token'
const tokenReply = v.object({ value: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,65536}$/)) })

/** docs.github.com: OIDC tokens live five minutes. */
const usualLifeMs = 5 * 60_000

/**
 * Asks the runner's OIDC endpoint for a token. `core.getIDToken` is not used: it reports neither status nor cause, has no time
 * limit, and gives up at once on most failures that pass.
 * @throws StepError `oidc-…` or a network code.
 */
export async function requestAssertion(
  run: WorkflowRun,
  audience: string,
  tools: { http: Http; clock: Clock; log: Log; mask: Mask },
): Promise<Assertion> {
  const { oidc } = run
  if (oidc === undefined) throw new StepError(operation, oidcUnavailable(run))
  const http = restrictOrigins(tools.http, oidc.requestUrl)

  return persist(tools, async () => {
    const url = `${oidc.requestUrl}&audience=${encodeURIComponent(audience)}`
    const asking = http({
      method: 'GET',
      url,
      headers: { accept: 'application/json', authorization: `Bearer ${oidc.requestToken}` },
    })
    // While the connection opens, because the first line that is printed takes time. Nothing else is printed before it.
    tools.mask(oidc.requestToken)
    const reply = await asking.catch(error => {
      throw error instanceof NetworkFailure ? new StepError(operation, failureOfNetwork(error)) : error
    })
    const refused = (body: string) =>
      new StepError(operation, withHost(failureOfOidc({ ...reply, body }, tools.clock.now()), url))
    if (reply.status !== 200) throw refused(reply.body)
    // A success that cannot be read may contain the token, or most of it, so it is never quoted.
    const body = v.safeParse(tokenReply, parseJson(reply.body))
    if (!body.success) throw refused('The reply holds no token.')
    const token = body.output.value
    maskJwt(tools.mask, token)
    const claims = readAssertionClaims(token)
    if (claims === undefined) throw refused('The value is not a JWT.')
    const { iat, exp } = claims
    const life = iat !== undefined && exp !== undefined ? (exp - iat) * 1000 : usualLifeMs
    return { token, claims, expiresAt: tools.clock.now() + life }
  })
}
