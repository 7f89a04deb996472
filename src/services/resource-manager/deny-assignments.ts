import * as v from 'valibot'
import { authorizationApiVersion } from '../../azure/api-versions.ts'
import type { DenyAssignment } from '../../azure/rbac/deny-assignments.ts'
import { instantOf } from '../../core/text/instant.ts'
import type { ResourceManager } from './client.ts'
import { undefinedIfForbidden } from './forbidden.ts'
import { readable } from './readable.ts'
import { permissionEntry } from './role-assignments.ts'

/** Microsoft.Authorization: denyAssignments. */

const principalEntries = v.pipe(
  v.nullish(v.array(v.object({ id: v.nullish(v.string()), type: v.nullish(v.string()) })), []),
  v.transform(principals =>
    principals.map(({ id, type }) => ({ id: id?.toLowerCase() ?? '', type: type ?? undefined })),
  ),
)

const denyEntry = v.pipe(
  v.object({
    name: v.nullish(v.string()),
    properties: v.object({
      denyAssignmentName: v.nullish(v.string()),
      scope: v.string(),
      principals: principalEntries,
      excludePrincipals: principalEntries,
      permissions: v.nullish(v.array(permissionEntry)),
      condition: v.nullish(v.string()),
      doNotApplyToChildScopes: v.nullish(v.boolean()),
      createdOn: v.nullish(v.string()),
      updatedOn: v.nullish(v.string()),
    }),
  }),
  v.transform(
    ({ name, properties }): DenyAssignment => ({
      name: properties.denyAssignmentName ?? name ?? '',
      scope: properties.scope,
      principals: properties.principals,
      excluded: properties.excludePrincipals,
      permissions: properties.permissions ?? [],
      condition: properties.condition || undefined,
      isForThisScopeOnly: properties.doNotApplyToChildScopes === true,
      since: instantOf(properties.updatedOn) ?? instantOf(properties.createdOn),
    }),
  ),
)

const path = (scope: string) => `${scope}/providers/Microsoft.Authorization/denyAssignments`

/** Those at the scope and above it; none if they cannot be read, and then nothing follows from that. It never throws. */
export const readDenyAssignments = (
  manager: ResourceManager,
  scope: string,
): Promise<readonly DenyAssignment[]> =>
  readable(manager, { path: path(scope), filter: 'atScope()', entrySchema: denyEntry })

/** The same, but complete, for code that has to know. @returns undefined if they cannot be read. @throws StepError */
export function requireDenyAssignments(
  manager: ResourceManager,
  scope: string,
): Promise<readonly DenyAssignment[] | undefined> {
  const query = { apiVersion: authorizationApiVersion, filter: 'atScope()' }
  const reading = manager.readAll('reading the deny assignments', path(scope), query, denyEntry)
  return undefinedIfForbidden(reading.then(({ entries }) => entries))
}
