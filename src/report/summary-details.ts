import { readableRoleState } from '../azure/rbac/assignment.ts'
import { nameOfChoice } from '../azure/rbac/built-in-roles.ts'
import { inWords } from '../core/text/duration.ts'
import { firstOf } from '../core/text/lists.ts'
import { codeSpan, link, markdown, plain } from '../core/text/untrusted.ts'
import { chosenDeployment } from '../gate/chosen-deployment.ts'
import { keyAccessOf } from '../gate/key-access.ts'
import type { RunRecord } from '../gate/record.ts'
import type { Settings } from '../gate/settings.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import { quotaInWords } from '../services/inference/quota.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import { answerInWords } from './lines.ts'
import { details, headed, type Row, table, tableOfFirst } from './markup.ts'
import { principalPage, resourcePage } from './portal.ts'

/** The folded details of the summary. */

/** The table of facts. Its head is the resource, which all other rows are about. */
export function factsTable(record: RunRecord): string {
  const [head, ...rows] = facts(record)
  return head === undefined ? '' : table(head, rows)
}

function facts(record: RunRecord): Row[] {
  const { principal, setupPrincipal, endpoint, assertion, settings } = record
  const rows: Row[] = []
  if (settings?.target.kind === 'resource') rows.push(['Resource', resourceInWords(record, settings.target)])
  if (principal !== undefined)
    rows.push(['Principal', linked(codeSpan(plain(principal.oid)), principalPage(record))])
  if (setupPrincipal !== undefined) rows.push(['Setup by', codeSpan(plain(setupPrincipal.oid))])
  const role = roleInWords(record)
  if (role !== undefined) rows.push(['Role', role])
  const page = resourcePage(record, 'users')
  if (page !== undefined) rows.push(['Access control', link('who holds which role', page)])
  const grantee = settings?.access.grantee
  if (grantee !== undefined)
    rows.push(['Role holder', `${grantee.principalType} ${codeSpan(plain(grantee.principalId))}`])
  const deployments = deploymentsInWords(record)
  if (deployments !== '') rows.push(['Deployments', deployments])
  if (endpoint !== undefined) rows.push(['Endpoint', codeSpan(plain(endpoint))])
  const keys = keyAccessOf(record)
  if (keys !== 'unknown') rows.push(['API keys', keys === 'enabled' ? '⚠️ still accepted' : 'switched off'])
  if (assertion !== undefined) rows.push(['Subject', codeSpan(plain(assertion.sub))])
  if (settings !== undefined) rows.push(['Cloud', settings.cloud.name])
  return rows
}

const linked = (shown: string, page: string | undefined) => (page === undefined ? shown : link(shown, page))

function roleInWords({ role, roleState, assignments, settings }: RunRecord): string | undefined {
  if (role !== undefined)
    return `${markdown(plain(role.name))} · ${markdown(readableRoleState(roleState, assignments))}`
  if (settings?.target.kind !== 'resource') return undefined
  return markdown(plain(nameOfChoice(settings.access.role)))
}

export function resourceInWords(
  record: RunRecord,
  { resource, isFound }: Extract<Settings['target'], { kind: 'resource' }>,
): string {
  const { account, project, resourceGroup, subscriptionId } = resource
  const name = project === undefined ? account : `${account}/${project}`
  return `${linked(codeSpan(plain(name)), resourcePage(record))} in resource group ${codeSpan(plain(resourceGroup))}, subscription ${codeSpan(plain(subscriptionId))}${isFound === true ? ', found by its host' : ''}`
}

const maxNames = 6

function deploymentsInWords({ routes, settings }: RunRecord): string {
  const names = [...new Set((routes ?? []).filter(isOfDeployment).map(({ deployment }) => deployment))]
  const wanted = names.length > 0 ? names : (settings?.deployments ?? []).map(({ name }) => name)
  const spans = wanted.map(name => codeSpan(plain(name, 80)))
  const choice = chosenDeployment(settings, routes) === undefined ? '' : ', chosen by the gate'
  return `${firstOf(spans, maxNames)}${choice}`
}

/** More deployments than this are folded, except refused ones, which people look for. */
const maxInSight = 10

/** @param refusedMark A plan has not failed if a call is denied. */
export function deploymentsSection(results: readonly SmokeResult[], refusedMark: string): string {
  const refused = results.filter(({ kind }) => kind === 'refused')
  const answered = results.filter(({ kind }) => kind === 'ok')
  const tableOf = (shown: readonly SmokeResult[]) => deploymentsTable(shown, refusedMark)
  if (results.length <= maxInSight)
    return headed('Deployments', [tableOf([...refused, ...answered]), quotaLine(answered)])
  return headed('Deployments', [
    `${answered.length} of ${results.length} answered.`,
    tableOf(refused),
    answered.length === 0 ? '' : details(`The ${answered.length} that answered`, tableOf(answered)),
  ])
}

/** The quota that is left for the deploy. */
function quotaLine(answered: readonly SmokeResult[]): string {
  const left = answered.flatMap(result => {
    const words = result.kind === 'ok' && result.quota !== undefined ? quotaInWords(result.quota) : ''
    return words === '' ? [] : [`${codeSpan(plain(result.route.deployment, 80))} ${words}`]
  })
  return left.length === 0 ? '' : `Quota left this minute: ${left.join(' · ')}.`
}

function deploymentsTable(results: readonly SmokeResult[], refusedMark: string): string {
  return tableOfFirst(['Deployment', 'API', 'Answer', 'Latency'], results, result =>
    deploymentRow(result, refusedMark),
  )
}

function deploymentRow(result: SmokeResult, refusedMark: string): Row {
  const called = [codeSpan(plain(result.route.deployment, 80)), result.route.api]
  if (result.kind === 'refused')
    return [`${refusedMark} ${called[0]}`, called[1] ?? '', codeSpan(result.failure.code), '']
  return [
    `✅ ${called[0]}`,
    called[1] ?? '',
    codeSpan(answerInWords(result.answer)),
    `${Math.round(result.latencyMs)} ms`,
  ]
}

const maxSteps = 20

/** The steps and their times, in one line. */
export function stepsLine({ steps }: RunRecord): string {
  if (steps.length === 0) return ''
  const total = steps.reduce((sum, { tookMs }) => sum + tookMs, 0)
  const shown = steps
    .slice(0, maxSteps)
    .map(
      ({ name, tookMs, outcome }) =>
        `${outcome === 'done' ? '✅' : '❌'} ${markdown(plain(name, 80))} ${inWords(tookMs)}`,
    )
  return `Took ${inWords(total)}: ${shown.join(' · ')}`
}
