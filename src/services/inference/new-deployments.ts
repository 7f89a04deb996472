import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { type Deployment, deploymentNamed } from '../resource-manager/deployments.ts'
import type { SmokeResult } from './smoke-call.ts'

/**
 * Resource Manager lists a deployment before the data plane serves it: "If you created the deployment within the last 5
 * minutes, please wait a moment and try again." The gate waits for a deployment that is listed and new; any other does not
 * exist, or is broken.
 */

const nextTryMs = 10_000

/** Most services say that it does not exist; some say that it is being created. */
const notServed: ReadonlySet<DiagnosisCode> = new Set(['deployment-not-found', 'deployment-not-ready'])

/**
 * The results, read together with the list: a deployment that is listed but not served is not ready, and a new one asks for
 * another try in a moment. A deployment that is not listed does not exist.
 */
export function waitingForNew(
  results: readonly SmokeResult[],
  deployments: readonly Deployment[] | undefined,
  now: number,
): SmokeResult[] {
  return results.map(result => {
    if (result.kind === 'ok' || !notServed.has(result.failure.code)) return result
    const listed = deploymentNamed(result.route.deployment, deployments)
    if (listed === undefined) return result
    const failure = { ...result.failure, code: 'deployment-not-ready' } as const
    const { newUntil = 0 } = listed
    if (newUntil <= now) return { ...result, failure }
    const retryAfterMs = Math.min(nextTryMs, newUntil - now)
    return { ...result, failure: { ...failure, kind: 'throttled', retryAfterMs } }
  })
}
