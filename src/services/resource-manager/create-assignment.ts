import * as v from 'valibot'
import type { Assignment } from '../../azure/rbac/assignment.ts'
import { assignmentIdOf } from '../../azure/rbac/assignment-name.ts'
import type { Principal } from '../../azure/rbac/principal.ts'
import { withoutLeadingSlash } from '../../azure/rbac/scopes.ts'
import { type Failure, StepError } from '../../core/failures/failure.ts'
import type { ResourceManager } from './client.ts'
import { parseReply } from './reply.ts'
import { readAssignment } from './role-assignments.ts'

export interface RoleToGrant extends Principal {
  scope: string
  roleGuid: string
  roleDefinitionId: string
}

/** The assignment to make: its name, and the description that people read in the portal. */
export interface Naming {
  name: string
  description: string
  /** Every run uses this name, so somebody may have written under it since the look. */
  isShared: boolean
}

const grantedBody = v.object({ id: v.string() })

export interface Granted {
  /** `exists`: somebody else made the same assignment, under this name or another. */
  outcome: 'granted' | 'exists'
  /** Undefined if the service did not name the existing one. */
  assignmentId: string | undefined
  /** What exists, if it was read. */
  existing?: Assignment | undefined
}

/**
 * Assigns the role, unless an assignment of that name exists: a PUT would remove a condition that somebody set on it, and Azure
 * has no `If-None-Match` here. Only one reply lies between this look and the PUT; a list may be minutes old. 201 and 200 both
 * mean that the assignment exists now (the service answers 201 for an existing one); 409 RoleAssignmentExists names it. If no
 * reply says whether it was made, the assignment itself shows it.
 * @throws StepError `cannot-assign-role` or another of Resource Manager's codes.
 */
export async function createAssignment(
  manager: ResourceManager,
  role: RoleToGrant,
  { name, description, isShared }: Naming,
): Promise<Granted> {
  const id = assignmentIdOf(role, name)
  const existing = isShared ? await readStanding(manager, role, id) : undefined
  if (existing !== undefined) return { outcome: 'exists', assignmentId: id, existing }
  const operation = 'assigning the role'
  const parameters = {
    roleDefinitionId: role.roleDefinitionId,
    principalId: role.principalId,
    // Without it the service looks the principal up, and may not find a new one.
    principalType: role.principalType,
    description,
  }
  try {
    await manager.call(operation, () =>
      manager.authorization.roleAssignments.create(withoutLeadingSlash(role.scope), name, parameters, {
        onResponse: ({ status, bodyAsText }) => {
          if (status < 300) parseReply(operation, bodyAsText, grantedBody)
        },
      }),
    )
    return { outcome: 'granted', assignmentId: id }
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    if (isSilent(error.failure) && (await readStanding(manager, role, id)) !== undefined)
      return { outcome: 'granted', assignmentId: id }
    if (error.failure.code !== 'role-assignment-exists') throw error
    const otherName = assignmentIdIn(error.failure.said.message)
    return { outcome: 'exists', assignmentId: otherName && assignmentIdOf(role, otherName) }
  }
}

/** No reply came, or none that was understood, or the service itself failed: it may have done the work. */
const isSilent = ({ kind, said }: Failure) => kind === 'transient' || said.status === undefined

/** The assignment of that name, if it is the wanted one. A template may have used the name for another principal. */
async function readStanding(
  manager: ResourceManager,
  role: RoleToGrant,
  assignmentId: string,
): Promise<Assignment | undefined> {
  try {
    const standing = await readAssignment(manager, assignmentId)
    const isSame =
      standing?.principalId === role.principalId.toLowerCase() &&
      standing.roleGuid === role.roleGuid.toLowerCase()
    return isSame ? standing : undefined
  } catch (error) {
    if (error instanceof StepError) return undefined
    throw error
  }
}

/** The message contains the id, without dashes. */
export function assignmentIdIn(message: string): string | undefined {
  const parts = /assignment is ([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})/i.exec(
    message,
  )
  return parts?.slice(1).join('-').toLowerCase()
}
