import { builtInPermissions, type RoleReference, roleDefinitionId } from '../azure/rbac/built-in-roles.ts'
import type { DenyAssignment } from '../azure/rbac/deny-assignments.ts'
import { servicePrincipal } from '../azure/rbac/principal.ts'
import { scopeOf } from '../azure/resource-id.ts'
import { inTime } from '../core/in-time.ts'
import type { Clock } from '../core/ports.ts'
import type { Route } from '../services/inference/route.ts'
import { readEnds } from '../services/resource-manager/assignment-ends.ts'
import { isGrantee, type ResourceContext } from '../services/resource-manager/context.ts'
import { patienceMs } from '../services/resource-manager/readable.ts'
import type { AssignmentsRead } from '../services/resource-manager/role-assignments.ts'
import { findRole, type Role } from '../services/resource-manager/role-definitions.ts'
import type { DefinitionReader } from './definition-reader.ts'
import type { Listings } from './listings.ts'
import { openPermissionsReader, type PermissionsReader } from './own-permissions.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import { scopeOfCalls } from './scope-of-calls.ts'
import type { Settings } from './settings.ts'
import type { RoleAccess, SignedIn } from './values.ts'

/** Who holds which role, read before anything is changed. */

export interface RolesRead {
  role: Role
  /** What applies to the pipeline's principal. */
  own: AssignmentsRead | undefined
  /** What applies to the principal that the role is for. Usually the pipeline. */
  ofGrantee: AssignmentsRead | undefined
  /** Of all principals; undefined if they cannot be read. */
  denies: readonly DenyAssignment[] | undefined
  permissions: PermissionsReader
  readAt: number
}

export interface Calls {
  routes: readonly Route[]
  /** Whether a call was denied. */
  isDenied: boolean
}

export interface Question extends Calls {
  wanted: RoleAccess['wanted']
}

export interface Reading {
  access: Settings['access']
  context: ResourceContext
  listings: Listings
  job: SignedIn['job']
  definitions: DefinitionReader
  /** Data actions that the pipeline needs besides those of its calls. */
  also: readonly string[]
  clock: Clock
  reporter: Reporter
  note: Note<'roles'>
}

export const self = ({ principalId }: ResourceContext) => servicePrincipal(principalId)

export async function lookUpRole(
  reference: RoleReference,
  { context, definitions }: Pick<Reading, 'context' | 'definitions'>,
): Promise<Role> {
  const { definition, ...role } = await findRole(context.manager, reference, scopeOf(context.resource))
  if (definition !== undefined) definitions.keep(role.guid, definition)
  if (definition !== undefined || builtInPermissions(role.guid) !== undefined) return role
  return { ...role, name: (await definitions.read(role.guid)) ?? role.name }
}

interface Sought {
  looking: Promise<Role | undefined>
  routing: Promise<Pick<Calls, 'routes'>>
}

export async function readRoles(
  { looking, routing }: Sought,
  { access, context, listings, also, clock, note }: Omit<Reading, 'job' | 'definitions' | 'reporter'>,
): Promise<RolesRead | undefined> {
  const readAt = clock.now()
  const listing = listings.assignmentsOf(self(context))
  lookForEnds(listing, context, note)
  const wanted = Promise.all([looking, routing]).then(
    ([role, { routes }]) => role && wantedFor(role, routes, { context, also }),
  )
  // The code that needs it awaits it.
  wanted.catch(() => undefined)
  const permissions = openPermissionsReader(context, access.grant, { wanted, listing })
  const [role, own, another, denies] = await Promise.all([
    looking,
    listing,
    isGrantee(context) ? undefined : listings.assignmentsOf(context.grantee),
    // If no call shows the right, the gate has to know the deny assignments.
    also.length > 0
      ? listings.denies()
      : inTime(
          clock,
          listings.denies().catch(() => []),
          [],
          patienceMs,
        ),
  ])
  if (own !== undefined) note({ assignments: own.assignments })
  return role && { role, own, ofGrantee: isGrantee(context) ? own : another, denies, permissions, readAt }
}

/**
 * When assignments end that end by themselves. Nothing waits for that, and no right is needed for it: who may list assignments
 * can mostly read it too.
 */
function lookForEnds(
  listing: Promise<AssignmentsRead | undefined>,
  { manager, resource, principalId }: ResourceContext,
  note: Note<'roles'>,
): void {
  const looking = listing.then(async own => {
    if (own === undefined || own.assignments.length === 0) return
    note({ ends: { at: await readEnds(manager, scopeOf(resource), principalId), asOf: own.asOf } })
  })
  // Code that needs the listing sees its failure.
  looking.catch(() => undefined)
}

/** The role, at the scope where it counts: a role on a project does not count for calls to the project's account. */
function wantedFor(
  { guid, name }: Role,
  routes: readonly Route[],
  { context: { resource, grantee }, also }: Pick<Reading, 'context' | 'also'>,
): RoleAccess['wanted'] {
  const scope = scopeOfCalls(routes, resource, also)
  const definitionId = roleDefinitionId(resource.subscriptionId, guid)
  return { scope, principalId: grantee.principalId, roleGuid: guid, name, definitionId }
}

export function nameWanted(
  role: Role,
  routes: readonly Route[],
  reading: Pick<Reading, 'context' | 'also' | 'note'>,
): RoleAccess['wanted'] {
  const wanted = wantedFor(role, routes, reading)
  const { note } = reading
  const { scope, definitionId } = wanted
  note({ role: { ...role, scope, definitionId } })
  return wanted
}
