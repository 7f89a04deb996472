import { plain } from '../../core/text/untrusted.ts'
import { assignRoles } from './delegation-conditions.ts'
import { coversAction, hasDataActions, type Permission } from './permissions.ts'

/** Why the gate never grants a role, no matter what the calls need. */
export type Unsuitability =
  /** It only manages: nobody can call a model with it. */
  | 'no-data-actions'
  /** Anyone who holds it can give themselves and others more. */
  | 'may-assign-roles'
  /** Its permissions cannot be read, so it could be either. */
  | 'definition-unknown'

/**
 * Ways to get roles: an assignment, directly or through Privileged Identity Management, and a wider definition of a held role.
 */
const waysToRoles = [
  assignRoles,
  'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
  'Microsoft.Authorization/roleEligibilityScheduleRequests/write',
  'Microsoft.Authorization/roleDefinitions/write',
]

/**
 * A role with a conditional right to assign roles is unsuitable too, because a caller of models does not need that right.
 * @param permissions Undefined if they could not be read.
 */
export function unsuitability(permissions: readonly Permission[] | undefined): Unsuitability | undefined {
  if (permissions === undefined) return 'definition-unknown'
  if (waysToRoles.some(action => coversAction(permissions, action))) return 'may-assign-roles'
  return hasDataActions(permissions) ? undefined : 'no-data-actions'
}

const reasons: Record<Unsuitability, string> = {
  'no-data-actions': 'has no data actions, so nobody can call a model with it',
  'may-assign-roles': 'can assign roles, or widen them, so its holder can take more rights',
  'definition-unknown': 'has a definition that this identity cannot read, so it might assign roles',
}

/** The reason, as one sentence. */
export const unsuitableLine = (roleName: string, why: Unsuitability): string =>
  `${plain(roleName)} is never granted by the gate: it ${reasons[why]}.`
