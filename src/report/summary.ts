import { docsAddress } from '../advice/docs-link.ts'
import type { Diagnosis } from '../advice/explanations/diagnosis.ts'
import type { Finding } from '../advice/findings/finding.ts'
import { findingsOf } from '../advice/findings/findings.ts'
import { readableRoleState } from '../azure/rbac/assignment.ts'
import { inWords } from '../core/text/duration.ts'
import { listed } from '../core/text/lists.ts'
import { codeBlock, codeSpan, html, markdown, plain } from '../core/text/untrusted.ts'
import { alsoReason } from '../gate/also.ts'
import { keyAccessOf } from '../gate/key-access.ts'
import type { Outcome, RunRecord } from '../gate/record.ts'
import { principalName, reasonOf, wordOf } from '../gate/runtime/words.ts'
import type { Settings, Severity } from '../gate/settings.ts'
import { shownAddress } from '../services/app/address.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import { alsoProven, appProven, cancelledLines, isOfApp, reservations } from './lines.ts'
import {
  address,
  details,
  detailsOf,
  headed,
  maxListed,
  paragraph,
  prose,
  table,
  tableOfFirst,
} from './markup.ts'
import { planChanges, planRemarks, wouldFail } from './plan-lines.ts'
import { appInWords, ownCallsInWords, runtimeMarks, toldFromRoles } from './runtime-lines.ts'
import { deploymentsSection, factsTable, resourceInWords, stepsLine } from './summary-details.ts'
import { diagnosisSections, fixText } from './summary-diagnosis.ts'
import { type Bar, type Mark, probesByAnswer, waitPicture } from './wait-picture.ts'

/**
 * The job summary, in Markdown: the result and the resource; after a failure the fix, then the reason; the evidence is folded.
 * GitHub drops a summary of more than one mebibyte, so every table, list and text has a limit, and their sum stays below that.
 */
export function summaryMarkdown(outcome: Outcome, diagnosis: Diagnosis | undefined): string {
  const { record } = outcome
  const deployments = deploymentsSection(
    record.smoke.filter(({ route }) => isOfDeployment(route)),
    outcome.result === 'planned' ? '🔒' : '❌',
  )
  const isRefused = outcome.result === 'failed' && record.smoke.some(({ kind }) => kind === 'refused')
  const sections = [
    headline(outcome),
    ...(diagnosis === undefined ? [] : diagnosisSections(diagnosis)),
    storyOf(outcome),
    isRefused ? deployments : '',
    alsoSection(record),
    runtimeSection(record),
    headed('The wait', waitParts(record.probes, accessBar(outcome))),
    probesSection('probes', record.probes),
    appSection(record),
    probesSection('probes of the app', appProbes(record)),
    findingsSection(outcome, diagnosis),
    detailsSection([factsTable(record), isRefused ? '' : deployments, stepsLine(record)]),
  ]
  return `${sections.filter(text => text !== '').join('\n\n')}\n`
}

function detailsSection(parts: readonly string[]): string {
  const content = parts.filter(part => part !== '')
  return content.length === 0 ? '' : details('Details', content.join('\n\n'))
}

function headline(outcome: Outcome): string {
  const { result, record } = outcome
  const name = nameOf(record.settings)
  const access = `Key-less access${name === '' ? '' : ` to ${name}`}`
  if (result === 'cancelled') return `## ⏹️ ${access}: stopped before it was proven`
  if (isOfApp(outcome)) return `## ❌ ${access} is proven for the pipeline, but not for the app`
  if (result === 'failed') return `## ❌ ${access} is not proven`
  if (result === 'planned') return `## 📋 ${access}: ${changesInWords(record)}`
  if (record.holder === 'app') return `## ✅ ${access}: allowed by the roles of the app`
  return keysStillWork(record) ? `## ⚠️ ${access} is proven, but keys still work` : `## ✅ ${access} is proven`
}

/** The name of the resource, or of the called host. */
function nameOf(settings: Settings | undefined): string {
  if (settings === undefined) return ''
  const { target } = settings
  if (target.kind !== 'resource') return markdown(plain(new URL(target.endpoint).host))
  const { account, project } = target.resource
  return markdown(plain(project === undefined ? account : `${account}/${project}`))
}

const keysStillWork = (record: RunRecord) =>
  keyAccessOf(record) === 'enabled' && record.settings?.keys.access !== 'ignore'

function changesInWords(record: RunRecord): string {
  const count = planChanges(record).filter(line => line.startsWith('+ role assignment')).length
  const end = wouldFail(record) ? ', and the gate would fail' : ''
  if (count === 0) return `nothing to change${end}`
  return `${count === 1 ? '1 role assignment' : `${count} role assignments`} to add${end}`
}

function storyOf(outcome: Outcome): string {
  const { record, result } = outcome
  if (result === 'cancelled') return cancelledLines(outcome).map(paragraph).join('\n\n')
  if (result === 'planned') return planOf(record)
  return result === 'passed' ? proofOf(record) : ''
}

/** The plan: changes as a diff, then the other lines. */
function planOf(record: RunRecord): string {
  const changes = planChanges(record)
  const remarks = planRemarks(record).map(line =>
    paragraph(line.replace(/^Plan: ./, start => start.slice(-1).toUpperCase())),
  )
  return [
    ...(changes.length === 0 ? [] : [codeBlock(changes.slice(0, maxListed).join('\n'), 'diff')]),
    ...remarks,
  ].join('\n\n')
}

/** The proof: who was answered, with which role, whether keys work, and where, one line each. */
function proofOf(record: RunRecord): string {
  if (record.holder === 'app')
    return [appInWords(record), ...appProven(record), ownCallsInWords(record.smoke)].map(prose).join('\n\n')
  const lines = [answeredLine(record), roleLine(record), keysLine(record), resourceLine(record)]
  return [
    lines.filter(line => line !== '').join('  \n'),
    ...alsoProven(record).map(paragraph),
    ...appProven(record).map(paragraph),
    ...reservations(record).map(paragraph),
  ].join('\n\n')
}

const maxNamed = 6

function answeredLine({ smoke, connections = 1 }: RunRecord): string {
  const named = smoke.flatMap(result =>
    result.kind === 'ok' && isOfDeployment(result.route)
      ? [`${codeSpan(plain(result.route.deployment, 80))} (${Math.round(result.latencyMs)} ms)`]
      : [],
  )
  const who = named.length > maxNamed ? `All ${named.length} deployments` : listed(named)
  const over = connections > smoke.length ? `, over ${connections} connections` : ''
  return `${who} answered the pipeline's own identity without a key${over}.`
}

function roleLine(record: RunRecord): string {
  const { role, roleState, assignments, propagationMs } = record
  if (role === undefined) return ''
  const live = propagationMs > 0 ? `, live after **${inWords(propagationMs)}**` : ''
  return `Role: **${markdown(plain(role.name))}**, ${markdown(readableRoleState(roleState, assignments))}${live}`
}

function keysLine(record: RunRecord): string {
  const keys = keyAccessOf(record)
  if (keys === 'unknown') return ''
  return keys === 'enabled' ? 'API keys: ⚠️ still accepted' : 'API keys: switched off'
}

const resourceLine = (record: RunRecord) =>
  record.settings?.target.kind === 'resource'
    ? `Resource: ${resourceInWords(record, record.settings.target)}`
    : ''

function runtimeSection({ runtimePrincipals, settings }: RunRecord): string {
  return headed('Production', [
    tableOfFirst(['Runs as', 'Access', 'Why'], runtimePrincipals, principal => [
      `${runtimeMarks[principal.access.word]} ${markdown(plain(principalName(principal)))}`,
      wordOf(principal),
      paragraph(reasonOf(principal)),
    ]),
    runtimePrincipals.length === 0 ? '' : prose(toldFromRoles(settings?.production.probe !== undefined)),
  ])
}

/** The lines of `also`. */
function alsoSection({ also = [] }: RunRecord): string {
  return headed('Besides the calls', [
    tableOfFirst(['Data action', 'Why'], also, each => [
      `${runtimeMarks[each.access.word]} ${codeSpan(plain(each.dataAction))}`,
      paragraph(alsoReason(each)),
    ]),
  ])
}

/** Whether there was a wait: a row of immediate answers is none. */
const wasWait = (probes: readonly Mark[]) =>
  probes.length > 1 && probes.some(({ atMs, outcome }) => outcome !== 'ok' || atMs >= 1000)

const waitParts = (probes: readonly Mark[], waited: Waited) =>
  !wasWait(probes)
    ? []
    : [countsOf(probes), codeBlock(waitPicture(probes, waitedBar(probes, waited)), 'mermaid')]

interface Waited {
  /** From the first refusal until it was live; 0 if nothing was refused, or it never became live. */
  waitedMs: number
  isLive: boolean
}

/** The same as the output `propagation-seconds`. */
const accessBar = (outcome: Outcome): Waited => ({
  waitedMs: outcome.record.propagationMs,
  isLive: outcome.result === 'passed' || isOfApp(outcome),
})

/** The bar from the first refusal until it was live, or until the last probe. */
function waitedBar(probes: readonly Mark[], { waitedMs, isLive }: Waited): Bar {
  const startMs = probes.find(({ outcome }) => outcome !== 'ok')?.atMs ?? 0
  if (waitedMs > 0) return { text: inWords(waitedMs), startMs, endMs: startMs + waitedMs }
  const endMs = probes.at(-1)?.atMs ?? 0
  return { text: `${inWords(endMs - startMs)}${isLive ? '' : ', not live'}`, startMs, endMs }
}

const appProbes = ({ app }: RunRecord): readonly Mark[] => app?.probes ?? []

/** The app's address and its answers. */
function appSection({ app, settings }: RunRecord): string {
  if (app === undefined || settings?.production.probe === undefined) return ''
  const asked = codeSpan(plain(shownAddress(settings.production.probe.url)))
  const answered = app.isLive ? '✅ answered' : '❌ did not answer as expected'
  return headed('The app', [`${asked} ${answered}.`, ...waitParts(app.probes, app)])
}

function countsOf(probes: readonly Mark[]): string {
  const counts = [...probesByAnswer(probes)].map(
    ([outcome, group]) => `${group.length} × ${outcome === 'ok' ? 'answered' : codeSpan(outcome)}`,
  )
  return `${probes.length} probes: ${counts.join(', ')}.`
}

/** Hours of waiting have a few hundred probes. The last ones are shown, because they show how it ended. */
const maxProbes = 150

function probesSection(what: string, probes: readonly Mark[]): string {
  if (!wasWait(probes)) return ''
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

/** The findings, most severe first. None for a stopped run, which has not seen enough. */
function findingsSection({ result, record }: Outcome, diagnosis: Diagnosis | undefined): string {
  const findings = result === 'cancelled' ? [] : findingsOf(record).slice(0, maxFindings)
  if (findings.length === 0) return ''
  const more = `What findings mean, and how to fix them: ${address(docsAddress('docs/findings.md', record.run))}`
  return headed('Findings', [
    ...findings.map(finding =>
      finding.id === diagnosis?.code ? findingAbove(finding) : findingText(finding),
    ),
    more,
  ])
}

/** A finding that is also the failure, in one line: its reason and its fix are at the top. */
const findingAbove = ({ id, severity, title }: Finding) =>
  `${severityMark[severity]} **${prose(plain(title))}** · ${codeSpan(id)}, as explained above`

function findingText({ id, severity, title, detail, fixes }: Finding): string {
  const summary = `${severityMark[severity]} <b>${html(plain(title))}</b> · <code>${id}</code>`
  return detailsOf(summary, [prose(plain(detail, 1000)), ...fixes.map(fixText)].join('\n\n'))
}
