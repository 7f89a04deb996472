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

/** Whether the role is a custom one whose definition cannot be read. */
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
    'Ask an administrator to grant the role permanently: then no job grants or removes it.',
    'Or, if several pipelines share the identity',
  ),
]

const needsAccount = ({ settings }: RunRecord) =>
  settings?.keys.access === 'forbid' && settings.keys.retired === undefined

/** Where a policy is enforced by the resource, a new token does not help unless its circumstances are others. */
const isChallenge = ({ failure }: ExplainContext) =>
  failure.details?.challenge !== undefined || /continuous access evaluation/i.test(failure.said.message)

const afterChallenge = {
  met: 'It asked for a token that meets the policy. Entra issued one, but it was refused too.',
  unreadable:
    'It asked for a token with claims that the run cannot read, so the run did not ask Entra for one.',
  none: 'It named no claims that the run could ask Entra for.',
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
    return `A policy of the tenant is enforced at Resource Manager (continuous access evaluation). ${afterChallenge[failure.details?.challenge ?? 'none']} The usual reason is the address of the runner: the policy does not allow it for the principal ${grantorId}.`
  if (inPlaceOfClassic(told) !== undefined)
    return `${resourceManager} is the address of the classic service management API, which needs its own tokens and answers in XML. Azure Resource Manager has a different address.`
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
  'Ask somebody who can assign roles to grant it once. The pipeline then needs no right to grant, and you can set `grant: never`.'

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
    unlike: 'A missing role is `cannot-assign-role` or `resource-manager-forbidden`: those a grant fixes.',
    fixes: told => denyAssignmentFixes(valuesOf(told)),
  },
  'principal-not-found': {
    title: 'The directory does not find the principal',
    why: told =>
      `There is no ${principalInWords(valuesOf(told).grantee)}. The run tried several times, because a principal that was just created may not be known everywhere yet.`,
    unlike:
      "The object id of an app registration (instead of its service principal's) gives this code or `principal-type-mismatch`; so does a principal of another tenant.",
    fixes: told => [findPrincipal(told), advice('Run the job again in a minute.')],
  },
  'principal-type-mismatch': {
    title: 'The object id belongs to something that cannot hold this role assignment',
    why: told =>
      `There is no ${principalInWords(valuesOf(told).grantee)}; the id belongs to something else. Roles are held by service principals, users and groups. An app registration has its own object id, which differs from that of its service principal.`,
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
      return `${role.name} was not found among the roles that can be assigned at ${scope}. A custom role can be assigned only if one of its assignable scopes covers the resource.`
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
    title: 'The gate never grants this role',
    why: told =>
      isRoleUnknown(told)
        ? `${valuesOf(told).role.name} is missing, and the gate would have to grant it. This identity cannot read what the role allows: it could be a role that assigns roles, and a gate that is not sure grants nothing. Nothing was changed.`
        : `${valuesOf(told).role.name} is missing, and the gate would have to grant it. To call a model, a role needs data actions and no right to assign roles: a pipeline, a group or any other holder could do harm with more rights. Nothing was changed.`,
    unlike:
      'A role with other data actions than the calls need gives `access-denied`. The gate uses a role that is already held, no matter what else it allows.',
    fixes: told => [
      ...(isRoleUnknown(told) ? letLook(told) : []),
      inputs('Name a role for callers of models in this action', { role: suitableRole(told) }),
      advice(
        'If you need this role, ask an administrator to assign it; the gate uses a role that is already held.',
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
  'resource-locked': {
    title: 'A lock on the resource blocks the grant',
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
  'subscription-not-found': {
    title: 'The subscription is not visible to the principal',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} does not exist, belongs to another tenant or cloud, or the principal has no role in it at all: Azure gives the same answer for all of these.`,
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
        'Ask for the subscription to be enabled again (the reason is usually billing), or use a resource in another one.',
      ),
    ],
  },
  'resource-provider-unregistered': {
    title: 'The subscription is not registered for Azure AI services',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} has never used the provider Microsoft.CognitiveServices, so it cannot contain such a resource: the id is probably that of another subscription.`,
    unlike: 'If the subscription is registered but has no such resource, the code is `resource-not-found`.',
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
      'Resource Manager knows no resource with that id. Or `endpoint` was given with `subscription-id`, an input needs the resource, and no account that the run can read, or more than one, has the host of the endpoint.',
    why: told =>
      wasSearched(told)
        ? 'The gate looks for the resource by the host of `endpoint`, among the accounts of the subscription that this identity can read. Name the resource with `resource-id` instead; or remove the input that needs it, and the gate proves only the call.'
        : `Resource Manager knows no resource ${valuesOf(told).scope}. The name or the resource group is misspelt, or the id is that of a deployment or project instead of the account.`,
    unlike: 'A resource that the principal cannot read is `resource-manager-forbidden`.',
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
    title: 'The principal cannot read the resource',
    why: told =>
      paragraph(
        `The principal ${valuesOf(told).grantorId} lacks ${told.failure.details?.action ?? 'a right to read'}.`,
        isOfRoles(told)
          ? 'Reader includes the right to read roles; roles that call models do not.'
          : 'Without any role on the resource it cannot see it; Cognitive Services User includes the right to read.',
        isOfRoles(told)
          ? ''
          : needsAccount(told.record)
            ? 'For `key-access: forbid` the gate must read the account, or test a `retired-key`, which shows the same at the data plane.'
            : 'If you give `endpoint` and `deployments`, the gate need not read the account.',
      ),
    unlike:
      'Azure says the same if the resource group does not exist: compare `resource-id` with the list of resources.',
    fixes: told => {
      const values = valuesOf(told)
      return [
        ...(isOfRoles(told) ? [] : letLook(told)),
        bash(
          isOfRoles(told)
            ? 'Grant Reader to the identity that reads'
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
      'The subscription trusts another tenant, the token is of another cloud, a policy of the tenant is enforced at Resource Manager itself (continuous access evaluation), or the address is that of the classic service management API.',
    why: whyTokenRejected,
    unlike:
      'A missing right is `resource-manager-forbidden`. The run renews expired tokens, so that is not the cause.',
    fixes: fixesOfTokenRejected,
  },
  'resource-manager-throttled': {
    title: 'Resource Manager throttles the principal or the subscription',
    why: () =>
      `There were too many requests, for longer than this run waits: ${inWords(throttledBudgetMs)} in all for each request.`,
    unlike: 'The run did not get to check the roles, so they may be right.',
    fixes: () => [takeTurns, advice('Run the job again later.')],
  },
  'resource-manager-unavailable': {
    title: 'Resource Manager did not answer as expected',
    why: told => `${valuesOf(told).resourceManager} failed several times, with an error of its own.`,
    unlike: 'Refusals (400 to 499) have their own codes.',
    fixes: () => [statusPage],
  },
  'resource-manager-rejected': {
    title: 'Resource Manager refused the request',
    why: () => 'This action does not know the reason: see what Resource Manager said.',
    unlike: 'Refusals with a known cause have their own codes.',
    fixes: () => [
      advice(
        'Look the code up: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors',
      ),
    ],
  },
}
