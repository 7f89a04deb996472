import { v5 } from 'uuid'
import type { WantedRole } from './assignment.ts'

/** Names of role assignments, derived from what they grant. */

/** The namespace of the `guid()` function of ARM templates and Bicep. */
const templateNamespace = '11fb06fb-712d-4ddd-98c7-e71bbd588830'

/** The same name for the same grant in every run, so parallel runs make one assignment. */
export function permanentName({ scope, principalId, roleGuid }: WantedRole): string {
  return v5([scope, principalId, roleGuid].join('-').toLowerCase(), templateNamespace)
}

/**
 * The job's own name, for an identity that cannot see whether the assignment exists. A PUT with an existing name would change
 * that assignment and remove its condition. With a new name, Azure answers 409 RoleAssignmentExists instead.
 */
export function unseenName({ scope, principalId, roleGuid }: WantedRole, lease: string): string {
  return v5([scope, principalId, roleGuid, lease].join('-').toLowerCase(), templateNamespace)
}

export function assignmentIdOf({ scope }: Pick<WantedRole, 'scope'>, name: string): string {
  return `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`
}
