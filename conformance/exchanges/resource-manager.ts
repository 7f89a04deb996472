import { randomUUID } from 'node:crypto'
import { cognitiveServicesUser } from '../../src/azure/rbac/built-in-roles.ts'
import type { ConformanceRequest, Exchange, Steps } from '../exchange.ts'
import { madeHere, type Need, nobody, type TokenAudience } from '../terms.ts'
import type { World } from '../world.ts'

const accounts = '2024-10-01'
const authorization = '2022-04-01'

/** Cognitive Services Usages Reader: harmless to grant, and usually granted to nobody. */
const harmlessRole = 'bba48692-92b0-4667-a9ad-c31c7b334ac2'

/** Monitoring Reader: reads what Reader reads, which the run's principal has. */
const anotherHarmlessRole = '43d0d8ad-25c7-4714-9337-8ba259a9fe05'

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

/** As a reader of the account alone may ask for it. */
export const roleDefinitionAtAccount = (world: World, guid: string) =>
  at(world, `${world.accountId}/providers/Microsoft.Authorization/roleDefinitions/${guid}`, {
    version: authorization,
  })

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

/** A condition in the form that the portal writes. On this role it has no effect. */
const condition =
  "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
  `(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{${harmlessRole}}))`

/** Makes role assignments under new names, and removes them. */
function assigning(steps: (world: World, names: readonly [string, string]) => ConformanceRequest[]) {
  return (world: World): Steps => {
    const names = [randomUUID(), randomUUID()] as const
    return {
      requests: steps(world, names),
      cleanUp: names.map(name => assignment(world, name, { method: 'DELETE' })),
    }
  }
}

/** The same, if the run can assign roles. */
const assigns = (name: string, purpose: string, assigned: Assigned): Exchange =>
  manager(
    name,
    purpose,
    assigning((world, [first]) => [put(world, first, assigned)]),
    ['may-assign-roles'],
  )

/** The first version in which users can make deny assignments: a preview that a subscription must register for. */
const userAssigned = '2024-07-01-preview'

/** A deny assignment on the account. */
const denial = (world: World, name: string, wanted: Wanted = {}) =>
  at(world, `${world.accountId}/providers/Microsoft.Authorization/denyAssignments/${name}`, {
    version: userAssigned,
    ...wanted,
  })

const everybody = { id: '00000000-0000-0000-0000-000000000000', type: 'SystemDefined' }

/** Denies something that is never done in a resource for experiments. */
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

/** Makes a deny assignment, and removes it. */
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

/** Lists that show the leftovers of an earlier run. */
export const assignmentsOfRun = (world: World) => list(world, 'roleAssignments', filter('atScope()'))
export const denialsAtAccount = (world: World) =>
  at(world, `${world.accountId}/providers/Microsoft.Authorization/denyAssignments`, { version: userAssigned })

export const resourceManagerExchanges: readonly Exchange[] = [
  manager('account', 'What an account looks like', world => at(world, world.accountId)),
  manager('account-missing', 'What the answer is for an account that does not exist', world =>
    at(world, `${world.accountId}-that-is-not-there`),
  ),
  manager('group-missing', 'What the answer is for a resource group that does not exist', world =>
    at(world, world.accountId.replace(/resourceGroups\/[^/]+/i, 'resourceGroups/rg-that-is-not-there')),
  ),
  manager('subscription-missing', 'What the answer is for a subscription that does not exist', world =>
    at(world, world.accountId.replace(world.subscriptionId, nobody)),
  ),
  manager('subscription-is-no-guid', 'What the answer is to an invalid subscription id', world =>
    at(world, world.accountId.replace(world.subscriptionId, 'production')),
  ),
  manager('no-version', 'What the answer is if the api-version is missing', world =>
    at(world, world.accountId, { version: '' }),
  ),
  manager('version-unknown', 'How an api-version that does not exist is refused', world =>
    at(world, world.accountId, { version: '1999-01-01' }),
  ),
  manager('version-is-no-date', 'How an api-version that is not a date is refused', world =>
    at(world, world.accountId, { version: 'latest' }),
  ),
  manager('no-token', 'How a request without a token is refused', ({ accountId, hosts }) => ({
    method: 'GET',
    url: `${hosts.resourceManager}${accountId}?api-version=${accounts}`,
  })),
  manager('token-is-none', 'How an invalid token is refused', world => ({
    method: 'GET',
    url: `${world.hosts.resourceManager}${world.accountId}?api-version=${accounts}`,
    headers: { authorization: 'Bearer not-a-token' },
  })),
  manager('token-of-another-audience', 'How a token for the models is refused', world =>
    at(world, world.accountId, { as: 'cognitive-services' }),
  ),
  manager('provider-missing', 'What the answer is for a resource provider that does not exist', world =>
    at(world, world.accountId.replace('Microsoft.CognitiveServices', 'Microsoft.NotThere')),
  ),
  manager('type-missing', 'What the answer is for a resource type that does not exist', world =>
    at(world, `${world.accountId}/notThere`),
  ),
  manager('accounts-of-group', 'What a list of accounts looks like', world =>
    at(world, world.accountId.replace(/\/accounts\/.+/i, '/accounts')),
  ),
  manager('accounts-of-subscription', 'Which of them a principal sees that can read only one', world =>
    at(world, `/subscriptions/${world.subscriptionId}/providers/Microsoft.CognitiveServices/accounts`),
  ),
  manager('deployments', 'What the list of deployments looks like', world =>
    at(world, `${world.accountId}/deployments`),
  ),
  manager('deployment-missing', 'What the answer is for a deployment that does not exist', world =>
    at(world, `${world.accountId}/deployments/not-there`),
  ),
  manager(
    'project',
    'What a project looks like',
    world => at(world, world.projectId ?? '', { version: '2025-06-01' }),
    ['project'],
  ),
  manager('models', 'What the list of models looks like, with the last day of each', world =>
    at(world, `${world.accountId}/models`),
  ),
  manager('usages', 'What the list of quotas looks like', world => at(world, `${world.accountId}/usages`)),
  manager('account-skus', 'What the list of SKUs looks like', world => at(world, `${world.accountId}/skus`)),
  manager('role-assignments', 'Which role assignments a principal can list', world =>
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
  manager(
    'role-assignments-of-nobody',
    'What the list for a principal that does not exist looks like',
    world => list(world, 'roleAssignments', filter(`principalId eq '${nobody}'`)),
  ),
  manager('role-assignments-filter-unknown', 'How an invalid filter is refused', world =>
    list(world, 'roleAssignments', filter("colour eq 'red'")),
  ),
  manager('role-assignment-missing', 'What the answer is for a role assignment that does not exist', world =>
    assignment(world, nobody),
  ),
  manager(
    'deny-assignments',
    'Whether the principal can list deny assignments, and what they look like',
    world => list(world, 'denyAssignments'),
  ),
  manager('deny-assignments-at-scope', 'Which deny assignments `atScope()` lists', world =>
    list(world, 'denyAssignments', filter('atScope()')),
  ),
  manager('deny-assignments-filter-unknown', 'How an invalid filter for deny assignments is refused', world =>
    list(world, 'denyAssignments', filter("colour eq 'red'")),
  ),
  manager('deny-assignment-missing', 'What the answer is for a deny assignment that does not exist', world =>
    at(world, `${world.accountId}/providers/Microsoft.Authorization/denyAssignments/${nobody}`, {
      version: authorization,
    }),
  ),
  denies('deny', 'What the answer is to a new deny assignment', (world, name) => [deny(world, name)]),
  denies('deny-made', 'What a deny assignment looks like after it was made', (world, name) => [
    deny(world, name),
    denial(world, name),
  ]),
  denies('deny-take-back', 'What the answer is to the removal of a deny assignment', (world, name) => [
    deny(world, name),
    denial(world, name, { method: 'DELETE' }),
  ]),
  denies(
    'deny-missing-take-back',
    'What the answer is to the removal of one that does not exist',
    (world, name) => [denial(world, name, { method: 'DELETE' })],
  ),
  denies(
    'deny-everybody',
    'How a deny assignment for everybody, without an exception, is refused',
    (world, name) => [deny(world, name, { principals: [everybody], excludePrincipals: [] })],
  ),
  manager(
    'denied-by-assignment',
    'How a removal that a deny assignment blocks is refused. The target does not exist, so nothing can be removed',
    world =>
      at(world, `${world.deniedId}/providers/Microsoft.Authorization/roleAssignments/${nobody}`, {
        version: authorization,
        method: 'DELETE',
      }),
    ['denied-resource', 'may-assign-roles'],
  ),
  manager(
    'keys-while-off',
    'What the answer to listing keys is if they are off',
    world => at(world, `${world.accountId}/listKeys`, { method: 'POST' }),
    ['keys-off', 'may-list-keys', 'may-infer'],
  ),
  manager('permissions', 'What the permissions of the principal itself look like', world =>
    list(world, 'permissions'),
  ),
  manager('role-definition', 'What a built-in role looks like', world =>
    at(world, roleDefinition(world, cognitiveServicesUser.guid), { version: authorization }),
  ),
  manager(
    'role-definition-at-account',
    'Whether a reader of the account alone may read a built-in role',
    world => roleDefinitionAtAccount(world, cognitiveServicesUser.guid),
  ),
  manager('role-definition-by-name', 'Whether the comparison of a name ignores case', world =>
    list(world, 'roleDefinitions', filter("roleName eq 'cognitive services user'")),
  ),
  manager('role-definition-missing', 'What the answer is for a role that does not exist', world =>
    at(world, roleDefinition(world, nobody), { version: authorization }),
  ),
  manager(
    'assign',
    'What the answer is to a new role assignment',
    assigning((world, [name]) => [put(world, name)]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-without-type',
    'Whether the type of a principal can be left out',
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
    'What the answer is to the same assignment under the same name',
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
    'assign-another-role-under-the-same-name',
    'How another role under a name that is taken is refused: an assignment keeps its role and principal',
    assigning((world, [name]) => [put(world, name), put(world, name, { role: anotherHarmlessRole })]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-again-with-condition',
    'Whether a condition can be added to an assignment that exists',
    assigning((world, [name]) => [
      put(world, name),
      put(world, name, { condition, conditionVersion: '2.0' }),
    ]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-at-missing-account',
    'How an assignment at an account that does not exist is refused',
    world => {
      const { url, ...request } = put(world, randomUUID())
      return { ...request, url: url.replace(world.accountId, `${world.accountId}-that-is-not-there`) }
    },
    ['may-assign-roles'],
  ),
  manager(
    'assign-to-nobody',
    'What the answer is for a principal that does not exist',
    assigning((world, [name]) => [put(world, name, { principalId: nobody })]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-as-group',
    'What the answer is to a wrong type of principal',
    assigning((world, [name]) => [put(world, name, { principalType: 'Group' })]),
    ['may-assign-roles'],
  ),
  manager(
    'assign-role-missing',
    'What the answer is to an assignment of a role that does not exist',
    assigning((world, [name]) => [put(world, name, { role: nobody })]),
    ['may-assign-roles'],
  ),
  assigns('assign-with-condition', 'What the answer is to an assignment with a condition', {
    condition,
    conditionVersion: '2.0',
  }),
  assigns('assign-condition-without-version', 'Whether the version of a condition can be left out', {
    condition,
  }),
  assigns('assign-condition-version-unknown', 'How an unknown version of a condition is refused', {
    condition,
    conditionVersion: '7.0',
  }),
  assigns('assign-condition-broken', 'How an invalid condition is refused', {
    condition: '((',
    conditionVersion: '2.0',
  }),
  manager(
    'assign-beyond-condition',
    'How an assignment that the condition of the caller does not allow is refused',
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
    'How a name that is not a GUID is refused',
    world => put(world, 'pipeline-may-call'),
    ['may-assign-roles'],
  ),
  manager(
    'assigned',
    'What a role assignment looks like after it was made',
    assigning((world, [name]) => [put(world, name), assignment(world, name)]),
    ['may-assign-roles'],
  ),
  manager(
    'take-back',
    'What the answer is to the removal of a role assignment',
    assigning((world, [name]) => [put(world, name), assignment(world, name, { method: 'DELETE' })]),
    ['may-assign-roles'],
  ),
  manager(
    'take-back-again',
    'What the answer is to the removal of one that is gone',
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
  manager('subscription', 'What a subscription looks like', world =>
    at(world, `/subscriptions/${world.subscriptionId}`, { version: '2022-12-01' }),
  ),
  manager('resource-group', 'What a resource group looks like', world =>
    at(world, world.accountId.replace(/\/providers\/.+/i, ''), { version: '2022-09-01' }),
  ),
]
