import type { Assignment } from '../../../azure/rbac/assignment.ts'
import { permanentName } from '../../../azure/rbac/assignment-name.ts'
import { automaticRole, reader } from '../../../azure/rbac/built-in-roles.ts'
import { assignRoles } from '../../../azure/rbac/delegation-conditions.ts'
import {
  applicableAt,
  definitionOf,
  type EffectivePermission,
  permissionsOf,
} from '../../../azure/rbac/effective-permissions.ts'
import { coversAction } from '../../../azure/rbac/permissions.ts'
import { servicePrincipal } from '../../../azure/rbac/principal.ts'
import { inWords } from '../../../core/text/duration.ts'
import { neededBy } from '../../../gate/also.ts'
import { denyAssignmentsSeen } from '../../../gate/evidence.ts'
import type { RunRecord } from '../../../gate/record.ts'
import { throttledBudgetMs } from '../../../services/resource-manager/throttling.ts'
import {
  assigneeOptions,
  assignOnly,
  az,
  azLine,
  bash,
  grantFixes,
  grantOf,
  inputs,
  principalInWords,
  show,
  takeTurns,
} from '../commands.ts'
import { delegationOf } from '../delegation.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { denyAssignmentFixes, neededGrant, whyDenied } from '../inference/denial.ts'
import { resourceValues, separateSetup, type Values, valuesOf } from '../values.ts'

/** For pipelines that shall go on granting by themselves: this one role, to one type of principals, and nothing else to give or take. */
function mayGrant(told: ExplainContext): Fix {
  const values = valuesOf(told)
  return bash(
    'Or let the pipeline grant this one role itself (Role Based Access Control Administrator, under a condition)',
    assignOnly([values.role.guid], values),
  )
}

/** Who holds what is another right than what the resource is. */
const isOfRoles = ({ failure }: ExplainContext) =>
  failure.details?.action?.startsWith('Microsoft.Authorization/') === true

/** The wanted role lets its holder look as well; an identity that is there to grant gets the role for that. */
function letLook(told: ExplainContext): Fix[] {
  return separateSetup(told.record) ? [mayGrant(told)] : grantFixes(grantOf(valuesOf(told)))
}

/** Whether the role is a custom one whose definition may not be read. */
const isRoleUnknown = ({ record }: ExplainContext): boolean =>
  record.role !== undefined && definitionOf(record.role.guid, record.definitions) === undefined

/** The least one that covers the calls, where they are known. */
const suitableRole = ({ record }: ExplainContext): string => automaticRole(neededBy(record)).name

function findPrincipal(told: ExplainContext): Fix {
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
  return show('Find the object id of the service principal', 'ad sp show', {
    id: told.record.settings?.access.grantee?.principalId ?? clientId,
    query: '{name:displayName, objectId:id, type:servicePrincipalType}',
  })
}

const ofSubscription = ({ subscriptionId }: Values) => ({ subscription: subscriptionId })
const ofGroup = ({ subscriptionId, resourceGroup }: Values) => ({
  subscription: subscriptionId,
  'resource-group': resourceGroup,
})

const listResources = (told: ExplainContext) =>
  show('List the resources of the subscription', 'cognitiveservices account list', {
    ...ofSubscription(valuesOf(told)),
    query: '[].{resource:id, kind:kind}',
  })

const whoseSubscription = (told: ExplainContext) =>
  show('See the tenant of the subscription', 'account show', {
    ...ofSubscription(valuesOf(told)),
    query: '{name:name, subscription:id, tenantId:tenantId, state:state}',
  })

/** The role that would be granted; the name it would be granted under is known beforehand. */
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
      azLine('role assignment delete', {
        ids: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      }),
    ),
  ]
}

const removeBorrowed = ({ id }: Assignment): Fix[] => [
  bash(
    'If that job is over and left it behind (its runner was lost), remove the assignment',
    azLine('role assignment delete', { ids: id }),
  ),
  advice(
    'Have an administrator grant the role for good: then no job grants it, or takes it away.',
    'Or, if several pipelines share the identity',
  ),
]

const needsAccount = ({ settings }: RunRecord) =>
  settings?.keys.access === 'forbid' && settings.keys.retired === undefined

/** Where a policy is enforced by the resource, a new token does not help unless its circumstances are others. */
const isChallenge = ({ failure }: ExplainContext) =>
  failure.details?.challenge !== undefined || /continuous access evaluation/i.test(failure.said.message)

const afterChallenge = {
  met: 'It asked for a token that meets the policy, Entra gave one, and it was refused as well.',
  unreadable: 'It asked for a token with claims that cannot be read, so Entra was not asked for one.',
  none: 'It named no claims that Entra could be asked for.',
}

/** The service management of old, and what took its place. */
const classicHosts: ReadonlyMap<string, string> = new Map([
  ['management.core.windows.net', 'https://management.azure.com'],
  ['management.core.usgovcloudapi.net', 'https://management.usgovcloudapi.net'],
  ['management.core.chinacloudapi.cn', 'https://management.chinacloudapi.cn'],
])

function inPlaceOfClassic({ failure }: ExplainContext): string | undefined {
  const audience = failure.details?.audience ?? ''
  return URL.canParse(audience) ? classicHosts.get(new URL(audience).host) : undefined
}

function whyTokenRejected(told: ExplainContext): string {
  const { failure } = told
  const { tenantId, subscriptionId, grantorId, resourceManager } = valuesOf(told)
  if (isChallenge(told))
    return `A policy of the tenant is enforced at Resource Manager (continuous access evaluation). ${afterChallenge[failure.details?.challenge ?? 'none']} Mostly it is the address of the runner, which the policy does not allow to the principal ${grantorId}.`
  if (inPlaceOfClassic(told) !== undefined)
    return `${resourceManager} is the address of the classic service management, which wants tokens for itself and answers in XML. Azure Resource Manager has another one.`
  return `The token is of tenant ${tenantId}. Subscription ${subscriptionId} trusts another one, or the token is of another cloud.`
}

function fixesOfTokenRejected(told: ExplainContext): Fix[] {
  if (isChallenge(told))
    return [
      advice(
        `Ask the tenant's administrators to allow the runner's address in that policy, or to exempt ${valuesOf(told).clientId} from it; or run the job on a runner inside the allowed network. Signing in again does not help. They find the policy under Sign-in logs › Service principal sign-ins › Conditional Access.`,
      ),
    ]
  const endpoint = inPlaceOfClassic(told)
  if (endpoint !== undefined)
    return [inputs("Name Resource Manager's own address", { 'resource-manager-endpoint': endpoint })]
  return [whoseSubscription(told), advice('Set `tenant-id` and `client-id` to an identity of that tenant.')]
}

/** What gives who grants the right to assign roles, as far as its own assignments tell. */
function giversOfGrantor({ record }: ExplainContext): EffectivePermission[] {
  if (separateSetup(record)) return []
  const { scope } = resourceValues(record)
  const { held } = permissionsOf(applicableAt(record.assignments ?? [], scope), record.definitions)
  return held.filter(permission => coversAction([permission], assignRoles))
}

const holdsTheRight = (told: ExplainContext) =>
  giversOfGrantor(told).some(({ conditions }) => conditions.length === 0)

const administratorsDo =
  'Have somebody who may assign roles grant it once. The pipeline then needs no right to grant, and `grant: never` can be set.'

/** Those that were seen to block the calls, and the grant. */
function deniesSeen(record: RunRecord): string {
  const all = [...denyAssignmentsSeen(record), ...(record.afterDenial?.denyingGrants ?? [])]
  return [...new Set(all.map(({ name, scope }) => `"${name}" at ${scope}.`))].join(' ')
}

const statusPage = advice('Run the job again. If it persists, look at https://azure.status.microsoft.')

/** The inputs named an endpoint and a subscription, and the run got no further. */
const wasSearched = ({ record }: ExplainContext) => record.settings?.target.kind === 'search'

export const resourceManagerExplanations: Explanations<'resource-manager'> = {
  'cannot-assign-role': {
    title: 'The pipeline does not hold the role, and may not grant it',
    about: paragraph(
      `The principal may not assign roles at the resource (\`${assignRoles}\`); Contributor does not include that.`,
      administratorsDo,
    ),
    why: told =>
      paragraph(
        holdsTheRight(told)
          ? `The principal ${valuesOf(told).grantorId} holds a role that lets it assign roles (${assignRoles}), and was refused all the same: the role is so new that Resource Manager does not go by it yet.`
          : `The principal ${valuesOf(told).grantorId} may not assign roles at the resource (${assignRoles}); Contributor does not include that.`,
        whyDenied(told),
        administratorsDo,
      ),
    unlike:
      'If the principal may assign some roles but not this one, the code is `delegation-condition-unmet`. With `grant: never` it is `access-denied`.',
    fixes: told => [...grantFixes(grantOf(valuesOf(told), neededGrant(told))), mayGrant(told)],
  },
  'delegation-condition-unmet': {
    title: 'A condition on the right to assign roles does not allow this role',
    why: told => {
      const { role, grantorId, grantee } = valuesOf(told)
      const givers = giversOfGrantor(told)
      return paragraph(
        `The principal ${grantorId} may assign roles under a condition, and the condition does not allow ${role.name} for the ${principalInWords(grantee)}. Azure does not say so: it answers as if the right were missing.`,
        givers.length === 0
          ? 'Foundry Owner, Foundry Account Owner and Foundry Project Manager, for example, may assign Foundry roles only.'
          : delegationOf(givers, grantee.principalId).words,
      )
    },
    unlike:
      'Without any right to assign roles the code is `cannot-assign-role`. Azure mostly answers both in the same words: what the run sees of the roles of who grants decides.',
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
    about:
      'A grant is refused by it, or a call to a model is, and Resource Manager lists it. Where it may not be read, a denied call is `access-denied`.',
    why: ({ record, failure }) =>
      paragraph(
        'Deny assignments win over every role. Azure makes them for deployment stacks and managed applications; in a preview, users make them as well.',
        failure.details?.action && `This one forbids ${failure.details.action}.`,
        deniesSeen(record),
      ),
    unlike: 'A missing role is `cannot-assign-role` or `resource-manager-forbidden`: there, a grant helps.',
    fixes: told => denyAssignmentFixes(valuesOf(told)),
  },
  'principal-not-found': {
    title: 'The directory does not find the principal',
    why: told =>
      `There is no ${principalInWords(valuesOf(told).grantee)}. The run tried several times, as one that was only just created may not be known everywhere.`,
    unlike:
      "The object id of an app registration (instead of its service principal's) gives this code or `principal-type-mismatch`; so does a principal of another tenant.",
    fixes: told => [findPrincipal(told), advice('Run the job again in a minute.')],
  },
  'principal-type-mismatch': {
    title: 'The object id belongs to something that cannot hold this role assignment',
    why: told =>
      `There is no ${principalInWords(valuesOf(told).grantee)}; the id belongs to something else. Roles are held by service principals, users and groups. An app registration has an object id of its own, which differs from that of its service principal.`,
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
      return `${role.name} was not found among the roles that can be assigned at ${scope}. A custom role can be assigned only where one of its assignable scopes covers the resource.`
    },
    unlike: 'A typing error in the name of a built-in role is `input-invalid`, before any request.',
    fixes: told => [
      show('List the roles that can be assigned there', 'role definition list', {
        scope: valuesOf(told).scope,
        query:
          "[?contains(roleName, 'Cognitive') || contains(roleName, 'Foundry')].{name:roleName, guid:name}",
      }),
      show('List the custom roles', 'role definition list', {
        'custom-role-only': 'true',
        query: '[].{name:roleName, guid:name, scopes:assignableScopes}',
      }),
    ],
  },
  'role-not-suitable': {
    title: 'The role is one that the gate grants to nobody',
    why: told =>
      isRoleUnknown(told)
        ? `${valuesOf(told).role.name} is missing, and the gate would have to grant it. What it allows may not be read by this identity: it could be a role that assigns roles, and a gate that is not sure grants nothing. Nothing was changed.`
        : `${valuesOf(told).role.name} is missing, and the gate would have to grant it. Calling a model takes data actions, and no right to assign roles: a pipeline, a group or anyone else who is to hold the role could do harm with more. Nothing was changed.`,
    unlike:
      'A role with data actions that are not the ones that the calls need ends as `access-denied`. A role that is held already is used, whatever else it allows.',
    fixes: told => [
      ...(isRoleUnknown(told) ? letLook(told) : []),
      inputs('Name a role in this action that is for callers of models', { role: suitableRole(told) }),
      advice(
        'If it has to be this role, have an administrator assign it; the gate uses what is held.',
        'Or keep the role',
      ),
    ],
  },
  'role-assignment-limit': {
    title: 'The subscription has no room for another role assignment',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} has reached its limit of 4,000 role assignments, those of its groups and resources included. The limit cannot be raised.`,
    unlike: 'Nothing is wrong with this role or this principal.',
    fixes: told => [
      show('List assignments whose principal no longer exists', 'role assignment list', {
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
      return `${grantee.principalId} holds ${role.name} already, by an assignment of another name. That alone is no failure.`
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
    title: 'Another role assignment stands in the way',
    about: paragraph(
      'The name is taken, the assignment is being changed right now, or the role is held by a temporary assignment of another job (`revoke: true`).',
      'Azure allows one assignment for a principal, role and scope: the temporary one of another job cannot be relied on, and until it is gone no other can be made.',
    ),
    why: ({ record }) =>
      record.heldByOtherJob === undefined
        ? 'Names of role assignments are unique in the tenant. The gate makes the name from scope, principal and role, and another assignment has it already: often a left-over of an identity that was deleted and created again.'
        : 'Another job made the assignment for itself, by `revoke: true`, and removes it when it ends: access could be gone in the middle of this deploy. Until then Azure allows no second assignment of the same role.',
    unlike:
      'A permanent assignment of the same role to the same principal is `role-assignment-exists`, and counts as held.',
    fixes: told => {
      const { heldByOtherJob } = told.record
      if (heldByOtherJob !== undefined) return [takeTurns, ...removeBorrowed(heldByOtherJob)]
      return [
        advice('Run the job again: if the assignment was only being changed, that is over.'),
        ...assignmentInTheWay(told),
      ]
    },
  },
  'resource-locked': {
    title: 'A lock on the resource stands in the way',
    why: () => 'A lock on the resource, its group or its subscription applies to role assignments too.',
    unlike: 'Locks stop everybody, owners included; a missing right is `cannot-assign-role`.',
    fixes: told => [
      show('See the locks', 'lock list', {
        ...ofGroup(valuesOf(told)),
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
    why: () => 'The policy that the message names refuses it, whatever rights the principal has.',
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
  'subscription-not-found': {
    title: 'The subscription is not visible to the principal',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} does not exist, belongs to another tenant or cloud, or the principal holds no role in it at all: Azure gives the same answer.`,
    unlike:
      'If `az account show` shows you the subscription, with the tenant of this run, then the principal holds no role in it: grant one.',
    fixes: told => [whoseSubscription(told), ...letLook(told)],
  },
  'subscription-disabled': {
    title: 'The subscription is disabled',
    why: told =>
      `Nothing can be changed in subscription ${valuesOf(told).subscriptionId} until it is enabled again.`,
    unlike: 'A lock on the resource is `resource-locked`.',
    fixes: told => [
      whoseSubscription(told),
      advice(
        'Have the subscription enabled again (mostly a matter of billing), or use a resource in another one.',
      ),
    ],
  },
  'resource-provider-unregistered': {
    title: 'The subscription is not registered for Azure AI services',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} has never used the provider Microsoft.CognitiveServices, so no such resource can be in it: probably the id is that of another subscription.`,
    unlike: 'A subscription that may have the resource, and does not, answers `resource-not-found`.',
    fixes: told => [
      show('See your subscriptions: which of them has the resource?', 'account list', {
        query: '[].{name:name, subscription:id, state:state}',
      }),
      bash(
        'If it is the right subscription, register the provider',
        azLine('provider register', {
          ...ofSubscription(valuesOf(told)),
          namespace: 'Microsoft.CognitiveServices',
        }),
      ),
    ],
  },
  'resource-not-found': {
    title: 'There is no such resource',
    about:
      'Resource Manager knows no resource of that id; or, where `endpoint` was given with `subscription-id`, no account that may be read, or more than one, has the host of the endpoint, and an input needs the resource.',
    why: told =>
      wasSearched(told)
        ? 'The resource is looked for by the host of `endpoint`, among the accounts of the subscription that this identity may read. Name it by `resource-id` instead; or leave out what needs it, and only the call is proven.'
        : `Resource Manager knows no resource ${valuesOf(told).scope}. The name or the resource group is misspelt, or a deployment or project is named instead of the account.`,
    unlike: 'A resource that may not be read is `resource-manager-forbidden`.',
    fixes: told => [
      listResources(told),
      show(
        'List deleted resources',
        'cognitiveservices account list-deleted',
        ofSubscription(valuesOf(told)),
      ),
    ],
  },
  'resource-manager-forbidden': {
    title: 'The principal may not read the resource',
    why: told =>
      paragraph(
        `The principal ${valuesOf(told).grantorId} lacks ${told.failure.details?.action ?? 'a right to read'}.`,
        isOfRoles(told)
          ? 'Reader includes the right to read roles; roles that call models do not.'
          : 'Without any role on the resource it sees nothing of it; Cognitive Services User includes the right to read.',
        isOfRoles(told)
          ? ''
          : needsAccount(told.record)
            ? '`key-access: forbid` needs the account read, or `retired-key` given, which shows the same at the data plane.'
            : 'If `endpoint` and `deployments` are given, the account need not be read.',
      ),
    unlike:
      'Azure says the same if the resource group does not exist: compare `resource-id` with the list of resources.',
    fixes: told => {
      const values = valuesOf(told)
      return [
        ...(isOfRoles(told) ? [] : letLook(told)),
        bash(
          isOfRoles(told)
            ? 'Grant Reader to anyone who looks'
            : 'If that role does not include the right to read: grant Reader as well',
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
    about:
      'The subscription trusts another tenant, the token is of another cloud, a policy of the tenant is enforced at Resource Manager itself (continuous access evaluation), or the address is that of the classic service management.',
    why: whyTokenRejected,
    unlike:
      'A missing right is `resource-manager-forbidden`. An expired token is renewed, so that is not it.',
    fixes: fixesOfTokenRejected,
  },
  'resource-manager-throttled': {
    title: 'Resource Manager throttles the principal or the subscription',
    why: () =>
      `There were too many requests, and it goes on for longer than this run waits: ${inWords(throttledBudgetMs)} in all for each request.`,
    unlike: 'Roles were not looked at, so they may be right.',
    fixes: () => [takeTurns, advice('Run the job again later.')],
  },
  'resource-manager-unavailable': {
    title: 'Resource Manager did not answer as expected',
    why: told => `${valuesOf(told).resourceManager} failed several times, with an error of its own.`,
    unlike: 'Refusals (400 to 499) have codes of their own.',
    fixes: () => [statusPage],
  },
  'resource-manager-rejected': {
    title: 'Resource Manager refused the request',
    why: () => 'This action does not know the reason: it is in what Resource Manager said.',
    unlike: 'Refusals with a known cause have codes of their own.',
    fixes: () => [
      advice(
        'Look the code up: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors',
      ),
    ],
  },
}
