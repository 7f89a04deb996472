import * as core from '@actions/core'
import { createHttpClient } from '../core/http/client.ts'
import { withIdleTime } from '../core/http/idle-time.ts'
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

/** What a step with good inputs works with, and its first request. */

interface Surroundings {
  run: WorkflowRun
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
}

export function toolsFor({ identity, waiting }: Settings, { run, clock, env }: Surroundings): Ready['tools'] {
  const client = createHttpClient({ timeoutMs: waiting.requestTimeoutMs, env, clock })
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
