import { authorizationApiVersion } from '../../../azure/api-versions.ts'
import { isInProject } from '../../../azure/endpoint.ts'
import type { Assignment } from '../../../azure/rbac/assignment.ts'
import {
  leastRoleFor,
  roleCovers,
  roleHasDataActions,
  roleNameOf,
} from '../../../azure/rbac/built-in-roles.ts'
import { coversDataAction, hasDataActions } from '../../../azure/rbac/permissions.ts'
import { servicePrincipal } from '../../../azure/rbac/principal.ts'
import { isProject, withoutProject } from '../../../azure/rbac/scopes.ts'
import { neededBy } from '../../../gate/also.ts'
import { denyAssignmentsSeen } from '../../../gate/evidence.ts'
import type { RunRecord } from '../../../gate/record.ts'
import { settledAfterMs } from '../../../gate/waiting/schedule.ts'
import { accountOptions, azLine, bash, grantFixes, grantOf, inputs, principalInWords } from '../commands.ts'
import { advice, type ExplainContext, type Fix, paragraph } from '../explanation.ts'
import { fixesOfForeignEndpoint, whereItCounts } from '../foreign-endpoint.ts'
import { repeatsTheRun } from '../tried.ts'
import { deniedDataAction, type Values, valuesOf } from '../values.ts'
import { besideCalls, isUndecided } from './beside-calls.ts'
import { tokenAudienceOf } from './gateways.ts'

/** Explains a denied call with everything that is known about the principal's roles. */

/** Why the call was denied, as far as roles show. */
type Cause =
  | { kind: 'deny-assignment'; name: string; scope: string }
  /** The wanted role covers other operations, and is not held. */
  | { kind: 'unfit-role'; role: string }
  /** The role covers other operations. */
  | { kind: 'wrong-role'; role: string }
  /** The role is held on a project, but the call goes to the account. */
  | { kind: 'on-project'; role: string; scope: string }
  /** The role is assigned to the client id, which is not a principal. */
  | { kind: 'client-id'; clientId: string }
  /** `roles` is empty if they cannot be read one by one. */
  | { kind: 'administration-only'; roles: string }
  | { kind: 'missing'; roles: string }
  /** The role is for somebody else: a group without the pipeline, or another principal. */
  | { kind: 'not-member' }
  | { kind: 'young'; minutes: number }
  | { kind: 'group' }
  | { kind: 'covered' }
  /** The role is held, old and suitable, and the call is still denied. */
  | { kind: 'unexplained' }
  | { kind: 'unknown' }
  /** No call was denied, but it is not known whether roles give what `also` needs. */
  | { kind: 'undecided' }

/** The sentence that names what was missing, and the least role that has it. */
export function whatWasMissing(told: ExplainContext): string {
  const { principalId } = valuesOf(told)
  const dataAction = deniedDataAction(told)
  if (dataAction === undefined) return `The principal ${principalId} was denied the call.`
  return paragraph(
    `The principal ${principalId} lacks the data action ${dataAction}.`,
    whatHasIt(dataAction, told),
  )
}

/** Names only the role that the fix grants. With two names, readers would not know which one to grant. */
function whatHasIt(dataAction: string, told: ExplainContext): string {
  const { role } = neededGrant(told)
  if (leastRoleFor(dataAction)?.guid === role.guid)
    return `The least built-in role that has it is ${role.name}.`
  return roleCovers(role.guid, dataAction) === true ? `${role.name} has it.` : ''
}

export function whyDenied(told: ExplainContext): string {
  const isOfGateway = tokenAudienceOf(told.record) !== undefined
  const cause = causeOf(told)
  const missing = isOfGateway || cause.kind === 'undecided' ? '' : whatWasMissing(told)
  return paragraph(missing, causeInWords(cause, told), whereItCounts(told))
}

/** Whether something blocks the call that waiting does not remove. */
export function canNeverBecomeLive(told: ExplainContext): boolean {
  const { kind } = causeOf(told)
  return ['deny-assignment', 'unfit-role', 'wrong-role', 'on-project', 'not-member'].includes(kind)
}

function causeOf(told: ExplainContext): Cause {
  const [deny] = denyAssignmentsSeen(told.record)
  if (deny !== undefined) return { kind: 'deny-assignment', ...deny }
  if (told.record.membership === 'not-member') return { kind: 'not-member' }
  const besides = besideCalls(told)
  if (besides !== undefined && isUndecided(besides)) return { kind: 'undecided' }
  return wrongRole(told) ?? heldOnProject(told) ?? unfitRole(told) ?? causeByState(told)
}

function unfitRole({ record: { coverage, roleState, role } }: ExplainContext): Cause | undefined {
  const isUnfit = coverage === 'insufficient' && !heldStates.has(roleState)
  return isUnfit ? { kind: 'unfit-role', role: role?.name ?? '' } : undefined
}

function causeByState(told: ExplainContext): Cause {
  const { roleState, roleAgeMs } = told.record
  // The role that allows the calls does not give what `also` needs.
  if (roleState === 'missing' || besideCalls(told) !== undefined) return causeOfMissing(told.record)
  if (roleState === 'unknown' || roleState === 'covered') return { kind: roleState }
  if (roleAgeMs !== undefined && roleAgeMs < settledAfterMs)
    return { kind: 'young', minutes: Math.max(1, Math.round(roleAgeMs / 60_000)) }
  return { kind: roleState === 'group' ? 'group' : 'unexplained' }
}

const heldStates: ReadonlySet<RunRecord['roleState']> = new Set(['direct', 'inherited', 'group', 'granted'])

/** The held role, if it certainly lacks the data action. Definitions that were read count more than the table. */
function wrongRole(told: ExplainContext): Cause | undefined {
  const { role, coverage, permissions, roleState } = told.record
  const dataAction = deniedDataAction(told)
  if (role === undefined || dataAction === undefined || !heldStates.has(roleState)) return undefined
  const live = permissions && coversDataAction(permissions, dataAction)
  // The permissions were read before this run granted the role.
  const fits = live === true || (coversCalls(coverage) ?? (roleState === 'granted' ? undefined : live))
  return (fits ?? roleCovers(role.guid, dataAction)) === false
    ? { kind: 'wrong-role', role: role.name }
    : undefined
}

/** A role that cannot be read is assumed to cover them. */
const coversCalls = (coverage: RunRecord['coverage']) =>
  coverage === undefined ? undefined : coverage !== 'insufficient'

function heldOnProject(told: ExplainContext): Cause | undefined {
  const { role, roleState, smoke, afterDenial } = told.record
  const refused = smoke.filter(({ kind }) => kind === 'refused')
  const isOfProject = refused.some(({ route }) => isInProject(route.url))
  if (role === undefined || refused.length === 0 || isOfProject) return undefined
  if (heldStates.has(roleState) && isProject(role.scope))
    return { kind: 'on-project', role: role.name, scope: role.scope }
  if (roleState !== 'missing') return undefined
  const dataAction = deniedDataAction(told)
  const fitting = afterDenial?.onProjects.find(
    ({ roleGuid }) =>
      roleGuid === role.guid || (dataAction !== undefined && roleCovers(roleGuid, dataAction) === true),
  )
  return fitting && { kind: 'on-project', role: nameOf(fitting), scope: fitting.scope }
}

function causeOfMissing({ afterDenial, assignments = [], permissions = [], settings }: RunRecord): Cause {
  const holders = (afterDenial?.heldByOthers ?? []).map(({ principalId }) => principalId)
  const clientId = settings?.identity.clientId
  if (clientId !== undefined && holders.includes(clientId)) return { kind: 'client-id', clientId }
  const roles = [...new Set(assignments.map(nameOf))].join(', ')
  if (administersOnly(assignments, permissions)) return { kind: 'administration-only', roles }
  return { kind: 'missing', roles }
}

const nameOf = ({ roleGuid }: Assignment) => roleNameOf(roleGuid) ?? roleGuid

/** Whether the principal holds roles, but none that allows any model call. */
function administersOnly(
  assignments: readonly Assignment[],
  permissions: NonNullable<RunRecord['permissions']>,
): boolean {
  if (permissions.length > 0) return !hasDataActions(permissions)
  return assignments.length > 0 && assignments.every(({ roleGuid }) => roleHasDataActions(roleGuid) === false)
}

function causeInWords(cause: Cause, told: ExplainContext): string {
  const { record } = told
  const { role, principalId, grantee } = valuesOf(told)
  switch (cause.kind) {
    case 'deny-assignment':
      return `The deny assignment "${cause.name}" at ${cause.scope} forbids it, and overrides every role.`
    case 'wrong-role':
      return `It holds ${cause.role}, but that role does not cover this operation: waiting does not help.`
    case 'unfit-role':
      return paragraph(
        record.roleState === 'missing' ? causeInWords(causeOfMissing(record), told) : '',
        `${cause.role}, the role that this run wants, does not cover this operation: it would not help to hold it.`,
      )
    case 'on-project':
      return `It holds ${cause.role} at ${cause.scope}, but this call goes to the account: a role on a project does not count for the account.`
    case 'client-id':
      return `${role.name} is assigned here to ${cause.clientId}, which is the client id. Assign the role to the object id of the service principal, ${principalId}.`
    case 'administration-only':
      return paragraph(
        `It holds ${cause.roles === '' ? 'other roles' : cause.roles}, but no role that gives access to the models. Roles that only manage, such as Owner and Contributor, do not.`,
        anotherHolder(record, told),
      )
    case 'missing':
      return paragraph(
        cause.roles === '' ? '' : `It holds ${cause.roles}.`,
        `It does not hold ${role.name}, neither on the resource, nor from a scope above, nor through a group.`,
        anotherHolder(record, told),
      )
    case 'not-member':
      return grantee.principalType === 'Group'
        ? `The ${principalInWords(grantee)} holds ${role.name}, but the pipeline is not a member of it, nor of a group within it.`
        : `The ${principalInWords(grantee)} holds ${role.name}, as \`principal-id\` says, but this pipeline makes the call.`
    case 'young':
      return `${role.name} was assigned ${cause.minutes === 1 ? 'a minute' : `${cause.minutes} minutes`} before this run looked: it may not be live yet. Microsoft says up to ten minutes.`
    case 'group':
      return `It holds ${role.name} through a group. A new membership counts only in new tokens, and for managed identities Azure may keep the old groups for up to a day.`
    case 'covered':
      return 'Its effective permissions cover the call. So the assignment behind them is very new, or a deny assignment that this run cannot see overrides it.'
    case 'unexplained':
      return `It holds ${role.name} (${record.roleState}), for longer than any propagation takes. The remaining causes are a deny assignment that this run cannot see, or an endpoint of another resource.`
    case 'unknown':
      return whyUnknown(record)
    case 'undecided':
      return 'It is not known whether its roles give it, so the gate does not pass.'
  }
}

function whyUnknown({ settings }: RunRecord): string {
  if (settings?.smoke.tokenAudience !== undefined)
    return "The gateway accepted the token, but the resource behind it denies the call. It denies it to the identity that the gateway uses, not to the pipeline. The service's message names that identity."
  return settings?.target.kind === 'endpoint'
    ? (settings.target.unfound?.message ?? 'Only an endpoint was given, so the run did not read its roles.')
    : 'It cannot read role assignments, so it is not known whether it holds the role. The run waited, in case the role was granted in the last minutes.'
}

/** If exactly one other service principal has this role at this resource, the fix mentions it: perhaps somebody confused the two. */
function anotherHolder({ afterDenial }: RunRecord, told: ExplainContext): string {
  const [only, ...others] = afterDenial?.heldByOthers ?? []
  if (only === undefined || others.length > 0) return ''
  const { role, principalId } = valuesOf(told)
  return `${role.name} is assigned here to the object id ${only.principalId}, but this pipeline signs in as ${principalId}. If that assignment is meant for the pipeline, its id is probably that of the app registration: use the id under Enterprise applications, which is that of the service principal.`
}

/** The fix for the cause, after the fix for an endpoint of another resource. */
export function fixesOfDenial(told: ExplainContext): Fix[] {
  return [...fixesOfForeignEndpoint(told), ...fixesOfCause(told)]
}

/** Usually the grant of a role that has the data action, at the scope where it counts. */
function fixesOfCause(told: ExplainContext): Fix[] {
  const values = valuesOf(told)
  const cause = causeOf(told)
  const { role, scope } = neededGrant(told)
  if (tokenAudienceOf(told.record) !== undefined)
    return grantFixes(
      grantOf(values, { role, scope, grantee: servicePrincipal('<GATEWAY-PRINCIPAL-OBJECT-ID>') }),
    )
  const grant = grantFixes(grantOf(values, { role, scope }))
  switch (cause.kind) {
    case 'deny-assignment':
      return denyAssignmentFixes(values)
    case 'unfit-role':
    case 'wrong-role':
      return [...grant, inputs('Then set it in this action', { role: role.name })]
    case 'not-member':
      return notMemberFixes(values)
    case 'young':
      return waitLonger(told)
    case 'group':
      return [...waitLonger(told), ...withoutGroup(values, role, scope)]
    // The role exists, and granting it again changes nothing.
    case 'unexplained':
      return [...denyAssignmentFixes(values), showEndpoints(told)]
    case 'covered':
      return [...waitLonger(told), ...denyAssignmentFixes(values)]
    default:
      return grant
  }
}

/** The grant that allows the calls: of a role that has the missing data action, on the called account or project. */
export function neededGrant(told: ExplainContext): Pick<Values, 'role' | 'scope'> {
  const values = valuesOf(told)
  const isMisplaced = causeOf(told).kind === 'on-project'
  return {
    role: fittingRole(told, values),
    scope: isMisplaced ? withoutProject(values.scope) : values.scope,
  }
}

/** A group membership may take up to a day to count. An assignment to the pipeline itself takes minutes. */
function withoutGroup(values: Values, role: Values['role'], scope: string): Fix[] {
  const itself = servicePrincipal(values.principalId)
  return grantFixes(grantOf(values, { role, scope, grantee: itself }))
}

function notMemberFixes({ principalId, grantee }: Values): Fix[] {
  const pipelineItself = advice('Remove `principal-id`.', 'Or grant the role to the pipeline itself')
  if (grantee.principalType !== 'Group') return [pipelineItself]
  const ids = { group: grantee.principalId, 'member-id': principalId }
  return [bash('Make the pipeline a member of the group', azLine('ad group member add', ids)), pipelineItself]
}

/** Longer than this run waited; the limit of the input is six hours. */
const longerTimeouts = ['30m', '1h', '2h', '6h']

export function waitLonger({ record }: Pick<ExplainContext, 'record'>): Fix[] {
  const longer = longerTimeouts
    .map(timeout => inputs('Run the job again, or give it longer', { 'propagation-timeout': timeout }))
    .find(fix => !repeatsTheRun(fix, record))
  return [longer ?? advice('Run the job again later.')]
}

export const showEndpoints = (told: ExplainContext) =>
  bash(
    "See the resource's own endpoints",
    azLine('cognitiveservices account show', {
      ...accountOptions(valuesOf(told)),
      query:
        '{kind:kind, subdomain:properties.customSubDomainName, endpoint:properties.endpoint, endpoints:properties.endpoints}',
    }),
  )

/** The wanted role, unless it certainly lacks the missing data action; then a role that allows all calls. */
function fittingRole(told: ExplainContext, { role }: Values): Values['role'] {
  const dataAction = deniedDataAction(told)
  const fits =
    coversCalls(told.record.coverage) ??
    (dataAction === undefined || roleCovers(role.guid, dataAction) !== false)
  if (dataAction === undefined || fits) return role
  return leastRoleFor(dataAction, ...neededBy(told.record)) ?? role
}

export function denyAssignmentFixes({ resourceManager, scope }: Values): Fix[] {
  const url = `${resourceManager}${scope}/providers/Microsoft.Authorization/denyAssignments?api-version=${authorizationApiVersion}&$filter=atScope()`
  return [
    bash('See the deny assignments', azLine('rest', { method: 'get', url })),
    advice(
      'An Owner can delete one that a user made (`isSystemProtected` is false). For one of a deployment stack: deploy the stack again with deny mode none, or with this principal excluded. Only the publisher can remove one of a managed application or of Azure itself.',
      'Remove it at its source',
    ),
  ]
}
