import { switchKeysOffCommand } from '../advice/explanations/posture.ts'
import { failOnFailure } from '../advice/findings/forbidden.ts'
import { type Assigning, assigning, rightsOf } from '../advice/findings/rights.ts'
import { readableRoleState } from '../azure/rbac/assignment.ts'
import { assignRoles } from '../azure/rbac/delegation-conditions.ts'
import { coversAction } from '../azure/rbac/permissions.ts'
import { unsuitableLine } from '../azure/rbac/suitability.ts'
import type { StepError } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import { alsoFailure, isLacking } from '../gate/also.ts'
import { denyAssignmentsSeen } from '../gate/evidence.ts'
import { keyAccessFailure } from '../gate/key-access.ts'
import type { RunRecord } from '../gate/record.ts'
import { retirementFailure } from '../gate/retirement.ts'
import { shownAddress } from '../services/app/address.ts'
import { choiceLeft, denyLine, until } from './lines.ts'
import {
  additionLines,
  ownCallsInWords,
  plannedRuntimeFailure,
  runtimeChanges,
  runtimeRemarks,
} from './runtime-lines.ts'

/** The result of `grant: plan`: the same lines in log, summary and report. The log leaves out what a warning has said. */

/**
 * The changes that a run would make, as lines of a diff; then who can make them, what blocks them, and what else a run would do.
 */
export const planLines = (record: RunRecord): string[] => [...planChanges(record), ...planRemarks(record)]

/** The same for the log, without the chosen deployment, which a warning has named. */
export const unwarnedPlanLines = (record: RunRecord): string[] => [
  ...planChanges(record),
  ...remarksOn(record).map(({ line }) => line),
]

export function planChanges(record: RunRecord): string[] {
  return [...pipelineChange(record), ...runtimeChanges(record)]
}

/** Whether one of the lines says that a run would fail, even after the change. */
export const wouldFail = (record: RunRecord): boolean => remarksOn(record).some(({ isFailure }) => isFailure)

/** Findings are reported separately. */
export const planRemarks = (record: RunRecord): string[] => [
  ...choiceLeft(record),
  ...remarksOn(record).map(({ line }) => line),
]

interface Remark {
  line: string
  /** Whether it says that a run would fail, even after the change. */
  isFailure: boolean
}

const remark = (line: string): Remark => ({ line, isFailure: false })

const failing = (line: string): Remark => ({ line, isFailure: true })

function remarksOn(record: RunRecord): Remark[] {
  return [
    ...grantRemarks(record),
    ...alsoRemarks(record),
    ...denialRemarks(record),
    ...runtimeRemarks(record).map(remark),
    ...runtimeFailureRemarks(record),
    ...keyRemarks(record),
    ...failOnRemarks(record),
    ...appRemarks(record),
    ...modelRemarks(record),
  ]
}

function pipelineChange(record: RunRecord): string[] {
  const { grant, role, holder, settings, principal } = record
  if (role === undefined || holder === 'app' || grant?.outcome !== 'planned') return []
  const to = settings?.access.grantee?.principalId ?? principal?.oid ?? 'the principal'
  return additionLines({ role: role.name, to, at: role.scope, until: forHowLong(settings) })
}

function grantRemarks(record: RunRecord): Remark[] {
  if (record.holder === 'app') return [remark(`Plan: ${ownCallsInWords(record.smoke)}`)]
  const { grant, plannedRefusal, role, roleState, assignments } = record
  if (role === undefined)
    return [remark('Plan: there is no resource, only an endpoint, so no role would be granted.')]
  if (plannedRefusal !== undefined)
    return [
      failing(
        `Plan: the gate would fail with role-not-suitable: ${unsuitableLine(role.name, plannedRefusal)} It is ${readableRoleState(roleState, assignments)}.`,
      ),
    ]
  if (grant?.outcome !== 'planned')
    return [
      remark(`Plan: nothing would be granted; the role is ${readableRoleState(roleState, assignments)}.`),
    ]
  const lines = [
    ...(roleState === 'missing' && record.heldByOtherJob === undefined
      ? []
      : [
          `Plan: ${role.name} is ${readableRoleState(roleState, assignments)}${until(record.heldByOtherJob)}.`,
        ]),
    granterLine(record),
    ...(record.afterDenial?.denyingGrants ?? []).map(deny => denyLine('the grant', deny)),
    ...callerLines(record),
  ]
  return lines.map(remark)
}

const forHowLong = (settings: RunRecord['settings']) =>
  settings?.access.revoke === true ? 'the job ends (revoke)' : undefined

/** Remarks about `also`. What the planned grant gives does not count as missing. */
function alsoRemarks({ settings, routes, also, grant }: RunRecord): Remark[] {
  if (settings === undefined) return []
  const left = grant?.outcome === 'planned' ? also?.filter(each => !isLacking(each)) : also
  return failureRemarks(alsoFailure(settings.access, { routes, also: left }))
}

/** Who makes the calls, if the role is for somebody else. Members of a group are known only once it holds a role. */
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
function denialRemarks(record: RunRecord): Remark[] {
  const { plannedPatienceMs, membership, role, coverage, deniedBy = [] } = record
  const denies = denyAssignmentsSeen(record).map(deny => denyLine('the calls', deny))
  const code = deniedBy.length > 0 ? 'deny-assignment' : 'access-denied'
  if (plannedPatienceMs === undefined) return denies.map(remark)
  return [
    plannedPatienceMs > 0
      ? remark(
          `Plan: the calls are denied now. The gate would wait up to ${inWords(plannedPatienceMs)}, and fail with ${code} if they are still denied.`,
        )
      : failing(`Plan: the calls are denied, and the gate would fail with ${code}.`),
    ...[
      ...(coverage === 'insufficient' ? [`${role?.name} does not cover them, no matter who holds it.`] : []),
      ...(membership === 'not-member'
        ? ['The role is held, but neither by the pipeline nor by a group that it is a member of.']
        : []),
      ...denies,
    ].map(remark),
  ]
}

const assigningInWords: Record<Assigning, string> = {
  allowed: 'can assign that role there.',
  refused: 'cannot assign roles there: an administrator has to do it.',
  'refused-by-condition':
    'can assign roles there, but the condition on that right does not allow this one: an administrator has to do it.',
  'unless-conditions': 'can assign roles there, if its conditions allow this one.',
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
  const who = setupPrincipal === undefined ? 'This identity' : `The setup identity ${setupPrincipal.oid}`
  return `${who} ${assigningInWords[may]}`
}

function assigningBy(may: boolean | undefined): Assigning {
  if (may === undefined) return 'unknown'
  return may ? 'unless-conditions' : 'refused'
}

/** What a run would do about keys; empty if nothing. */
function keyRemarks(record: RunRecord): Remark[] {
  const failure = keyAccessFailure(record.settings, record)
  if (failure !== undefined) {
    const { code, said } = failure.failure
    const asked =
      record.settings?.keys.access === 'forbid' ? 'key-access is forbid' : 'there is a retired key'
    return [
      failing(`Plan: ${asked}, and the gate would fail with ${code}: ${said.message}`),
      ...(code === 'keys-enabled' ? [remark(`To switch keys off: ${switchKeysOffCommand(record)}`)] : []),
    ]
  }
  if (record.settings?.keys.retired === undefined) return []
  return [
    remark(
      'Plan: once access is proven, the gate would try the retired key, and the service has to refuse it.',
    ),
  ]
}

const modelRemarks = (record: RunRecord): Remark[] => failureRemarks(retirementFailure(record))

const failureRemarks = (failure: StepError | undefined): Remark[] =>
  failure === undefined
    ? []
    : [failing(`Plan: the gate would fail with ${failure.failure.code}: ${failure.failure.said.message}`)]

/** The failure of the runtime principals, without their names: the lines before have them. */
function runtimeFailureRemarks(record: RunRecord): Remark[] {
  const failure = plannedRuntimeFailure(record)
  return failure === undefined ? [] : [failing(`Plan: the gate would fail with ${failure.failure.code}.`)]
}

function failOnRemarks(record: RunRecord): Remark[] {
  const failure = failOnFailure(record)
  return failure === undefined
    ? []
    : [
        failing(
          `Plan: fail-on is ${record.settings?.failOn}, and the gate would fail with finding-forbidden: ${failure.failure.said.message}`,
        ),
      ]
}

const appRemarks = ({ settings }: RunRecord): Remark[] =>
  settings?.production.probe === undefined
    ? []
    : [
        remark(
          `Plan: once access is proven, the gate would call the app at ${shownAddress(settings.production.probe.url)}, and it has to answer.`,
        ),
      ]
