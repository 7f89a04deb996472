import { removeAssignment } from '../../rbac.ts'
import { normalizeScope } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { RoleAssignment } from '../../world.ts'
import { ArmError } from '../errors.ts'
import { requireScope } from '../existence.ts'
import { filterTerms, isListed } from '../filters.ts'
import type { Call, Gateway } from '../gateway.ts'
import { page } from '../paging.ts'
import { azureInstant, LONG_AGO } from '../values.ts'
import { writeRoleAssignment } from './role-assignment-writes.ts'
import { roleDefinitionId } from './role-definitions.ts'

const COLLECTION = '{scope}/providers/Microsoft.Authorization/roleAssignments'
const SINGLE = `${COLLECTION}/{name}`

/** Assignments per page of a list. */
const PAGE_SIZE = 100

/** Role assignments at any scope. */
export function roleAssignmentRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function find(scope: string, name: string): RoleAssignment | undefined {
    return context.world.roleAssignments.find(
      assignment =>
        assignment.name === name.toLowerCase() && normalizeScope(assignment.scope) === normalizeScope(scope),
    )
  }

  function list(call: Call): ServiceReply {
    const { scope = '' } = call.params
    gateway.authorize(call, {
      action: 'Microsoft.Authorization/roleAssignments/read',
      scope: `${scope}/providers/Microsoft.Authorization`,
    })
    requireScope(context.world, scope)
    const terms = filterTerms(call, ['atScope', 'principalId', 'assignedTo'])
    const value = context.world.roleAssignments
      .filter(({ scope: at, principalId }) =>
        isListed(context.world, scope, terms, { scope: at, principals: [principalId] }),
      )
      .map(assignment => assignmentBody(assignment, scope))
    return page(call, value, { origin: context.endpoints.resourceManager, size: PAGE_SIZE })
  }

  function get(call: Call): ServiceReply {
    const { scope = '', name = '' } = call.params
    gateway.authorize(call, {
      action: 'Microsoft.Authorization/roleAssignments/read',
      scope: assignmentId(scope, name),
    })
    requireScope(context.world, scope)
    const assignment = find(scope, name)
    if (assignment) return { status: 200, body: assignmentBody(assignment, scope) }
    throw new ArmError(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`)
  }

  function create(call: Call): ServiceReply {
    const { scope = '', name = '' } = call.params
    const written = writeRoleAssignment(gateway, call, scope, name)
    return { status: 201, body: writtenBody(written, scope, context.clock.now()) }
  }

  function remove(call: Call): ServiceReply {
    const { scope = '', name = '' } = call.params
    const assignment = find(scope, name)
    gateway.authorize(call, {
      action: 'Microsoft.Authorization/roleAssignments/delete',
      scope: assignmentId(scope, name),
      ...(assignment && {
        resource: {
          RoleDefinitionId: assignment.roleDefinitionId,
          PrincipalId: assignment.principalId,
          PrincipalType: assignment.principalType,
        },
      }),
    })
    requireScope(context.world, scope)
    if (!assignment) return { status: 204 }
    removeAssignment(context.world, assignment, context.clock.now())
    return { status: 200, body: assignmentBody(assignment, scope) }
  }

  return gateway.routes([
    ['roleAssignments.list', 'GET', COLLECTION, 'RoleAssignments_ListForScope', list],
    ['roleAssignments.get', 'GET', SINGLE, 'RoleAssignments_Get', get],
    ['roleAssignments.create', 'PUT', SINGLE, 'RoleAssignments_Create', create],
    ['roleAssignments.delete', 'DELETE', SINGLE, 'RoleAssignments_Delete', remove],
  ])
}

function assignmentId(scope: string, name: string): string {
  return `${normalizeScope(scope) === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`
}

/** An assignment as it is stored. The role's id follows `seenFrom`, the scope of the request. */
function assignmentBody(assignment: RoleAssignment, seenFrom: string) {
  const { name, scope, principalId, principalType, condition, conditionVersion, description } = assignment
  const { createdOn = LONG_AGO, updatedOn = createdOn, createdBy, updatedBy } = assignment
  return {
    properties: {
      roleDefinitionId: roleDefinitionId(assignment.roleDefinitionId, seenFrom),
      principalId,
      principalType,
      scope,
      condition,
      conditionVersion,
      createdOn,
      updatedOn,
      createdBy,
      updatedBy,
      delegatedManagedIdentityResourceId: null,
      description,
    },
    id: assignmentId(scope, name),
    type: 'Microsoft.Authorization/roleAssignments',
    name,
  }
}

/**
 * The reply to a PUT is not what is stored. It names no creator, and its times are those of this request, even if the assignment
 * is old; only a GET has its creation time.
 */
function writtenBody(assignment: RoleAssignment, seenFrom: string, now: number) {
  const stored = assignmentBody(assignment, seenFrom)
  const times = { createdOn: azureInstant(now, '1375'), updatedOn: azureInstant(now, '2480') }
  return { ...stored, properties: { ...stored.properties, ...times, createdBy: null } }
}
