import * as v from 'valibot'
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

/** The assignment to make of it: what it is called, and what people read of it in the portal. */
export interface Naming {
  name: string
  description: string
  /** The name that every run gives it: somebody may have written under it since the look. */
  isShared: boolean
}

const grantedBody = v.object({ id: v.string() })

export interface Granted {
  /** `exists`: somebody else made the same assignment, under this name or another. */
  outcome: 'granted' | 'exists'
  /** Undefined where the service did not name the one that exists. */
  assignmentId: string | undefined
}

/**
 * Assigns the role, where there is no assignment of that name: a PUT would take off a condition that somebody set on it, and Azure has no
 * `If-None-Match` here. Between this look and the PUT is one reply; a list may be minutes old. 201 and 200 both mean that the assignment is there now (the service answers 201 for
 * one that exists); 409 RoleAssignmentExists names it. Where no reply tells whether it was made, the assignment itself does.
 * @throws StepError `cannot-assign-role` or another of Resource Manager's codes.
 */
export async function createAssignment(
  manager: ResourceManager,
  role: RoleToGrant,
  { name, description, isShared }: Naming,
): Promise<Granted> {
  const id = assignmentIdOf(role, name)
  if (isShared && (await isThere(manager, role, id))) return { outcome: 'exists', assignmentId: id }
  const operation = 'assigning the role'
  const parameters = {
    roleDefinitionId: role.roleDefinitionId,
    principalId: role.principalId,
    // Without it the service looks the principal up, and may not find one that is new.
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
    if (isSilent(error.failure) && (await isThere(manager, role, id)))
      return { outcome: 'granted', assignmentId: id }
    if (error.failure.code !== 'role-assignment-exists') throw error
    const existing = assignmentIdIn(error.failure.said.message)
    return { outcome: 'exists', assignmentId: existing && assignmentIdOf(role, existing) }
  }
}

/** No reply came, or none that was understood, or a failure of the service itself: it may have done what it was asked. */
const isSilent = ({ kind, said }: Failure) => kind === 'transient' || said.status === undefined

/** Under a name that was taken from a template, it may be somebody else's: a principal that is gone, say. */
async function isThere(manager: ResourceManager, role: RoleToGrant, assignmentId: string): Promise<boolean> {
  try {
    const standing = await readAssignment(manager, assignmentId)
    return (
      standing?.principalId === role.principalId.toLowerCase() &&
      standing.roleGuid.toLowerCase() === role.roleGuid.toLowerCase()
    )
  } catch (error) {
    if (error instanceof StepError) return false
    throw error
  }
}

/** The id stands in the message, without dashes. */
export function assignmentIdIn(message: string): string | undefined {
  const parts = /assignment is ([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})/i.exec(
    message,
  )
  return parts?.slice(1).join('-').toLowerCase()
}
