import type { Diagnosis } from '../advice/explanations/diagnosis.ts'
import { findingsOf } from '../advice/findings/findings.ts'
import { informationOf } from '../advice/findings/information.ts'
import type { RoleChoice } from '../azure/rbac/built-in-roles.ts'
import { scopeOf } from '../azure/resource-id.ts'
import { plain } from '../core/text/untrusted.ts'
import { type AlsoAccess, alsoReason } from '../gate/also.ts'
import { chosenDeployment } from '../gate/chosen-deployment.ts'
import { endpointIsOwn } from '../gate/endpoint-owner.ts'
import { denyAssignmentsSeen } from '../gate/evidence.ts'
import { keyAccessOf } from '../gate/key-access.ts'
import type { Outcome, RunRecord } from '../gate/record.ts'
import { retirementsOf } from '../gate/retirement.ts'
import { type RuntimePrincipal, worstAccess } from '../gate/runtime/principal.ts'
import { reasonOf } from '../gate/runtime/words.ts'
import type { Settings, Target } from '../gate/settings.ts'
import type { RoleGiver } from '../gate/told-access.ts'
import { shownAddress } from '../services/app/address.ts'
import { runUrl, type WorkflowRun } from '../services/github/workflow-run.ts'
import type { Quota } from '../services/inference/quota.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { Retirement } from '../services/resource-manager/models.ts'
import { planLines } from './plan-lines.ts'
import type { Report } from './schema.ts'

/** Milliseconds since the epoch. */
interface Times {
  startedAt: number
  endedAt: number
}

/**
 * The JSON report, for later steps, for verifiers of its attestation, and for people who read it months later. It contains no
 * token and no key.
 */
export function reportDocument(outcome: Outcome, diagnosis: Diagnosis | undefined, times: Times): Report {
  const { record, result } = outcome
  const { settings, run, role } = record
  const access = keyAccessOf(record)
  return {
    schemaVersion: 1,
    startedAt: iso(times.startedAt),
    endedAt: iso(times.endedAt),
    writtenAt: iso(times.endedAt),
    result,
    stoppedBy: outcome.result === 'cancelled' ? outcome.signal : null,
    diagnosis: diagnosis === undefined ? null : diagnosisDocument(diagnosis),
    findings: findingsOf(record).map(finding => ({ ...finding, fixes: [...finding.fixes] })),
    information: informationOf(record),
    run: runDocument(run),
    action: run.action ?? null,
    settings: orNull(settings, settingsDocument),
    cloud: settings?.cloud.name ?? null,
    assertion: orNull(record.assertion, ({ iss, sub, aud }) => ({
      issuer: iss,
      subject: sub,
      audience: aud,
    })),
    principal: orNull(record.principal, principalDocument),
    setupPrincipal: orNull(record.setupPrincipal, principalDocument),
    target: orNull(settings?.target, target => targetDocument(target, endpointIsOwn(record) ?? null)),
    endpoint: record.endpoint ?? null,
    chosenDeployment: chosenDeployment(settings, record.routes) ?? null,
    keyAccess: access,
    keys: { access, retiredKey: record.retiredKey?.outcome ?? null },
    role: orNull(role, ({ name, definitionId, scope }) => ({ name, definitionId, scope })),
    roleState: record.roleState,
    denyAssignments: denyAssignmentsSeen(record).map(({ name, scope }) => ({
      name: plain(name),
      scope: plain(scope),
    })),
    membership: record.membership ?? null,
    roleAssignmentId: record.roleAssignmentId ?? null,
    grant: record.grant?.outcome ?? null,
    plan: result === 'planned' ? planLines(record) : null,
    propagationSeconds: record.propagationMs / 1000,
    attempts: record.rounds,
    connections: record.connections ?? null,
    row: record.row ?? null,
    probes: record.probes.map(({ atMs, outcome: answer }) => ({ atSeconds: atMs / 1000, outcome: answer })),
    models: orNull(record.modelList, () => retirementsOf(record).map(retirementDocument)),
    smoke: record.smoke.map(smokeDocument),
    runtimeAccess: worstAccess(record.runtimePrincipals) ?? null,
    runtimePrincipals: record.runtimePrincipals.map(runtimeDocument),
    also: (record.also ?? []).map(alsoDocument),
    app: orNull(record.app, app => appDocument(app, settings)),
    steps: record.steps.map(({ name, tookMs, outcome: end }) => ({
      name,
      seconds: tookMs / 1000,
      outcome: end,
    })),
  }
}

const iso = (ms: number) => new Date(ms).toISOString()

function orNull<T, D>(value: T | undefined, describe: (value: T) => D): D | null {
  return value === undefined ? null : describe(value)
}

function diagnosisDocument({ operation, ...diagnosis }: Diagnosis): NonNullable<Report['diagnosis']> {
  const { comparison, ...rest } = diagnosis
  return {
    ...rest,
    ...(comparison === undefined ? {} : { comparison: [...comparison] }),
    doing: operation,
    fixes: [...diagnosis.fixes],
  }
}

function runDocument(run: WorkflowRun): Report['run'] {
  return {
    repository: run.repository ?? null,
    workflow: run.workflow ?? null,
    workflowRef: run.workflowRef ?? null,
    job: run.job ?? null,
    runId: run.runId ?? null,
    runAttempt: run.runAttempt ?? null,
    url: runUrl(run) ?? null,
    event: run.eventName ?? null,
    actor: run.actor ?? null,
    commit: run.commit ?? null,
    ref: run.ref ?? null,
  }
}

function settingsDocument(settings: Settings): NonNullable<Report['settings']> {
  const { identity, access, keys, waiting, smoke, cloud } = settings
  return {
    clientId: identity.clientId,
    tenantId: identity.tenantId,
    setupClientId: identity.setupClientId ?? null,
    assertionAudience: identity.assertionAudience,
    authorityHost: cloud.authorityHost,
    resourceManagerEndpoint: cloud.resourceManager.endpoint,
    role: roleGiven(access.role),
    grant: access.grant,
    grantee: access.grantee ?? null,
    revoke: access.revoke,
    also: access.also.map(({ name }) => name),
    runtimePrincipals: settings.production.principals.map(({ id, deployments, role }) => ({
      id,
      deployments: [...deployments],
      role: orNull(role, roleGiven),
    })),
    runtimeUnknown: settings.production.unknown,
    keyAccess: keys.access,
    retiredKey: keys.retired !== undefined,
    failOn: settings.failOn ?? null,
    exportEnvironment: settings.exportEnvironment,
    deployments: settings.deployments.map(({ name, api }) => ({ name, api: api ?? null })),
    api: smoke.api,
    apiVersion: smoke.apiVersion ?? null,
    tokenAudience: smoke.tokenAudience ?? null,
    prompt: plain(smoke.prompt, 200),
    maxOutputTokens: smoke.maxOutputTokens,
    expect: smoke.expect?.source ?? null,
    probeUrl: orNull(settings.production.probe, ({ url }) => shownAddress(url)),
    probeExpect: settings.production.probe?.expect?.source ?? null,
    propagationTimeoutSeconds: waiting.propagationTimeoutMs / 1000,
    consecutiveSuccesses: waiting.consecutiveSuccesses,
    requestTimeoutSeconds: waiting.requestTimeoutMs / 1000,
    modelDaysLeft: settings.models.daysLeft ?? null,
  }
}

function roleGiven(role: RoleChoice): string {
  if (role.kind === 'auto') return 'auto'
  return role.kind === 'guid' ? role.guid : role.name
}

function targetDocument(target: Target, isOwn: boolean | null): NonNullable<Report['target']> {
  const called = { endpoint: target.endpoint ?? null, endpointIsOwn: isOwn, search: searchOf(target) }
  if (target.kind !== 'resource') return { kind: 'endpoint', resourceId: null, resource: null, ...called }
  const { resource } = target
  return {
    kind: 'resource',
    resourceId: scopeOf(resource),
    resource: { ...resource, project: resource.project ?? null },
    ...called,
  }
}

function searchOf(target: Target): NonNullable<Report['target']>['search'] {
  if (target.kind === 'search') return 'unfinished'
  if (target.kind === 'resource') return target.isFound === true ? 'found' : null
  return target.unfound?.reason ?? null
}

function principalDocument({
  oid,
  tid,
  appid,
  azp,
  xms_mirid,
}: NonNullable<RunRecord['principal']>): NonNullable<Report['principal']> {
  return { objectId: oid, tenantId: tid, clientId: appid ?? azp ?? null, managedIdentity: xms_mirid ?? null }
}

function retirementDocument(retirement: Retirement): NonNullable<Report['models']>[number] {
  const { deployment } = retirement
  if (retirement.kind === 'unknown') {
    const nothing = { format: null, model: null, version: null, sku: null, lifecycle: null }
    return {
      deployment,
      ...nothing,
      retiresAt: null,
      daysLeft: null,
      upgrade: null,
      unknown: plain(retirement.because, 200),
    }
  }
  const { model, sku, lifecycle, retiresAt, daysLeft, upgrade } = retirement
  return {
    deployment,
    format: plain(model.format, 100),
    model: plain(model.name, 100),
    version: plain(model.version, 100),
    sku: orNull(sku, text => plain(text, 100)),
    lifecycle: orNull(lifecycle, text => plain(text, 100)),
    retiresAt: orNull(retiresAt, iso),
    daysLeft: daysLeft ?? null,
    upgrade: orNull(upgrade, text => plain(text, 100)),
    unknown: null,
  }
}

function appDocument(
  { probes, waitedMs, isLive }: NonNullable<RunRecord['app']>,
  settings: Settings | undefined,
): NonNullable<Report['app']> {
  return {
    url: shownAddress(settings?.production.probe?.url ?? ''),
    answered: isLive,
    waitedSeconds: waitedMs / 1000,
    probes: probes.map(({ atMs, outcome }) => ({ atSeconds: atMs / 1000, outcome })),
  }
}

const quotaDocument = (quota: Quota) => ({
  remainingRequests: quota.remainingRequests ?? null,
  limitRequests: quota.limitRequests ?? null,
  remainingTokens: quota.remainingTokens ?? null,
  limitTokens: quota.limitTokens ?? null,
})

function smokeDocument(result: SmokeResult): Report['smoke'][number] {
  const { deployment, api, url, dataAction } = result.route
  const common = { deployment, api, url, dataAction, adaptations: [...result.adaptations] }
  if (result.kind === 'refused') {
    const unanswered = {
      audience: null,
      latencyMs: null,
      model: null,
      answer: null,
      cutShort: null,
      quota: null,
    }
    return { ...common, outcome: result.failure.code, ...unanswered, dimensions: null }
  }
  const { audience, latencyMs, answer, quota, answeredAt = url } = result
  return {
    ...common,
    url: answeredAt,
    outcome: 'ok',
    audience,
    latencyMs: Math.round(latencyMs),
    model: answer.model === undefined ? null : plain(answer.model, 100),
    answer: plain(answer.text === '' ? (answer.instead ?? '') : answer.text, 500),
    cutShort: answer.cutShort,
    dimensions: answer.dimensions ?? null,
    quota: orNull(quota, quotaDocument),
  }
}

function runtimeDocument(principal: RuntimePrincipal): Report['runtimePrincipals'][number] {
  const { id, identity, principalId, deployments, dataActions, scope, access } = principal
  const through = 'through' in access ? access.through : []
  return {
    id: plain(id),
    principalId: principalId ?? null,
    identity: orNull(identity, ({ kind, name, clientId }) => ({
      kind,
      name: plain(name),
      clientId: clientId ?? null,
    })),
    deployments: [...deployments],
    dataActions: [...dataActions],
    scope: scope ?? null,
    access: access.word,
    granted: access.word === 'not-known-live' && access.isGranted,
    reason: reasonOf(principal),
    roles: through.map(giverDocument),
    ageSeconds: access.word === 'not-known-live' && access.ageMs !== undefined ? access.ageMs / 1000 : null,
  }
}

const alsoDocument = (also: AlsoAccess): Report['also'][number] => ({
  dataAction: also.dataAction,
  scope: also.scope,
  access: also.access.word,
  reason: alsoReason(also),
})

const giverDocument = ({ roleName, scope, id, group, createdOn }: RoleGiver) => ({
  name: plain(roleName),
  scope: plain(scope),
  assignmentId: plain(id),
  group: group === undefined ? null : plain(group),
  since: createdOn === undefined ? null : iso(createdOn),
})
