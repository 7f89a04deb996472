import * as v from 'valibot'
import { kindOfCondition } from '../../delegation-conditions.ts'
import { findRole, keepFormer } from '../../rbac.ts'
import { covers, normalizeScope, subscriptionIdOf } from '../../scopes.ts'
import type { RoleAssignment, World } from '../../world.ts'
import { ArmError, gatewayError, NotImplemented } from '../errors.ts'
import { requireScope } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'
import { directoryObject } from '../principals.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { azureInstant, GUID } from '../values.ts'

/**
 * Azure's limit for all scopes of a subscription together
 * (learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits).
 */
const ASSIGNMENTS_PER_SUBSCRIPTION = 4000

const WRITE = v.strictObject({
  ...resourceEnvelope,
  properties: v.strictObject({
    roleDefinitionId: v.string(),
    principalId: v.string(),
    principalType: v.nullish(v.string()),
    description: v.nullish(v.string(), null),
    condition: v.nullish(v.string(), null),
    conditionVersion: v.nullish(v.string(), null),
    /** Allows another tenant's identity to hold roles. The local cloud has no such identity. */
    delegatedManagedIdentityResourceId: v.nullish(v.null()),
    /** From versions before 2020: nobody may pass the role on. */
    canDelegate: v.nullish(v.literal(false)),
    scope: readOnly,
    createdOn: readOnly,
    updatedOn: readOnly,
    createdBy: readOnly,
    updatedBy: readOnly,
  }),
})

type Wanted = v.InferOutput<typeof WRITE>['properties']

/**
 * Creates a role assignment, or changes the description and the condition of the existing one with this name.
 * @throws ArmError with the code of whatever blocks it
 */
export function writeRoleAssignment(
  gateway: Gateway,
  call: Call,
  scope: string,
  name: string,
): RoleAssignment {
  const { world, clock } = gateway.context
  const wanted = readBody(call, WRITE).properties
  const roleId = wanted.roleDefinitionId.split('/').at(-1)?.toLowerCase() ?? ''
  authorizeWrite(gateway, call, { scope, name, roleId, wanted })
  requireScope(world, scope)
  requireName(name)
  requireCondition(wanted)
  requirePolicy(world, roleId, scope, name)
  requireRole(world, roleId, scope)
  const principalType = resolvePrincipal(world, call.caller.tid, wanted)

  const assignment: RoleAssignment = {
    name: name.toLowerCase(),
    scope: scope === '' ? '/' : scope,
    roleDefinitionId: roleId,
    principalId: wanted.principalId.toLowerCase(),
    principalType,
    ...changeable(wanted),
    createdBy: call.caller.oid,
    updatedBy: call.caller.oid,
  }
  const now = azureInstant(clock.now(), '5029')
  const existing = world.roleAssignments.find(other => other.name === assignment.name)
  if (existing) {
    requireSameTriple(existing, assignment)
    keepFormer(world, existing, clock.now())
    return Object.assign(existing, changeable(wanted), { updatedOn: now, updatedBy: call.caller.oid })
  }
  requireNoTwin(world, assignment)
  requireRoom(world, scope)
  const created = { ...assignment, createdOn: now, updatedOn: now }
  world.roleAssignments.push(created)
  return created
}

/**
 * There is only one version of conditions, and requests may leave it out (learn.microsoft.com, conditions-role-assignments-rest).
 */
const CONDITION_VERSION = '2.0'

const changeable = ({ description, condition, conditionVersion }: Wanted) => ({
  description,
  condition,
  conditionVersion: condition === null ? conditionVersion : CONDITION_VERSION,
})

/**
 * The wording is Azure's (learn.microsoft.com, conditions-troubleshoot); the code is not known.
 * @throws NotImplemented for a condition that Azure would accept and the local cloud cannot evaluate
 */
function requireCondition({ condition, conditionVersion }: Wanted): void {
  if (condition === null) return
  const kind = kindOfCondition(condition)
  if (kind === 'not evaluated') {
    throw new NotImplemented(
      'conditions in this form',
      'It evaluates ActionMatches and the comparison of an assignment with sets of roles, principals and types.',
    )
  }
  const isVersion = conditionVersion === null || conditionVersion === CONDITION_VERSION
  if (kind === 'evaluated' && isVersion) return
  throw new ArmError(400, 'BadRequest', 'The given role assignment condition is invalid.')
}

function authorizeWrite(
  gateway: Gateway,
  call: Call,
  { scope, name, roleId, wanted }: { scope: string; name: string; roleId: string; wanted: Wanted },
): void {
  gateway.authorize(call, {
    action: 'Microsoft.Authorization/roleAssignments/write',
    scope: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    request: {
      RoleDefinitionId: roleId,
      PrincipalId: wanted.principalId,
      PrincipalType: wanted.principalType ?? undefined,
    },
  })
}

function requireName(name: string): void {
  if (GUID.test(name)) return
  throw new ArmError(
    400,
    'InvalidRoleAssignmentId',
    `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
  )
}

/** Azure Policy is asked before the resource provider sees the request. */
function requirePolicy(world: World, roleId: string, scope: string, name: string): void {
  const policy = world.policyAssignments.find(
    ({ scope: at, deniedRoles, exemptScopes }) =>
      deniedRoles.includes(roleId) &&
      covers(world, at, scope) &&
      !exemptScopes.some(exempt => covers(world, exempt, scope)),
  )
  if (policy === undefined) return
  const id = `${policy.scope}/providers/Microsoft.Authorization/policyAssignments/${policy.name}`
  const identifiers = JSON.stringify([{ policyAssignment: { name: policy.displayName, id } }])
  throw gatewayError(
    403,
    'RequestDisallowedByPolicy',
    `Resource '${name}' was disallowed by policy. Policy identifiers: '${identifiers}'.`,
  )
}

/** A custom role exists only at its assignable scopes. */
function requireRole(world: World, roleId: string, scope: string): void {
  const role = findRole(world, roleId)
  if (role?.assignableScopes.some(assignable => covers(world, assignable, scope))) return
  throw new ArmError(
    400,
    'RoleDefinitionDoesNotExist',
    `The specified role definition with ID '${roleId.replaceAll('-', '')}' does not exist.`,
  )
}

/** The principal's type in the directory. A type in the request must match it. */
function resolvePrincipal(world: World, tenantId: string, wanted: Wanted): RoleAssignment['principalType'] {
  const { principalId, principalType } = wanted
  if (!GUID.test(principalId)) {
    throw new ArmError(
      400,
      'InvalidPrincipalId',
      `The Principal ID '${principalId}' is not valid. Principal ID must be a GUID.`,
    )
  }
  const type = directoryObject(world, tenantId, principalId)
  if (type === undefined) {
    throw new ArmError(
      400,
      'PrincipalNotFound',
      `Principal ${principalId.toLowerCase().replaceAll('-', '')} does not exist in the directory ${tenantId}. ` +
        'Check that you have the correct principal ID. If you are creating this principal and then immediately ' +
        'assigning a role, this error might be related to a replication delay. In this case, set the role assignment ' +
        'principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype',
    )
  }
  if (type === 'Application') {
    throw new ArmError(
      400,
      'PrincipalTypeNotSupported',
      'Principals of type Application cannot validly be used in role assignments.',
    )
  }
  if (principalType && principalType.toLowerCase() !== type.toLowerCase()) {
    // Azure misspells the word.
    throw new ArmError(
      400,
      'UnmatchedPrincipalType',
      `The PrincipalId '${principalId.replaceAll('-', '')}' has type '${type}' , which is different from specified PrinciaplType '${principalType}'.`,
    )
  }
  return type
}

function isSameTriple(one: RoleAssignment, other: RoleAssignment): boolean {
  return (
    one.principalId === other.principalId &&
    one.roleDefinitionId === other.roleDefinitionId &&
    normalizeScope(one.scope) === normalizeScope(other.scope)
  )
}

/** Names are unique in the whole tenant. */
function requireSameTriple(existing: RoleAssignment, wanted: RoleAssignment): void {
  if (isSameTriple(existing, wanted)) return
  throw new ArmError(
    400,
    'RoleAssignmentUpdateNotPermitted',
    'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
  )
}

function requireNoTwin(world: World, wanted: RoleAssignment): void {
  const twin = world.roleAssignments.find(other => isSameTriple(other, wanted))
  if (!twin) return
  throw new ArmError(
    409,
    'RoleAssignmentExists',
    `The role assignment already exists. The ID of the existing role assignment is ${twin.name.replaceAll('-', '')}.`,
  )
}

function requireRoom(world: World, scope: string): void {
  const subscriptionId = subscriptionIdOf(scope)
  if (subscriptionId === undefined) return
  const count = world.roleAssignments.filter(other => subscriptionIdOf(other.scope) === subscriptionId).length
  if (count < ASSIGNMENTS_PER_SUBSCRIPTION) return
  throw new ArmError(400, 'RoleAssignmentLimitExceeded', 'No more role assignments can be created.')
}
