import { assignRoles } from '../../../azure/rbac/delegation-conditions.ts'
import {
  applicableAt,
  type EffectivePermission,
  permissionsOf,
} from '../../../azure/rbac/effective-permissions.ts'
import { coversAction } from '../../../azure/rbac/permissions.ts'
import { denyAssignmentsSeen } from '../../../gate/evidence.ts'
import type { RunRecord } from '../../../gate/record.ts'
import { az, azLine, bash, grantFixes, grantOf, groupOptions, principalInWords, show } from '../commands.ts'
import { delegationOf } from '../delegation.ts'
import { advice, type ExplainContext, type Explanations, paragraph } from '../explanation.ts'
import { denyAssignmentFixes, neededGrant, whyDenied } from '../inference/denial.ts'
import { resourceValues, separateSetup, valuesOf } from '../values.ts'
import { mayGrant } from './grants.ts'

/** The roles that give the granting identity the right to assign, as far as its assignments show. */
function giversOfGrantor({ record }: ExplainContext): EffectivePermission[] {
  if (separateSetup(record)) return []
  const { scope } = resourceValues(record)
  const { held } = permissionsOf(applicableAt(record.assignments ?? [], scope), record.definitions)
  return held.filter(permission => coversAction([permission], assignRoles))
}

const holdsTheRight = (told: ExplainContext) =>
  giversOfGrantor(told).some(({ conditions }) => conditions.length === 0)

const administratorsDo =
  'Ask somebody who can assign roles to grant it once. The pipeline then needs no right to grant, and you can set `grant: never`.'

/** The deny assignments that block the calls, and those that block the grant. */
function deniesSeen(record: RunRecord): string {
  const all = [...denyAssignmentsSeen(record), ...(record.afterDenial?.denyingGrants ?? [])]
  return [...new Set(all.map(({ name, scope }) => `"${name}" at ${scope}.`))].join(' ')
}

export const grantRefusedExplanations = {
  'cannot-assign-role': {
    title: 'The pipeline does not hold the role and cannot grant it',
    about: paragraph(
      `The principal cannot assign roles at the resource (\`${assignRoles}\`); Contributor does not include that right.`,
      administratorsDo,
    ),
    why: told =>
      paragraph(
        holdsTheRight(told)
          ? `The principal ${valuesOf(told).grantorId} holds a role that lets it assign roles (${assignRoles}), but was refused: the role is so new that Resource Manager does not honour it yet.`
          : `The principal ${valuesOf(told).grantorId} cannot assign roles at the resource (${assignRoles}); Contributor does not include that right.`,
        whyDenied(told),
        administratorsDo,
      ),
    unlike:
      'If the principal can assign some roles but not this one, the code is `delegation-condition-unmet`. With `grant: never` it is `access-denied`.',
    fixes: told => [...grantFixes(grantOf(valuesOf(told), neededGrant(told))), mayGrant(told)],
  },
  'delegation-condition-unmet': {
    title: 'A condition on the right to assign roles does not allow this role',
    why: told => {
      const { role, grantorId, grantee } = valuesOf(told)
      const givers = giversOfGrantor(told)
      return paragraph(
        `The principal ${grantorId} can assign roles under a condition, and the condition does not allow ${role.name} for the ${principalInWords(grantee)}. Azure does not say that: it answers as if the right were missing.`,
        givers.length === 0
          ? 'Foundry Owner, Foundry Account Owner and Foundry Project Manager, for example, can assign Foundry roles only.'
          : delegationOf(givers, grantee.principalId).words,
      )
    },
    unlike:
      'Without any right to assign roles the code is `cannot-assign-role`. Azure usually answers both in the same words: the run decides by the roles that it can see of the granting identity.',
    fixes: told => {
      const { grantorId, scope } = valuesOf(told)
      return [
        ...grantFixes(grantOf(valuesOf(told))),
        show('See the condition', 'role assignment list', {
          assignee: grantorId,
          scope,
          'include-inherited': true,
          query: '[?condition].{role:roleDefinitionName, condition:condition}',
        }),
        mayGrant(told),
      ]
    },
  },
  'deny-assignment': {
    title: 'A deny assignment blocks the run',
    about:
      'It blocks a grant, or a call to a model, and Resource Manager lists it. If the run cannot read deny assignments, a denied call is `access-denied`.',
    why: ({ record, failure }) =>
      paragraph(
        'Deny assignments override every role. Azure creates them for deployment stacks and managed applications; in a preview, users can create them too.',
        failure.details?.action && `This one forbids ${failure.details.action}.`,
        deniesSeen(record),
      ),
    unlike: 'A missing role is `cannot-assign-role` or `resource-manager-forbidden`, which a grant fixes.',
    fixes: told => denyAssignmentFixes(valuesOf(told)),
  },
  'resource-locked': {
    title: 'A lock on the resource blocks the grant',
    why: () => 'A lock on the resource, its group or its subscription applies to role assignments too.',
    unlike: 'Locks stop everybody, owners included; a missing right is `cannot-assign-role`.',
    fixes: told => [
      show('See the locks', 'lock list', {
        ...groupOptions(valuesOf(told)),
        query: '[].{name:name, level:level, lock:id}',
      }),
      bash(
        'Remove it for the grant, and set it again afterwards',
        azLine('lock delete', { ids: '<LOCK-ID>' }),
      ),
    ],
  },
  'policy-denied': {
    title: 'Azure Policy does not allow the role assignment',
    why: () => 'The policy in the message forbids it, no matter which rights the principal has.',
    unlike: 'A missing right is `cannot-assign-role`, and names no policy.',
    fixes: told => [
      bash(
        'Ask the owners of the policy for an exemption',
        az(
          'policy exemption create',
          { name: 'key-less-gate', 'exemption-category': 'Waiver' },
          { 'policy-assignment': '<POLICY-ASSIGNMENT-ID>' },
          { scope: valuesOf(told).scope },
        ),
      ),
      advice('Set the input `role` to a role that the policy allows.', 'Or'),
    ],
  },
} satisfies Partial<Explanations<'resource-manager'>>
