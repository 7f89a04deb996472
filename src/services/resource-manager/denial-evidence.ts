import * as v from 'valibot'
import type { Assignment } from '../../azure/rbac/assignment.ts'
import { assignRoles } from '../../azure/rbac/delegation-conditions.ts'
import { coversAction, coversDataAction } from '../../azure/rbac/permissions.ts'
import { isBelow, isSameScope } from '../../azure/rbac/scopes.ts'
import { accountIdOf } from '../../azure/resource-id.ts'
import type { Clock } from '../../core/ports.ts'
import type { ListQuery, ResourceManager } from './client.ts'
import type { ResourceContext } from './context.ts'
import {
  assignmentEntry,
  assignmentsPath,
  authorizationVersion,
  permissionEntry,
} from './role-assignments.ts'

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

const denyAssignmentsPath = (scope: string) => `${scope}/providers/Microsoft.Authorization/denyAssignments`

const principalIds = v.pipe(
  v.nullish(v.array(v.object({ id: v.nullish(v.string()) })), []),
  v.transform(principals => principals.map(({ id }) => id?.toLowerCase() ?? '')),
)
const denyEntry = v.pipe(
  v.object({
    name: v.nullish(v.string()),
    properties: v.object({
      denyAssignmentName: v.nullish(v.string()),
      scope: v.string(),
      principals: principalIds,
      excludePrincipals: principalIds,
      permissions: v.nullish(v.array(permissionEntry)),
      doNotApplyToChildScopes: v.nullish(v.boolean()),
    }),
  }),
  v.transform(({ name, properties }) => ({
    name: properties.denyAssignmentName ?? name ?? '',
    scope: properties.scope,
    principals: properties.principals,
    excluded: properties.excludePrincipals,
    permissions: properties.permissions ?? [],
    isForThisScopeOnly: properties.doNotApplyToChildScopes === true,
  })),
)
type DenyAssignment = v.InferOutput<typeof denyEntry>

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
  const account = accountIdOf(resource)
  const { scope } = denied.role
  const pipeline = new Set([principalId, ...denied.groupIds])
  const grantor = callerId === principalId ? pipeline : new Set([callerId])
  return inTime(
    clock,
    Promise.all([
      readable(manager, assignmentsPath(account), `principalId eq '${principalId}'`, assignmentEntry),
      readable(manager, assignmentsPath(scope), 'atScope()', assignmentEntry),
      readable(manager, denyAssignmentsPath(scope), 'atScope()', denyEntry),
    ]).then(([own, here, denies]) => ({
      onProjects: own.filter(({ scope: at }) => isBelow(at, account)),
      heldByOthers: here
        .filter(({ principalType }) => principalType === 'ServicePrincipal')
        .filter(
          ({ roleGuid, principalId: holder }) => roleGuid === denied.role.guid && holder !== principalId,
        )
        .filter(({ scope: at }) => isSameScope(at, scope)),
      denyAssignments: denies
        .filter(deny => appliesTo(deny, scope, pipeline) && forbidsAny(deny, denied.dataActions))
        .map(asDeny),
      denyingGrants: denies
        .filter(deny => appliesTo(deny, scope, grantor) && coversAction(deny.permissions, assignRoles))
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
async function readable<T extends v.GenericSchema>(
  manager: ResourceManager,
  path: string,
  filter: string,
  entrySchema: T,
): Promise<v.InferOutput<T>[]> {
  const query: ListQuery = { apiVersion: authorizationVersion, filter }
  let found: v.InferOutput<T>[] = []
  try {
    for await (const { entries } of manager.pages(
      'reading what explains the denial',
      path,
      query,
      entrySchema,
    )) {
      found = found.concat(entries)
      if (found.length >= maxEntries) break
    }
  } catch {
    // What came before the failure is as true as ever.
  }
  return found.slice(0, maxEntries)
}

/** In Azure everybody is a principal with this id. */
const everybody = '00000000-0000-0000-0000-000000000000'

const asDeny = ({ name, scope }: DenyAssignment): Deny => ({ name, scope })

const forbidsAny = ({ permissions }: DenyAssignment, dataActions: readonly string[]) =>
  dataActions.some(action => coversDataAction(permissions, action))

function appliesTo(deny: DenyAssignment, scope: string, identities: ReadonlySet<string>): boolean {
  const named = deny.principals.some(id => id === everybody || identities.has(id))
  const excluded = deny.excluded.some(id => identities.has(id))
  const reaches = !deny.isForThisScopeOnly || isSameScope(deny.scope, scope)
  return named && !excluded && reaches
}
