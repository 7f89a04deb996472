import type { Assignment } from '../../access/assignments.ts'
import { permanentName } from '../../access/grant.ts'
import { reader } from '../../access/roles.ts'
import type { Facts } from '../../facts.ts'
import { servicePrincipal } from '../../inputs.ts'
import { advice, type Explanations, type Fix, paragraph, type Told } from '../explanation.ts'
import {
  assigneeOptions,
  assignOnly,
  az,
  azLine,
  bash,
  grantFixes,
  grantOf,
  principalInWords,
  show,
  takeTurns,
} from './commands.ts'
import { denyAssignmentFixes, fixesOfDenial, whyDenied } from './denial.ts'
import { separateSetup, type Values, valuesOf } from './values.ts'

/** For pipelines that shall go on granting by themselves: this one role, to one type of principals, and nothing else to give or take. */
function mayGrant(told: Told): Fix {
  const values = valuesOf(told)
  return bash(
    'Or let the pipeline grant this one role by itself (Role Based Access Control Administrator, with a condition)',
    assignOnly([values.role.guid], values),
  )
}

/** The wanted role lets its holder look as well; an identity that is there to grant gets the role for that. */
function letLook(told: Told): Fix[] {
  return separateSetup(told.facts) ? [mayGrant(told)] : grantFixes(grantOf(valuesOf(told)))
}

function findPrincipal(told: Told): Fix {
  const { clientId, grantee } = valuesOf(told)
  if (grantee.principalType === 'Group')
    return show('See the group', 'ad group show', {
      group: grantee.principalId,
      query: '{name:displayName, objectId:id}',
    })
  if (grantee.principalType === 'User')
    return show('See the user', 'ad user show', {
      id: grantee.principalId,
      query: '{name:displayName, objectId:id}',
    })
  return show('See the object id of the service principal', 'ad sp show', {
    id: told.facts.settings?.access.grantee?.principalId ?? clientId,
    query: '{name:displayName, objectId:id, type:servicePrincipalType}',
  })
}

const ofSubscription = ({ subscriptionId }: Values) => ({ subscription: subscriptionId })
const ofGroup = ({ subscriptionId, resourceGroup }: Values) => ({
  subscription: subscriptionId,
  'resource-group': resourceGroup,
})

const listResources = (told: Told) =>
  show('See which resources there are', 'cognitiveservices account list', {
    ...ofSubscription(valuesOf(told)),
    query: '[].{resource:id, kind:kind}',
  })

const whoseSubscription = (told: Told) =>
  show('See whose the subscription is', 'account show', {
    ...ofSubscription(valuesOf(told)),
    query: '{name:name, subscription:id, tenantId:tenantId, state:state}',
  })

/** The role that would be granted; the name it would be granted under is known beforehand. */
function assignmentInTheWay(told: Told): Fix[] {
  const { grantee, role, scope, subscriptionId } = valuesOf(told)
  const name = permanentName({ principalId: grantee.principalId, scope, roleGuid: role.guid })
  return [
    show('See the assignment of that name', 'role assignment list', {
      all: true,
      subscription: subscriptionId,
      query: `[?name=='${name}'].{assignment:id, principalId:principalId, role:roleDefinitionName, scope:scope}`,
    }),
    bash(
      'If its principal is gone, remove it',
      azLine('role assignment delete', {
        ids: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      }),
    ),
  ]
}

const removeBorrowed = ({ id }: Assignment): Fix[] => [
  bash(
    'If that job is long over (its runner was lost, and nothing was taken back), remove the assignment',
    azLine('role assignment delete', { ids: id }),
  ),
  advice(
    'Or have an administrator grant the role once; then no job has to.',
    'Where several pipelines share the identity',
  ),
]

const needsAccount = ({ settings }: Facts) =>
  settings?.keys.access === 'forbid' && settings.keys.retired === undefined

const administratorsDo =
  'Somebody who may assign roles does it once, and this pipeline needs no more rights for it; afterwards `grant: never` says so plainly.'

const statusPage = advice('Run the job again. If it goes on, look at https://azure.status.microsoft.')

export const resourceManagerExplanations: Explanations<'resourceManager'> = {
  'cannot-assign-role': {
    title: 'The pipeline may not grant the role, and does not hold it',
    about: paragraph(
      'The principal does not have `Microsoft.Authorization/roleAssignments/write` at the resource. Contributor does not have it either.',
      administratorsDo,
    ),
    why: told =>
      paragraph(
        `The principal ${valuesOf(told).grantorId} does not have Microsoft.Authorization/roleAssignments/write at the resource; Contributor does not have it either.`,
        whyDenied(told),
        administratorsDo,
      ),
    unlike:
      'Where the principal may assign some roles but not this one, the code is `delegation-condition-unmet`. With `grant: never` the same state reads `access-denied`.',
    fixes: told => [...fixesOfDenial(told), mayGrant(told)],
  },
  'delegation-condition-unmet': {
    title: 'A condition on the right to assign roles does not allow this role',
    why: told => {
      const { role, grantorId, grantee } = valuesOf(told)
      return `The principal ${grantorId} may assign some roles, by a condition, and ${role.name} to the ${principalInWords(grantee)} is not among them. Foundry Owner, Foundry Account Owner and Foundry Project Manager, for one, may assign Foundry roles only.`
    },
    unlike:
      'Without any right to assign roles the code is `cannot-assign-role`; Azure words some of those refusals the same.',
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
    title: 'A deny assignment stands in the way',
    why: ({ facts, refusal }) =>
      paragraph(
        'Deny assignments win over every role. Azure makes them by itself, for deployment stacks and managed applications.',
        refusal.named?.action && `Forbidden is ${refusal.named.action}.`,
        facts.afterDenial?.denyAssignments.map(({ name, scope }) => `"${name}" at ${scope}.`).join(' '),
      ),
    unlike:
      'A missing role reads `cannot-assign-role` or `resource-manager-forbidden`: there, granting helps.',
    fixes: told => denyAssignmentFixes(valuesOf(told)),
  },
  'principal-not-found': {
    title: 'The directory does not find the principal',
    why: told =>
      `No ${principalInWords(valuesOf(told).grantee)} was found, and the call was tried again several times: one that was made a moment ago is not everywhere at once.`,
    unlike:
      "The object id of an app registration in the place of its service principal's reads the same, or `principal-type-mismatch`. So does a principal of another tenant than the subscription's.",
    fixes: told => [findPrincipal(told), advice('Run the job again in a minute.')],
  },
  'principal-type-mismatch': {
    title: 'The object id belongs to something that cannot hold this role assignment',
    why: told =>
      `There is no ${principalInWords(valuesOf(told).grantee)}; the id belongs to something else. Roles are held by service principals, users and groups; an app registration has an object id of its own, which is another one than that of its service principal.`,
    unlike: 'An id that the directory does not know at all is `principal-not-found`.',
    fixes: told => [
      findPrincipal(told),
      advice(
        'Use the object id that is shown under Enterprise applications, not the one under App registrations.',
      ),
    ],
  },
  'role-not-found': {
    title: 'There is no such role to assign at the resource',
    why: told => {
      const { role, scope } = valuesOf(told)
      return `${role.name} was not found among the roles that can be assigned at ${scope}. A custom role counts only where one of its assignable scopes covers the resource.`
    },
    unlike: 'A slip in the name of a built-in role is `input-invalid`, before any request.',
    fixes: told => [
      show('See which roles can be assigned there', 'role definition list', {
        scope: valuesOf(told).scope,
        query:
          "[?contains(roleName, 'Cognitive') || contains(roleName, 'Foundry')].{name:roleName, guid:name}",
      }),
      show('See the custom roles', 'role definition list', {
        'custom-role-only': 'true',
        query: '[].{name:roleName, guid:name, scopes:assignableScopes}',
      }),
    ],
  },
  'role-assignment-limit': {
    title: 'The subscription has no room for another role assignment',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} holds 4,000 role assignments, those of its groups and resources included; there is no raising the limit.`,
    unlike: 'Nothing is wrong with this role or this principal.',
    fixes: told => [
      show('See assignments whose principal is gone', 'role assignment list', {
        all: true,
        ...ofSubscription(valuesOf(told)),
        query: "[?principalName==''].{assignment:id, role:roleDefinitionName}",
      }),
      advice('Remove those, or make the service principal a member of a group that holds the role already.'),
    ],
  },
  'role-assignment-exists': {
    title: 'The role assignment exists already',
    why: told => {
      const { grantee, role } = valuesOf(told)
      return `${grantee.principalId} holds ${role.name} already, under another name of the assignment. That is no failure by itself.`
    },
    unlike: 'The same name for something else is `role-assignment-conflict`.',
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
    title: 'Another role assignment stands in the way',
    about: paragraph(
      'The name is taken, the assignment is being changed right now, or the role is held by a temporary assignment of another job (`revoke: true`).',
      'Azure takes one assignment for a principal, role and scope: what another job removes at its end is nothing to rely on, and stands in the way of one that stays.',
    ),
    why: ({ facts }) =>
      facts.borrowed === undefined
        ? 'Names of role assignments are unique in the tenant, and an assignment cannot be changed into another one. The name is made from scope, principal and role: one that was made for an identity that has since been made anew keeps it.'
        : 'Another job made the assignment for itself, by `revoke: true`, and removes it when it ends: access would be gone in the middle of this deploy. Azure takes no second assignment of the same role while it is there.',
    unlike:
      'The same role for the same principal, to stay, is `role-assignment-exists`, which counts as held.',
    fixes: told => {
      const { borrowed } = told.facts
      if (borrowed !== undefined) return [takeTurns, ...removeBorrowed(borrowed)]
      return [advice('Run the job again: a change on its way passes.'), ...assignmentInTheWay(told)]
    },
  },
  'resource-locked': {
    title: 'A lock on the resource stands in the way',
    why: () => 'A lock at the resource, its group or its subscription holds for role assignments too.',
    unlike: 'Locks stop everybody, owners included; a missing right reads `cannot-assign-role`.',
    fixes: told => [
      show('See the locks', 'lock list', {
        ...ofGroup(valuesOf(told)),
        query: '[].{name:name, level:level, lock:id}',
      }),
      bash(
        'Lift one for the grant, and set it again afterwards',
        azLine('lock delete', { ids: '<LOCK-ID>' }),
      ),
    ],
  },
  'policy-denied': {
    title: 'Azure Policy does not allow the role assignment',
    why: () => 'The policy that the message names refuses it, whatever rights the principal has.',
    unlike: 'A missing right reads `cannot-assign-role`, and names no policy.',
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
      advice('Or choose a role that the policy allows, by the input `role`.'),
    ],
  },
  'subscription-not-found': {
    title: 'The subscription is not visible to the principal',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} does not exist, belongs to another tenant or cloud, or the principal holds no role in it at all: Azure answers the same.`,
    unlike:
      'If the command below shows the subscription to you, with the tenant of this run, then the principal holds no role in it: grant one.',
    fixes: told => [whoseSubscription(told), ...letLook(told)],
  },
  'subscription-disabled': {
    title: 'The subscription is disabled',
    why: told =>
      `Nothing can be changed in subscription ${valuesOf(told).subscriptionId} until it is enabled again.`,
    unlike: 'A lock on the resource is `resource-locked`.',
    fixes: told => [
      whoseSubscription(told),
      advice('Have the billing of the subscription settled, or use a resource of another one.'),
    ],
  },
  'resource-not-found': {
    title: 'There is no such resource',
    why: told =>
      `Resource Manager knows no resource ${valuesOf(told).scope}. A slip in the name or the resource group does this, and so does the name of a deployment or a project in the place of the account's.`,
    unlike: 'A resource that may not be read is `resource-manager-forbidden`.',
    fixes: told => [
      listResources(told),
      show(
        'See whether it was deleted',
        'cognitiveservices account list-deleted',
        ofSubscription(valuesOf(told)),
      ),
    ],
  },
  'resource-manager-forbidden': {
    title: 'The principal may not read the resource',
    why: told =>
      paragraph(
        `The principal ${valuesOf(told).grantorId} lacks ${told.refusal.named?.action ?? 'a right to read'}.`,
        'A principal without any role on the resource sees nothing of it; Cognitive Services User includes the right to read it.',
        needsAccount(told.facts)
          ? 'With `key-access: forbid` the account must be read, or `retired-key` given, which shows the same at the data plane.'
          : 'With the inputs `endpoint` and `deployments` the account need not be read.',
      ),
    unlike: 'Azure says the same of a resource group that does not exist: compare the id with the list.',
    fixes: told => {
      const values = valuesOf(told)
      return [
        ...letLook(told),
        bash(
          'If the role that the pipeline needs does not include reading: Reader besides',
          az(
            'role assignment create',
            assigneeOptions(servicePrincipal(values.grantorId)),
            { role: reader.guid },
            { scope: values.scope },
          ),
        ),
        listResources(told),
      ]
    },
  },
  'resource-manager-token-rejected': {
    title: 'Resource Manager did not accept the token',
    why: told => {
      const { tenantId, subscriptionId } = valuesOf(told)
      return `The token is of tenant ${tenantId}. Subscription ${subscriptionId} trusts another one, or the token is of another cloud.`
    },
    unlike:
      'A right that is missing is a 403: `resource-manager-forbidden`. A token that had ended would have been renewed.',
    fixes: told => [
      whoseSubscription(told),
      advice('Set `tenant-id`, and `client-id` with it, to an identity of the tenant that this shows.'),
    ],
  },
  'resource-manager-throttled': {
    title: 'Resource Manager throttles the principal or the subscription',
    why: () => 'The limit was exceeded for longer than this run waits.',
    unlike: 'Nothing is said about roles: they were not looked at.',
    fixes: () => [takeTurns, advice('Run the job again later.')],
  },
  'resource-manager-unavailable': {
    title: 'Resource Manager did not answer as it should',
    why: told => `Several tries at ${valuesOf(told).resourceManager} met an error of the service itself.`,
    unlike: 'Refusals, from 400 to 499, have codes of their own.',
    fixes: () => [statusPage],
  },
  'resource-manager-rejected': {
    title: 'Resource Manager refused the request',
    why: () => "The reason is in the service's own words: it is none of those that this action knows.",
    unlike: 'All refusals that have a known cause have a code of their own.',
    fixes: () => [
      advice(
        'Look the code up: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors',
      ),
    ],
  },
}
