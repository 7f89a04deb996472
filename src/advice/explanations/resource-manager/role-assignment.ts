import type { Assignment } from '../../../azure/rbac/assignment.ts'
import { assignmentIdOf, permanentName } from '../../../azure/rbac/assignment-name.ts'
import { azLine, bash, show, subscriptionOptions, takeTurns } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'

/** The role to grant. The name of the assignment is known beforehand. */
function assignmentInTheWay(told: ExplainContext): Fix[] {
  const { grantee, role, scope, subscriptionId } = valuesOf(told)
  const name = permanentName({ principalId: grantee.principalId, scope, roleGuid: role.guid })
  return [
    show('See the assignment that has the name', 'role assignment list', {
      all: true,
      subscription: subscriptionId,
      query: `[?name=='${name}'].{assignment:id, principalId:principalId, role:roleDefinitionName, scope:scope}`,
    }),
    bash(
      'If its principal no longer exists, remove it',
      azLine('role assignment delete', { ids: assignmentIdOf({ scope }, name) }),
    ),
  ]
}

const removeBorrowed = ({ id }: Assignment): Fix[] => [
  bash(
    'If that job is over and left it behind (its runner was lost), remove the assignment',
    azLine('role assignment delete', { ids: id }),
  ),
  advice(
    'Ask an administrator to grant the role permanently: then no job grants or removes it.',
    'Or, if several pipelines share the identity',
  ),
]

export const roleAssignmentExplanations = {
  'role-assignment-limit': {
    title: 'The subscription has no room for another role assignment',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} has reached its limit of 4,000 role assignments, those of its groups and resources included. The limit cannot be raised.`,
    unlike: 'Nothing is wrong with this role or this principal.',
    fixes: told => [
      show('List assignments whose principal no longer exists', 'role assignment list', {
        all: true,
        ...subscriptionOptions(valuesOf(told)),
        query: "[?principalName==''].{assignment:id, role:roleDefinitionName}",
      }),
      advice('Remove those, or make the service principal a member of a group that holds the role already.'),
    ],
  },
  'role-assignment-exists': {
    title: 'The role assignment exists already',
    why: told => {
      const { grantee, role } = valuesOf(told)
      return `${grantee.principalId} holds ${role.name} already, by an assignment with another name. That alone is not a failure.`
    },
    unlike: 'The same name for another assignment is `role-assignment-conflict`.',
    fixes: told => {
      const { grantee, scope } = valuesOf(told)
      return [
        show('See it', 'role assignment list', {
          assignee: grantee.principalId,
          scope,
          query: '[].{assignment:id, role:roleDefinitionName}',
        }),
      ]
    },
  },
  'role-assignment-conflict': {
    title: 'Another role assignment is in the way',
    about: paragraph(
      'The name is taken, the assignment is being changed right now, or the role is held by a temporary assignment of another job (`revoke: true`).',
      'Azure allows one assignment for a principal, role and scope. The run cannot rely on the temporary one of another job, and cannot create its own until that one is gone.',
    ),
    why: ({ record }) =>
      record.heldByOtherJob === undefined
        ? 'Names of role assignments are unique in the tenant. The gate makes the name from scope, principal and role, and another assignment has it already: often one that is left over from an identity that was deleted and created again.'
        : 'Another job created the assignment for itself, with `revoke: true`, and removes it when it ends: access could end in the middle of this deploy. Until then Azure allows no second assignment of the same role.',
    unlike:
      'A permanent assignment of the same role to the same principal is `role-assignment-exists`, and counts as held.',
    fixes: told => {
      const { heldByOtherJob } = told.record
      if (heldByOtherJob !== undefined) return [takeTurns, ...removeBorrowed(heldByOtherJob)]
      return [
        advice('Run the job again: if the assignment was just being changed, that is finished now.'),
        ...assignmentInTheWay(told),
      ]
    },
  },
} satisfies Partial<Explanations<'resource-manager'>>
