import { builtInPermissions, leastRoleFor, rolesInTable } from '../../../src/azure/rbac/built-in-roles.ts'
import type { Permission } from '../../../src/azure/rbac/permissions.ts'
import { type Unsuitability, unsuitability, unsuitableLine } from '../../../src/azure/rbac/suitability.ts'

const call = ['Microsoft.CognitiveServices/*']

test.each<[string, Permission[], Unsuitability | undefined]>([
  ['data actions only', [{ dataActions: call }], undefined],
  ['data actions, and a look at roles', [{ actions: ['*/read'], dataActions: call }], undefined],
  ['nothing at all', [], 'no-data-actions'],
  ['a look only', [{ actions: ['*/read'], dataActions: [] }], 'no-data-actions'],
  ['everything', [{ actions: ['*'], dataActions: call }], 'may-assign-roles'],
  [
    'everything but authorization',
    [{ actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'], dataActions: call }],
    undefined,
  ],
  [
    'an exception that leaves the right to assign',
    [{ actions: ['*'], notActions: ['Microsoft.Authorization/*/delete'], dataActions: call }],
    'may-assign-roles',
  ],
  [
    'the right itself, in other letters',
    [{ actions: ['microsoft.authorization/ROLEASSIGNMENTS/write'], dataActions: call }],
    'may-assign-roles',
  ],
  [
    'the right by a pattern',
    [{ actions: ['Microsoft.Authorization/roleAssignments/*'], dataActions: call }],
    'may-assign-roles',
  ],
  [
    'the right in a permission of its own',
    [{ dataActions: call }, { actions: ['Microsoft.Authorization/*'] }],
    'may-assign-roles',
  ],
  [
    'the right under a condition',
    [{ actions: ['Microsoft.Authorization/roleAssignments/write'], dataActions: call, condition: 'x' }],
    'may-assign-roles',
  ],
  [
    'the right without data actions',
    [{ actions: ['Microsoft.Authorization/roleAssignments/write'] }],
    'may-assign-roles',
  ],
  [
    'an activation of roles',
    [{ actions: ['Microsoft.Authorization/roleAssignmentScheduleRequests/write'], dataActions: call }],
    'may-assign-roles',
  ],
  [
    'an offer of roles',
    [{ actions: ['Microsoft.Authorization/roleEligibilityScheduleRequests/write'], dataActions: call }],
    'may-assign-roles',
  ],
  [
    'a wider definition',
    [{ actions: ['Microsoft.Authorization/roleDefinitions/write'], dataActions: call }],
    'may-assign-roles',
  ],
  [
    'the removal of assignments',
    [{ actions: ['Microsoft.Authorization/roleAssignments/delete'], dataActions: call }],
    undefined,
  ],
])('%s', (_, permissions, expected) => {
  expect(unsuitability(permissions)).toBe(expected)
})

const guidOf = (name: string) => rolesInTable.find(role => role.name === name)?.guid ?? name

test.each<[string, Unsuitability | undefined]>([
  ['Cognitive Services User', undefined],
  ['Cognitive Services OpenAI User', undefined],
  ['Foundry User', undefined],
  ['Foundry Owner', 'may-assign-roles'],
  ['Foundry Project Manager', 'may-assign-roles'],
  ['Foundry Account Owner', 'may-assign-roles'],
  ['Owner', 'may-assign-roles'],
  ['User Access Administrator', 'may-assign-roles'],
  ['Role Based Access Control Administrator', 'may-assign-roles'],
  ['Contributor', 'no-data-actions'],
  ['Reader', 'no-data-actions'],
  ['Cognitive Services Contributor', 'no-data-actions'],
])('the built-in role %s', (name, expected) => {
  const permissions = builtInPermissions(guidOf(name))
  expect(permissions && unsuitability(permissions)).toBe(expected)
  expect(permissions).toBeDefined()
})

test('a role that could not be read', () => {
  expect(unsuitability(undefined)).toBe('definition-unknown')
})

test.each<[Unsuitability, string]>([
  ['no-data-actions', 'it has no data actions, so nobody can call a model with it.'],
  ['may-assign-roles', 'it can assign roles, or widen them, so its holder can take more rights.'],
  ['definition-unknown', 'it has a definition that this identity cannot read, so it might assign roles.'],
])('%s, in words', (why, words) => {
  expect(unsuitableLine('Contoso\nCaller', why)).toBe(`Contoso Caller is never granted by the gate: ${words}`)
})

test('no recommended role would be refused', () => {
  const needs = rolesInTable
    .flatMap(({ guid }) => builtInPermissions(guid) ?? [])
    .flatMap(({ dataActions = [] }) => dataActions)
  const advised = needs.map(dataAction => leastRoleFor(dataAction)).filter(role => role !== undefined)
  expect(advised.length).toBeGreaterThan(5)
  for (const { guid } of advised) expect(unsuitability(builtInPermissions(guid) ?? [])).toBeUndefined()
})
