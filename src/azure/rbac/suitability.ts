import { plain } from '../../core/text/untrusted.ts'
import { assignRoles } from './delegation-conditions.ts'
import { coversAction, type Permission } from './permissions.ts'

/** Why a role is granted to nobody, whatever the calls need. */
export type Unsuitability =
  /** It administers, and lets nobody call a model. */
  | 'no-data-actions'
  /** Anyone who holds it can give itself and others more. */
  | 'may-assign-roles'
  /** What it allows may not be read: it could be either. */
  | 'definition-unknown'

/** Ways to a role: an assignment, at once or by Privileged Identity Management, and a wider definition of a role that is held. */
const waysToRoles = [
  assignRoles,
  'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
  'Microsoft.Authorization/roleEligibilityScheduleRequests/write',
  'Microsoft.Authorization/roleDefinitions/write',
]

/**
 * A condition on the right to assign roles is no excuse: a caller of models needs none of it.
 * @param permissions Undefined where nobody could read them.
 */
export function unsuitability(permissions: readonly Permission[] | undefined): Unsuitability | undefined {
  if (permissions === undefined) return 'definition-unknown'
  if (waysToRoles.some(action => coversAction(permissions, action))) return 'may-assign-roles'
  return permissions.some(({ dataActions = [] }) => dataActions.length > 0) ? undefined : 'no-data-actions'
}

const reasons: Record<Unsuitability, string> = {
  'no-data-actions': 'has no data actions, so nobody can call a model with it',
  'may-assign-roles': 'can assign roles, or widen them, so its holder can take more rights',
  'definition-unknown': 'has a definition that this identity cannot read, so it might assign roles',
}

/** One sentence. */
export const unsuitableLine = (roleName: string, why: Unsuitability): string =>
  `${plain(roleName)} is never granted by the gate: it ${reasons[why]}.`
