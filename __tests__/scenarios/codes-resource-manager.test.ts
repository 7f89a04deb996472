import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { permanentName } from '../../src/azure/rbac/assignment-name.ts'
import { delegationCondition } from '../../src/azure/rbac/delegation-conditions.ts'
import { diagnosisCodes } from '../../src/core/failures/codes.ts'
import {
  account,
  alsoHolds,
  customRole,
  envelope,
  groupScope,
  holds,
  pipeline,
  refuse,
  roles,
  securityGroup,
  subscription,
  tenant,
} from '../support/arrange.ts'
import { type CodeCases, everyService, testCodes } from '../support/code-cases.ts'
import type { GateRun } from '../support/gate-run.ts'
import { accountScope, operations, runGate } from '../support/scenario.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

/** Where the default world has its account. */
const subscriptionScopeOfDefault = '/subscriptions/5c2e9a14-7b60-4f83-a1d9-3e84c6f0b215'
const groupScopeOfDefault = `${subscriptionScopeOfDefault}/resourceGroups/rg-keyless`

const nobody = '00000000-1111-4222-8333-444444444444'
const grantByAz = { fix: /^az role assignment create/ }
const grantByBicep = { fix: /Microsoft\.Authorization\/roleAssignments@/ }

/** Every write by the pipeline is denied at and below the group, whatever its roles. */
function denyAssigning(): void {
  cloud.world.denyAssignments.push({
    name: '6a1d2c7e-90b4-4f53-8e2a-c5d7b1f0e938',
    displayName: "Deny assignment 'stack' created by Deployment Stack",
    scope: groupScope(cloud),
    permissions: [
      {
        actions: ['Microsoft.Authorization/roleAssignments/write'],
        notActions: [],
        dataActions: [],
        notDataActions: [],
      },
    ],
    principals: [pipeline(cloud).principal.objectId],
    excludePrincipals: [],
    doNotApplyToChildScopes: false,
  })
}

/** GUID of a custom role. */
const unreadable = '7e1c4b90-2d5a-4f68-a3b7-c09d8e6f1245'

const base64 = (text: string) => Buffer.from(text).toString('base64')

const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: '1752041837' } } })

function throttle(seconds: number): void {
  refuse(
    cloud,
    'accounts.get',
    429,
    envelope(
      'SubscriptionRequestsThrottled',
      `Number of 'read' requests for subscription '00000000-0000-0000-0000-000000000000' actor '00000000-0000-0000-0000-000000000000' exceeded. Please try again after '${seconds}' seconds.`,
    ),
  )
}

interface Challenge {
  operation?: string
  times?: number
  encoded?: string
}

/** Resource Manager asks for a token that meets a policy (learn.microsoft.com, claims challenges). */
function challenge({ operation = 'accounts.get', times, encoded = base64(claims) }: Challenge = {}): void {
  refuse(
    cloud,
    operation,
    401,
    envelope(
      'InvalidAuthenticationToken',
      'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: LocationConditionEvaluationSatisfied',
    ),
    {
      'www-authenticate': `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="${encoded}"`,
    },
    times,
  )
}

const cases: Omit<CodeCases<'resource-manager'>, 'role-assignment-exists'> = {
  'cannot-assign-role': [
    {
      when: 'a right that is too new',
      arrange: () => {
        holds(cloud, { role: roles.rbacAdministrator })
        refuse(
          cloud,
          'roleAssignments.create',
          403,
          envelope('AuthorizationFailed', 'The client has no right to do this.'),
        )
      },
      says: /the role is so new that Resource Manager does not honour it yet/,
      mend: grantByAz,
    },
    {
      when: 'a reader of the resource',
      arrange: () => holds(cloud, { role: roles.reader }),
      outputs: { 'role-state': 'missing' },
      says: /Access control \(IAM\)/,
      mend: grantByAz,
    },
    {
      when: 'a reader, and an administrator who deploys the Bicep file',
      arrange: () => holds(cloud, { role: roles.reader }),
      mend: grantByBicep,
    },
    {
      when: 'a reader, who then may grant this one role',
      arrange: () => holds(cloud, { role: roles.reader }),
      mend: { fix: /--condition-version/ },
    },
    {
      when: 'a reader, and a role that is given by a name of the past',
      arrange: () => holds(cloud, { role: roles.reader }),
      run: () => ({ inputs: { role: 'Azure AI User' } }),
      mend: grantByAz,
    },
  ],
  'delegation-condition-unmet': [
    {
      when: 'a Foundry Account Owner, who may assign Foundry roles only',
      arrange: () => holds(cloud, { role: roles.foundryAccountOwner }),
      outputs: { 'role-state': 'missing' },
      says: /A condition limits it to certain roles: Foundry User and Foundry Agent Consumer/,
      mend: grantByAz,
    },
    {
      when: 'a Foundry Account Owner, who assigns a role that the condition allows',
      arrange: () => holds(cloud, { role: roles.foundryAccountOwner }),
      mend: { advice: /./, run: () => ({ inputs: { role: 'Foundry User' } }) },
    },
    {
      when: 'a custom role under a condition of the assignment, whatever the words',
      arrange: () => {
        const assigner = customRole(cloud, {
          actions: ['*/read', 'Microsoft.Authorization/roleAssignments/write'],
        })
        holds(cloud, {
          role: assigner,
          condition: delegationCondition([roles.foundryUser], ['Group']),
        })
        refuse(
          cloud,
          'roleAssignments.create',
          403,
          envelope('AuthorizationFailed', 'The client has no right to do this.'),
        )
      },
      says: /Azure does not say that: it answers as if the right were missing/,
      mend: grantByAz,
    },
  ],
  'deny-assignment': [
    {
      when: 'a deployment stack that denies assigning roles',
      arrange: denyAssigning,
      says: /created by Deployment Stack/,
      mend: {
        advice: /deny|exclude/i,
        by: () => {
          for (const deny of cloud.world.denyAssignments)
            deny.excludePrincipals.push(pipeline(cloud).principal.objectId)
        },
      },
    },
    {
      when: 'a deny assignment on data actions, whatever the role',
      arrange: () => {
        holds(
          cloud,
          { role: roles.user, createdOn: new Date(cloud.clock.now() - 3_600_000) },
          { role: roles.reader },
        )
        cloud.world.denyAssignments.push({
          name: '6a1d2c7e-90b4-4f53-8e2a-c5d7b1f0e938',
          displayName: "Deny assignment 'stack' created by Deployment Stack",
          scope: groupScope(cloud),
          permissions: [
            {
              actions: [],
              notActions: [],
              dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'],
              notDataActions: [],
            },
          ],
          principals: [pipeline(cloud).principal.objectId],
          excludePrincipals: [],
          doNotApplyToChildScopes: false,
        })
      },
      outputs: { 'role-state': 'direct' },
      says: /deny assignment/,
      mend: {
        advice: /./,
        by: () => {
          cloud.world.denyAssignments.length = 0
        },
      },
    },
  ],
  'principal-not-found': [
    {
      when: 'a principal that Resource Manager has not heard of',
      arrange: () =>
        refuse(
          cloud,
          'roleAssignments.create',
          400,
          envelope(
            'PrincipalNotFound',
            `Principal ${pipeline(cloud).principal.objectId.replaceAll('-', '')} does not exist in the directory ${tenant(cloud).id}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay.`,
          ),
        ),
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
  ],
  'principal-type-mismatch': [
    {
      when: 'an object id that is said to be of another type',
      arrange: () =>
        refuse(
          cloud,
          'roleAssignments.create',
          400,
          envelope(
            'UnmatchedPrincipalType',
            `The PrincipalId '${pipeline(cloud).principal.objectId.replaceAll('-', '')}' has type 'ForeignGroup' , which is different from specified PrinciaplType 'ServicePrincipal'.`,
          ),
        ),
      mend: { elsewhere: 'the principal of a token is a service principal in the local cloud' },
    },
  ],
  'role-not-found': [
    {
      when: 'a name that no role has',
      run: () => ({ inputs: { role: 'Shop Administration' } }),
      mend: { advice: /az role definition list/, run: () => ({ inputs: { role: roles.user } }) },
    },
    {
      when: 'a GUID that no role has',
      run: () => ({ inputs: { role: nobody } }),
      says: /does not exist/,
      mend: { advice: /az role definition list/, run: () => ({ inputs: { role: roles.user } }) },
    },
    {
      when: 'a custom role that cannot be assigned here',
      arrange: () => {
        customRole(
          cloud,
          { dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] },
          {
            id: nobody,
            assignableScopes: [`/subscriptions/${subscription(cloud).id}/resourceGroups/rg-shop`],
          },
        )
      },
      run: () => ({ inputs: { role: nobody } }),
      mend: {
        advice: /az role definition list/,
        run: () => ({ inputs: { role: roles.user } }),
      },
    },
  ],
  'role-not-suitable': [
    {
      when: 'a role without data actions',
      run: () => ({ inputs: { role: 'Cognitive Services Contributor' } }),
      says: /Cognitive Services Contributor is never granted by the gate: it has no data actions/,
      mend: { advice: /role: /, run: () => ({ inputs: { role: 'Cognitive Services OpenAI User' } }) },
    },
    {
      when: 'a role that may assign roles, if under a condition',
      run: () => ({ inputs: { role: 'Foundry Owner' } }),
      says: /Foundry Owner is never granted by the gate: it can assign roles/,
      mend: { advice: /role: /, run: () => ({ inputs: { role: 'Cognitive Services OpenAI User' } }) },
    },
    {
      when: 'a custom role whose definition may not be read',
      arrange: () => {
        customRole(cloud, { dataActions: ['*'] }, { id: unreadable })
        refuse(
          cloud,
          'roleDefinitions.get',
          403,
          envelope('AuthorizationFailed', 'The client may not read it.'),
        )
      },
      run: () => ({ inputs: { role: unreadable } }),
      says: /never granted by the gate: it has a definition that this identity cannot read/,
      mend: { advice: /role: /, run: () => ({ inputs: { role: 'Cognitive Services OpenAI User' } }) },
    },
    {
      when: 'a custom role that may do everything, for somebody else to hold',
      arrange: () => {
        alsoHolds(cloud, { role: roles.user })
        customRole(cloud, { actions: ['*'], dataActions: ['*'] }, { roleName: 'Shop Everything' })
      },
      run: () => ({
        inputs: {
          role: 'Shop Everything',
          'principal-id': securityGroup(cloud).objectId,
          'principal-type': 'Group',
        },
      }),
      says: /Shop Everything is never granted by the gate: it can assign roles/,
      mend: { advice: /role: /, run: () => ({ inputs: { role: roles.user } }) },
    },
  ],
  'role-assignment-limit': [
    {
      when: 'a subscription with 4,000 assignments',
      arrange: () => {
        const left = 4000 - cloud.world.roleAssignments.length
        for (let count = 0; count < left; count += 1)
          alsoHolds(cloud, { role: roles.reader, scope: groupScope(cloud), principalId: crypto.randomUUID() })
      },
      mend: {
        advice: /Remove|delete/i,
        by: () => {
          cloud.world.roleAssignments.pop()
        },
      },
    },
  ],
  'role-assignment-conflict': [
    {
      when: 'an assignment of a principal that is gone has the name',
      arrange: () => {
        alsoHolds(cloud, { role: roles.user, principalId: nobody })
        const taken = cloud.world.roleAssignments.at(-1)
        if (taken !== undefined)
          taken.name = permanentName({
            scope: accountScope(cloud),
            principalId: pipeline(cloud).principal.objectId,
            roleGuid: roles.user,
          })
      },
      mend: { fix: /^az role assignment delete/ },
    },
  ],
  'resource-locked': [
    {
      when: 'a read-only lock on the resource group',
      arrange: () => {
        cloud.world.locks.push({ name: 'freeze', scope: groupScope(cloud), level: 'ReadOnly' })
      },
      says: /ScopeLocked/,
      mend: {
        fix: /^az lock delete/,
        fill: { '<LOCK-ID>': `${groupScopeOfDefault}/providers/Microsoft.Authorization/locks/freeze` },
      },
    },
  ],
  'policy-denied': [
    {
      when: 'a policy that does not allow the role',
      arrange: () => {
        cloud.world.policyAssignments.push({
          name: '1111aa2222bb3333cc4444dd',
          displayName: 'No roles that can list keys',
          scope: `/subscriptions/${subscription(cloud).id}`,
          deniedRoles: [roles.user],
          exemptScopes: [],
        })
      },
      says: /No roles that can list keys/,
      mend: {
        fix: /^az policy exemption create/,
        fill: {
          '<POLICY-ASSIGNMENT-ID>': `${subscriptionScopeOfDefault}/providers/Microsoft.Authorization/policyAssignments/1111aa2222bb3333cc4444dd`,
        },
      },
    },
  ],
  'subscription-not-found': [
    {
      when: 'a subscription that is nobody’s',
      run: () => ({
        inputs: { 'resource-id': accountScope(cloud).replace(/(?<=^\/subscriptions\/)[^/]+/, nobody) },
      }),
      mend: { advice: /az account/, run: () => ({ inputs: { 'resource-id': accountScope(cloud) } }) },
    },
  ],
  'subscription-disabled': [
    {
      when: 'a subscription that nobody paid for',
      arrange: () => {
        subscription(cloud).state = 'Disabled'
      },
      mend: {
        advice: /subscription/,
        by: () => {
          subscription(cloud).state = 'Enabled'
        },
      },
    },
  ],
  'resource-provider-unregistered': [
    {
      when: 'a subscription that never had such a resource',
      arrange: () => {
        subscription(cloud).unregisteredProviders = ['Microsoft.CognitiveServices']
        refuse(
          cloud,
          'accounts.get',
          409,
          envelope(
            'MissingSubscriptionRegistration',
            "The subscription is not registered to use namespace 'Microsoft.CognitiveServices'. See https://aka.ms/rps-not-found for how to register subscriptions.",
          ),
        )
      },
      mend: { fix: /^az provider register/, by: () => cloud.faults.clear() },
    },
  ],
  'resource-not-found': [
    {
      when: 'a slip in the name',
      run: () => ({ inputs: { 'resource-id': `${accountScope(cloud)}-2` } }),
      mend: {
        advice: /az cognitiveservices account list/,
        run: () => ({ inputs: { 'resource-id': accountScope(cloud) } }),
      },
    },
    {
      when: 'a slip in the resource group',
      arrange: () =>
        alsoHolds(cloud, { role: roles.reader, scope: `/subscriptions/${subscription(cloud).id}` }),
      run: () => ({ inputs: { 'resource-id': accountScope(cloud).replace('rg-keyless', 'rg-key-less') } }),
      mend: {
        advice: /az cognitiveservices account list/,
        run: () => ({ inputs: { 'resource-id': accountScope(cloud) } }),
      },
    },
    {
      when: 'a project that the account does not have',
      run: () => ({ inputs: { 'resource-id': `${accountScope(cloud)}/projects/storefront` } }),
      mend: {
        advice: /az cognitiveservices account/,
        by: () => {
          account(cloud).projects.push({ name: 'storefront' })
        },
      },
    },
    {
      when: 'an account that is being deleted, although its models still answer',
      arrange: () => {
        alsoHolds(cloud, { role: roles.user })
        account(cloud).pending = { state: 'Deleting', until: '2099-01-01T00:00:00.000Z' }
      },
      says: /Somebody is deleting contoso-ai\. Its models may still answer/,
      mend: {
        advice: /az cognitiveservices account list/,
        by: () => {
          delete account(cloud).pending
        },
      },
    },
  ],
  'resource-manager-forbidden': [
    {
      when: 'a principal without any role',
      arrange: () => holds(cloud),
      says: /Microsoft\.CognitiveServices\/accounts\/read/,
      mend: grantByAz,
    },
    {
      when: 'a principal with data actions only',
      arrange: () => holds(cloud, { role: roles.dataContributor }),
      mend: grantByAz,
    },
  ],
  'resource-manager-token-rejected': [
    {
      when: 'a subscription that trusts another tenant',
      arrange: () => {
        subscription(cloud).tenantId = nobody
      },
      says: /wrong issuer/,
      mend: {
        advice: /tenant/,
        by: () => {
          subscription(cloud).tenantId = tenant(cloud).id
        },
      },
    },
    {
      when: 'a policy on addresses that is enforced at the resource',
      arrange: () => challenge(),
      says: /enforced at Resource Manager \(continuous access evaluation\).*it was refused too/s,
      mend: { advice: /allow the runner's address in that policy/, by: () => cloud.faults.clear() },
    },
    {
      when: 'the address of the classic service management',
      arrange: () =>
        refuse(
          cloud,
          'accounts.get',
          401,
          '<Error xmlns="http://schemas.microsoft.com/windowsazure"><Code>AuthenticationFailed</Code><Message>The JWT token does not contain expected audience uri \'https://management.core.usgovcloudapi.net/\'.</Message></Error>',
          { 'content-type': 'application/xml; charset=utf-8' },
        ),
      says: /resource-manager-endpoint: (")?https:\/\/management\.usgovcloudapi\.net.*answers in XML/s,
      // Nobody plays that host.
      mend: { elsewhere: 'another Resource Manager' },
    },
  ],
  'resource-manager-throttled': [
    {
      when: 'for longer than the run waits',
      arrange: () => throttle(3600),
      says: /for longer than this run waits: 5 min in all/,
      mend: { advice: /later/, by: () => cloud.faults.clear() },
    },
    {
      when: 'again and again, for five minutes',
      arrange: () => throttle(50),
      within: 301_000,
      says: /next try in 50\.0 s \(the gate waits for throttling at most 5 min in total\)/,
      mend: { advice: /later/, by: () => cloud.faults.clear() },
    },
  ],
  'resource-manager-unavailable': [
    {
      when: 'an outage of the resource provider',
      arrange: () =>
        refuse(
          cloud,
          'accounts.get',
          502,
          envelope(
            'ProviderError',
            "Microsoft.CognitiveServices failed to return a response for type 'accounts'",
          ),
        ),
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
    {
      when: 'an outage while the role is granted',
      arrange: () =>
        refuse(cloud, 'roleAssignments.create', 503, envelope('ServerBusy', 'The service is unavailable.')),
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
  ],
  'resource-manager-rejected': [
    {
      when: 'a refusal that is none of the others',
      arrange: () =>
        refuse(
          cloud,
          'accounts.get',
          400,
          envelope(
            'InvalidApiVersionParameter',
            "The api-version '2025-06-01' is invalid. The supported versions are '2024-10-01'.",
          ),
        ),
      says: /InvalidApiVersionParameter.*supported versions/s,
      mend: { elsewhere: 'nobody knows what it is' },
    },
  ],
}

test('every code has its cases, except the one that is never a diagnosis', () => {
  expect([...Object.keys(cases), 'role-assignment-exists'].toSorted()).toEqual(
    diagnosisCodes['resource-manager'].toSorted(),
  )
})

testCodes(() => cloud, cases, everyService)

test('role-assignment-exists is not a failure: a principal that can grant but not read passes', async () => {
  const slow = await createLocalCloud({ lag: { roleAssignments: [20_000] } })
  try {
    const granter = customRole(slow, {
      actions: ['Microsoft.CognitiveServices/*/read', 'Microsoft.Authorization/roleAssignments/write'],
    })
    holds(slow, { role: granter }, { role: roles.user, createdOn: new Date(slow.clock.now()) })
    const held = structuredClone(slow.world.roleAssignments)
    const run = await runGate(slow)
    expect(run.outputs).toMatchObject({ result: 'passed', diagnosis: '', 'role-state': 'direct' })
    expect(run.outputs['role-assignment-id']).toContain(held[1]?.name)
    expect(run.requests.find(({ operation }) => operation === 'roleAssignments.create')?.status).toBe(409)
    expect(slow.world.roleAssignments).toEqual(held)
    expect(operations(run)).toContain('chatCompletions.create')
  } finally {
    await slow.close()
  }
})

describe('a challenge with claims', () => {
  const claimsAsked = ({ requests }: GateRun) =>
    requests
      .filter(({ operation }) => operation === 'token')
      .flatMap(({ body }) => new URLSearchParams(body).get('claims') ?? [])

  test('is answered once with a new token, and the run goes on', async () => {
    challenge({ times: 1 })
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({ result: 'passed' })
    expect(claimsAsked(run).map(text => JSON.parse(text))).toEqual([
      expect.objectContaining({
        access_token: expect.objectContaining({ nbf: { essential: true, value: '1752041837' } }),
      }),
    ])
    const [first, second] = run.requests
      .filter(({ operation }) => operation === 'accounts.get')
      .map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? '')
    expect(second).not.toBe(first)
    for (const token of [first, second]) expect(run.masks).toContain(token)
    expect(run.log.join('\n').match(/asks for a token that meets a policy/g)).toHaveLength(1)
  })

  test('of a read and of the write after it is answered with the same token', async () => {
    challenge({ times: 1 })
    challenge({ operation: 'roleAssignments.create', times: 1 })
    const run = await runGate(cloud)
    expect(run.outputs).toMatchObject({ result: 'passed' })
    expect(operations(run).filter(operation => operation === 'roleAssignments.create')).toHaveLength(2)
    expect(claimsAsked(run)).toHaveLength(1)
  })

  test('that comes again is not answered again', async () => {
    challenge()
    const run = await runGate(cloud)
    expect(run.outputs.diagnosis).toBe('resource-manager-token-rejected')
    expect(run.log.join('\n')).toContain('Entra issued one, but it was refused too')
    expect(claimsAsked(run)).toHaveLength(1)
  })

  const garbage: ReadonlyArray<readonly [string, string]> = [
    ['no base64', '%%%'],
    ['no JSON', base64('not json')],
    ['a list', base64('[]')],
    ['nothing of an access token', base64('{"id_token":{}}')],
    ['more than any policy needs', base64(JSON.stringify({ access_token: { nbf: 'x'.repeat(5000) } }))],
  ]
  test.each(garbage)('with %s is not sent to Entra', async (_, encoded) => {
    challenge({ encoded })
    const run = await runGate(cloud)
    expect(run.outputs.diagnosis).toBe('resource-manager-token-rejected')
    expect(run.log.join('\n')).toContain('claims that the run cannot read, so the run did not ask Entra')
    expect(claimsAsked(run)).toEqual([])
  })
})
