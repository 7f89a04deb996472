import { BUILT_IN_ROLES, type ConditionalPermission, type Role } from './built-in-roles.ts'
import type { Context } from './context.ts'
import { type AssignmentAttributes, fulfils } from './delegation-conditions.ts'
import { lagOf } from './replicas.ts'
import { covers, normalizeScope } from './scopes.ts'
import type { DenyAssignment, Permission, RoleAssignment, World } from './world.ts'

/**
 * Azure RBAC, really evaluated: deny assignments block; role assignments add up; what a role excludes is taken from
 * that role alone (learn.microsoft.com/azure/role-based-access-control/overview).
 */

/** In deny assignments: everybody. */
export const EVERYBODY = '00000000-0000-0000-0000-000000000000'

type Plane = 'control' | 'data'

export interface AccessRequest {
  principalId: string
  plane: Plane
  action: string
  scope: string
  /** What conditions on assigning roles look at, where an assignment is to be written or removed. */
  request?: AssignmentAttributes
  resource?: AssignmentAttributes
}

export type Decision =
  | { allowed: true }
  | { allowed: false; reason: 'no-role' | 'condition-unmet' }
  | { allowed: false; reason: 'deny-assignment'; denyAssignment: DenyAssignment }

/** By pattern: roles repeat theirs, and each request is compared with all of its caller's. */
const expressions = new Map<string, RegExp>()

/** `*` stands for any run of characters, slashes included; case does not matter. */
export function matchesAction(pattern: string, action: string): boolean {
  const expression = expressions.get(pattern) ?? expressionOf(pattern)
  expressions.set(pattern, expression)
  return expression.test(action)
}

function expressionOf(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 'is')
}

/** What one permission grants (or, in a deny assignment, denies): its actions minus its exceptions. */
export function includesAction(permission: Permission, plane: Plane, action: string): boolean {
  const [granted, excluded] =
    plane === 'control'
      ? [permission.actions, permission.notActions]
      : [permission.dataActions, permission.notDataActions]
  const matches = (pattern: string) => matchesAction(pattern, action)
  return granted.some(matches) && !excluded.some(matches)
}

/** The principal and every group that it is in, directly or through other groups. */
export function identitiesOf(world: World, principalId: string): ReadonlySet<string> {
  const identities = new Set([principalId.toLowerCase()])
  // A Set's iteration visits what is added meanwhile: this walks up until no group is new.
  for (const identity of identities) {
    for (const group of world.groups) if (group.members.includes(identity)) identities.add(group.objectId)
  }
  return identities
}

/** Built-in or custom role by GUID; undefined if the world has none. */
export function findRole(world: World, id: string): Role | undefined {
  const wanted = id.toLowerCase()
  return (
    BUILT_IN_ROLES.find(role => role.id === wanted) ?? world.roleDefinitions.find(role => role.id === wanted)
  )
}

/** Of `assignments`, those that apply to the principal at the scope: its own or a group's, at the scope or above. */
export function applicableAssignments(
  world: World,
  assignments: readonly RoleAssignment[],
  principalId: string,
  scope: string,
): RoleAssignment[] {
  const identities = identitiesOf(world, principalId)
  return assignments.filter(
    assignment => identities.has(assignment.principalId) && covers(world, assignment.scope, scope),
  )
}

/** The deny assignment that blocks the request, if one does, among those that the service knows. */
function blockingDenyAssignment(
  world: World,
  denies: readonly DenyAssignment[],
  request: AccessRequest,
): DenyAssignment | undefined {
  const identities = identitiesOf(world, request.principalId)
  const concerns = (principals: readonly string[]) => principals.some(id => identities.has(id))
  const reaches = ({ scope, doNotApplyToChildScopes }: DenyAssignment) =>
    doNotApplyToChildScopes
      ? normalizeScope(scope) === normalizeScope(request.scope)
      : covers(world, scope, request.scope)
  return denies.find(
    deny =>
      (deny.principals.includes(EVERYBODY) || concerns(deny.principals)) &&
      !concerns(deny.excludePrincipals) &&
      reaches(deny) &&
      deny.permissions.some(permission => includesAction(permission, request.plane, request.action)),
  )
}

function conditionsHold(
  assignment: RoleAssignment,
  permission: ConditionalPermission,
  request: AccessRequest,
): boolean {
  return [assignment.condition, permission.condition].every(
    condition => !condition || fulfils(condition, request),
  )
}

/** What a service knows at the moment. */
interface Heard {
  assignments: readonly RoleAssignment[]
  denies: readonly DenyAssignment[]
}

/**
 * Whether the assignments that the service knows allow the request. A deny assignment is the reason only if a role would have
 * allowed it, because the service then says "has permission … however".
 */
export function decide(world: World, { assignments, denies }: Heard, request: AccessRequest): Decision {
  const granting = applicableAssignments(world, assignments, request.principalId, request.scope).flatMap(
    assignment =>
      (findRole(world, assignment.roleDefinitionId)?.permissions ?? [])
        .filter(permission => includesAction(permission, request.plane, request.action))
        .map(permission => conditionsHold(assignment, permission, request)),
  )
  if (granting.length === 0) return { allowed: false, reason: 'no-role' }
  if (!granting.includes(true)) return { allowed: false, reason: 'condition-unmet' }
  const denyAssignment = blockingDenyAssignment(world, denies, request)
  return denyAssignment ? { allowed: false, reason: 'deny-assignment', denyAssignment } : { allowed: true }
}

interface FormerAssignment {
  assignment: RoleAssignment
  /** Milliseconds since the epoch. */
  endedAt: number
}

/** Replicas honour an assignment for a while after it was removed or changed. Kept by world, so a reset forgets them. */
const formerAssignments = new WeakMap<World, FormerAssignment[]>()

/** Takes an assignment out of the world at `now`, so that each replica of the data plane loses it after its own lag. */
export function removeAssignment(world: World, assignment: RoleAssignment, now: number): void {
  const position = world.roleAssignments.indexOf(assignment)
  if (position >= 0) world.roleAssignments.splice(position, 1)
  keepFormer(world, assignment, now)
}

/** Takes out of the world what has ended by `now`. */
export function endAssignments(world: World, now: number): void {
  for (const assignment of [...world.roleAssignments]) {
    const endedAt = Date.parse(assignment.endsOn ?? '')
    if (endedAt <= now) removeAssignment(world, assignment, endedAt)
  }
}

/** Keeps an assignment as it is before it is changed or removed at `now`: replicas use that for their lag. */
export function keepFormer(world: World, assignment: RoleAssignment, now: number): void {
  const former = { assignment: { ...assignment }, endedAt: now }
  formerAssignments.set(world, [...(formerAssignments.get(world) ?? []), former])
}

/** The assignments that a replica sees at `now`, if changes reach it `lag` milliseconds late. One without `createdOn` is old. */
function visibleAssignments(world: World, now: number, lag: number): RoleAssignment[] {
  const lingering = (formerAssignments.get(world) ?? [])
    .filter(({ endedAt }) => now < endedAt + lag)
    .map(({ assignment }) => assignment)
  return [...world.roleAssignments, ...lingering].filter(arrivedBy(now, lag))
}

const arrivedBy =
  (now: number, lag: number) =>
  ({
    createdOn,
    updatedOn = createdOn,
  }: {
    createdOn?: string | undefined
    updatedOn?: string | undefined
  }) =>
    updatedOn === undefined || Date.parse(updatedOn) + lag <= now

/** Authorization for the services of one local cloud, always by the present world. */
export interface Authorizer {
  /** Of a control-plane request, with the reason for a refusal. Changes of roles count at once. */
  decide(request: Omit<AccessRequest, 'plane'>): Decision
  /** Of a control-plane request: yes or no. */
  mayAct(principalId: string, action: string, scope: string): boolean
  /** Of a data-plane request, as replica number `replica` sees it: changes of roles reach it after its lag. */
  mayUseData(principalId: string, dataAction: string, scope: string, replica: number): boolean
}

export function createAuthorizer(context: Context): Authorizer {
  const decideControl: Authorizer['decide'] = request =>
    decide(
      context.world,
      { assignments: context.world.roleAssignments, denies: context.world.denyAssignments },
      { ...request, plane: 'control' },
    )
  return {
    decide: decideControl,
    mayAct: (principalId, action, scope) => decideControl({ principalId, action, scope }).allowed,
    mayUseData(principalId, dataAction, scope, replica) {
      const lag = lagOf(context.lag.roleAssignments, replica)
      const now = context.clock.now()
      const assignments = visibleAssignments(context.world, now, lag)
      const denies = context.world.denyAssignments.filter(arrivedBy(now, lag))
      const request = { principalId, plane: 'data', action: dataAction, scope } as const
      return decide(context.world, { assignments, denies }, request).allowed
    },
  }
}
