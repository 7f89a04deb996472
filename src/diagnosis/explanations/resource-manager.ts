import { roleDefinitionId } from '../../access/roles.ts'
import { scopeOf } from '../../resource/resource-id.ts'
import { shellWord } from '../../untrusted-text.ts'
import { type Explanations, type Fix, plainly, type Told } from '../explanation.ts'

/** The grant for somebody who may make it: az command, Bicep, and the way through the portal. */
export function grantByAdministrator({ facts }: Told): Fix[] {
  const { role, principal } = facts
  if (role === undefined || principal === undefined) return []
  const accountName = role.scope.split('/')[8] ?? ''
  return [
    {
      title: 'Azure CLI, for an Owner, User Access Administrator or Role Based Access Control Administrator',
      language: 'bash',
      text: [
        'az role assignment create',
        `  --assignee-object-id ${shellWord(principal.oid)} --assignee-principal-type ServicePrincipal`,
        `  --role ${shellWord(role.guid)}`,
        `  --scope ${shellWord(role.scope)}`,
      ].join(' \\\n'),
    },
    {
      title: 'Bicep, deployed to the resource group',
      language: 'bicep',
      text: grantBicep(accountName, principal.oid, role.guid),
    },
    {
      title: 'Portal',
      language: 'text',
      text: `Open the resource ${accountName} › Access control (IAM) › Add role assignment › role ${role.name} › members: the service principal with object id ${principal.oid} › Review + assign.`,
    },
  ]
}

/** A Bicep string literal. */
const literal = (text: string) =>
  `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\$\{/g, '\\${')}'`

function grantBicep(account: string, principalId: string, roleGuid: string): string {
  return `resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = {
  name: ${literal(account)}
}

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, ${literal(principalId)}, ${literal(roleGuid)})
  scope: account
  properties: {
    principalId: ${literal(principalId)}
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ${literal(roleGuid)})
  }
}`
}

const listResources: Fix = {
  title: 'See which resources there are',
  language: 'bash',
  text: 'az cognitiveservices account list --query "[].{id:id, kind:kind}" --output table',
}

export const resourceManagerExplanations: Explanations<'resourceManager'> = {
  'cannot-assign-role': {
    title: 'The pipeline may not grant the role, and does not hold it',
    why: ({ facts }) =>
      [
        `The principal ${facts.principal?.oid ?? ''} does not have Microsoft.Authorization/roleAssignments/write at the resource.`,
        'Contributor does not have it either.',
        facts.roleState === 'missing'
          ? `It does not hold ${facts.role?.name ?? 'the role'}, and the model refused its call.`
          : 'Whether it holds the role it may not see; the model refused its call.',
        'Somebody who may assign roles does it once, and this pipeline needs no more rights for it; afterwards `grant: never` says so plainly.',
      ].join(' '),
    fixes: grantByAdministrator,
  },
  'delegation-condition-unmet': {
    title: 'A condition on the right to assign roles does not allow this role',
    why: ({ facts }) =>
      `The principal may assign some roles, by a condition, and ${facts.role?.name ?? 'this role'} to a service principal is not among them. Foundry Owner, Foundry Account Owner and Foundry Project Manager, for one, may assign Foundry roles only.`,
    fixes: grantByAdministrator,
  },
  'deny-assignment': plainly(
    'A deny assignment stands in the way',
    'Deny assignments win over every role. Azure makes them by itself, for deployment stacks and managed applications.',
    'Change the deny settings of the deployment stack that the message names, or have the principal excluded there.',
  ),
  'principal-not-found': plainly(
    'The directory does not find the principal',
    'A service principal that was made a moment ago may not have reached every replica; the call was tried again several times.',
    'Run the job again in a minute. The id must be the object id of the service principal (Enterprise applications), not of the app registration.',
  ),
  'principal-type-mismatch': plainly(
    'The object id belongs to something that cannot hold this role assignment',
    'Roles are held by service principals, users and groups. The object id of an app registration is another one than that of its service principal.',
    'Use the object id that is shown under Enterprise applications.',
  ),
  'role-not-found': {
    title: 'There is no such role to assign at the resource',
    why: ({ refusal }) =>
      `${refusal.said.message} A custom role counts only where one of its assignable scopes covers the resource.`,
    fixes: ({ facts }) => [
      {
        title: 'See which roles can be assigned there',
        language: 'bash',
        text: `az role definition list --scope ${shellWord(facts.role?.scope ?? scopeGiven(facts) ?? '<RESOURCE-ID>')} --query "[?contains(roleName, 'Cognitive') || contains(roleName, 'Foundry')].{name:roleName, guid:name}" --output table`,
      },
    ],
  },
  'role-assignment-limit': plainly(
    'The subscription has no room for another role assignment',
    'A subscription holds 4,000 role assignments, those of its groups and resources included.',
    'Remove assignments of deleted principals, or grant to a group that holds the role already.',
  ),
  'role-assignment-exists': plainly(
    'The role assignment exists already',
    'That is no failure by itself.',
    'Nothing has to be done.',
  ),
  'role-assignment-conflict': plainly(
    'Another role assignment has the same name, or is being changed right now',
    'Names of role assignments are unique in the tenant, and an assignment cannot be changed into another one.',
    'Run the job again. If it stays so, remove the assignment that the message names.',
  ),
  'resource-locked': plainly(
    'A lock on the resource stands in the way',
    'Locks hold for role assignments too.',
    'Have the lock lifted for the grant, or the role granted by an administrator beforehand.',
  ),
  'policy-denied': plainly(
    'Azure Policy does not allow the role assignment',
    'The policy that the message names refuses it, whatever rights the principal has.',
    'Ask the owners of the policy for an exemption, or for a role that it allows.',
  ),
  'subscription-not-found': plainly(
    'The subscription is not visible to the principal',
    'It does not exist, belongs to another tenant, or the principal holds no role in it at all: Azure answers the same.',
    'Compare the subscription id and the tenant id with `az account show`.',
  ),
  'subscription-disabled': plainly(
    'The subscription is disabled',
    'Nothing can be changed in it until it is enabled again.',
    'Have the billing of the subscription settled, or use another one.',
  ),
  'resource-not-found': {
    title: 'There is no such resource',
    why: ({ facts }) =>
      `Resource Manager knows no resource ${scopeGiven(facts) ?? ''}. A slip in the name or the resource group does this, and so does the name of a deployment or a project in the place of the account's.`,
    fixes: () => [listResources],
  },
  'resource-manager-forbidden': {
    title: 'The principal may not read the resource',
    why: ({ facts, refusal }) =>
      `The principal ${facts.principal?.oid ?? ''} lacks ${refusal.named?.action ?? 'a right to read'}. A principal without any role on the resource sees nothing of it; Cognitive Services User includes the right to read it. With the inputs \`endpoint\` and \`deployments\` the account need not be read.`,
    fixes: told => {
      const granted = grantByAdministrator(told)
      return granted.length > 0 ? granted : grantUnresolved(told)
    },
  },
  'resource-manager-token-rejected': plainly(
    'Resource Manager did not accept the token',
    'The subscription trusts another tenant than the one that signed the token, or the token is of another cloud.',
    'Compare `tenant-id` with the tenant of the subscription (`az account show --subscription … --query tenantId`), and `cloud`.',
  ),
  'resource-manager-throttled': plainly(
    'Resource Manager throttles the principal or the subscription',
    'The limit was exceeded for longer than this run waits.',
    'Run the job again later; spread jobs that start at the same time.',
  ),
  'resource-manager-unavailable': plainly(
    'Resource Manager did not answer as it should',
    'Several tries met an error of the service itself.',
    'Run the job again; look at status.azure.com if it goes on.',
  ),
  'resource-manager-rejected': plainly(
    'Resource Manager refused the request',
    "The reason is in the service's own words.",
    'Look the code up in the troubleshooting pages of Azure Resource Manager.',
  ),
}

/** Before the role was looked up: its GUID and the scope are known from the inputs. */
function grantUnresolved(told: Told): Fix[] {
  const { settings, principal } = told.facts
  const scope = scopeGiven(told.facts)
  if (
    settings === undefined ||
    principal === undefined ||
    scope === undefined ||
    settings.access.role.kind !== 'guid'
  )
    return []
  const { guid } = settings.access.role
  const definitionId = roleDefinitionId(scope.split('/')[2] ?? '', guid)
  return grantByAdministrator({
    ...told,
    facts: { ...told.facts, role: { guid, name: guid, scope, definitionId } },
  })
}

function scopeGiven({ settings }: Told['facts']): string | undefined {
  if (settings?.target.kind !== 'resource') return undefined
  return scopeOf(settings.target.resource)
}
