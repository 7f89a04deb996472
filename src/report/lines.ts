import { docsAddress } from '../advice/docs-link.ts'
import type { Diagnosis } from '../advice/explanations/diagnose.ts'
import { switchKeysOffCommand } from '../advice/explanations/posture.ts'
import { findingsOf } from '../advice/findings/findings.ts'
import { failOnFailure } from '../advice/findings/forbidden.ts'
import { informationOf } from '../advice/findings/information.ts'
import { type Assigning, assigning, rightsOf } from '../advice/findings/rights.ts'
import type { Assignment } from '../azure/rbac/assignment.ts'
import { readableRoleState } from '../azure/rbac/assignment.ts'
import { coverageBy } from '../azure/rbac/coverage.ts'
import { assignRoles } from '../azure/rbac/delegation-conditions.ts'
import type { DenyAssignment } from '../azure/rbac/deny-assignments.ts'
import { coversAction } from '../azure/rbac/permissions.ts'
import { unsuitableLine } from '../azure/rbac/suitability.ts'
import { statusLine } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import { plain } from '../core/text/untrusted.ts'
import { isDenied } from '../gate/access.ts'
import { alsoFailure, isLacking } from '../gate/also.ts'
import { chosenDeployment } from '../gate/chosen-deployment.ts'
import { denyAssignmentsSeen } from '../gate/evidence.ts'
import { keyAccessFailure, keyAccessOf } from '../gate/key-access.ts'
import type { Outcome, RunRecord } from '../gate/record.ts'
import type { AppAnswered, KeyRefusal } from '../gate/reporter.ts'
import { retirementFailure } from '../gate/retirement.ts'
import { roleStateOf } from '../gate/role-state.ts'
import type { Settings } from '../gate/settings.ts'
import type { Inspection } from '../gate/values.ts'
import { shownAddress } from '../services/app/address.ts'
import type { AssertionClaims } from '../services/github/assertion-claims.ts'
import type { Answer } from '../services/inference/answer.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import { withoutText } from '../services/inference/select-deployments.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import {
  appInWords,
  ownCallsInWords,
  runtimeGrantLines,
  runtimePlanLines,
  runtimeReservations,
} from './runtime-lines.ts'

/** The story in plain lines, for the log: it can be read without the summary. */

/** What `endpoint` came to, and what it leaves out. */
export function targetLines({
  target,
  ofEndpoint,
  smoke: { tokenAudience },
}: Pick<Settings, 'target' | 'ofEndpoint' | 'smoke'>): string[] {
  const { deployment, apiVersion } = ofEndpoint
  const parts = [
    ...(deployment === undefined ? [] : [`the deployment ${plain(deployment, 64)}`]),
    ...(apiVersion === undefined ? [] : [`api-version ${apiVersion}`]),
  ]
  return [
    ...(parts.length === 0
      ? []
      : [
          `The address in \`endpoint\` names ${parts.join(' and ')}, and the endpoint ${plain(target.endpoint ?? '')}`,
        ]),
    ...(target.kind === 'endpoint' ? [whatIsCalled(target.endpoint, tokenAudience)] : []),
  ]
}

/** An endpoint alone. */
const whatIsCalled = (endpoint: string, tokenAudience: string | undefined) =>
  tokenAudience === undefined
    ? onlyCalled
    : `The token is one for ${plain(tokenAudience)}, and goes to ${new URL(endpoint).host} alone. Resource Manager is not asked: the resource behind the gateway is gated in a step of its own.`

const onlyCalled =
  'Only `endpoint` is given, so Resource Manager is not asked, and nothing is said of roles and keys. With the input `subscription-id` beside it the resource is found by its hosts; the variable AZURE_SUBSCRIPTION_ID alone does not do that.'

export function assertionLines({ iss, sub, aud }: Pick<AssertionClaims, 'iss' | 'sub' | 'aud'>): string[] {
  return [
    'GitHub OIDC token, to be compared with the federated credential:',
    `  issuer   ${plain(iss)}`,
    `  subject  ${plain(sub)}`,
    `  audience ${plain(aud)}`,
  ]
}

/** What there was to see before anything was changed. */
export function inspectionLines({ endpoint, account, routes, roles, first }: Inspection): string[] {
  const lines = [`Endpoint ${endpoint}`]
  if (roles !== undefined) {
    const { wanted, held, heldByOtherJob, ...who } = roles
    const state = roleStateOf({
      ...who,
      held: held.state,
      grant: undefined,
      access: coverageBy(roles.permissions, dataActionsOf(routes)),
      isDenied: isDenied(roles),
      isLive: false,
    })
    lines.push(`Role ${wanted.name}: ${readableRoleState(state, roles.assignments)}${until(heldByOtherJob)}`)
    lines.push(...roles.deniedBy.map(deny => denyLine('the calls', deny)))
  }
  for (const route of routes) lines.push(...kindLine(route))
  const keys = keyAccessOf({ account })
  if (keys !== 'unknown') lines.push(`API keys: ${keys === 'enabled' ? 'still accepted' : 'switched off'}`)
  if (first.round.kind === 'refused') {
    const answers = [...first.results.map(smokeLine), `  ${plain(first.round.failure.said.message)}`]
    lines.push('First calls (probe 1)', ...answers.map(line => `  ${line}`))
  }
  return lines
}

/** Why a deployment is called as it is, where `auto` decided. */
function kindLine({ deployment, api, because }: Route): string[] {
  return because === undefined
    ? []
    : [`${plain(deployment)} is a model for ${plain(because)}: called by ${api}`]
}

/** What is held for another job is not held for long. */
function until(heldByOtherJob: Assignment | undefined): string {
  if (heldByOtherJob === undefined) return ''
  return `, by a temporary assignment that ends with another job (${plain(heldByOtherJob.description ?? '', 300)})`
}

/** The two refusals do not mean the same. */
export function keyRefusalLine({ outcome, said, waitedMs, keyAccess }: KeyRefusal): string {
  const waited = waitedMs > 0 ? `, ${inWords(waitedMs)} after the first try` : ''
  const refused = `The retired key is refused${waited} (${statusLine(said)}):`
  if (outcome === 'key-access-off') return `${refused} key access is off, so no other key works either.`
  const others =
    keyAccess === 'disabled'
      ? 'That no other key works either is what Resource Manager says.'
      : 'That says nothing of other keys.'
  return `${refused} it is not, or no longer, a key of this resource. ${others}`
}

/** Where nothing was expected of the answer, the status is all there was to go by. */
export function appLine({ said, inARow, waitedMs }: AppAnswered): string {
  const row = inARow > 1 ? `${inARow} times in a row, each on a connection of its own` : 'once'
  const waited = waitedMs > 0 ? `, ${inWords(waitedMs)} after it was first refused` : ''
  return `The app answered ${row}${waited} (HTTP ${said.status}). ${said.message}`
}

export function smokeLine(result: SmokeResult): string {
  const { deployment, api } = result.route
  const adapted =
    result.adaptations.length > 0
      ? ` (adapted: ${result.adaptations.map(text => plain(text)).join('; ')})`
      : ''
  if (result.kind === 'refused') return `${plain(deployment)} by ${api}: ${result.failure.code}${adapted}`
  return `${plain(deployment)} by ${api}: ${answerInWords(result.answer)} in ${Math.round(result.latencyMs)} ms${adapted}`
}

export function answerInWords({ text, instead }: Answer): string {
  if (instead !== undefined) return plain(instead, 80)
  return text === '' ? 'an answer without text' : `"${plain(text, 80)}"`
}

/** What would be granted, who could, what stands against it, and what keys would do. Findings are told apart from it. */
export function planLines(record: RunRecord): string[] {
  return [
    ...choiceLeft(record),
    ...grantPlanLines(record),
    ...alsoPlanLines(record),
    ...denialPlanLines(record),
    ...runtimePlanLines(record),
    ...keyPlanLines(record),
    ...failOnPlanLines(record),
    ...appPlanLines(record),
    ...modelPlanLines(record),
  ]
}

function grantPlanLines(record: RunRecord): string[] {
  if (record.holder === 'app') return [`Plan: ${ownCallsInWords(record.smoke)}`]
  const { grant, plannedRefusal, role, roleState, assignments } = record
  if (role === undefined)
    return ['Plan: there is no resource, only an endpoint, so no role would be granted.']
  if (plannedRefusal !== undefined)
    return [
      `Plan: the gate would fail with role-not-suitable: ${unsuitableLine(role.name, plannedRefusal)} It is ${readableRoleState(roleState, assignments)}.`,
    ]
  if (grant?.outcome !== 'planned')
    return [`Plan: nothing would be granted; the role is ${readableRoleState(roleState, assignments)}.`]
  const grantee = record.settings?.access.grantee?.principalId ?? record.principal?.oid ?? 'the principal'
  return [
    `Plan: ${role.name} would be granted to ${grantee} at ${plain(role.scope)}${forHowLong(record)}; it is ${readableRoleState(roleState, assignments)}${until(record.heldByOtherJob)}.`,
    granterLine(record),
    ...(record.afterDenial?.denyingGrants ?? []).map(deny => denyLine('the grant', deny)),
    ...callerLines(record),
  ]
}

/** What the grant that is planned gives is not lacking then. */
function alsoPlanLines({ settings, routes, also, grant }: RunRecord): string[] {
  if (settings === undefined) return []
  const left = grant?.outcome === 'planned' ? also?.filter(each => !isLacking(each)) : also
  const failure = alsoFailure(settings.access, { ...(routes && { routes }), also: left })
  return failure === undefined
    ? []
    : [`Plan: the gate would fail with ${failure.failure.code}: ${failure.failure.said.message}`]
}

/** What was asked for besides the calls; nothing where nothing was. */
export const alsoProven = ({ also = [] }: RunRecord): string[] =>
  also.length === 0
    ? []
    : [`What \`also\` asks for is given: ${also.map(({ dataAction }) => dataAction).join(', ')}.`]

const forHowLong = ({ settings }: RunRecord) =>
  settings?.access.revoke === true ? ', until the job ends (revoke)' : ''

const denyName = ({ name, scope }: Pick<DenyAssignment, 'name' | 'scope'>) =>
  `"${plain(name)}" at ${plain(scope)}`

const denyLine = (what: string, deny: Pick<DenyAssignment, 'name' | 'scope'>) =>
  `A deny assignment stands against ${what}: ${denyName(deny)}.`

/** A group is not known to hold its members before it holds a role. */
function callerLines({ settings, principal }: RunRecord): string[] {
  const grantee = settings?.access.grantee
  if (grantee === undefined || grantee.principalId === principal?.oid) return []
  return [
    grantee.principalType === 'Group'
      ? 'The calls are made by the pipeline itself: it has to be a member of that group.'
      : 'The calls are made by the pipeline itself: that role does not let it through.',
  ]
}

/** What becomes of calls that are denied now. */
function denialPlanLines(record: RunRecord): string[] {
  const { plannedPatienceMs, membership, role, coverage, deniedBy = [] } = record
  const denies = denyAssignmentsSeen(record).map(deny => denyLine('the calls', deny))
  const code = deniedBy.length > 0 ? 'deny-assignment' : 'access-denied'
  if (plannedPatienceMs === undefined) return denies
  return [
    plannedPatienceMs > 0
      ? `Plan: the calls are denied now. The gate would wait for up to ${inWords(plannedPatienceMs)}, and fail with ${code} if they still are.`
      : `Plan: the calls are denied, and the gate would fail with ${code}.`,
    ...(coverage === 'insufficient' ? [`${role?.name} does not cover them, whoever holds it.`] : []),
    ...(membership === 'not-member'
      ? ['The role is held, but not by the pipeline, nor by a group that it is a member of.']
      : []),
    ...denies,
  ]
}

const assigningInWords: Record<Assigning, string> = {
  allowed: 'may assign that role there.',
  refused: 'may not assign roles there: an administrator would have to.',
  'refused-by-condition':
    'may assign roles there, but the condition on that right does not allow this one: an administrator would have to.',
  'unless-conditions': 'may assign roles there, as far as conditions allow this one.',
  unknown: '',
}

/** Of another identity that would grant, effective permissions are all that is read: they tell no condition. */
function granterLine(record: RunRecord): string {
  const { setupPrincipal, setupPermissions } = record
  const may =
    setupPrincipal === undefined
      ? assigning(rightsOf(record), record)
      : assigningBy(setupPermissions && coversAction(setupPermissions, assignRoles))
  if (may === 'unknown') return 'Whether this identity may do that is not known.'
  const who = setupPrincipal === undefined ? 'This identity' : `The set-up identity ${setupPrincipal.oid}`
  return `${who} ${assigningInWords[may]}`
}

function assigningBy(may: boolean | undefined): Assigning {
  if (may === undefined) return 'unknown'
  return may ? 'unless-conditions' : 'refused'
}

/** One paragraph a finding; how to mend it stands in summary and report, and in the docs. Where a run failed, that comes first. */
export function findingLines({ result, record }: Outcome): string[] {
  const findings = result === 'cancelled' ? [] : findingsOf(record)
  if (findings.length === 0) return []
  if (result === 'failed') {
    const ids = findings.map(({ id, severity }) => `${id} (${severity})`).join(', ')
    return [`Findings, told in the job summary and the report: ${ids}`]
  }
  return [
    '',
    ...findings.flatMap(({ id, severity, title, detail }) => [
      `Finding ${id} (${severity}): ${title}`,
      `  ${detail}`,
    ]),
    `What findings mean, and what to do: ${docsAddress('docs/findings.md', record.run)}`,
    '',
  ]
}

/** One line each; where a run failed, or was stopped, other things are to be read. */
export const informationLines = ({ result, record }: Outcome): string[] =>
  result === 'passed' || result === 'planned' ? informationOf(record) : []

/** What would become of keys, without a word where nothing would. */
function keyPlanLines(record: RunRecord): string[] {
  const failure = keyAccessFailure(record.settings, record)
  if (failure !== undefined) {
    const { code, said } = failure.failure
    const asked =
      record.settings?.keys.access === 'forbid' ? 'key-access is forbid' : 'there is a retired key'
    return [
      `Plan: ${asked}, and the gate would fail with ${code}: ${said.message}`,
      ...(code === 'keys-enabled' ? [`To switch keys off: ${switchKeysOffCommand(record)}`] : []),
    ]
  }
  if (record.settings?.keys.retired === undefined) return []
  return ['Plan: the retired key would be tried once access is proven, and would have to be refused.']
}

function modelPlanLines(record: RunRecord): string[] {
  const failure = retirementFailure(record)
  return failure === undefined
    ? []
    : [`Plan: the gate would fail with ${failure.failure.code}: ${failure.failure.said.message}`]
}

function failOnPlanLines(record: RunRecord): string[] {
  const failure = failOnFailure(record)
  return failure === undefined
    ? []
    : [
        `Plan: fail-on is ${record.settings?.failOn}, and the gate would fail with finding-forbidden: ${failure.failure.said.message}`,
      ]
}
const appPlanLines = ({ settings }: RunRecord): string[] =>
  settings?.production.probe === undefined
    ? []
    : [
        `Plan: the app would be asked at ${shownAddress(settings.production.probe.url)} once access is proven, and would have to answer.`,
      ]

export function diagnosisLines({
  code,
  title,
  operation,
  said,
  why,
  unlike,
  fixes,
  docs,
}: Diagnosis): string[] {
  const ids = Object.entries(said.ids).map(([name, value]) => `${name} ${value}`)
  return [
    `${code}: ${title}`,
    `  while ${operation}`,
    ...saidLines(said),
    `  ${why}`,
    ...fixes.flatMap(fix => ['', `${fix.title}:`, ...fix.text.split('\n').map(line => `    ${line}`)]),
    '',
    ...(unlike === undefined ? [] : [`To tell it apart: ${unlike}`]),
    ...(ids.length === 0 ? [] : [`Ids for support: ${ids.join(', ')}`]),
    `More about ${code}: ${docs}`,
  ]
}

function saidLines(said: Diagnosis['said']): string[] {
  const head = statusLine(said)
  return said.message
    .split('\n')
    .map((line, index) => `  ${index === 0 && head !== '' ? `${head}: ` : ''}${line}`)
}

/** What a run that was stopped leaves behind. */
export function cancelledLines({ record, signal }: Extract<Outcome, { result: 'cancelled' }>): string[] {
  const { grant, role, principal } = record
  const stopped = `Stopped by ${signal} after: ${record.steps.map(({ name }) => name).join(', ') || 'nothing yet'}.`
  const whom = record.settings?.access.grantee?.principalId ?? principal?.oid
  const after = record.settings?.access.revoke === true ? 'the post step removes it' : 'it stays'
  const inProduction = runtimeGrantLines(record)
  if (grant?.outcome === 'granted')
    return [stopped, ...inProduction, `${role?.name} was assigned to ${whom} by this run; ${after}.`]
  if (grant?.outcome === 'unknown')
    return [
      stopped,
      ...inProduction,
      `${role?.name} was being assigned to ${whom}; whether it is, is not known. If it is, ${after}.`,
    ]
  return [stopped, ...(inProduction.length > 0 ? inProduction : ['Nothing was changed.'])]
}

/** How long everything took; and after a wait that came to nothing, what each deployment said last. */
export function recordLines({ result, record }: Outcome): string[] {
  const { steps, probes, smoke } = record
  const waitedInVain = result !== 'passed' && probes.length > 1
  return [
    ...(waitedInVain ? smoke.map(smokeLine) : []),
    ...(steps.length === 0
      ? []
      : [`Took: ${steps.map(({ name, tookMs }) => `${name} ${inWords(tookMs)}`).join(', ')}`]),
  ]
}

/** It passes, and may end unforeseen. */
export function unexplainedLine(deniedBy: ReadonlyArray<Pick<DenyAssignment, 'name' | 'scope'>>): string {
  const why =
    deniedBy.length === 0
      ? 'and no role that Resource Manager lists gives the right to them'
      : `although Resource Manager lists what forbids them: ${deniedBy.map(denyName).join(', ')}`
  return `The calls are let through, for longer than a right is honoured that was taken away, ${why}. How the pipeline comes by it is not known.`
}

/** One line that says how it ended. */
export function verdictLine({ result, record }: Outcome): string {
  const { principal, role, roleState, assignments, propagationMs, smoke, connections = 1 } = record
  if (result === 'failed' || result === 'cancelled') return 'Key-less access is not proven.'
  if (result === 'planned') return 'Planned; nothing was changed.'
  if (record.holder === 'app')
    return [appInWords(record), ...appProven(record), ownCallsInWords(smoke)].join(' ')
  const who = principal === undefined ? 'The pipeline' : `Principal ${principal.oid}`
  const how = role === undefined ? '' : `, role ${role.name} ${readableRoleState(roleState, assignments)}`
  const waited = propagationMs > 0 ? `, live after ${(propagationMs / 1000).toFixed(1)} s` : ''
  const called = smoke.filter(({ route }) => isOfDeployment(route)).length
  const over = connections > smoke.length ? `, over ${connections} connections` : ''
  const proven = `Key-less access is proven: ${who} was answered by ${called} deployment${called === 1 ? '' : 's'}${over}${how}${waited}.`
  return [proven, ...alsoProven(record), ...appProven(record), ...reservations(record)].join(' ')
}

/** The pipeline's own access was proven before. */
export const isOfApp = (outcome: Outcome) =>
  outcome.result === 'failed' && outcome.failure.failure.code === 'probe-failed'

/** What was proven of the app beside the pipeline. */
export function appProven({ app, settings }: RunRecord): string[] {
  if (app?.isLive !== true || settings?.production.probe === undefined) return []
  return [
    `So is the app's own: ${shownAddress(settings.production.probe.url)} answered${app.waitedMs > 0 ? `, live after ${inWords(app.waitedMs)}` : ''}.`,
  ]
}

/** An unset variable and an input left out look the same: nobody may take it that what they deploy against was called. */
export const choiceInWords = (deployment: string) =>
  `The input \`deployments\` is empty, so the gate chose ${plain(deployment, 64)} by itself: no other deployment is proven.`

function choiceLeft({ settings, routes }: Pick<RunRecord, 'settings' | 'routes'>): string[] {
  const chosen = chosenDeployment(settings, routes)
  return chosen === undefined ? [] : [choiceInWords(chosen)]
}

/** What a proof leaves open. */
export const reservations = (record: RunRecord): string[] => [
  ...searchLeft(record),
  ...choiceLeft(record),
  ...expectLeft(record),
  ...doubtLeft(record),
  ...runtimeReservations(record),
]

/** Whoever named a subscription wants more than the call. */
function searchLeft({ settings }: Pick<RunRecord, 'settings'>): string[] {
  const unfound = settings?.target.kind === 'endpoint' ? settings.target.unfound : undefined
  return unfound === undefined ? [] : [unfoundInWords(unfound.message)]
}

export const unfoundInWords = (why: string) =>
  `${why} Only the call is proven: no role was looked at or granted, and nothing is said of keys. To have that, name the resource by \`resource-id\`.`

/** Whoever expects something of answers has to know whose were held against it. */
function expectLeft({ settings, routes = [] }: Pick<RunRecord, 'settings' | 'routes'>): string[] {
  const unheld = settings?.smoke.expect === undefined ? [] : withoutText(routes)
  const names = unheld.map(({ deployment, api }) => `${plain(deployment, 64)} by ${api}`)
  return names.length === 0
    ? []
    : [`Nothing was held against \`expect\` of ${names.join(', ')}: that is no text.`]
}

/** What one answer left unproven, where a row would have been asked for. */
function doubtLeft({ row }: Pick<RunRecord, 'row'>): string[] {
  const rest =
    'One answer was taken; a replica that has not heard of the role yet may still deny the next call.'
  if (row === 'off') return [`No row was made, since consecutive-successes is 1. ${rest}`]
  if (row === 'paid-by-the-piece')
    return [`No row was made, since every answer is paid by the piece. ${rest}`]
  return []
}
