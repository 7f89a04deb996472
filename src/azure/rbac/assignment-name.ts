import { v5 } from 'uuid'
import type { WantedRole } from './assignment.ts'

/** Names of role assignments that follow from what they grant. */

/** The namespace of the `guid()` function of ARM templates and Bicep. */
const templateNamespace = '11fb06fb-712d-4ddd-98c7-e71bbd588830'

/** The same name for the same grant, in whichever run: runs side by side make one assignment. */
export function permanentName({ scope, principalId, roleGuid }: WantedRole): string {
  return v5([scope, principalId, roleGuid].join('-').toLowerCase(), templateNamespace)
}

/**
 * A name of the job's own, for who cannot see whether the assignment is there already. A PUT under a name that is taken changes what has it,
 * and takes off a condition that somebody set; under another name Azure answers that the role is assigned (409 RoleAssignmentExists).
 */
export function unseenName({ scope, principalId, roleGuid }: WantedRole, lease: string): string {
  return v5([scope, principalId, roleGuid, lease].join('-').toLowerCase(), templateNamespace)
}

export function assignmentIdOf({ scope }: Pick<WantedRole, 'scope'>, name: string): string {
  return `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`
}
