import { fallbackHolding, findHolding, type RoleHolding, type WantedRole } from '../azure/rbac/assignment.ts'
import { builtInPermissions, roleDefinitionId } from '../azure/rbac/built-in-roles.ts'
import { applicableAt, definitionOf, permissionsOf } from '../azure/rbac/effective-permissions.ts'
import { isOfAnotherJob } from '../azure/rbac/lease.ts'
import { coversAll, type Permission } from '../azure/rbac/permissions.ts'
import { servicePrincipal } from '../azure/rbac/principal.ts'
import { accountIdOf, scopeOf } from '../azure/resource-id.ts'
import type { Clock, Log } from '../core/ports.ts'
import { jobOf } from '../services/github/job.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import { isGrantee, type ResourceContext } from '../services/resource-manager/client.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import {
  type AssignmentsRead,
  readAssignments,
  readPermissions,
} from '../services/resource-manager/role-assignments.ts'
import { type Definition, findRole, readDefinition } from '../services/resource-manager/role-definitions.ts'
import { ageAt } from './assignment-age.ts'
import type { Facts } from './record.ts'
import type { Settings } from './settings.ts'

/** Who holds what: read before anything is changed, and judged once it is known whether the calls are let through. */

export interface RolesView {
  wanted: WantedRole & { name: string; definitionId: string }
  /** How who is to hold the role comes by it. */
  held: RoleHolding
  /** Milliseconds since the epoch, by Resource Manager's clock, when it was asked. */
  asOf: number
}

export interface RolesRead {
  role: { guid: string; name: string }
  /** What applies to the pipeline's principal. */
  own: AssignmentsRead | undefined
  /** What applies to who is to hold the role: mostly the same. */
  ofGrantee: AssignmentsRead | undefined
  readAt: number
}

const asksItself = ({ principalId, callerId }: ResourceContext) => callerId === principalId

const self = ({ principalId }: ResourceContext) => servicePrincipal(principalId)

/**
 * The role that was asked for. What a custom role lets its holders do is read with it, for no table knows: facts tell before
 * the first call. Undefined where it may not be looked up: then the calls decide alone.
 * @throws StepFailure `role-not-found`
 */
export function lookUpRole(
  settings: Settings,
  managed: ResourceContext,
  facts: Facts,
): Promise<RolesRead['role'] | undefined> {
  return undefinedIfForbidden(readRole(settings, managed, facts))
}

async function readRole(
  { access }: Settings,
  managed: ResourceContext,
  facts: Facts,
): Promise<RolesRead['role']> {
  const { manager, resource } = managed
  const { permissions, ...role } = await findRole(manager, access.role, scopeOf(resource))
  if (permissions !== undefined) facts.definitions.set(role.guid, permissions)
  if (permissions !== undefined || builtInPermissions(role.guid) !== undefined) return role
  const live = await readLive(role.guid, managed, facts)
  return { ...role, name: live?.name ?? role.name }
}

/** @returns undefined where the role could not be looked up. */
export async function readRoles(
  looking: Promise<RolesRead['role'] | undefined>,
  managed: ResourceContext,
  { now }: Clock,
  facts: Facts,
): Promise<RolesRead | undefined> {
  const { manager, resource, grantee } = managed
  const scope = scopeOf(resource)
  const readAt = now()
  const [role, own, another] = await Promise.all([
    looking,
    readAssignments(manager, scope, self(managed), now),
    isGrantee(managed) ? undefined : readAssignments(manager, scope, grantee, now),
  ])
  if (own !== undefined) facts.assignments = own.assignments
  return role && { role, own, ofGrantee: isGrantee(managed) ? own : another, readAt }
}

/** The role, at the scope where it counts: roles on a project do not, for calls to the account that it belongs to. */
export function tellRole(
  { role }: RolesRead,
  { resource, grantee }: ResourceContext,
  facts: Facts,
): RolesView['wanted'] {
  const projectOnly = (facts.routes ?? []).every(({ url }) => url.includes('/api/projects/'))
  const scope = projectOnly ? scopeOf(resource) : accountIdOf(resource)
  const definitionId = roleDefinitionId(resource.subscriptionId, role.guid)
  facts.role = { ...role, scope, definitionId }
  return { scope, principalId: grantee.principalId, roleGuid: role.guid, name: role.name, definitionId }
}

interface Question {
  wanted: RolesView['wanted']
  dataActions: readonly string[]
  /** Whether a call was denied. */
  denied: boolean
}

/** How the role is held, or what stands in for it. */
export async function judgeRoles(
  read: RolesRead,
  { routes, denied }: { routes: readonly Route[]; denied: boolean },
  managed: ResourceContext,
  clock: Clock,
  facts: Facts,
): Promise<RolesView> {
  const wanted = tellRole(read, managed, facts)
  const question = { wanted, dataActions: dataActionsOf(routes), denied }
  const view = isGrantee(managed)
    ? await judgeOwn(read, question, managed, clock, facts)
    : await judgeAnothers(read, question, managed, facts)
  tellHolding(view, facts)
  // Either may lead to a grant, which must not be made in vain.
  if (denied || view.held.state === 'missing') facts.roleFits = await fits(question, managed, facts)
  return view
}

async function judgeOwn(
  read: RolesRead,
  question: Question,
  managed: ResourceContext,
  clock: Clock,
  facts: Facts,
): Promise<RolesView> {
  const { wanted, dataActions } = question
  const { assignmentsRead, holding } = await lookForHolding(read.own, question, managed, clock, facts)
  const held = holding ?? fallbackHolding(assignmentsRead?.assignments, facts.permissions, dataActions)
  facts.roleState = held.state
  if (holding?.assignment !== undefined) facts.roleAssignmentId = holding.assignment.id
  return { wanted, held, asOf: assignmentsRead?.asOf ?? read.readAt }
}

/** The role is to be held by somebody else: a group, as a rule, of which the pipeline is a member or is not. */
async function judgeAnothers(
  { own, ofGrantee, readAt }: RolesRead,
  question: Question,
  managed: ResourceContext,
  facts: Facts,
): Promise<RolesView> {
  const { wanted, dataActions, denied } = question
  const holding = ofGrantee && findHolding(ofGrantee.assignments, wanted)
  const held = holding ?? fallbackHolding(ofGrantee?.assignments, undefined, dataActions)
  if (holding?.assignment !== undefined) facts.roleAssignmentId = holding.assignment.id
  facts.roleState = held.state
  if (holding !== undefined) tellMembership(own, managed, facts)
  if (denied || facts.roleState === 'missing') await tellPermissions(own, question, managed, facts)
  return { wanted, held, asOf: ofGrantee?.asOf ?? readAt }
}

/**
 * Whether the pipeline is a member of the group that holds the role: Resource Manager lists what applies to a principal through
 * its groups, of groups within groups as well. Left unset where that may not be read.
 */
function tellMembership(own: AssignmentsRead | undefined, managed: ResourceContext, facts: Facts): void {
  if (own !== undefined) {
    const through = own.assignments.some(({ principalId }) => principalId === managed.grantee.principalId)
    facts.membership = through ? 'member' : 'not-member'
  }
  tellHeldByAnother(managed, facts)
}

/** What a role that somebody else holds is to the pipeline: its own as a member's, which it is taken to be until that is known. */
export function tellHeldByAnother({ grantee }: ResourceContext, facts: Facts): void {
  if (facts.roleState === 'granted') return
  const isMember = grantee.principalType === 'Group' && facts.membership !== 'not-member'
  facts.roleState = isMember ? 'group' : 'missing'
}

function tellHolding({ held, asOf }: RolesView, facts: Facts): void {
  const { assignment } = held
  if (assignment === undefined) return
  const age = ageAt(asOf, assignment.createdOn)
  if (age.kind === 'known') facts.roleAgeMs = age.ageMs
  const isHeld = held.state !== 'covered'
  if (isHeld && isOfAnotherJob(assignment, jobOf(facts.run, facts.assertion).lease))
    facts.borrowed = assignment
}

/** EffectivePermissions permissions are asked for only where the assignments do not answer how the role is held. */
async function lookForHolding(
  assignmentsRead: AssignmentsRead | undefined,
  question: Question,
  managed: ResourceContext,
  { now }: Clock,
  facts: Facts,
): Promise<{ assignmentsRead: AssignmentsRead | undefined; holding: RoleHolding | undefined }> {
  const { wanted, dataActions, denied } = question
  const holding = assignmentsRead && findHolding(assignmentsRead.assignments, wanted)
  if (holding !== undefined && !denied) return { assignmentsRead, holding }
  await tellPermissions(assignmentsRead, question, managed, facts)
  if (holding !== undefined || !denied || !coversAll(facts.permissions ?? [], dataActions))
    return { assignmentsRead, holding }
  // The permissions are younger than the list: another run may have been granting the role just then.
  const again = await readAssignments(managed.manager, wanted.scope, self(managed), now)
  if (again === undefined) return { assignmentsRead, holding }
  facts.assignments = again.assignments
  return { assignmentsRead: again, holding: findHolding(again.assignments, wanted) }
}

/** What the pipeline may do. Resource Manager says so of who asks; of somebody else, the roles held are added up. */
async function tellPermissions(
  own: AssignmentsRead | undefined,
  question: Question,
  managed: ResourceContext,
  facts: Facts,
): Promise<void> {
  const permissions = asksItself(managed)
    ? await readPermissions(managed.manager, question.wanted.scope)
    : await addedUp(own, question, managed, facts)
  if (permissions !== undefined) facts.permissions = permissions
}

/** @returns undefined where roles whose definitions may not be read could give what the others do not. */
async function addedUp(
  own: AssignmentsRead | undefined,
  { wanted, dataActions }: Question,
  managed: ResourceContext,
  facts: Facts,
): Promise<readonly Permission[] | undefined> {
  if (own === undefined) return undefined
  const applicable = applicableAt(own.assignments, wanted.scope)
  const guids = [...new Set(applicable.map(({ roleGuid }) => roleGuid))]
  await Promise.all(guids.map(guid => readLive(guid, managed, facts)))
  const { held, ofUnknownRoles } = permissionsOf(applicable, facts.definitions)
  return ofUnknownRoles.length === 0 || coversAll(held, dataActions) ? held : undefined
}

/**
 * Adds what a role lets its holders do to the facts, as its definition says now, for definitions drift; once a run.
 * @returns undefined where it may not be read, or was before. @throws StepFailure `role-not-found`
 */
async function readLive(
  guid: string,
  { manager, resource }: ResourceContext,
  facts: Facts,
): Promise<Definition | undefined> {
  if (facts.definitions.has(guid)) return undefined
  const live = await undefinedIfForbidden(readDefinition(manager, scopeOf(resource), guid))
  if (live !== undefined) facts.definitions.set(guid, live.permissions)
  return live
}

/** Whether the role, once held, would let the calls through. */
async function fits(
  { wanted, dataActions }: Question,
  managed: ResourceContext,
  facts: Facts,
): Promise<boolean> {
  await readLive(wanted.roleGuid, managed, facts)
  const permissions = definitionOf(wanted.roleGuid, facts.definitions)
  return permissions === undefined || coversAll(permissions, dataActions)
}

/** What who grants may do: asked only for a plan, for a grant shows it by itself. */
export async function tellGrantorPermissions(managed: ResourceContext, facts: Facts): Promise<void> {
  if (facts.role === undefined || (asksItself(managed) && facts.permissions !== undefined)) return
  const permissions = await readPermissions(managed.manager, facts.role.scope)
  if (permissions === undefined) return
  if (asksItself(managed)) facts.permissions = permissions
  else facts.setupPermissions = permissions
}

/** Pauses before a group is taken to be without the pipeline: members of the last moments are not everywhere at once. */
const membershipPausesMs = [2000, 4000, 8000]

/**
 * Reads again who belongs to the group that holds the role, until the pipeline does, or long enough.
 * @param limitMs Milliseconds that it may take in any case.
 */
export async function settleMembership(
  managed: ResourceContext,
  limitMs: number,
  { clock, log }: { clock: Clock; log: Log },
  facts: Facts,
): Promise<void> {
  const isHeld = facts.membership !== undefined || facts.grant !== undefined
  if (isGrantee(managed) || !isHeld || facts.role === undefined) return
  if (managed.grantee.principalType !== 'Group') {
    facts.membership = 'not-member'
    return
  }
  const deadline = clock.now() + limitMs
  for (const pauseMs of [0, ...membershipPausesMs]) {
    if (clock.now() + pauseMs > deadline) return
    if (pauseMs > 0) {
      log.info(`The pipeline is not seen among the members; looking again in ${pauseMs / 1000} s`)
      await clock.sleep(pauseMs)
    }
    const own = await readAssignments(managed.manager, facts.role.scope, self(managed), clock.now)
    if (own === undefined) return
    facts.assignments = own.assignments
    tellMembership(own, managed, facts)
    if (facts.membership === 'member') return
  }
}
