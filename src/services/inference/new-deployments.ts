import { type Deployment, deploymentNamed } from '../resource-manager/deployments.ts'
import type { SmokeResult } from './smoke-call.ts'

/**
 * Resource Manager lists a deployment before the data plane serves it: "If you created the deployment within the last 5
 * minutes, please wait a moment and try again." One that is listed and new is waited for; any other is not there, or broken.
 */

const nextTryMs = 10_000

/** The results, with refusals of deployments that are new turned into the request to come back in a moment. */
export function waitingForNew(
  results: readonly SmokeResult[],
  deployments: readonly Deployment[] | undefined,
  now: number,
): SmokeResult[] {
  return results.map(result => {
    if (result.kind === 'ok' || result.refusal.code !== 'deployment-not-found') return result
    const until = deploymentNamed(result.route.deployment, deployments)?.newUntil ?? 0
    if (until <= now) return result
    const retryAfterMs = Math.min(nextTryMs, until - now)
    return { ...result, refusal: { ...result.refusal, kind: 'throttled', retryAfterMs } }
  })
}
