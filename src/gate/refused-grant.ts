import type { Assignment } from '../azure/rbac/assignment.ts'
import { assignRoles } from '../azure/rbac/delegation-conditions.ts'
import { applicableAt, type EffectivePermission, permissionsOf } from '../azure/rbac/effective-permissions.ts'
import { coversAction, type Permission } from '../azure/rbac/permissions.ts'
import type { DiagnosisCode } from '../core/failures/codes.ts'
import { StepError } from '../core/failures/failure.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import { readPermissions } from '../services/resource-manager/role-assignments.ts'
import type { RoleAccess } from './values.ts'

/**
 * Why a grant was refused. Azure answers an unmet condition like a missing right, mostly without mentioning the condition. What
 * the run knows about the granting identity decides.
 */

/** Refusals that only say that the caller has no right. */
const open: ReadonlySet<DiagnosisCode> = new Set(['cannot-assign-role', 'resource-manager-forbidden'])

interface Refused {
  context: ResourceContext
  roles: Pick<RoleAccess, 'assignments' | 'permissions'> & {
    /** Scope of the grant. */
    scope: string
  }
}

/** @returns the error, with the code of its cause: `cannot-assign-role` or `delegation-condition-unmet`. */
export async function causeOfRefusedGrant(error: StepError, { context, roles }: Refused): Promise<StepError> {
  const { failure } = error
  if (!open.has(failure.code)) return error
  const asksItself = context.callerId === context.principalId
  const known = { assignments: asksItself ? roles.assignments : undefined, scope: roles.scope }
  const code =
    codeByAssignments(known) ??
    codeByPermissions(
      (asksItself ? roles.permissions : undefined) ?? (await permissionsOfCaller(context, roles)),
    )
  return new StepError(error.operation, { ...failure, code })
}

/** @returns undefined if assignments do not show the right: they cannot be read, or a custom role gives it. */
export function codeByAssignments({
  assignments,
  scope,
}: {
  assignments: readonly Assignment[] | undefined
  scope: string
}): DiagnosisCode | undefined {
  if (assignments === undefined) return undefined
  const { held } = permissionsOf(applicableAt(assignments, scope), new Map())
  const giving = held.filter(permission => coversAction([permission], assignRoles))
  if (giving.length === 0) return undefined
  // A right without a condition that is still refused is too new to be live.
  return giving.every(isConditional) ? 'delegation-condition-unmet' : 'cannot-assign-role'
}

const isConditional = ({ conditions }: EffectivePermission) => conditions.length > 0

/** Effective permissions show a right, but not its condition. */
export const codeByPermissions = (permissions: readonly Permission[] | undefined): DiagnosisCode =>
  coversAction(permissions ?? [], assignRoles) ? 'delegation-condition-unmet' : 'cannot-assign-role'

async function permissionsOfCaller(
  { manager }: ResourceContext,
  { scope }: Refused['roles'],
): Promise<readonly Permission[] | undefined> {
  try {
    return await readPermissions(manager, scope)
  } catch (error) {
    // This explains a failure, and must not become another one.
    if (error instanceof StepError) return undefined
    throw error
  }
}
