import type { Assignment } from '../../azure/rbac/assignment.ts'
import { leastRoleFor, openAIUser } from '../../azure/rbac/built-in-roles.ts'
import { azLine, bash, grantFixes, grantOf, inputs, show } from '../explanations/commands.ts'
import { advice, type Fix } from '../explanations/explanation.ts'
import { separateSetup } from '../explanations/values.ts'
import type { InspectContext } from './finding.ts'
import { callers, isHeldNow, rolesInWords } from './rights.ts'

/** Fixes that remove a role, or replace it with a lesser one. */

type RoleName = { guid: string; name: string }

/** In the docs, which have no calls, the role that most calls need. */
export const exampleOrLeast = (
  dataActions: readonly string[],
  least: (...dataActions: string[]) => RoleName | undefined = leastRoleFor,
): RoleName | undefined => (dataActions.length === 0 ? openAIUser : least(...dataActions))

/** The calls need a replacement for a role that allows them, but not for other roles. */
export function replaceOrTakeAway(
  lesser: RoleName | undefined,
  givers: readonly Assignment[],
  seen: InspectContext,
): Fix[] {
  const look = givers.length === 0 ? [seeAssignments(seen)] : []
  const calling = callers(seen.rights, seen.record)
  const isCaller = givers.length === 0 || givers.some(giver => calling.includes(giver))
  const fixes = lesser !== undefined && isCaller ? replaceBy(lesser, givers, seen) : takeAway(givers, seen)
  return [...look, ...fixes]
}

/** Names the role in this action, grants it, and removes what it replaces. */
export function replaceBy(role: RoleName, replaced: readonly Assignment[], seen: InspectContext): Fix[] {
  return [
    inputs('Name the lesser role in this action', { role: role.name }),
    ...grantFixes(grantOf(seen.values, { role })),
    ...takeAway(replaced, seen),
  ]
}

/** An assignment that is not the principal's own belongs to its group, and others depend on it. */
export function takeAway(assignments: readonly Assignment[], seen: InspectContext): Fix[] {
  const { values, rights, record } = seen
  const there = assignments.filter(assignment => isHeldNow(assignment, rights))
  const own = there.filter(({ principalId }) => principalId === values.principalId)
  const ofGroups = there.filter(assignment => !own.includes(assignment))
  const ids = [...new Set(own.map(({ id }) => id))]
  return [
    ...(ids.length === 0
      ? []
      : [
          bash(
            'Remove the role, once nothing needs it',
            ids.map(id => azLine('role assignment delete', { ids: id })).join('\n'),
          ),
        ]),
    ...(ofGroups.length === 0
      ? []
      : [
          advice(
            `Remove the pipeline from the group that holds ${rolesInWords(ofGroups, rights, record)}: ${ofGroups.map(({ principalId }) => principalId).join(', ')}.`,
            'The role is held through a group',
          ),
        ]),
  ]
}

/** If it is not known which role it is. */
export const seeAssignments = ({ values }: InspectContext): Fix =>
  show('See which roles it holds', 'role assignment list', {
    assignee: values.principalId,
    scope: values.scope,
    'include-inherited': true,
  })

/** Another identity reads roles and grants: the pipeline's own then needs only its calls. */
export const separateDuties = (title: string, { record }: InspectContext): Fix[] =>
  separateSetup(record) ? [] : [inputs(title, { 'setup-client-id': '<CLIENT-ID-OF-A-SECOND-IDENTITY>' })]
