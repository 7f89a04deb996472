import { docsAddress } from '../advice/docs-link.ts'
import type { Diagnosis } from '../advice/explanations/diagnose.ts'
import { switchKeysOffCommand } from '../advice/explanations/posture.ts'
import { findingsOf } from '../advice/findings/findings.ts'
import { type Assigning, assigning, rightsOf } from '../advice/findings/rights.ts'
import { readableRoleState } from '../azure/rbac/assignment.ts'
import { assignRoles } from '../azure/rbac/delegation-conditions.ts'
import { coversAction } from '../azure/rbac/permissions.ts'
import { headOf } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import { plain } from '../core/text/untrusted.ts'
import type { View } from '../gate/inspect.ts'
import { keyAccessFailure, keyAccessOf } from '../gate/key-access.ts'
import type { Facts, Outcome } from '../gate/record.ts'
import type { Answer } from '../services/inference/answer.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { Deny } from '../services/resource-manager/denial-evidence.ts'

/** The story in plain lines, for the log: it can be read without the summary. */

export function assertionLines({ assertion }: Facts): string[] {
  if (assertion === undefined) return []
  return [
    'GitHub OIDC token, to be compared with the federated credential:',
    `  issuer   ${plain(assertion.iss)}`,
    `  subject  ${plain(assertion.sub)}`,
    `  audience ${plain(assertion.aud)}`,
  ]
}

export function viewLines({ first }: View, facts: Facts): string[] {
  const { role, roleState } = facts
  const lines = facts.endpoint === undefined ? [] : [`Endpoint ${facts.endpoint}`]
  if (role !== undefined) lines.push(`Role ${role.name}: ${readableRoleState(roleState)}${until(facts)}`)
  const keys = keyAccessOf(facts)
  if (keys !== 'unknown') lines.push(`API keys: ${keys === 'enabled' ? 'still accepted' : 'switched off'}`)
  if (first.round.kind === 'refused') {
    const answers = [...facts.smoke.map(smokeLine), `  ${plain(first.round.refusal.said.message)}`]
    lines.push('First calls (probe 1)', ...answers.map(line => `  ${line}`))
  }
  return lines
}

/** What is held for another job is not held for long. */
function until({ borrowed }: Facts): string {
  if (borrowed === undefined) return ''
  return `, by a temporary assignment that ends with another job (${plain(borrowed.description ?? '', 300)})`
}

export function smokeLine(result: SmokeResult): string {
  const { deployment, api } = result.route
  const adapted =
    result.adaptations.length > 0
      ? ` (adapted: ${result.adaptations.map(text => plain(text)).join('; ')})`
      : ''
  if (result.kind === 'refused') return `${plain(deployment)} by ${api}: ${result.refusal.code}${adapted}`
  return `${plain(deployment)} by ${api}: ${answerInWords(result.answer)} in ${Math.round(result.latencyMs)} ms${adapted}`
}

export function answerInWords({ text, instead }: Answer): string {
  if (instead !== undefined) return plain(instead, 80)
  return text === '' ? 'an answer without text' : `"${plain(text, 80)}"`
}

/** What would be granted, who could, what stands against it, and what keys would do. Findings are told apart from it. */
export function planLines(facts: Facts): string[] {
  return [...grantPlanLines(facts), ...denialPlanLines(facts), ...keyPlanLines(facts)]
}

function grantPlanLines(facts: Facts): string[] {
  const { grant, role, roleState } = facts
  if (role === undefined) return ['Plan: only an endpoint was given, so no role would be granted.']
  if (grant?.outcome !== 'planned')
    return [`Plan: nothing would be granted; the role is ${readableRoleState(roleState)}.`]
  const grantee = facts.settings?.access.grantee?.principalId ?? facts.principal?.oid ?? 'the principal'
  return [
    `Plan: ${role.name} would be granted to ${grantee} at ${plain(role.scope)}${forHowLong(facts)}; it is ${readableRoleState(roleState)}${until(facts)}.`,
    granterLine(facts),
    ...(facts.afterDenial?.denyingGrants ?? []).map(deny => denyLine('the grant', deny)),
    ...callerLines(facts),
  ]
}

const forHowLong = ({ settings }: Facts) =>
  settings?.access.revoke === true ? ', until the job ends (revoke)' : ''

const denyLine = (what: string, { name, scope }: Deny) =>
  `A deny assignment stands against ${what}: "${plain(name)}" at ${plain(scope)}.`

/** A group is not known to hold its members before it holds a role. */
function callerLines({ settings, principal }: Facts): string[] {
  const grantee = settings?.access.grantee
  if (grantee === undefined || grantee.principalId === principal?.oid) return []
  return [
    grantee.principalType === 'Group'
      ? 'The calls are made by the pipeline itself: it has to be a member of that group.'
      : 'The calls are made by the pipeline itself: that role does not let it through.',
  ]
}

/** What becomes of calls that are denied now. */
function denialPlanLines({ plannedPatienceMs, membership, afterDenial, role, roleFits }: Facts): string[] {
  const denies = (afterDenial?.denyAssignments ?? []).map(deny => denyLine('the calls', deny))
  if (plannedPatienceMs === undefined) return denies
  return [
    plannedPatienceMs > 0
      ? `Plan: the calls are denied now. The gate would wait for up to ${inWords(plannedPatienceMs)}, and fail with access-denied if they still are.`
      : 'Plan: the calls are denied, and the gate would fail with access-denied.',
    ...(roleFits === false ? [`${role?.name} does not cover them, whoever holds it.`] : []),
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
function granterLine(facts: Facts): string {
  const { setupPrincipal, setupPermissions } = facts
  const may =
    setupPrincipal === undefined
      ? assigning(rightsOf(facts), facts)
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
export function findingLines({ result, facts }: Outcome): string[] {
  const findings = result === 'cancelled' ? [] : findingsOf(facts)
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
    `What findings mean, and what to do: ${docsAddress('docs/findings.md', facts.run)}`,
    '',
  ]
}

/** What would become of keys, without a word where nothing would. */
function keyPlanLines(facts: Facts): string[] {
  const failure = keyAccessFailure(facts)
  if (failure !== undefined) {
    const { code, said } = failure.refusal
    return [
      `Plan: key-access is forbid, and the gate would fail with ${code}: ${said.message}`,
      ...(code === 'keys-enabled' ? [`To switch keys off: ${switchKeysOffCommand(facts)}`] : []),
    ]
  }
  if (facts.settings?.keys.retired === undefined) return []
  return ['Plan: the retired key would be tried once access is proven, and would have to be refused.']
}

export function diagnosisLines({ code, title, doing, said, why, unlike, fixes, docs }: Diagnosis): string[] {
  const ids = Object.entries(said.ids).map(([name, value]) => `${name} ${value}`)
  return [
    `${code}: ${title}`,
    `  while ${doing}`,
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
  const head = headOf(said)
  return said.message
    .split('\n')
    .map((line, index) => `  ${index === 0 && head !== '' ? `${head}: ` : ''}${line}`)
}

/** What a run that was stopped leaves behind. */
export function cancelledLines({ facts, signal }: Extract<Outcome, { result: 'cancelled' }>): string[] {
  const { grant, role, principal } = facts
  const stopped = `Stopped by ${signal} after: ${facts.steps.map(({ name }) => name).join(', ') || 'nothing yet'}.`
  const whom = facts.settings?.access.grantee?.principalId ?? principal?.oid
  const after = facts.settings?.access.revoke === true ? 'the post step removes it' : 'it stays'
  if (grant?.outcome === 'granted')
    return [stopped, `${role?.name} was assigned to ${whom} by this run; ${after}.`]
  if (grant?.outcome === 'unknown')
    return [
      stopped,
      `${role?.name} was being assigned to ${whom}; whether it is, is not known. If it is, ${after}.`,
    ]
  return [stopped, 'Nothing was changed.']
}

/** How long everything took; and after a wait that came to nothing, what each deployment said last. */
export function recordLines({ result, facts }: Outcome): string[] {
  const { steps, probes, smoke } = facts
  const waitedInVain = result !== 'passed' && probes.length > 1
  return [
    ...(waitedInVain ? smoke.map(smokeLine) : []),
    ...(steps.length === 0
      ? []
      : [`Took: ${steps.map(({ name, tookMs }) => `${name} ${inWords(tookMs)}`).join(', ')}`]),
  ]
}

/** One line that says how it ended. */
export function verdictLine({ result, facts }: Outcome): string {
  const { principal, role, roleState, propagationMs, smoke } = facts
  if (result === 'failed' || result === 'cancelled') return 'Key-less access is not proven.'
  if (result === 'planned') return 'Planned; nothing was changed.'
  const who = principal === undefined ? 'The pipeline' : `Principal ${principal.oid}`
  const how = role === undefined ? '' : `, role ${role.name} ${readableRoleState(roleState)}`
  const waited = propagationMs > 0 ? `, live after ${(propagationMs / 1000).toFixed(1)} s` : ''
  return `Key-less access is proven: ${who} was answered by ${smoke.length} deployment${smoke.length === 1 ? '' : 's'}${how}${waited}.`
}
