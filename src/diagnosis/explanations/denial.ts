import type { Assignment } from '../../access/assignments.ts'
import { coversDataAction } from '../../access/permissions.ts'
import { leastRoleFor, roleCovers, roleNameOf } from '../../access/roles.ts'
import { type Fix, paragraph, type Told } from '../explanation.ts'
import { azLine, bash, grantFixes, grantOf, inputs } from './commands.ts'
import { deniedDataAction, type Values, valuesOf } from './values.ts'

/** A denied call, read together with all that is known of the principal's roles. */

/** An assignment older than this has long been everywhere (learn.microsoft.com, RBAC troubleshooting: up to ten minutes). */
const settledAfterMs = 30 * 60_000

/** Why the call was denied, as far as roles tell. Each has a fix of its own. */
type Cause =
  | { kind: 'deny-assignment'; name: string; scope: string }
  /** The role covers other operations: waiting will not help. */
  | { kind: 'wrong-role'; role: string }
  /** Held on a project, and the call goes to the account. */
  | { kind: 'on-project'; role: string; scope: string }
  | { kind: 'other-object'; objectId: string; isClientId: boolean }
  | { kind: 'administration-only'; roles: string }
  | { kind: 'young'; minutes: number }
  | { kind: 'group' }
  | { kind: 'missing' }
  /** Held, old and fitting, and still denied. */
  | { kind: 'unexplained' }
  | { kind: 'unknown' }

/** The sentence that names what was missing, and the least role that has it. */
export function whatWasMissing(told: Told): string {
  const { principalId } = valuesOf(told)
  const dataAction = deniedDataAction(told)
  if (dataAction === undefined) return `The principal ${principalId} was denied the call.`
  const least = leastRoleFor(dataAction)
  return paragraph(
    `The principal ${principalId} lacks the data action ${dataAction}.`,
    least && `The least built-in role that has it is ${least.name}.`,
  )
}

export function whyDenied(told: Told): string {
  return paragraph(whatWasMissing(told), inWords(causeOf(told), told))
}

export function causeOf(told: Told): Cause {
  const { facts } = told
  const dataAction = deniedDataAction(told)
  const [deny] = facts.afterDenial?.denyAssignments ?? []
  if (deny !== undefined) return { kind: 'deny-assignment', ...deny }
  const unfit = dataAction === undefined ? undefined : unfitRole(told, dataAction)
  if (unfit !== undefined) return { kind: 'wrong-role', role: unfit }
  const project = projectCause(told)
  if (project !== undefined) return project
  if (facts.roleState === 'missing') return causeOfMissing(told)
  if (facts.roleState === 'unknown') return { kind: 'unknown' }
  if (facts.roleAgeMs !== undefined && facts.roleAgeMs < settledAfterMs)
    return { kind: 'young', minutes: Math.round(facts.roleAgeMs / 60_000) }
  return facts.roleState === 'group' ? { kind: 'group' } : { kind: 'unexplained' }
}

const isHeld = ({ roleState }: Told['facts']) =>
  roleState === 'direct' || roleState === 'inherited' || roleState === 'group' || roleState === 'granted'

/** The role that is held, where it certainly does not hold the data action. What was read live outdoes the table. */
function unfitRole({ facts }: Told, dataAction: string): string | undefined {
  const { role, permissions, roleState } = facts
  if (role === undefined || !isHeld(facts)) return undefined
  const live = permissions && coversDataAction(permissions, dataAction)
  if (live === true) return undefined
  // What this run granted was not there yet when the permissions were read.
  const fits = roleCovers(role.guid, dataAction) ?? (roleState === 'granted' ? undefined : live)
  return fits === false ? role.name : undefined
}

const isProjectScope = (scope: string) => /\/projects\/[^/]+$/i.test(scope)

function projectCause({ facts, refusal }: Told): Cause | undefined {
  const { role, afterDenial } = facts
  const toProject = facts.smoke.some(
    ({ kind, route }) => kind === 'refused' && route.url.includes('/api/projects/'),
  )
  if (role !== undefined && isHeld(facts) && isProjectScope(role.scope) && !toProject)
    return { kind: 'on-project', role: role.name, scope: role.scope }
  const below = (afterDenial?.onProjects ?? []).find(({ roleGuid }) =>
    covers(roleGuid, refusal.named?.dataAction, role?.guid),
  )
  if (facts.roleState !== 'missing' || below === undefined) return undefined
  return { kind: 'on-project', role: nameOf(below), scope: below.scope }
}

const covers = (guid: string, dataAction: string | undefined, wanted: string | undefined) =>
  guid === wanted || (dataAction !== undefined && roleCovers(guid, dataAction) === true)

const nameOf = ({ roleGuid }: Assignment) => roleNameOf(roleGuid) ?? roleGuid

function causeOfMissing({ facts }: Told): Cause {
  const [other] = facts.afterDenial?.heldByOthers ?? []
  const held = facts.assignments ?? []
  const clientId = facts.settings?.identity.clientId
  const byClientId = facts.afterDenial?.heldByOthers.find(({ principalId }) => principalId === clientId)
  if (byClientId !== undefined)
    return { kind: 'other-object', objectId: byClientId.principalId, isClientId: true }
  const names = [...new Set(held.map(nameOf))]
  if (names.length > 0 && administersOnly(facts)) return { kind: 'administration-only', roles: names.join(', ') }
  if (other !== undefined && facts.afterDenial?.heldByOthers.length === 1)
    return { kind: 'other-object', objectId: other.principalId, isClientId: false }
  return { kind: 'missing' }
}

/** Whether the roles that are held let nobody call any model at all. */
function administersOnly({ permissions, assignments }: Told['facts']): boolean {
  if (permissions !== undefined) return permissions.every(({ dataActions }) => (dataActions ?? []).length === 0)
  const anyCall = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'
  return (assignments ?? []).every(({ roleGuid }) => roleCovers(roleGuid, anyCall) === false)
}

const below = 'Roles on a project do not count for calls to the account that the project belongs to.'

function inWords(cause: Cause, told: Told): string {
  const { facts } = told
  const { role, principalId, scope } = valuesOf(told)
  switch (cause.kind) {
    case 'deny-assignment':
      return `The deny assignment "${cause.name}" at ${cause.scope} forbids it, and wins over every role.`
    case 'wrong-role':
      return `It holds ${cause.role}, and that role does not include this data action: no waiting makes it fit.`
    case 'on-project':
      return `It holds ${cause.role} at ${cause.scope}, and this call goes to the account. ${below}`
    case 'other-object':
      return cause.isClientId
        ? `${role.name} is assigned here to ${cause.objectId}, which is the client id. Roles are held by the object id of the service principal, ${principalId}.`
        : `${role.name} is assigned here to the object id ${cause.objectId}, and this pipeline signs in as ${principalId}. If that assignment was meant for it, the id is probably the one of the app registration; the one of the service principal stands under Enterprise applications.`
    case 'administration-only':
      return `It holds ${cause.roles}: roles that administer the resource. They give no access to its models, Owner and Contributor included.`
    case 'young':
      return `The role assignment was made ${inMinutes(cause.minutes)} before this run looked: it may simply not be live yet. Azure speaks of up to ten minutes.`
    case 'group':
      return `It holds ${role.name} through a group. A membership of the last hours counts only with new tokens, and caches behind managed identities keep the old groups for up to a day.`
    case 'missing':
      return paragraph(heldInstead(facts), `It does not hold ${role.name} at ${scope}, nor from above, nor through a group.`)
    case 'unexplained':
      if (facts.roleState === 'covered')
        return 'Its effective permissions include the operation. The assignment behind them is either very new or overruled by a deny assignment that this run may not see.'
      return `It holds ${role.name} (${facts.roleState}), for longer than any propagation takes. A deny assignment that this run may not see, or an endpoint of another resource, is what is left.`
    case 'unknown':
      return facts.settings?.target.kind === 'endpoint'
        ? 'Only an endpoint was given, so its roles were not looked at.'
        : 'It may not read role assignments, so whether it holds the role is not known; a grant of the last minutes was waited for.'
  }
}

const inMinutes = (minutes: number) => (minutes === 1 ? 'a minute' : `${minutes} minutes`)

function heldInstead({ assignments }: Told['facts']): string {
  const names = [...new Set((assignments ?? []).map(nameOf))]
  return names.length === 0 ? '' : `It holds ${names.join(', ')}.`
}

/** The fix that goes with the cause: mostly the grant, of the role that really has the data action. */
export function fixesOfDenial(told: Told): Fix[] {
  const values = valuesOf(told)
  const cause = causeOf(told)
  const grant = grantFixes(grantOf(values, { role: fittingRole(told, values), scope: fittingScope(cause, values) }))
  switch (cause.kind) {
    case 'deny-assignment':
      return denyAssignmentFixes(values)
    case 'wrong-role':
      return [...grant, inputs('Then name that role in this action', { role: fittingRole(told, values).name })]
    case 'young':
      return [waitLonger, ...grant]
    default:
      return grant
  }
}

export const waitLonger = inputs('Run the job again, or give it longer', { 'propagation-timeout': '30m' })

/** The role that was asked for, unless it certainly does not hold what was missing. */
function fittingRole(told: Told, { role }: Values): Values['role'] {
  const dataAction = deniedDataAction(told)
  if (dataAction === undefined || roleCovers(role.guid, dataAction) !== false) return role
  return leastRoleFor(dataAction) ?? role
}

const fittingScope = (cause: Cause, { scope }: Values) =>
  cause.kind === 'on-project' ? scope.replace(/\/projects\/[^/]+$/i, '') : scope

export function denyAssignmentFixes({ resourceManager, scope }: Values): Fix[] {
  const url = `${resourceManager}${scope}/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01&$filter=atScope()`
  return [
    bash('See the deny assignments', azLine('rest', { method: 'get', url })),
    {
      title: 'Lift it where it was made',
      language: 'text',
      text: 'Deny assignments cannot be deleted by hand. One of a deployment stack goes with its deny settings: deploy the stack again with deny mode none, or with this principal excluded. One of a managed application or of Azure itself is lifted by its publisher.',
    },
  ]
}
