import { identitiesOf } from '../../rbac.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { RoleAssignment } from '../../world.ts'
import { requireScope } from '../existence.ts'
import { filterTerms, isListed } from '../filters.ts'
import type { Call, Gateway } from '../gateway.ts'
import { LONG_AGO } from '../values.ts'
import { roleDefinitionId } from './role-definitions.ts'

const PROVIDER = '{scope}/providers/Microsoft.Authorization'

/** Privileged Identity Management, read only: who holds what now, and until when. Nobody is eligible for more. */
export function scheduleRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function authorizeRead(call: Call, type: string): string {
    const { scope = '' } = call.params
    const at = `${scope}/providers/Microsoft.Authorization`
    gateway.authorize(call, { action: `Microsoft.Authorization/${type}/read`, scope: at })
    requireScope(context.world, scope)
    return scope
  }

  function listAssigned(call: Call): ServiceReply {
    const scope = authorizeRead(call, 'roleAssignmentScheduleInstances')
    const terms = filterTerms(call, ['atScope', 'principalId', 'assignedTo', 'asTarget']).map(term =>
      term.kind === 'asTarget' ? { kind: 'assignedTo' as const, value: call.caller.oid } : term,
    )
    const value = context.world.roleAssignments
      .filter(({ scope: at, principalId }) =>
        isListed(context.world, scope, terms, { scope: at, principals: [principalId] }),
      )
      .map(assignment => instanceBody(assignment, scope, memberTypeOf(call, assignment)))
    return { status: 200, body: { value } }
  }

  const memberTypeOf = ({ caller }: Call, { principalId }: RoleAssignment) =>
    principalId !== caller.oid && identitiesOf(context.world, caller.oid).has(principalId)
      ? 'Group'
      : 'Direct'

  function listEligible(call: Call): ServiceReply {
    authorizeRead(call, 'roleEligibilityScheduleInstances')
    filterTerms(call, ['atScope', 'principalId', 'assignedTo', 'asTarget'])
    return { status: 200, body: { value: [] } }
  }

  return gateway.routes([
    [
      'roleAssignmentScheduleInstances.list',
      'GET',
      `${PROVIDER}/roleAssignmentScheduleInstances`,
      'RoleAssignmentScheduleInstances_ListForScope',
      listAssigned,
    ],
    [
      'roleEligibilityScheduleInstances.list',
      'GET',
      `${PROVIDER}/roleEligibilityScheduleInstances`,
      'RoleEligibilityScheduleInstances_ListForScope',
      listEligible,
    ],
  ])
}

function instanceBody(assignment: RoleAssignment, seenFrom: string, memberType: string) {
  const {
    name,
    scope,
    principalId,
    principalType,
    condition,
    conditionVersion,
    createdOn = LONG_AGO,
    endsOn = null,
  } = assignment
  const at = scope === '/' ? '' : scope
  const type = 'Microsoft.Authorization/roleAssignmentScheduleInstances'
  return {
    properties: {
      scope,
      roleDefinitionId: roleDefinitionId(assignment.roleDefinitionId, seenFrom),
      principalId,
      principalType,
      originRoleAssignmentId: `${at}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      status: 'Provisioned',
      startDateTime: createdOn,
      endDateTime: endsOn,
      memberType,
      assignmentType: 'Assigned',
      createdOn,
      condition,
      conditionVersion,
    },
    name,
    id: `${at}/providers/${type}/${name}`,
    type,
  }
}
