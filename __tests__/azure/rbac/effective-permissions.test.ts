import type { Assignment } from '../../../src/azure/rbac/assignment.ts'
import { listKeys } from '../../../src/azure/rbac/built-in-roles.ts'
import { coverageBy, coverageLine, missingCoverage } from '../../../src/azure/rbac/coverage.ts'
import { assignRoles, delegationCondition } from '../../../src/azure/rbac/delegation-conditions.ts'
import {
  applicableAt,
  definitionOf,
  mayAssign,
  permissionsOf,
} from '../../../src/azure/rbac/effective-permissions.ts'
import { coversAction, coversDataAction, type Permission } from '../../../src/azure/rbac/permissions.ts'
import { assigned, ids, route, scope } from '../../support/record-fixture.ts'

const foundryOwner = 'c883944f-8b7b-4483-af10-35834be79c4a'
const foundryUser = '53ca6127-db72-4b80-b1b0-d745d6d5456d'
const administrator = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
const openAIUser = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
const custom = 'f0a7c2d4-6b31-4c58-9e05-1d8b4a7e9c22'
const maas = { dataActions: ['Microsoft.CognitiveServices/accounts/MaaS/*'] }
const none = new Map<string, Permission[]>()

test('built-in roles come from the table, custom ones from what was read, others are unknown', () => {
  const assignments = [assigned(ids.role), assigned(custom), assigned(ids.tenant)]
  const { held, ofUnknownRoles } = permissionsOf(assignments, new Map([[custom, [maas]]]))

  expect(coversAction(held, listKeys)).toBe(true)
  expect(held.filter(({ assignment }) => assignment.roleGuid === custom)).toEqual([
    { ...maas, assignment: assignments[1], conditions: [] },
  ])
  expect(held).toHaveLength(2)
  expect(ofUnknownRoles).toEqual([assignments[2]])
})

test('a definition that was read counts more than the table, except for the condition that the SDK leaves out', () => {
  const live = new Map([
    [ids.role, [{ dataActions: ['*'] }]],
    [foundryOwner, [{ actions: ['*'] }]],
  ])

  expect(definitionOf(ids.role.toUpperCase(), live)).toStrictEqual([{ dataActions: ['*'] }])
  expect(definitionOf(foundryOwner, live)).toEqual([
    { actions: ['*'], condition: expect.stringContaining(foundryUser) },
  ])
  expect(definitionOf(custom, live)).toBeUndefined()
})

const toPipeline = (roleGuid: string) => ({
  roleGuid,
  principalId: ids.principal,
  principalType: 'ServicePrincipal',
})

test.each<[string, Assignment[], string, boolean | undefined]>([
  ['an administrator may assign anything', [assigned(administrator)], ids.role, true],
  ['a caller may assign nothing', [assigned(ids.role)], ids.role, false],
  ['Foundry’s owner may not assign Cognitive Services roles', [assigned(foundryOwner)], ids.role, false],
  ['Foundry’s owner may assign Foundry’s', [assigned(foundryOwner)], foundryUser, true],
  [
    'a condition on the assignment counts as well as the definition’s',
    [assigned(foundryOwner, { condition: delegationCondition([ids.role]) })],
    foundryUser,
    false,
  ],
  ['a condition of an unknown form', [assigned(administrator, { condition: 'Other' })], ids.role, undefined],
  [
    'another assignment may allow what one does not',
    [assigned(administrator, { condition: delegationCondition([ids.role]) }), assigned(foundryOwner)],
    ids.role,
    true,
  ],
  ['nothing held', [], ids.role, false],
])('%s', (_, assignments, wanted, expected) => {
  expect(mayAssign(permissionsOf(assignments, none).held, toPipeline(wanted))).toBe(expected)
})

test('a role on a project does not count on the account', () => {
  const group = scope.split('/').slice(0, 5).join('/')
  const [onProject, above] = [
    assigned(ids.role, { scope: `${scope}/projects/p` }),
    assigned(ids.role, { scope: group }),
  ]

  expect(applicableAt([onProject, above], scope)).toEqual([above])
  expect(applicableAt([onProject, above], `${scope}/projects/p`)).toEqual([onProject, above])
})

test.each([
  ['let them through', [maas], 'sufficient'],
  ['let nothing through', [], 'insufficient'],
  ['are not known', undefined, 'unknown'],
])('permissions %s', (_, permissions, expected) => {
  expect(coverageBy(permissions, ['Microsoft.CognitiveServices/accounts/MaaS/x'])).toBe(expected)
})

describe('a role that does not cover the calls', () => {
  const responses = {
    ...route,
    api: 'responses' as const,
    dataAction: 'Microsoft.CognitiveServices/accounts/OpenAI/responses/write',
  }
  const definitions = new Map([[custom, [maas]]])

  test('is reported by operation, with the deployments that need it', () => {
    const second = { ...responses, deployment: 'gpt-5' }
    const found = missingCoverage(
      custom,
      [responses, second, { ...route, dataAction: 'Microsoft.CognitiveServices/accounts/MaaS/x' }],
      definitions,
    )

    expect(found).toEqual([
      { api: 'responses', dataAction: responses.dataAction, deployments: ['chat', 'gpt-5'] },
    ])
    expect(found.map(misfit => coverageLine('Shop\nInference', misfit))).toEqual([
      `Shop Inference does not cover ${responses.dataAction}, which responses needs (chat, gpt-5).`,
    ])
  })

  test('is reported once for each API and data action', () => {
    const calls = [
      responses,
      { ...responses, api: 'chat' as const },
      { ...responses, dataAction: `${responses.dataAction}-more` },
      { ...responses, api: 'chat' as const, deployment: 'gpt-5' },
    ]

    expect(
      missingCoverage(administrator, calls, none).map(({ api, deployments }) => [api, deployments]),
    ).toEqual([
      ['responses', [responses.deployment]],
      ['chat', [responses.deployment, 'gpt-5']],
      ['responses', [responses.deployment]],
    ])
  })

  test.each([
    ['a built-in role that covers them', openAIUser, []],
    ['a role that nobody knows', ids.tenant, []],
    ['a built-in role that does not', administrator, ['responses']],
  ])('%s', (_, guid, expected) => {
    expect(missingCoverage(guid, [responses], none).map(({ api }) => api)).toStrictEqual(expected)
  })
})

test('the table’s roles assign and call as expected', () => {
  const able = (guid: string) => {
    const permissions = definitionOf(guid, none) ?? []
    return [coversAction(permissions, assignRoles), coversDataAction(permissions, route.dataAction)]
  }

  expect([administrator, foundryOwner, openAIUser].map(able)).toEqual([
    [true, false],
    [true, true],
    [false, true],
  ])
})
