import type { DenyAssignment } from '@azure/arm-authorization'
import type { Assignment } from '../../azure/rbac/assignment.ts'
import { assignRoles } from '../../azure/rbac/delegation-conditions.ts'
import { coversAction, coversDataAction } from '../../azure/rbac/permissions.ts'
import { isBelow, isSameScope, withoutLeadingSlash } from '../../azure/rbac/scopes.ts'
import { accountIdOf } from '../../azure/resource-id.ts'
import type { Clock } from '../../core/ports.ts'
import type { ResourceContext } from './context.ts'
import { assignmentOf } from './role-assignments.ts'

/**
 * A second look at roles, once a call was denied for good: what would explain the denial and was not worth a request
 * before. It never fails a run; what may not be read, or does not come in time, counts as not seen.
 */

export interface AfterDenial {
  /** Assignments of the principal on projects of the account: they do not count for calls to the account itself. */
  onProjects: readonly Assignment[]
  /** The wanted role, held at this very scope by other service principals: one of them may be meant for this pipeline. */
  heldByOthers: readonly Assignment[]
  /** Deny assignments that forbid this principal what it was denied. */
  denyAssignments: readonly Deny[]
  /** Those that forbid whoever would grant to assign roles. */
  denyingGrants: readonly Deny[]
}

export interface Deny {
  name: string
  scope: string
}

export interface Denied {
  role: { guid: string; scope: string }
  dataActions: readonly string[]
  /** Of the principal's groups, as far as its role assignments show them. */
  groupIds: readonly string[]
}

/** The diagnosis is not worth more than this; milliseconds. */
const patienceMs = 4000
/** Long lists are read so far; a subscription has room for 4,000 assignments. */
const maxEntries = 1000

export function lookAfterDenial(
  managed: ResourceContext,
  denied: Denied,
  clock: Clock,
): Promise<AfterDenial> {
  const { manager, resource, principalId, callerId } = managed
  const { roleAssignments, denyAssignments } = manager.authorization
  const account = withoutLeadingSlash(accountIdOf(resource))
  const scope = withoutLeadingSlash(denied.role.scope)
  const pipeline = new Set([principalId, ...denied.groupIds])
  const grantor = callerId === principalId ? pipeline : new Set([callerId])
  return inTime(
    clock,
    Promise.all([
      readable(roleAssignments.listForScope(account, { filter: `principalId eq '${principalId}'` })),
      readable(roleAssignments.listForScope(scope, { filter: 'atScope()' })),
      readable(denyAssignments.listForScope(scope, { filter: 'atScope()' })),
    ]).then(([own, here, denies]) => ({
      onProjects: own.flatMap(assignmentOf).filter(({ scope: at }) => isBelow(at, account)),
      heldByOthers: here
        .filter(({ principalType }) => principalType === 'ServicePrincipal')
        .flatMap(assignmentOf)
        .filter(
          ({ roleGuid, principalId: holder }) => roleGuid === denied.role.guid && holder !== principalId,
        )
        .filter(({ scope: at }) => isSameScope(at, scope)),
      denyAssignments: denies
        .filter(deny => appliesTo(deny, scope, pipeline) && forbidsAny(deny, denied.dataActions))
        .map(asDeny),
      denyingGrants: denies
        .filter(deny => appliesTo(deny, scope, grantor) && coversAction(deny.permissions ?? [], assignRoles))
        .map(asDeny),
    })),
  )
}

const nothing: AfterDenial = { onProjects: [], heldByOthers: [], denyAssignments: [], denyingGrants: [] }

async function inTime(clock: Clock, look: Promise<AfterDenial>): Promise<AfterDenial> {
  const done = new AbortController()
  try {
    return await Promise.race([look, clock.sleep(patienceMs, done.signal).then(() => nothing)])
  } finally {
    done.abort()
  }
}

/** One try: whatever goes wrong, the denial itself is the news. */
async function readable<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  try {
    for await (const entry of entries) {
      found.push(entry)
      if (found.length >= maxEntries) break
    }
  } catch {
    // What came before the failure is as true as ever.
  }
  return found
}

/** In Azure everybody is a principal with this id. */
const everybody = '00000000-0000-0000-0000-000000000000'

const asDeny = ({ denyAssignmentName, name, scope = '' }: DenyAssignment): Deny => ({
  name: denyAssignmentName ?? name ?? '',
  scope,
})

const forbidsAny = ({ permissions = [] }: DenyAssignment, dataActions: readonly string[]) =>
  dataActions.some(action => coversDataAction(permissions, action))

function appliesTo(deny: DenyAssignment, scope: string, identities: ReadonlySet<string>): boolean {
  const ids = (principals: DenyAssignment['principals']) =>
    (principals ?? []).map(({ id }) => id?.toLowerCase() ?? '')
  const named = ids(deny.principals).some(id => id === everybody || identities.has(id))
  const excluded = ids(deny.excludePrincipals).some(id => identities.has(id))
  const reaches = deny.doNotApplyToChildScopes !== true || isSameScope(deny.scope ?? '', scope)
  return named && !excluded && reaches
}
