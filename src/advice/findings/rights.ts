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

/** What the pipeline's principal may do at the resource, no matter what it did in this run. */

export interface Rights extends EffectivePermissions {
  /** False if role assignments cannot be read: then it holds more than is seen here. */
  areListed: boolean
  /** Effective permissions, as Azure adds them up for the caller: they name no role, and show no condition. */
  live: readonly Permission[] | undefined
  /** What this run granted, or would grant: it did not exist when the others were read. */
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
    // For another identity, Azure shows only which roles it holds.
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
  // A group holds the role for its members only.
  if (role === undefined || !isGranted || membership === 'not-member') return undefined
  return {
    id: roleAssignmentId ?? '<ROLE-ASSIGNMENT-ID>',
    scope: role.scope,
    roleGuid: role.guid,
    principalId: valuesOf({ record }).grantee.principalId,
    createdOn: undefined,
  }
}

/** The roles that are known to give the right to the action. The principal may have the right although none is known. */
export const giversOf = ({ held }: Rights, action: string): EffectivePermission[] =>
  held.filter(permission => coversAction([permission], action))

/** What Azure adds up counts more than what the roles are known to give, because definitions change. Undefined: not known. */
export function can(rights: Rights, action: string): boolean | undefined {
  const { live, held, ofUnknownRoles, areListed, added } = rights
  if (live !== undefined)
    return coversAction([...live, ...held.filter(({ assignment }) => assignment === added)], action)
  if (coversAction(held, action)) return true
  return areListed && ofUnknownRoles.length === 0 ? false : undefined
}

/** Assignments that let the principal make the calls of this run, without duplicates: the wanted role, or others. */
export function callers({ held, ofUnknownRoles }: Rights, { role, routes = [] }: RunRecord): Assignment[] {
  const fitting = held
    .filter(permission => routes.some(({ dataAction }) => coversDataAction([permission], dataAction)))
    .map(({ assignment }) => assignment)
  const asked = ofUnknownRoles.filter(({ roleGuid }) => roleGuid === role?.guid)
  return [...new Set([...fitting, ...asked])]
}

/**
 * The assignments except the one of the role that Microsoft's guide names, and the default of this action: it is what was asked
 * for. What it allows beyond the calls is information (information.ts), not a finding.
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
  isRecommended(record.role?.guid)

export type Assigning = 'allowed' | 'refused' | 'refused-by-condition' | 'unless-conditions' | 'unknown'

/** Whether the pipeline's principal may assign this run's role to the principal that the role is for. */
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

/** Those that are held, not only planned. */
export const isHeldNow = (assignment: Assignment, { added, isPlanned }: Rights): boolean =>
  !isPlanned || assignment !== added

/** The roles, and where they are held: what people look for in the portal. */
export function rolesInWords(assignments: readonly Assignment[], rights: Rights, record: RunRecord): string {
  const names = assignments.map(
    assignment =>
      `${nameOf(assignment, record)} at ${placeOf(assignment.scope)}${isHeldNow(assignment, rights) ? '' : ' (to be granted)'}`,
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

/** An assignment above the resource: it counts for everything below, now and later. */
export function isWide({ scope }: Assignment): boolean {
  return parseScope(scope).resources.length === 0
}
