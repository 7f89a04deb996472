import { randomUUID } from 'node:crypto'
import { cognitiveServicesUser } from '../../src/azure/rbac/built-in-roles.ts'
import type { ConformanceRequest, Exchange, Steps } from '../exchange.ts'
import { madeHere, type Need, nobody, type TokenAudience } from '../terms.ts'
import type { World } from '../world.ts'

const accounts = '2024-10-01'
const authorization = '2022-04-01'

/** Cognitive Services Usages Reader: harmless to hand out, and nobody's yet, as a rule. */
const harmlessRole = 'bba48692-92b0-4667-a9ad-c31c7b334ac2'

type Wanted = Partial<ConformanceRequest> & { version?: string; query?: string }

function at(world: World, path: string, { version = accounts, query = '', ...wanted }: Wanted = {}) {
  const versioned = version === '' ? '' : `api-version=${version}`
  const search = [versioned, query].filter(part => part !== '').join('&')
  return {
    method: 'GET',
    as: 'resource-manager',
    ...wanted,
    url: `${world.hosts.resourceManager}${path}${search === '' ? '' : `?${search}`}`,
  } satisfies ConformanceRequest
}

const manager = (
  name: string,
  purpose: string,
  steps: (world: World) => ConformanceRequest | Steps,
  needs: readonly Need[] = [],
): Exchange => ({
  name: `arm-${name}`,
  service: 'resource-manager',
  purpose,
  needs,
  steps: world => {
    const made = steps(world)
    return 'url' in made ? { requests: [made] } : made
  },
})

const roleDefinition = ({ subscriptionId }: World, guid: string) =>
  `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${guid}`

/** A role assignment on the account. */
export const assignment = (world: World, name: string, wanted: Wanted = {}) =>
  at(world, `${world.accountId}/providers/Microsoft.Authorization/roleAssignments/${name}`, {
    version: authorization,
    ...wanted,
  })

interface Assigned {
  as?: TokenAudience
  condition?: string
  conditionVersion?: string
  role?: string
  principalId?: string
  principalType?: string | undefined
}

export const put = (world: World, name: string, assigned: Assigned = {}) => {
  const {
    role = harmlessRole,
    principalId = world.principalId,
    principalType = 'ServicePrincipal',
    as = 'resource-manager',
    ...condition
  } = assigned
  return assignment(world, name, {
    method: 'PUT',
    as,
    json: {
      properties: {
        roleDefinitionId: roleDefinition(world, role),
        principalId,
        principalType,
        description: madeHere,
        ...condition,
      },
    },
  })
}

/** A condition as the portal writes it; on this role it changes nothing. */
const condition =
  "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
  `(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{${harmlessRole}}))`

/** Makes role assignments under names of its own, and takes them back. */
function assigning(steps: (world: World, names: readonly [string, string]) => ConformanceRequest[]) {
  return (world: World): Steps => {
    const names = [randomUUID(), randomUUID()] as const
    return {
      requests: steps(world, names),
      cleanUp: names.map(name => assignment(world, name, { method: 'DELETE' })),
    }
  }
}

/** Likewise, where the run may assign roles. */
const assigns = (name: string, purpose: string, assigned: Assigned): Exchange =>
  manager(
    name,
    purpose,
    assigning((world, [first]) => [put(world, first, assigned)]),
    ['may-assign-roles'],
  )

/** The first version in which users make deny assignments themselves: a preview, for which a subscription is registered. */
const userAssigned = '2024-07-01-preview'

/** A deny assignment on the account. */
const denial = (world: World, name: string, wanted: Wanted = {}) =>
  at(world, `${world.accountId}/providers/Microsoft.Authorization/denyAssignments/${name}`, {
    version: userAssigned,
    ...wanted,
  })

const everybody = { id: '00000000-0000-0000-0000-000000000000', type: 'SystemDefined' }

/** Denies what nobody does in an account for experiments. */
const deny = (world: World, name: string, properties: Record<string, unknown> = {}) =>
  denial(world, name, {
    method: 'PUT',
    json: {
      properties: {
        denyAssignmentName: `key-less-gate-${name}`,
        description: madeHere,
        permissions: [{ actions: ['Microsoft.CognitiveServices/accounts/commitmentplans/delete'] }],
        principals: [{ id: world.principalId, type: 'ServicePrincipal' }],
        ...properties,
      },
    },
  })

/** Makes a deny assignment, and takes it back. */
const denies = (
  name: string,
  purpose: string,
  steps: (world: World, name: string) => ConformanceRequest[],
): Exchange =>
  manager(
    name,
    purpose,
    world => {
      const made = randomUUID()
      return { requests: steps(world, made), cleanUp: [denial(world, made, { method: 'DELETE' })] }
    },
    ['may-deny'],
  )

const list = (world: World, kind: string, query = '') =>
  at(world, `${world.accountId}/providers/Microsoft.Authorization/${kind}`, {
    version: authorization,
    query,
  })

const filter = (text: string) => `$filter=${encodeURIComponent(text)}`

/** Lists in which what an earlier run made is found again. */
export const assignmentsOfRun = (world: World) =>
  list(world, 'roleAssignments', filter(`principalId eq '${world.principalId}'`))
export const denialsAtAccount = (world: World) =>
  at(world, `${world.accountId}/providers/Microsoft.Authorization/denyAssignments`, { version: userAssigned })

export const resourceManagerExchanges: readonly Exchange[] = [
  manager('account', 'What an account says of itself', world => at(world, world.accountId)),
  manager('account-missing', 'How an account that does not exist is told', world =>
    at(world, `${world.accountId}-that-is-not-there`),
  ),
  manager('group-missing', 'How a resource group that does not exist is told', world =>
    at(world, world.accountId.replace(/resourceGroups\/[^/]+/i, 'resourceGroups/rg-that-is-not-there')),
  ),
  manager('subscription-missing', 'How a subscription that does not exist is told', world =>
    at(world, world.accountId.replace(world.subscriptionId, nobody)),
  ),
  manager('subscription-is-no-guid', 'How a subscription id that is none is told', world =>
    at(world, world.accountId.replace(world.subscriptionId, 'production')),
  ),
  manager('no-version', 'What is said where the api-version is missing', world =>
    at(world, world.accountId, { version: '' }),
  ),
  manager('version-unknown', 'How an api-version that does not exist is refused', world =>
    at(world, world.accountId, { version: '1999-01-01' }),
  ),
  manager('version-is-no-date', 'How an api-version that is no date is refused', world =>
    at(world, world.accountId, { version: 'latest' }),
  ),
  manager('no-token', 'How a request without a token is refused', ({ accountId, hosts }) => ({
    method: 'GET',
    url: `${hosts.resourceManager}${accountId}?api-version=${accounts}`,
  })),
  manager('token-is-none', 'How a token that is none is refused', world => ({
    method: 'GET',
    url: `${world.hosts.resourceManager}${world.accountId}?api-version=${accounts}`,
    headers: { authorization: 'Bearer not-a-token' },
  })),
  manager('token-of-another-audience', 'How a token for the models is refused', world =>
    at(world, world.accountId, { as: 'cognitive-services' }),
  ),
  manager('provider-missing', 'How a resource provider that does not exist is told', world =>
    at(world, world.accountId.replace('Microsoft.CognitiveServices', 'Microsoft.NotThere')),
  ),
  manager('type-missing', 'How a type of resource that does not exist is told', world =>
    at(world, `${world.accountId}/notThere`),
  ),
  manager('accounts-of-group', 'What a list of accounts looks like', world =>
    at(world, world.accountId.replace(/\/accounts\/.+/i, '/accounts')),
  ),
  manager('accounts-of-subscription', 'Which of them a principal sees that may read but one', world =>
    at(world, `/subscriptions/${world.subscriptionId}/providers/Microsoft.CognitiveServices/accounts`),
  ),
  manager('deployments', 'What is said of deployments', world => at(world, `${world.accountId}/deployments`)),
  manager('deployment-missing', 'How a deployment that does not exist is told', world =>
    at(world, `${world.accountId}/deployments/not-there`),
  ),
  manager(
    'project',
    'What a project says of itself',
    world => at(world, world.projectId ?? '', { version: '2025-06-01' }),
    ['project'],
  ),
  manager('models', 'What is said of models, and of the last day of each', world =>
    at(world, `${world.accountId}/models`),
  ),
  manager('usages', 'What is said of quotas', world => at(world, `${world.accountId}/usages`)),
  manager('account-skus', 'What is said of SKUs', world => at(world, `${world.accountId}/skus`)),
  manager('role-assignments', 'Which role assignments a principal may list', world =>
    list(world, 'roleAssignments'),
  ),
  manager('role-assignments-at-scope', 'What `atScope()` lists', world =>
    list(world, 'roleAssignments', filter('atScope()')),
  ),
  manager('role-assignments-of-principal', 'What `principalId eq` lists', world =>
    list(world, 'roleAssignments', filter(`principalId eq '${world.principalId}'`)),
  ),
  manager('role-assignments-assigned-to', 'What `assignedTo` lists, groups included', world =>
    list(world, 'roleAssignments', filter(`assignedTo('${world.principalId}')`)),
  ),
  manager('role-assignments-of-nobody', 'What is listed for a principal that does not exist', world =>
    list(world, 'roleAssignments', filter(`principalId eq '${nobody}'`)),
  ),
  manager('role-assignments-filter-unknown', 'How a filter that is none is refused', world =>
    list(world, 'roleAssignments', filter("colour eq 'red'")),
  ),
  manager('role-assignment-missing', 'How a role assignment that does not exist is told', world =>
    assignment(world, nobody),
  ),
  manager('deny-assignments', 'Whether deny assignments may be listed, and how they look', world =>
    list(world, 'denyAssignments'),
  ),
  manager('deny-assignments-at-scope', 'Which deny assignments `atScope()` lists', world =>
    list(world, 'denyAssignments', filter('atScope()')),
  ),
  manager('deny-assignments-filter-unknown', 'How a filter of theirs that is none is refused', world =>
    list(world, 'denyAssignments', filter("colour eq 'red'")),
  ),
  manager('deny-assignment-missing', 'How a deny assignment that does not exist is told', world =>
    at(world, `${world.accountId}/providers/Microsoft.Authorization/denyAssignments/${nobody}`, {
      version: authorization,
    }),
  ),
  denies('deny', 'What a new deny assignment is answered', (world, name) => [deny(world, name)]),
  denies('deny-made', 'What a deny assignment says of itself once it is made', (world, name) => [
    deny(world, name),
    denial(world, name),
  ]),
  denies('deny-take-back', 'What the removal of a deny assignment is answered', (world, name) => [
    deny(world, name),
    denial(world, name, { method: 'DELETE' }),
  ]),
  denies('deny-missing-take-back', 'What the removal of one that is not there is answered', (world, name) => [
    denial(world, name, { method: 'DELETE' }),
  ]),
  denies(
    'deny-everybody',
    'How a deny assignment is refused that names everybody, and nobody who is left out',
    (world, name) => [deny(world, name, { principals: [everybody], excludePrincipals: [] })],
  ),
  manager(
    'denied-by-assignment',
    'How a removal is refused that a deny assignment blocks; of what is not there, so that it removes nothing',
    world =>
      at(world, `${world.deniedId}/providers/Microsoft.Authorization/roleAssignments/${nobody}`, {
        version: authorization,
        method: 'DELETE',
      }),
    ['denied-resource', 'may-assign-roles'],
  ),
  manager(
    'keys-while-off',
    'What who may list keys is told where they are off',
    world => at(world, `${world.accountId}/listKeys`, { method: 'POST' }),
    ['keys-off', 'may-list-keys', 'may-infer'],
  ),
  manager('permissions', 'A principal reads its own permissions', world => list(world, 'permissions')),
  manager('role-definition', 'What a built-in role says of itself', world =>
    at(world, roleDefinition(world, cognitiveServicesUser.guid), { version: authorization }),
  ),
  manager('role-definition-by-name', 'Whether a name is compared without regard to case', world =>
    list(world, 'roleDefinitions', filter("roleName eq 'cognitive services user'")),
  ),
  manager('role-definition-missing', 'How a role that does not exist is told', world =>
    at(world, roleDefinition(world, nobody), { version: authorization }),
  ),
  manager(
    'assign',
    'What a new role assignment is answered',
    assigning((world, [name]) => [put(world, name)]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-without-type',
    'Whether the type of a principal may be left out',
    assigning((world, [name]) => [
      assignment(world, name, {
        method: 'PUT',
        json: {
          properties: {
            roleDefinitionId: roleDefinition(world, harmlessRole),
            principalId: world.principalId,
            description: madeHere,
          },
        },
      }),
    ]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-again',
    'What the same assignment under the same name is answered',
    assigning((world, [name]) => [put(world, name), put(world, name)]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-under-another-name',
    'How the same assignment under another name is refused',
    assigning((world, [name, other]) => [put(world, name), put(world, other)]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-to-nobody',
    'How a principal that does not exist is told',
    assigning((world, [name]) => [put(world, name, { principalId: nobody })]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-as-group',
    'How a wrong type of principal is told',
    assigning((world, [name]) => [put(world, name, { principalType: 'Group' })]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-role-missing',
    'How a role that does not exist is told when it is assigned',
    assigning((world, [name]) => [put(world, name, { role: nobody })]),
    ['may-assign-roles'],
  ),
  assigns('assign-with-condition', 'What an assignment with a condition is answered', {
    condition,
    conditionVersion: '2.0',
  }),
  assigns('assign-condition-without-version', 'Whether the version of a condition may be left out', {
    condition,
  }),
  assigns('assign-condition-version-unknown', 'How a version of a condition that does not exist is refused', {
    condition,
    conditionVersion: '7.0',
  }),
  assigns('assign-condition-broken', 'How a condition that is none is refused', {
    condition: '((',
    conditionVersion: '2.0',
  }),
  manager(
    'assign-beyond-condition',
    'How an assignment is refused that the condition on its maker does not allow',
    assigning((world, [name]) => [put(world, name, { as: 'setup' })]),
    ['setup-identity', 'may-assign-roles'],
  ),
  manager(
    'assign-without-properties',
    'How a body without properties is refused',
    assigning((world, [name]) => [assignment(world, name, { method: 'PUT', json: {} })]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-name-is-no-guid',
    'How a name that is no GUID is refused',
    world => put(world, 'pipeline-may-call'),
    ['may-assign-roles'],
  ),
  manager(
    'assigned',
    'What a role assignment says of itself once it is made',
    assigning((world, [name]) => [put(world, name), assignment(world, name)]),
    ['may-assign-roles'],
  ),
  manager(
    'take-back',
    'What the removal of a role assignment is answered',
    assigning((world, [name]) => [put(world, name), assignment(world, name, { method: 'DELETE' })]),
    ['may-assign-roles'],
  ),
  manager(
    'take-back-again',
    'What the removal of one that is gone is answered',
    assigning((world, [name]) => [
      put(world, name),
      assignment(world, name, { method: 'DELETE' }),
      assignment(world, name, { method: 'DELETE' }),
    ]),
    ['may-assign-roles'],
  ),
  manager('provider', 'Which api-versions a provider lists', world =>
    at(world, `/subscriptions/${world.subscriptionId}/providers/Microsoft.CognitiveServices`, {
      version: '2022-09-01',
    }),
  ),
  manager('subscription', 'What a subscription says of itself', world =>
    at(world, `/subscriptions/${world.subscriptionId}`, { version: '2022-12-01' }),
  ),
  manager('resource-group', 'What a resource group says of itself', world =>
    at(world, world.accountId.replace(/\/providers\/.+/i, ''), { version: '2022-09-01' }),
  ),
]
