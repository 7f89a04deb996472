import type { Assignment } from '../../azure/rbac/assignment.ts'
import { assignRoles } from '../../azure/rbac/delegation-conditions.ts'
import {
  type DenyAssignment,
  forbidsAction,
  forbidsData,
  identitiesOf,
} from '../../azure/rbac/deny-assignments.ts'
import { isBelow, isSameScope } from '../../azure/rbac/scopes.ts'
import { accountIdOf } from '../../azure/resource-id.ts'
import { inTime } from '../../core/in-time.ts'
import type { Clock } from '../../core/ports.ts'
import type { ResourceContext } from './context.ts'
import { readDenyAssignments } from './deny-assignments.ts'
import { patienceMs, readable } from './readable.ts'
import { assignmentEntry, assignmentsPath } from './role-assignments.ts'

/**
 * A second look at roles, after a final denial: what may explain the denial, but was not worth a request before, or is newer.
 */

export interface AfterDenial {
  /** The principal's assignments on projects of the account: they do not count for calls to the account itself. */
  onProjects: readonly Assignment[]
  /** The wanted role, held at the same scope by other service principals: one of them may be the one that was meant. */
  heldByOthers: readonly Assignment[]
  /** Deny assignments that may forbid what this principal was denied. */
  denyAssignments: readonly Deny[]
  /** Deny assignments that forbid the granting identity to assign roles. */
  denyingGrants: readonly Deny[]
}

export interface Deny {
  name: string
  scope: string
}

interface Denied {
  role: { guid: string; scope: string }
  dataActions: readonly string[]
  /** The principal's groups, as far as its role assignments show them. */
  groupIds: readonly string[]
}

export function readDenialEvidence(
  managed: ResourceContext,
  denied: Denied,
  clock: Clock,
): Promise<AfterDenial> {
  const { manager, resource, principalId, callerId } = managed
  const account = accountIdOf(resource)
  const { scope } = denied.role
  const pipeline = identitiesOf(principalId, denied.groupIds)
  const grantor = callerId === principalId ? pipeline : identitiesOf(callerId)
  const assignmentsAt = (at: string, filter: string) =>
    readable(manager, { path: assignmentsPath(at), filter, entrySchema: assignmentEntry })
  return inTime(
    clock,
    Promise.all([
      assignmentsAt(account, `principalId eq '${principalId}'`),
      assignmentsAt(scope, 'atScope()'),
      readDenyAssignments(manager, scope),
    ]).then(([own, here, denies]) => ({
      onProjects: own.filter(({ scope: at }) => isBelow(at, account)),
      heldByOthers: here
        .filter(({ principalType }) => principalType === 'ServicePrincipal')
        .filter(
          ({ roleGuid, principalId: holder }) => roleGuid === denied.role.guid && holder !== principalId,
        )
        .filter(({ scope: at }) => isSameScope(at, scope)),
      denyAssignments: denies
        .filter(deny => forbidsData(deny, { identities: pipeline, scope }, denied.dataActions) !== false)
        .map(asDeny),
      denyingGrants: denies
        .filter(deny => forbidsAction(deny, { identities: grantor, scope }, assignRoles) !== false)
        .map(asDeny),
    })),
    nothing,
    patienceMs,
  )
}

const nothing: AfterDenial = { onProjects: [], heldByOthers: [], denyAssignments: [], denyingGrants: [] }

const asDeny = ({ name, scope }: DenyAssignment): Deny => ({ name, scope })
