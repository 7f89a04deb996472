import type { Assignment } from '../../azure/rbac/assignment.ts'
import { cognitiveServicesUser, roleNameOf } from '../../azure/rbac/built-in-roles.ts'
import { assignRoles } from '../../azure/rbac/delegation-conditions.ts'
import {
  applicableAt,
  type EffectivePermission,
  type EffectivePermissions,
  mayAssign,
  permissionsOf,
} from '../../azure/rbac/effective-permissions.ts'
import { coversAction, coversDataAction, type Permission } from '../../azure/rbac/permissions.ts'
import { isSameScope, parseScope } from '../../azure/rbac/scopes.ts'
import { accountIdOf } from '../../azure/resource-id.ts'
import { listed } from '../../core/text/lists.ts'
import type { RunRecord } from '../../gate/record.ts'
import { valuesOf } from '../explanations/values.ts'

/** What the pipeline's principal may do at the resource, whatever it did in this run. */

export interface Rights extends EffectivePermissions {
  /** False where role assignments may not be read: then it holds more than is seen here. */
  areListed: boolean
  /** EffectivePermissions permissions as Azure adds them up for who asks: they name no role, and tell no condition. */
  live: readonly Permission[] | undefined
  /** What this run granted, or would grant: it was not there yet when the others were read. */
  added: Assignment | undefined
  isPlanned: boolean
}

export function rightsOf(record: RunRecord): Rights {
  const scope = record.role?.scope ?? accountScopeOf(record)
  const applicable = applicableAt(record.assignments ?? [], scope)
  const own = ownGrant(record)
  const added = own && applicable.some(assignment => isSame(assignment, own)) ? undefined : own
  return {
    ...permissionsOf(added === undefined ? applicable : [...applicable, added], record.definitions),
    areListed: record.assignments !== undefined,
    // Of another identity, Azure tells only which roles it holds.
    live: record.setupPrincipal === undefined ? record.permissions : undefined,
    added,
    isPlanned: record.grant?.outcome === 'planned',
  }
}

const isSame = (one: Assignment, other: Assignment) =>
  one.roleGuid === other.roleGuid &&
  one.principalId === other.principalId &&
  isSameScope(one.scope, other.scope)

const accountScopeOf = ({ settings }: RunRecord) =>
  settings?.target.kind === 'resource' ? accountIdOf(settings.target.resource) : ''

function ownGrant(record: RunRecord): Assignment | undefined {
  const { role, roleState, grant, membership, roleAssignmentId } = record
  const isGranted = roleState === 'granted' || grant?.outcome === 'exists' || grant?.outcome === 'planned'
  // A group holds for its members, and for nobody else.
  if (role === undefined || !isGranted || membership === 'not-member') return undefined
  return {
    id: roleAssignmentId ?? '<ROLE-ASSIGNMENT-ID>',
    scope: role.scope,
    roleGuid: role.guid,
    principalId: valuesOf({ record }).grantee.principalId,
    createdOn: undefined,
  }
}

/** The roles known to give the right to the action. None of them may be known, and the principal still have it. */
export const giversOf = ({ held }: Rights, action: string): EffectivePermission[] =>
  held.filter(permission => coversAction([permission], action))

/** What Azure adds up outdoes what the roles are known to give: definitions change. Undefined: nobody knows. */
export function can(rights: Rights, action: string): boolean | undefined {
  const { live, held, ofUnknownRoles, areListed, added } = rights
  if (live !== undefined)
    return coversAction([...live, ...held.filter(({ assignment }) => assignment === added)], action)
  if (coversAction(held, action)) return true
  return areListed && ofUnknownRoles.length === 0 ? false : undefined
}

/** Assignments through which the principal may call what this run called, each once: the role that was asked for, or others. */
export function callers({ held, ofUnknownRoles }: Rights, { role, routes = [] }: RunRecord): Assignment[] {
  const fitting = held
    .filter(permission => routes.some(({ dataAction }) => coversDataAction([permission], dataAction)))
    .map(({ assignment }) => assignment)
  const asked = ofUnknownRoles.filter(({ roleGuid }) => roleGuid === role?.guid)
  return [...new Set([...fitting, ...asked])]
}

/**
 * What of these is no more than was asked for: the role that Microsoft's guide names, and the default of this action. What it allows
 * beyond the calls is information (information.ts), and no finding.
 */
export const exceptRecommended = (assignments: readonly Assignment[], { role }: RunRecord): Assignment[] =>
  assignments.filter(({ roleGuid }) => !(isRecommended(roleGuid) && isRecommended(role?.guid)))

export const isRecommended = (roleGuid: string | undefined) => roleGuid === cognitiveServicesUser.guid

/** Whether the pipeline sees no roles because it holds the recommended one and, as far as anyone knows, no other: that one lets nobody read them. */
export const isBlindAsRecommended = (record: RunRecord): boolean =>
  record.roleState === 'unknown' &&
  record.setupPrincipal === undefined &&
  record.assignments === undefined &&
  record.permissions === undefined &&
  record.settings?.target.kind === 'resource' &&
  isRecommended(record.role?.guid)

export type Assigning = 'allowed' | 'refused' | 'refused-by-condition' | 'unless-conditions' | 'unknown'

/** Whether the pipeline's principal may assign this run's role to whom it is meant for. */
export function assigning(rights: Rights, record: RunRecord): Assigning {
  const { role } = record
  const may = can(rights, assignRoles)
  if (may === undefined) return 'unknown'
  if (!may) return 'refused'
  if (role === undefined || giversOf(rights, assignRoles).length === 0) return 'unless-conditions'
  const allowed = mayAssign(rights.held, { roleGuid: role.guid, ...valuesOf({ record }).grantee })
  if (allowed === true) return 'allowed'
  return allowed === false && rights.ofUnknownRoles.length === 0
    ? 'refused-by-condition'
    : 'unless-conditions'
}

/** Those that are held, and not merely planned. */
export const isHeld = (assignment: Assignment, { added, isPlanned }: Rights): boolean =>
  !isPlanned || assignment !== added

/** The roles, and where they are held: what a person looks for in the portal. */
export function inWords(assignments: readonly Assignment[], rights: Rights, record: RunRecord): string {
  const names = assignments.map(
    assignment =>
      `${nameOf(assignment, record)} at ${placeOf(assignment.scope)}${isHeld(assignment, rights) ? '' : ' (to be granted)'}`,
  )
  return listed([...new Set(names)])
}

export const nameOf = ({ roleGuid }: Assignment, { role }: RunRecord): string =>
  roleGuid === role?.guid ? role.name : (roleNameOf(roleGuid) ?? `the custom role ${roleGuid}`)

/** A scope, from the root of the tenant down to a project. */
function placeOf(scope: string): string {
  const { managementGroup, subscriptionId, resourceGroup, resources } = parseScope(scope)
  const [resource, project] = resources
  if (project !== undefined) return `the project ${project.name}`
  if (resource !== undefined) return 'the resource'
  if (resourceGroup !== undefined) return `the resource group ${resourceGroup}`
  if (subscriptionId !== undefined) return `the subscription ${subscriptionId}`
  return managementGroup === undefined ? 'the root of the tenant' : `the management group ${managementGroup}`
}

/** EffectivePermission from above the resource: it counts for all that lies below, today and tomorrow. */
export function isWide({ scope }: Assignment): boolean {
  return parseScope(scope).resources.length === 0
}
