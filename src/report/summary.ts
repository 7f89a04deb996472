import { readableRoleState } from '../access/assignments.ts'
import type { Diagnosis } from '../diagnosis/diagnose.ts'
import type { Fix } from '../diagnosis/explanation.ts'
import type { Facts, Outcome } from '../facts.ts'
import type { SmokeResult } from '../inference/smoke-call.ts'
import { codeBlock, codeSpan, markdown, plain } from '../untrusted-text.ts'
import { answerInWords, cancelledLines, planLines } from './lines.ts'

/** The job summary, in Markdown: at a glance how it ended and for whom; then the evidence. */
export function summaryMarkdown(outcome: Outcome, diagnosis: Diagnosis | undefined): string {
  const { facts } = outcome
  const sections = [
    headline(outcome),
    diagnosis === undefined ? '' : diagnosisSection(diagnosis),
    outcome.result === 'cancelled' ? cancelledLines(outcome).map(markdown).join('\n\n') : '',
    outcome.result === 'planned' ? planLines(facts).map(markdown).join('\n\n') : '',
    table(['', ''], glance(facts)),
    smokeSection(facts.smoke),
    waitSection(facts),
    stepsSection(facts),
  ]
  return `${sections.filter(section => section !== '').join('\n\n')}\n`
}

function headline({ result }: Outcome): string {
  if (result === 'cancelled') return '## ⏹️ Key-less access: stopped before it was proven'
  if (result === 'failed') return '## ❌ Key-less access is not proven'
  return result === 'planned' ? '## 📋 Key-less access: the plan' : '## ✅ Key-less access is proven'
}

function diagnosisSection({ code, title, doing, said, why, unlike, fixes, docs }: Diagnosis): string {
  const head = [said.status, said.serviceCode].filter(part => part !== undefined).join(' ')
  const ids = Object.entries(said.ids).map(([name, value]) => `${markdown(name)} ${codeSpan(value)}`)
  return [
    `### ${codeSpan(code)} · ${markdown(title)}`,
    `While ${markdown(doing)}:`,
    codeBlock([head, said.message].filter(part => part !== '').join('\n'), 'text'),
    ids.length === 0 ? '' : ids.join(' · '),
    markdown(why),
    unlike === undefined ? '' : `**To tell it apart.** ${unlike}`,
    ...fixes.map(fixSection),
    docs.startsWith('https://')
      ? `More about ${codeSpan(code)}: <${docs}>`
      : `More about ${codeSpan(code)}: ${codeSpan(docs)}`,
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

function fixSection({ title, language, text }: Fix): string {
  return language === 'text'
    ? `**${markdown(title)}.** ${markdown(text)}`
    : `**${markdown(title)}**\n\n${codeBlock(text, language)}`
}

type Row = readonly string[]

function glance({ principal, role, roleState, endpoint, account, assertion, settings }: Facts): Row[] {
  const rows: Row[] = []
  if (principal !== undefined) rows.push(['Principal', codeSpan(principal.oid)])
  if (role !== undefined) {
    rows.push(['Role', `${markdown(role.name)} · ${markdown(readableRoleState(roleState))}`])
    rows.push(['Scope', codeSpan(plain(role.scope))])
  }
  if (endpoint !== undefined) rows.push(['Endpoint', codeSpan(endpoint)])
  if (account !== undefined)
    rows.push(['API keys', account.keyAccess === 'enabled' ? '⚠️ still accepted' : 'switched off'])
  if (assertion !== undefined) rows.push(['Subject', codeSpan(plain(assertion.sub))])
  if (settings !== undefined) rows.push(['Cloud', settings.cloud.name])
  return rows
}

function smokeSection(results: readonly SmokeResult[]): string {
  const rows = results.map(result => [
    codeSpan(plain(result.route.deployment)),
    result.route.api,
    ...(result.kind === 'ok'
      ? [codeSpan(answerInWords(result.answer)), `${Math.round(result.latencyMs)} ms`]
      : [`❌ ${codeSpan(result.refusal.code)}`, '']),
  ])
  return table(['Deployment', 'API', 'Answer', 'Latency'], rows)
}

/** Hours of waiting are a hundred probes; more would say no more. */
const maxProbeRows = 120

function waitSection({ probes, propagationMs }: Facts): string {
  if (probes.length < 2) return ''
  const rows = probes
    .slice(0, maxProbeRows)
    .map(({ atMs, outcome }) => [`${(atMs / 1000).toFixed(1)} s`, outcome === 'ok' ? '✅' : `⏳ ${outcome}`])
  const live = propagationMs > 0 ? `, live after ${(propagationMs / 1000).toFixed(1)} s` : ''
  return `<details><summary>${probes.length} probes${live}</summary>\n\n${table(['After', 'Answer'], rows)}\n\n</details>`
}

function stepsSection({ steps }: Facts): string {
  return table(
    ['Step', 'Took'],
    steps.map(({ name, tookMs, outcome }) => [
      `${outcome === 'done' ? '' : '❌ '}${name}`,
      `${(tookMs / 1000).toFixed(1)} s`,
    ]),
  )
}

function table(head: Row, rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const line = (cells: Row) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
