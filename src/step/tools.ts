import * as core from '@actions/core'
import { createHttpClient } from '../core/http/client.ts'
import { withIdleTime } from '../core/http/idle-time.ts'
import { createRoutes, type Routes } from '../core/http/routes.ts'
import { traced } from '../core/http/trace.ts'
import { nextRequestSent } from '../core/http/warm-up.ts'
import type { Clock } from '../core/ports.ts'
import { inertLine } from '../core/text/untrusted.ts'
import type { Settings } from '../gate/settings.ts'
import { runnerLog } from '../report/runner-log.ts'
import { createAssertions } from '../services/github/assertions.ts'
import { keepGrant } from '../services/github/post-state.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import type { Ready } from './main.ts'

/** What a step with good inputs works with, its first connection, and its first request. */

interface Surroundings {
  run: WorkflowRun
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
}

/**
 * Opens the connection to GitHub, over which nothing is sent before the inputs are good: a handshake takes two round trips, and the
 * inputs are read meanwhile. Through a proxy nothing is opened ahead.
 */
export async function openToGitHub({ run, clock, env }: Surroundings): Promise<Routes> {
  const routes = createRoutes({ env, clock })
  try {
    if (run.oidc !== undefined) routes.preconnect(run.oidc.requestUrl, 1)
  } catch {
    // An address or a proxy that cannot be used: the request reports it, if the inputs are good.
  }
  // Only then does the system begin.
  await new Promise(resolve => setImmediate(resolve))
  return routes
}

export function toolsFor(
  { identity, waiting }: Settings,
  { run, clock, env, routes }: Surroundings & { routes: Routes | undefined },
): Ready['tools'] {
  const client = createHttpClient({ timeoutMs: waiting.requestTimeoutMs, env, clock, routes })
  const { http: counted, idle } = withIdleTime(client.http)
  const http = core.isDebug() ? traced(counted, clock, line => core.debug(inertLine(line))) : counted
  const usual = { ...client, http, clock, log: runnerLog, mask: core.setSecret }
  return {
    ...usual,
    run,
    assertions: createAssertions(run, identity.assertionAudience, usual),
    random: Math.random,
    keep: keepGrant,
    idle,
  }
}

/** Resolves once GitHub has been asked for the job's token, or cannot be: the step that needs the token sees the error. */
export async function askForAssertion({ assertions }: Pick<Ready['tools'], 'assertions'>): Promise<void> {
  const sent = nextRequestSent()
  await Promise.race([sent, assertions.ask().catch(() => {})])
}
