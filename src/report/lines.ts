import { docsAddress } from '../advice/docs-link.ts'
import type { Diagnosis } from '../advice/explanations/diagnosis.ts'
import { findingsOf } from '../advice/findings/findings.ts'
import { informationOf } from '../advice/findings/information.ts'
import type { Assignment } from '../azure/rbac/assignment.ts'
import { readableRoleState } from '../azure/rbac/assignment.ts'
import { coverageBy } from '../azure/rbac/coverage.ts'
import type { DenyAssignment } from '../azure/rbac/deny-assignments.ts'
import { statusLine } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import { plain } from '../core/text/untrusted.ts'
import { isDenied } from '../gate/access.ts'
import { chosenDeployment } from '../gate/chosen-deployment.ts'
import { keyAccessOf } from '../gate/key-access.ts'
import type { Outcome, RunRecord } from '../gate/record.ts'
import type { AppAnswered, KeyRefusal } from '../gate/reporter.ts'
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
import { holdsFix } from './annotation.ts'
import { appInWords, ownCallsInWords, runtimeGrantLines, runtimeReservations } from './runtime-lines.ts'

/** Lines for the log. They can be understood without the summary. */

/** What the gate read from `endpoint`, and what it does not check with an endpoint alone. */
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

/** The calls of a run that has only an endpoint. */
const whatIsCalled = (endpoint: string, tokenAudience: string | undefined) =>
  tokenAudience === undefined
    ? onlyCalled
    : `The token is for ${plain(tokenAudience)}, and the gate sends it only to ${new URL(endpoint).host}. Resource Manager is not asked: gate the resource behind the gateway in a separate step.`

const onlyCalled =
  'Only `endpoint` is given, so Resource Manager is not asked, and roles and keys are not checked. With the input `subscription-id` as well, the gate finds the resource by its hosts; the variable AZURE_SUBSCRIPTION_ID alone does not do that.'

export function assertionLines({ iss, sub, aud }: Pick<AssertionClaims, 'iss' | 'sub' | 'aud'>): string[] {
  return [
    'GitHub OIDC token. Compare it with the federated credential:',
    `  issuer   ${plain(iss)}`,
    `  subject  ${plain(sub)}`,
    `  audience ${plain(aud)}`,
  ]
}

/** What the gate saw before it changed anything. */
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
  // Keys that work are not mentioned here: they get a warning, or fail the gate.
  if (keyAccessOf({ account }) === 'disabled') lines.push('API keys: switched off')
  if (first.round.kind === 'refused') {
    const answers = [...first.results.map(smokeLine), `  ${plain(first.round.failure.said.message)}`]
    lines.push('First calls (probe 1)', ...answers.map(line => `  ${line}`))
  }
  return lines
}

/** Why a deployment is called with this API, if `auto` decided. */
function kindLine({ deployment, api, because }: Route): string[] {
  return because === undefined
    ? []
    : [`${plain(deployment)} is a model for ${plain(because)}: called by ${api}`]
}

/** Says that a role which another job made for itself ends with that job. */
export function until(heldByOtherJob: Assignment | undefined): string {
  if (heldByOtherJob === undefined) return ''
  return `, by a temporary assignment that ends with another job (${plain(heldByOtherJob.description ?? '', 300)})`
}

/** How the retired key was refused: key access is off, or only this key is invalid. */
export function keyRefusalLine({ outcome, said, waitedMs, keyAccess }: KeyRefusal): string {
  const waited = waitedMs > 0 ? `, ${inWords(waitedMs)} after the first try` : ''
  const refused = `The retired key is refused${waited} (${statusLine(said)}):`
  if (outcome === 'key-access-off') return `${refused} key access is off, so no other key works either.`
  const others =
    keyAccess === 'disabled'
      ? 'Resource Manager says that no other key works either.'
      : 'That says nothing about other keys.'
  return `${refused} it is not a key of this resource, or not any more. ${others}`
}

/** How the app answered. Without `probe-expect` the gate judges only its status. */
export function appLine({ said, inARow, waitedMs }: AppAnswered): string {
  const row = inARow > 1 ? `${inARow} times in a row, each time on a new connection` : 'once'
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

const denyName = ({ name, scope }: Pick<DenyAssignment, 'name' | 'scope'>) =>
  `"${plain(name)}" at ${plain(scope)}`

export const denyLine = (what: string, deny: Pick<DenyAssignment, 'name' | 'scope'>) =>
  `A deny assignment blocks ${what}: ${denyName(deny)}.`

/**
 * The findings, most severe first, without their fixes, which summary, report and docs have. None after a failure, so that people
 * read about the failure. Findings that a warning has reported are left out.
 */
export function findingFolds({ result, record }: Outcome): Fold[] {
  if (result === 'failed' || result === 'cancelled') return []
  return findingsOf(record)
    .filter(({ id }) => id !== 'keys-enabled' || record.settings?.keys.access !== 'warn')
    .map(({ id, severity, title, detail }) => ({
      title: `Finding ${id} (${severity}): ${title}`,
      lines: [`  ${detail}`],
    }))
}

export function findingLines({ result, record }: Outcome): string[] {
  const findings = result === 'cancelled' ? [] : findingsOf(record)
  if (findings.length === 0) return []
  if (result !== 'failed')
    return [`What findings mean, and how to fix them: ${docsAddress('docs/findings.md', record.run)}`]
  const ids = findings.map(({ id, severity }) => `${id} (${severity})`).join(', ')
  return [`Findings (details are in the job summary and the report): ${ids}`]
}

/** One line each. None if the run failed or was stopped, because then other lines matter more. */
export const informationLines = ({ result, record }: Outcome): string[] =>
  result === 'passed' || result === 'planned' ? informationOf(record) : []

/** Folded lines of the log, with their title. */
export interface Fold {
  title: string
  lines: readonly string[]
}

/** The rest of the diagnosis. The annotation above it has the service's message and the first fix. */
export function diagnosisLines({ code, operation, said, why, comparison = [], unlike }: Diagnosis): string[] {
  const ids = Object.entries(said.ids).map(([name, value]) => `${name} ${value}`)
  return [
    `${code}: while ${operation}`,
    `  ${why}`,
    ...comparison.flatMap(({ claim, presented, expected }) =>
      expected === undefined ? [] : [`  ${claim} presented: ${presented}; expected: ${expected}`],
    ),
    ...(unlike === undefined ? [] : [`  How to distinguish it: ${unlike}`]),
    ...(ids.length === 0 ? [] : [`  Ids for support: ${ids.join(', ')}`]),
  ]
}

/** The other fixes, and the first one if it was too long for the annotation. */
export const fixFolds = (diagnosis: Diagnosis): Fold[] =>
  diagnosis.fixes
    .slice(holdsFix(diagnosis) ? 1 : 0)
    .map(({ title, text }) => ({ title, lines: text.split('\n').map(line => `    ${line}`) }))

/** What a stopped run leaves behind. */
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
      `${role?.name} was being assigned to ${whom}, and it is not known whether that succeeded. If it did, ${after}.`,
    ]
  return [stopped, ...(inProduction.length > 0 ? inProduction : ['Nothing was changed.'])]
}

/** How long everything took; and after a wait without success, the last reply of each deployment. */
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

/** Says that the gate passes although no known role explains the access. */
export function unexplainedLine(deniedBy: ReadonlyArray<Pick<DenyAssignment, 'name' | 'scope'>>): string {
  const why =
    deniedBy.length === 0
      ? 'but no role that Resource Manager lists allows them'
      : `although Resource Manager lists what forbids them: ${deniedBy.map(denyName).join(', ')}`
  return `The calls are answered, ${why}. They were answered for longer than a removed role keeps working, so something else gives access, and the gate does not know what.`
}

/** The last line: the result. */
export function verdictLine({ result, record }: Outcome): string {
  const { principal, role, roleState, assignments, propagationMs, smoke, connections = 1 } = record
  if (result === 'failed' || result === 'cancelled') return 'Key-less access is not proven.'
  if (result === 'planned') return 'Planned; nothing was changed.'
  if (record.holder === 'app')
    return [appInWords(record), ...appProven(record), ownCallsInWords(smoke)].join(' ')
  const who = principal === undefined ? 'The pipeline' : `Principal ${principal.oid}`
  const how =
    role === undefined
      ? unfoundInShort(record)
      : `, role ${role.name} ${readableRoleState(roleState, assignments)}`
  const waited = propagationMs > 0 ? `, live after ${(propagationMs / 1000).toFixed(1)} s` : ''
  const over = connections > smoke.length ? `, over ${connections} connections` : ''
  const proven = `Key-less access is proven: ${who} was answered by ${calledInWords(record)}${over}${how}${waited}.`
  return [proven, ...alsoProven(record), ...appProven(record), ...unwarned(record)].join(' ')
}

function calledInWords({ smoke, settings, routes }: RunRecord): string {
  const called = smoke.filter(({ route }) => isOfDeployment(route)).length
  const chosen = chosenDeployment(settings, routes)
  const choice = chosen === undefined ? '' : ` (${plain(chosen, 64)}, chosen by the gate)`
  return `${called} deployment${called === 1 ? '' : 's'}${choice}`
}

/** What was asked for besides the calls; empty if nothing was. */
export const alsoProven = ({ also = [] }: RunRecord): string[] =>
  also.length === 0
    ? []
    : [`The pipeline has what \`also\` asks for: ${also.map(({ dataAction }) => dataAction).join(', ')}.`]

/** Whether the run failed because of the app, after the pipeline's own access was proven. */
export const isOfApp = (outcome: Outcome) =>
  outcome.result === 'failed' && outcome.failure.failure.code === 'probe-failed'

/** What was proven about the app, besides the pipeline. */
export function appProven({ app, settings }: RunRecord): string[] {
  if (app?.isLive !== true || settings?.production.probe === undefined) return []
  return [
    `The app's own access is proven too: ${shownAddress(settings.production.probe.url)} answered${app.waitedMs > 0 ? `, live after ${inWords(app.waitedMs)}` : ''}.`,
  ]
}

/** Says that the gate chose the deployment, because an unset variable looks like a missing input. */
export const choiceInWords = (deployment: string) =>
  `The input \`deployments\` is empty, so the gate chose ${plain(deployment, 64)} by itself: no other deployment is proven.`

export function choiceLeft({ settings, routes }: Pick<RunRecord, 'settings' | 'routes'>): string[] {
  const chosen = chosenDeployment(settings, routes)
  return chosen === undefined ? [] : [choiceInWords(chosen)]
}

/** What a proof does not show. */
export const reservations = (record: RunRecord): string[] => [
  ...searchLeft(record),
  ...choiceLeft(record),
  ...unwarned(record),
]

/** The reservations that a warning in the log has not said in full. */
const unwarned = (record: RunRecord): string[] => [
  ...expectLeft(record),
  ...doubtLeft(record),
  ...runtimeReservations(record),
]

/** Says that the resource was not found, if the inputs name a subscription. */
function searchLeft({ settings }: Pick<RunRecord, 'settings'>): string[] {
  const unfound = settings?.target.kind === 'endpoint' ? settings.target.unfound : undefined
  return unfound === undefined ? [] : [unfoundInWords(unfound.message)]
}

/** The same in short, because a warning has the reason. */
const unfoundInShort = ({ settings }: RunRecord): string =>
  settings?.target.kind === 'endpoint' && settings.target.unfound !== undefined
    ? ', but no role was checked: the resource was not found'
    : ''

export const unfoundInWords = (why: string) =>
  `${why} Only the call is proven: no role was checked or granted, and keys were not checked. To have them checked, name the resource with \`resource-id\`.`

/** Names the answers that `expect` was not checked for. */
function expectLeft({ settings, routes = [] }: Pick<RunRecord, 'settings' | 'routes'>): string[] {
  const unheld = settings?.smoke.expect === undefined ? [] : withoutText(routes.filter(isOfDeployment))
  const names = unheld.map(({ deployment, api }) => `${plain(deployment, 64)} by ${api}`)
  return names.length === 0
    ? []
    : [`\`expect\` was not checked for ${names.join(', ')}: the answer is not text.`]
}

/** Says what one answer does not prove, if the gate would normally ask for several in a row. */
function doubtLeft({ row }: Pick<RunRecord, 'row'>): string[] {
  const rest = 'A replica that does not know the role yet may still deny the next call.'
  if (row === 'off')
    return [`The gate accepted one answer as proof, because consecutive-successes is 1. ${rest}`]
  if (row === 'paid-by-the-piece')
    return [`The gate accepted one answer as proof, because every answer is billed per item. ${rest}`]
  return []
}
