import type { Clock } from '../core/ports.ts'
import { gate } from '../gate/gate.ts'
import type { Outcome } from '../gate/record.ts'
import type { Settings } from '../gate/settings.ts'
import { createLogReporter } from '../report/log-reporter.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import { answeringAs, type Pace, rehearsed } from './rehearsed-replies.ts'

/**
 * Node compiles code at its first use, which would make every reply wait. So while the first real replies are on their way, the gate
 * runs once on replies that are written down in rehearsed-replies.ts: it sends, prints, masks and keeps nothing, and nobody uses its
 * result.
 */

interface Rehearsed {
  settings: Settings
  run: WorkflowRun
  clock: Pick<Clock, 'now'>
}

/** @param pace Of the replies. */
export async function rehearseGate({ settings, run, clock }: Rehearsed, pace: Pace): Promise<Outcome> {
  const mayReadRoles = settings.access.grant !== 'never'
  const log = { info() {}, warning() {} }
  const shortened = withoutExtras(settings)
  return gate(shortened, {
    http: answeringAs({ mayReadRoles }, pace),
    preconnect() {},
    clock: { now: clock.now, sleep: () => new Promise(() => {}), after: () => () => {} },
    log,
    reporter: createLogReporter(log, shortened),
    mask() {},
    random: Math.random,
    run,
    assertions: { ask: async () => {}, current: async () => rehearsed.assertion, discard() {} },
    keep() {},
  })
}

/** What most runs do, with the user's cloud and limits: one call, and no request to which no reply is written down. */
function withoutExtras(settings: Settings): Settings {
  const { identity, target, access, production, smoke } = settings
  const { id, endpoint, deployment } = rehearsed
  return {
    ...settings,
    identity: { ...identity, clientId: id, tenantId: id, setupClientId: undefined },
    target:
      target.kind === 'endpoint'
        ? { kind: 'endpoint', endpoint }
        : { kind: 'resource', resource: rehearsed.resource, endpoint },
    deployments: [{ name: deployment, api: 'chat-completions' }],
    access: { ...access, role: rehearsed.role, grantee: undefined, also: [] },
    production: { ...production, principals: [], probe: undefined },
    keys: { access: 'ignore', retired: undefined },
    models: { daysLeft: undefined },
    smoke: { ...smoke, tokenAudience: undefined, expect: undefined },
  }
}
