import { docsAddress } from '../advice/docs-link.ts'
import type { Diagnosis } from '../advice/explanations/diagnose.ts'
import type { Fix } from '../advice/explanations/explanation.ts'
import type { Finding } from '../advice/findings/finding.ts'
import { findingsOf } from '../advice/findings/findings.ts'
import { readableRoleState } from '../azure/rbac/assignment.ts'
import { nameOfChoice } from '../azure/rbac/built-in-roles.ts'
import { statusLine } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import { codeBlock, codeSpan, html, markdown, plain } from '../core/text/untrusted.ts'
import { alsoReason } from '../gate/also.ts'
import { chosenDeployment } from '../gate/chosen-deployment.ts'
import { keyAccessOf } from '../gate/key-access.ts'
import type { Outcome, RunRecord } from '../gate/record.ts'
import { principalName, reasonOf, wordOf } from '../gate/runtime/words.ts'
import type { Settings, Severity } from '../gate/settings.ts'
import { shownAddress } from '../services/app/address.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import { quotaInWords } from '../services/inference/quota.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import {
  alsoProven,
  answerInWords,
  appProven,
  cancelledLines,
  isOfApp,
  planLines,
  reservations,
} from './lines.ts'
import { appInWords, ownCallsInWords, runtimeMarks, toldFromRoles } from './runtime-lines.ts'
import { type Bar, type Mark, probesByAnswer, waitPicture } from './wait-picture.ts'

/**
 * The job summary, in Markdown: how it ended and for whom; on failure why, and what to do; then the evidence. GitHub drops one of more
 * than a mebibyte: every table, list and text has a limit of its own, and all together keep below it.
 */
export function summaryMarkdown(outcome: Outcome, diagnosis: Diagnosis | undefined): string {
  const { record } = outcome
  const sections = [
    headline(outcome),
    ...(diagnosis === undefined ? [] : diagnosisSections(diagnosis)),
    storyOf(outcome),
    table(['', ''], glance(record)),
    smokeSection(record.smoke.filter(({ route }) => isOfDeployment(route))),
    alsoSection(record),
    runtimeSection(record),
    headed('The wait', waitParts(record.probes, accessBar(outcome))),
    probesSection('probes', record.probes),
    appSection(record),
    probesSection('probes of the app', appProbes(record)),
    findingsSection(outcome),
    stepsSection(record),
  ]
  return `${sections.filter(text => text !== '').join('\n\n')}\n`
}

function headline(outcome: Outcome): string {
  const { result, record } = outcome
  if (result === 'cancelled') return '## ⏹️ Key-less access: stopped before it was proven'
  if (isOfApp(outcome)) return '## ❌ Key-less access is proven for the pipeline, and not for the app'
  if (result === 'failed') return '## ❌ Key-less access is not proven'
  if (result === 'planned') return '## 📋 Key-less access: the plan'
  return record.holder === 'app'
    ? '## ✅ Key-less access in production, as roles tell it'
    : '## ✅ Key-less access is proven'
}

function storyOf(outcome: Outcome): string {
  const { record, result } = outcome
  if (result === 'cancelled')
    return cancelledLines(outcome)
      .map(line => markdown(plain(line, maxParagraph)))
      .join('\n\n')
  if (result === 'planned') return planLines(record).map(paragraph).join('\n\n')
  return result === 'passed' ? proofOf(record) : ''
}

function proofOf(record: RunRecord): string {
  const { smoke, role, roleState, assignments, propagationMs, holder, connections = 1 } = record
  if (holder === 'app')
    return [appInWords(record), ...appProven(record), ownCallsInWords(smoke)].map(prose).join('\n\n')
  const called = smoke.filter(({ route }) => isOfDeployment(route)).length
  const who = called === 1 ? 'The deployment' : `All ${called} deployments`
  const live = propagationMs > 0 ? `, live after **${inWords(propagationMs)}**` : ''
  const right =
    role === undefined
      ? ''
      : ` Role **${markdown(plain(role.name))}**: ${markdown(readableRoleState(roleState, assignments))}${live}.`
  const over = connections > smoke.length ? `, over ${connections} connections` : ''
  return [
    `${who} answered the pipeline's own identity, without a key${over}.${right}`,
    ...alsoProven(record).map(paragraph),
    ...appProven(record).map(paragraph),
    ...reservations(record).map(paragraph),
  ].join(' ')
}

/** What the action itself says of bad inputs has a line for each. */
const maxSaidLines = 30
const maxParagraph = 4000
/** A command that was cut would still look like one. */
const maxFix = 6000

function diagnosisSections({ code, title, operation, said, why, unlike, fixes, docs }: Diagnosis): string[] {
  const ids = Object.entries(said.ids).map(([id, value]) => `${markdown(id)} ${codeSpan(plain(value, 100))}`)
  const [firstFix, ...otherFixes] = fixes
  return [
    `### ${codeSpan(code)} · ${markdown(title)}`,
    `While ${prose(plain(operation))}:`,
    quotation(said),
    paragraph(why),
    ...(firstFix === undefined ? [] : [fixText(firstFix)]),
    ...otherFixes.map(foldedFix),
    unlike === undefined ? '' : `**To tell it apart.** ${unlike}`,
    ids.length === 0 ? '' : `Ids for support: ${ids.slice(0, 10).join(' · ')}`,
    `More about ${codeSpan(code)}: ${address(docs)}`,
  ]
}

/** A link where it is one: the docs may have a path only. */
const address = (docs: string) => (docs.startsWith('https://') ? `<${docs}>` : codeSpan(docs))

/** A quotation, and no block of code: a sentence of a service's has to wrap. */
function quotation(said: Diagnosis['said']): string {
  const head = statusLine(said)
  const lines = said.message.split('\n').map(line => prose(plain(line, 1200)))
  const shown = [head === '' ? '' : `**${markdown(head)}**`, ...lines].filter(line => line !== '')
  return shown
    .slice(0, maxSaidLines)
    .map(line => `> ${line}`)
    .join('  \n')
}

/** Text of ours with values of others in it: what stands between backticks becomes code, everything else shows as it is. */
function prose(text: string): string {
  const parts = text.split('`')
  // Without a partner, or without anything in between, a backtick is no more than a character.
  if (parts.length % 2 === 0 || parts.slice(1, -1).some(part => part.trim() === '')) return markdown(text)
  return parts.map((part, index) => (index % 2 === 1 ? codeSpan(part) : markdown(part))).join('')
}

const paragraph = (text: string): string => prose(plain(text, maxParagraph))

function fixText({ title, language, text }: Fix): string {
  if (text.length > maxFix) return `**${prose(title)}**: too long to stand here; the log has it.`
  return language === 'text'
    ? `**${prose(title)}.** ${prose(text)}`
    : `**${prose(title)}**\n\n${codeBlock(text, language)}`
}

/** Words are short and stay in sight. */
function foldedFix(fix: Fix): string {
  const { title, language, text } = fix
  if (language === 'text' || text.length > maxFix) return fixText(fix)
  return details(html(title), codeBlock(text, language))
}

function details(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`
}

type Row = readonly string[]

function glance(record: RunRecord): Row[] {
  const { principal, setupPrincipal, endpoint, assertion, settings } = record
  const rows: Row[] = []
  if (principal !== undefined) rows.push(['Principal', codeSpan(plain(principal.oid))])
  if (setupPrincipal !== undefined) rows.push(['Set-up by', codeSpan(plain(setupPrincipal.oid))])
  const role = roleInWords(record)
  if (role !== undefined) rows.push(['Role', role])
  const grantee = settings?.access.grantee
  if (grantee !== undefined)
    rows.push(['To be held by', `${grantee.principalType} ${codeSpan(plain(grantee.principalId))}`])
  if (settings?.target.kind === 'resource') rows.push(['Resource', resourceInWords(settings.target)])
  const deployments = deploymentsInWords(record)
  if (deployments !== '') rows.push(['Deployments', deployments])
  if (endpoint !== undefined) rows.push(['Endpoint', codeSpan(plain(endpoint))])
  const keys = keyAccessOf(record)
  if (keys !== 'unknown') rows.push(['API keys', keys === 'enabled' ? '⚠️ still accepted' : 'switched off'])
  if (assertion !== undefined) rows.push(['Subject', codeSpan(plain(assertion.sub))])
  if (settings !== undefined) rows.push(['Cloud', settings.cloud.name])
  return rows
}

function roleInWords({ role, roleState, assignments, settings }: RunRecord): string | undefined {
  if (role !== undefined)
    return `${markdown(plain(role.name))} · ${markdown(readableRoleState(roleState, assignments))}`
  if (settings?.target.kind !== 'resource') return undefined
  return markdown(plain(nameOfChoice(settings.access.role)))
}

function resourceInWords({ resource, isFound }: Extract<Settings['target'], { kind: 'resource' }>): string {
  const { account, project, resourceGroup, subscriptionId } = resource
  const name = project === undefined ? account : `${account}/${project}`
  return `${codeSpan(plain(name))} in resource group ${codeSpan(plain(resourceGroup))}, subscription ${codeSpan(plain(subscriptionId))}${isFound === true ? ', found by its host' : ''}`
}

const maxNames = 6

function deploymentsInWords({ routes, settings }: RunRecord): string {
  const names = [...new Set((routes ?? []).filter(isOfDeployment).map(({ deployment }) => deployment))]
  const wanted = names.length > 0 ? names : (settings?.deployments ?? []).map(({ name }) => name)
  const shown = wanted.slice(0, maxNames).map(name => codeSpan(plain(name, 80)))
  const choice = chosenDeployment(settings, routes) === undefined ? '' : ', chosen by the gate'
  return `${shown.join(', ')}${wanted.length > maxNames ? ` and ${wanted.length - maxNames} more` : ''}${choice}`
}

/** More than these are folded, but for those that were refused: they are what somebody looks for. */
const maxInSight = 10
const maxListed = 60

function smokeSection(results: readonly SmokeResult[]): string {
  const refused = results.filter(({ kind }) => kind === 'refused')
  const answered = results.filter(({ kind }) => kind === 'ok')
  if (results.length <= maxInSight)
    return headed('Deployments', [smokeTable([...refused, ...answered]), quotaLine(answered)])
  return headed('Deployments', [
    `${answered.length} of ${results.length} answered.`,
    smokeTable(refused),
    answered.length === 0 ? '' : details(`The ${answered.length} that answered`, smokeTable(answered)),
  ])
}

/** What is left by now is what the deploy that follows has. */
function quotaLine(answered: readonly SmokeResult[]): string {
  const left = answered.flatMap(result => {
    const words = result.kind === 'ok' && result.quota !== undefined ? quotaInWords(result.quota) : ''
    return words === '' ? [] : [`${codeSpan(plain(result.route.deployment, 80))} ${words}`]
  })
  return left.length === 0 ? '' : `Quota left this minute: ${left.join(' · ')}.`
}

function smokeTable(results: readonly SmokeResult[]): string {
  const more = results.length - maxListed
  const rows = table(
    ['', 'Deployment', 'API', 'Answer', 'Latency'],
    results.slice(0, maxListed).map(smokeRow),
  )
  return more > 0 ? `${rows}\n\n… and ${more} more, which the JSON report lists.` : rows
}

function smokeRow(result: SmokeResult): Row {
  const called = [codeSpan(plain(result.route.deployment, 80)), result.route.api]
  if (result.kind === 'refused') return ['❌', ...called, codeSpan(result.failure.code), '']
  return ['✅', ...called, codeSpan(answerInWords(result.answer)), `${Math.round(result.latencyMs)} ms`]
}

function runtimeSection({ runtimePrincipals, settings }: RunRecord): string {
  const rows = runtimePrincipals
    .slice(0, maxListed)
    .map(principal => [
      runtimeMarks[principal.access.word],
      markdown(plain(principalName(principal))),
      wordOf(principal),
      paragraph(reasonOf(principal)),
    ])
  const more = runtimePrincipals.length - rows.length
  return headed('Production', [
    table(['', 'Runs as', 'Access', 'Why'], rows),
    more > 0 ? `… and ${more} more, which the JSON report lists.` : '',
    rows.length === 0 ? '' : prose(toldFromRoles(settings?.production.probe !== undefined)),
  ])
}

/** What the pipeline will do besides the calls. */
function alsoSection({ also = [] }: RunRecord): string {
  const rows = also
    .slice(0, maxListed)
    .map(each => [
      runtimeMarks[each.access.word],
      codeSpan(plain(each.dataAction)),
      paragraph(alsoReason(each)),
    ])
  const more = also.length - rows.length
  return headed('Besides the calls', [
    table(['', 'Data action', 'Why'], rows),
    more > 0 ? `… and ${more} more, which the JSON report lists.` : '',
  ])
}

const waitParts = (probes: readonly Mark[], waited: Waited) =>
  probes.length < 2
    ? []
    : [countsOf(probes), codeBlock(waitPicture(probes, waitedBar(probes, waited)), 'mermaid')]

interface Waited {
  /** From the first refusal until it was live; 0 where nothing was refused, or it never was. */
  waitedMs: number
  isLive: boolean
}

/** As the output `propagation-seconds` has it. */
const accessBar = (outcome: Outcome): Waited => ({
  waitedMs: outcome.record.propagationMs,
  isLive: outcome.result === 'passed' || isOfApp(outcome),
})

/** From the first refusal until it was live, or until the last probe. */
function waitedBar(probes: readonly Mark[], { waitedMs, isLive }: Waited): Bar {
  const startMs = probes.find(({ outcome }) => outcome !== 'ok')?.atMs ?? 0
  if (waitedMs > 0) return { text: inWords(waitedMs), startMs, endMs: startMs + waitedMs }
  const endMs = probes.at(-1)?.atMs ?? 0
  return { text: `${inWords(endMs - startMs)}${isLive ? '' : ', not live'}`, startMs, endMs }
}

const appProbes = ({ app }: RunRecord): readonly Mark[] => app?.probes ?? []

/** What the app was asked, and what it said: the pipeline's proof says nothing about it. */
function appSection({ app, settings }: RunRecord): string {
  if (app === undefined || settings?.production.probe === undefined) return ''
  const asked = codeSpan(plain(shownAddress(settings.production.probe.url)))
  const answered = app.isLive ? '✅ answered' : '❌ did not answer as it should'
  return headed('The app', [`${asked} ${answered}.`, ...waitParts(app.probes, app)])
}

function countsOf(probes: readonly Mark[]): string {
  const counts = [...probesByAnswer(probes)].map(
    ([outcome, group]) => `${group.length} × ${outcome === 'ok' ? 'answered' : codeSpan(outcome)}`,
  )
  return `${probes.length} probes: ${counts.join(', ')}.`
}

/** Hours of waiting are a few hundred probes; the last ones tell how it ended. */
const maxProbes = 150

function probesSection(what: string, probes: readonly Mark[]): string {
  if (probes.length < 2) return ''
  const shown = probes.slice(-maxProbes)
  const rows = shown.map(({ atMs, outcome }, index) => [
    String(probes.length - shown.length + index + 1),
    `${(atMs / 1000).toFixed(1)} s`,
    outcome === 'ok' ? '✅ answered' : `⏳ ${outcome}`,
  ])
  return details(`All ${probes.length} ${what}`, table(['Probe', 'After', 'Answer'], rows))
}

const severityMark: Record<Severity, string> = { high: '🔴', medium: '🟠', low: '🔵' }
const maxFindings = 20

/** A run that was stopped has not seen enough to find anything. */
function findingsSection({ result, record }: Outcome): string {
  const findings = result === 'cancelled' ? [] : findingsOf(record).slice(0, maxFindings)
  if (findings.length === 0) return ''
  const more = `What findings mean: ${address(docsAddress('docs/findings.md', record.run))}`
  return headed('Findings', [...findings.map(findingText), more])
}

function findingText({ id, severity, title, detail, fixes }: Finding): string {
  const summary = `${severityMark[severity]} <b>${html(plain(title))}</b> · <code>${id}</code>`
  return details(summary, [prose(plain(detail, 1000)), ...fixes.map(fixText)].join('\n\n'))
}

const maxSteps = 20

function stepsSection({ steps }: RunRecord): string {
  const rows = steps
    .slice(0, maxSteps)
    .map(({ name, tookMs, outcome }) => [
      outcome === 'done' ? '✅' : '❌',
      markdown(plain(name, 80)),
      inWords(tookMs),
    ])
  const total = steps.reduce((sum, { tookMs }) => sum + tookMs, 0)
  if (rows.length > 1) rows.push(['', '**Total**', `**${inWords(total)}**`])
  return headed('Steps', [table(['', 'Step', 'Took'], rows)])
}

/** Nothing where there is nothing below the heading. */
function headed(heading: string, parts: readonly string[]): string {
  const content = parts.filter(part => part !== '')
  return content.length === 0 ? '' : [`### ${heading}`, ...content].join('\n\n')
}

function table(head: Row, rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const line = (cells: Row) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
