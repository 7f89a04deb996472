import { coversAction, coversDataAction, type Permission } from './permissions.ts'
import { isBelow, isSameScope } from './scopes.ts'

/** Deny assignments: they override every role (learn.microsoft.com, role-based-access-control/deny-assignments). */

export interface DenyAssignment {
  name: string
  scope: string
  principals: readonly DeniedPrincipal[]
  excluded: readonly DeniedPrincipal[]
  permissions: readonly Permission[]
  /** An ABAC condition that limits it. Not evaluated here. */
  condition?: string | undefined
  /** It applies to its scope only, not below it. */
  isForThisScopeOnly: boolean
  /** Time of its last change; milliseconds since the epoch. Absent if it is not known. */
  since?: number | undefined
}

interface DeniedPrincipal {
  /** In lower case. */
  id: string
  /** Such as ServicePrincipal, Group, SystemDefined. */
  type?: string | undefined
}

/** Whose right is checked, and at which scope. */
interface DeniedTo {
  /** Object ids of the principal and of the groups that it is known to be in; in lower case. */
  identities: ReadonlySet<string>
  scope: string
  /** Whether it may be in other groups too. Then a deny assignment that names a group decides nothing. */
  mayBeInOthers?: boolean
}

/** @param groupIds Those that role assignments show. */
export const identitiesOf = (principalId: string, groupIds: readonly string[] = []): DeniedTo['identities'] =>
  new Set([principalId, ...groupIds].map(id => id.toLowerCase()))

/** In Azure this id stands for every principal. */
const everybody = '00000000-0000-0000-0000-000000000000'

/**
 * Whether it forbids one of these data actions, no matter which roles are held.
 * @returns undefined if it depends on a condition, or on who is in a group.
 */
export const forbidsData = (
  deny: DenyAssignment,
  who: DeniedTo,
  dataActions: readonly string[],
): boolean | undefined =>
  forbids(deny, who, permission => dataActions.some(action => coversDataAction([permission], action)))

/** The same for an action of the control plane. */
export const forbidsAction = (deny: DenyAssignment, who: DeniedTo, action: string): boolean | undefined =>
  forbids(deny, who, permission => coversAction([permission], action))

function forbids(
  deny: DenyAssignment,
  { identities, scope, mayBeInOthers = false }: DeniedTo,
  concerns: (permission: Permission) => boolean,
): boolean | undefined {
  const isNamed = deny.principals.some(({ id }) => id === everybody || identities.has(id))
  const isExcluded = deny.excluded.some(({ id }) => identities.has(id))
  const concerned = deny.permissions.filter(concerns)
  const mayBeNamed = isNamed || (mayBeInOthers && deny.principals.some(isGroup))
  if (!mayBeNamed || isExcluded || !counts(deny, scope) || concerned.length === 0) return false
  // A principal's groups are known only if they hold roles.
  const mayBeExcluded = deny.excluded.some(isGroup)
  const isLimited =
    deny.condition !== undefined || concerned.every(({ condition }) => condition !== undefined)
  return !isNamed || mayBeExcluded || isLimited ? undefined : true
}

const isGroup = ({ type }: DeniedPrincipal) => type?.toLowerCase() === 'group'

/**
 * Whether it applies at the scope. A list that was requested at a project also has entries of the project, which do not count
 * for the account.
 */
const counts = ({ scope: at, isForThisScopeOnly }: DenyAssignment, scope: string) =>
  isForThisScopeOnly ? isSameScope(at, scope) : !isBelow(at, scope)
