import type { Diagnosis } from '../diagnosis/diagnose.ts'
import type { Outcome } from '../facts.ts'
import type { SmokeResult } from '../inference/smoke-call.ts'
import { plain } from '../untrusted-text.ts'

/** The JSON report: everything a later step, or a person months later, may want to know. No token stands in it. */
export function reportDocument(outcome: Outcome, diagnosis: Diagnosis | undefined, writtenAt: Date): object {
  const { facts, result } = outcome
  const { settings, account, run } = facts
  return {
    schemaVersion: 1,
    writtenAt: writtenAt.toISOString(),
    result,
    diagnosis: diagnosis ?? null,
    run: orNull(run, ({ repository, workflow, job, runId, runAttempt }) => ({
      repository,
      workflow,
      job,
      runId,
      runAttempt,
    })),
    cloud: settings?.cloud.name ?? null,
    assertion: orNull(facts.assertion, ({ iss, sub, aud }) => ({ issuer: iss, subject: sub, audience: aud })),
    principal: orNull(facts.principal, principalDocument),
    target: settings?.target ?? null,
    endpoint: facts.endpoint ?? null,
    keyAccess: account?.keyAccess ?? 'unknown',
    role: orNull(facts.role, ({ name, definitionId, scope }) => ({ name, definitionId, scope })),
    roleState: facts.roleState,
    roleAssignmentId: facts.roleAssignmentId ?? null,
    grant: facts.grant?.outcome ?? null,
    propagationSeconds: facts.propagationMs / 1000,
    probes: facts.probes.map(({ atMs, outcome: answer }) => ({ atSeconds: atMs / 1000, outcome: answer })),
    smoke: facts.smoke.map(smokeDocument),
    steps: facts.steps.map(({ name, tookMs, outcome: end }) => ({
      name,
      seconds: tookMs / 1000,
      outcome: end,
    })),
  }
}

function orNull<T>(value: T | undefined, describe: (value: T) => object): object | null {
  return value === undefined ? null : describe(value)
}

function principalDocument({
  oid,
  tid,
  appid,
  azp,
  xms_mirid,
}: NonNullable<Outcome['facts']['principal']>): object {
  return { objectId: oid, tenantId: tid, clientId: appid ?? azp ?? null, managedIdentity: xms_mirid ?? null }
}

function smokeDocument(result: SmokeResult): object {
  const { deployment, api, url, dataAction } = result.route
  const common = { deployment, api, url, dataAction, adaptations: result.adaptations }
  if (result.kind === 'refused') return { ...common, outcome: result.refusal.code }
  const { audience, latencyMs, answer } = result
  return {
    ...common,
    outcome: 'ok',
    audience,
    latencyMs: Math.round(latencyMs),
    model: answer.model === undefined ? null : plain(answer.model, 100),
    answer: plain(answer.text, 500),
    cutShort: answer.cutShort,
  }
}
