import { switchKeysOffCommand } from '../advice/explanations/posture.ts'
import { failOnFailure } from '../advice/findings/forbidden.ts'
import { type Assigning, assigning, rightsOf } from '../advice/findings/rights.ts'
import { readableRoleState } from '../azure/rbac/assignment.ts'
import { assignRoles } from '../azure/rbac/delegation-conditions.ts'
import { coversAction } from '../azure/rbac/permissions.ts'
import { unsuitableLine } from '../azure/rbac/suitability.ts'
import { inWords } from '../core/text/duration.ts'
import { alsoFailure, isLacking } from '../gate/also.ts'
import { denyAssignmentsSeen } from '../gate/evidence.ts'
import { keyAccessFailure } from '../gate/key-access.ts'
import type { RunRecord } from '../gate/record.ts'
import { retirementFailure } from '../gate/retirement.ts'
import { shownAddress } from '../services/app/address.ts'
import { choiceLeft, denyLine, until } from './lines.ts'
import { additionLines, ownCallsInWords, runtimeChanges, runtimeRemarks } from './runtime-lines.ts'

/** What `grant: plan` says: the same lines in log, summary and report. */

/**
 * What a run would change, as lines of a diff; then who may make that change, what blocks it, and what else the gate would do.
 */
export const planLines = (record: RunRecord): string[] => [...planChanges(record), ...planRemarks(record)]

export function planChanges(record: RunRecord): string[] {
  return [...pipelineChange(record), ...runtimeChanges(record)]
}

/** Whether one of the lines says that a run would fail, even after the change. */
export const wouldFail = (record: RunRecord): boolean =>
  planRemarks(record).some(line => /^Plan: .*\bthe gate would fail with [a-z-]+/.test(line))

/** Findings are reported separately. */
export function planRemarks(record: RunRecord): string[] {
  return [
    ...choiceLeft(record),
    ...grantRemarks(record),
    ...alsoPlanLines(record),
    ...denialPlanLines(record),
    ...runtimeRemarks(record),
    ...keyPlanLines(record),
    ...failOnPlanLines(record),
    ...appPlanLines(record),
    ...modelPlanLines(record),
  ]
}

function pipelineChange(record: RunRecord): string[] {
  const { grant, role, holder, settings, principal } = record
  if (role === undefined || holder === 'app' || grant?.outcome !== 'planned') return []
  const to = settings?.access.grantee?.principalId ?? principal?.oid ?? 'the principal'
  return additionLines({ role: role.name, to, at: role.scope, until: forHowLong(settings) })
}

function grantRemarks(record: RunRecord): string[] {
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
  return [
    ...(roleState === 'missing' && record.heldByOtherJob === undefined
      ? []
      : [
          `Plan: ${role.name} is ${readableRoleState(roleState, assignments)}${until(record.heldByOtherJob)}.`,
        ]),
    granterLine(record),
    ...(record.afterDenial?.denyingGrants ?? []).map(deny => denyLine('the grant', deny)),
    ...callerLines(record),
  ]
}

const forHowLong = (settings: RunRecord['settings']) =>
  settings?.access.revoke === true ? 'the job ends (revoke)' : undefined

/** What the planned grant gives is not missing any more. */
function alsoPlanLines({ settings, routes, also, grant }: RunRecord): string[] {
  if (settings === undefined) return []
  const left = grant?.outcome === 'planned' ? also?.filter(each => !isLacking(each)) : also
  const failure = alsoFailure(settings.access, { routes, also: left })
  return failure === undefined
    ? []
    : [`Plan: the gate would fail with ${failure.failure.code}: ${failure.failure.said.message}`]
}

/** It is not known who is in a group before the group holds a role. */
function callerLines({ settings, principal }: RunRecord): string[] {
  const grantee = settings?.access.grantee
  if (grantee === undefined || grantee.principalId === principal?.oid) return []
  return [
    grantee.principalType === 'Group'
      ? 'The pipeline itself makes the calls: it has to be a member of that group.'
      : 'The pipeline itself makes the calls: that role gives it no access.',
  ]
}

/** What a run would do about calls that are denied now. */
function denialPlanLines(record: RunRecord): string[] {
  const { plannedPatienceMs, membership, role, coverage, deniedBy = [] } = record
  const denies = denyAssignmentsSeen(record).map(deny => denyLine('the calls', deny))
  const code = deniedBy.length > 0 ? 'deny-assignment' : 'access-denied'
  if (plannedPatienceMs === undefined) return denies
  return [
    plannedPatienceMs > 0
      ? `Plan: the calls are denied now. The gate would wait up to ${inWords(plannedPatienceMs)}, and fail with ${code} if they are still denied.`
      : `Plan: the calls are denied, and the gate would fail with ${code}.`,
    ...(coverage === 'insufficient' ? [`${role?.name} does not cover them, no matter who holds it.`] : []),
    ...(membership === 'not-member'
      ? ['The role is held, but neither by the pipeline nor by a group that it is a member of.']
      : []),
    ...denies,
  ]
}

const assigningInWords: Record<Assigning, string> = {
  allowed: 'may assign that role there.',
  refused: 'cannot assign roles there: an administrator has to do it.',
  'refused-by-condition':
    'may assign roles there, but the condition on that right does not allow this one: an administrator has to do it.',
  'unless-conditions': 'may assign roles there, if its conditions allow this one.',
  unknown: '',
}

/** If another identity would grant, the gate reads only its effective permissions, which do not show conditions. */
function granterLine(record: RunRecord): string {
  const { setupPrincipal, setupPermissions } = record
  const may =
    setupPrincipal === undefined
      ? assigning(rightsOf(record), record)
      : assigningBy(setupPermissions && coversAction(setupPermissions, assignRoles))
  if (may === 'unknown') return 'It is not known whether this identity may do that.'
  const who = setupPrincipal === undefined ? 'This identity' : `The set-up identity ${setupPrincipal.oid}`
  return `${who} ${assigningInWords[may]}`
}

function assigningBy(may: boolean | undefined): Assigning {
  if (may === undefined) return 'unknown'
  return may ? 'unless-conditions' : 'refused'
}

/** What a run would do about keys; empty if nothing. */
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
  return [
    'Plan: once access is proven, the gate would try the retired key, and the service has to refuse it.',
  ]
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
        `Plan: once access is proven, the gate would call the app at ${shownAddress(settings.production.probe.url)}, and it has to answer.`,
      ]
