import { fallbackHolding, findHolding, type RoleHolding, type RoleState } from '../azure/rbac/assignment.ts'
import { permissionsOf } from '../azure/rbac/effective-permissions.ts'
import { isOfAnotherJob, leaseIn } from '../azure/rbac/lease.ts'
import { coversAll, type Permission } from '../azure/rbac/permissions.ts'
import { accessByRoles } from '../azure/rbac/principal-access.ts'
import { dataActionsOf } from '../services/inference/route.ts'
import { isForApp, type ResourceContext } from '../services/resource-manager/context.ts'
import { type AssignmentsRead, readAssignments } from '../services/resource-manager/role-assignments.ts'
import { readApplicable } from './definition-reader.ts'
import { membershipIn } from './membership.ts'
import { asksItself } from './own-permissions.ts'
import { type Question, type Reading, type RolesRead, self } from './read-roles.ts'
import { type RoleHolder, roleStateOf } from './role-state.ts'
import type { RoleAccess } from './values.ts'

/** How the role is held, read before anything is changed. */

export type Found = Pick<
  RoleAccess,
  'holder' | 'held' | 'asOf' | 'assignments' | 'permissions' | 'membership' | 'endsWithOtherJob'
>

export async function evaluateOwn(read: RolesRead, question: Question, reading: Reading): Promise<Found> {
  const { assignmentsRead, holding, permissions } = await lookForHolding(read, question, reading)
  const assignments = assignmentsRead?.assignments
  const fallback = fallbackHolding(assignments, permissions, dataActionsOf(question.routes))
  const asOf = assignmentsRead?.asOf ?? read.readAt
  const found = { holder: 'pipeline', asOf, assignments, membership: undefined } as const
  const isBesides = holding === undefined || fallsShort(holding, question, reading)
  const lasting =
    isBesides && fallback.state === 'covered'
      ? await whatOutlastsOtherJobs(assignmentsRead, question, reading)
      : undefined
  const endsWithOtherJob = lasting !== undefined
  const held = holding ?? (endsWithOtherJob ? notHeld : fallback)
  reading.note({ holder: 'pipeline', held })
  return { ...found, held, permissions: lasting ?? permissions, endsWithOtherJob }
}

/** How the role is held if it is for somebody else, usually a group that the pipeline should be a member of. */
export async function evaluateAnothers(
  read: RolesRead,
  question: Question,
  reading: Reading,
): Promise<Found> {
  const { own, ofGrantee, readAt } = read
  const { wanted, routes, isDenied } = question
  const { context, note } = reading
  const holder = holderOf(context)
  const holding = ofGrantee && findHolding(ofGrantee.assignments, wanted)
  const held = holding ?? fallbackHolding(ofGrantee?.assignments, undefined, dataActionsOf(routes))
  const membership = holding === undefined ? undefined : membershipIn(own, context)
  note({ holder, held, ...(membership === undefined ? {} : { membership }) })
  const isMissing = stateOf({ holder, held, membership }) === 'missing'
  const isOfInterest = holder !== 'app' && (isDenied || isMissing || fallsShort(held, question, reading))
  const permissions = isOfInterest ? await readAccess(read, question, reading) : undefined
  const lasting = coversAll(permissions ?? [], dataActionsOf(routes))
    ? await whatOutlastsOtherJobs(own, question, reading)
    : undefined
  return {
    holder,
    held,
    asOf: ofGrantee?.asOf ?? readAt,
    assignments: own?.assignments,
    permissions: lasting ?? permissions,
    membership,
    endsWithOtherJob: lasting !== undefined,
  }
}

function holderOf(context: ResourceContext): RoleHolder {
  if (isForApp(context)) return 'app'
  return context.grantee.principalType === 'Group' ? 'group' : 'other'
}

const notHeld: RoleHolding = { state: 'missing', assignment: undefined }

/** Before any grant or proof. */
const stateOf = ({ held, ...who }: Pick<Found, 'holder' | 'held' | 'membership'>): RoleState =>
  roleStateOf({
    ...who,
    held: held.state,
    grant: undefined,
    access: 'unknown',
    isDenied: false,
    isLive: false,
  })

/**
 * If calls are allowed: what the pipeline may do by roles that last. Roles that other jobs made for themselves end with those
 * jobs, no matter which role it is. A role whose definition cannot be read counts as giving nothing. Undefined if such a role
 * may allow the calls too.
 */
async function whatOutlastsOtherJobs(
  read: AssignmentsRead | undefined,
  question: Question,
  reading: Reading,
): Promise<readonly Permission[] | undefined> {
  const lasting = read?.assignments.filter(assignment => !isOfAnotherJob(assignment, reading.job.lease))
  if (read === undefined || lasting === undefined || lasting.length === read.assignments.length)
    return undefined
  const permissions = (await permissionsByRoles({ ...read, assignments: lasting }, question, reading)) ?? []
  return coversAll(permissions, dataActionsOf(question.routes)) ? undefined : permissions
}

interface Looked {
  assignmentsRead: AssignmentsRead | undefined
  holding: RoleHolding | undefined
  permissions: readonly Permission[] | undefined
}

/**
 * Whether the role, as it is held, is known not to allow the calls: by its definition, or by the condition of its assignment.
 */
export function fallsShort(
  { assignment, state }: RoleHolding,
  { wanted: { principalId, scope }, routes }: Question,
  { definitions }: Pick<Reading, 'definitions'>,
): boolean {
  if (assignment === undefined || state === 'covered') return false
  const lease = leaseIn(assignment.description)
  const asked = { principalId, scope, dataActions: dataActionsOf(routes), ...(lease && { lease }) }
  return accessByRoles([assignment], definitions.known(), asked).kind === 'missing'
}

/** Effective permissions count only if the assignments do not show how the role is held, and that it allows the calls. */
async function lookForHolding(read: RolesRead, question: Question, reading: Reading): Promise<Looked> {
  const { own: assignmentsRead } = read
  const { wanted, routes, isDenied } = question
  const holding = assignmentsRead && findHolding(assignmentsRead.assignments, wanted)
  if (holding !== undefined && !isDenied && !fallsShort(holding, question, reading))
    return { assignmentsRead, holding, permissions: undefined }
  const permissions = await readAccess(read, question, reading)
  const seen = { assignmentsRead, holding, permissions }
  if (holding !== undefined || !isDenied || !coversAll(permissions ?? [], dataActionsOf(routes))) return seen
  // The permissions are newer than the list: another run may have granted the role in between.
  const { context, clock, note } = reading
  const again = await readAssignments(context.manager, wanted.scope, self(context), clock.now)
  if (again === undefined) return seen
  note({ assignments: again.assignments })
  return { assignmentsRead: again, holding: findHolding(again.assignments, wanted), permissions }
}

/**
 * What the pipeline may do. Resource Manager shows it for the caller only; for somebody else, the gate adds up the roles that
 * they hold.
 */
async function readAccess(
  read: RolesRead,
  question: Question,
  reading: Reading,
): Promise<readonly Permission[] | undefined> {
  const { context, note } = reading
  const permissions = asksItself(context)
    ? await read.permissions()
    : await permissionsByRoles(read.own, question, reading)
  if (permissions !== undefined) note({ permissions })
  return permissions
}

/** @returns undefined if roles whose definitions cannot be read could give what the others do not. */
async function permissionsByRoles(
  own: AssignmentsRead | undefined,
  { wanted, routes }: Question,
  { definitions }: Pick<Reading, 'definitions'>,
): Promise<readonly Permission[] | undefined> {
  if (own === undefined) return undefined
  const applicable = await readApplicable(own.assignments, wanted.scope, definitions)
  const { held, ofUnknownRoles } = permissionsOf(applicable, definitions.known())
  return ofUnknownRoles.length === 0 || coversAll(held, dataActionsOf(routes)) ? held : undefined
}
