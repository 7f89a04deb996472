import {
  type Assignment,
  type RoleHeld,
  type RolesHeld,
  readableRoleState,
  roleHeld,
  withoutLeadingSlash,
} from '../../src/access/assignments.ts'

const subscription = '/subscriptions/bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'
const scope = `${subscription}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/contoso`
const principalId = '99999999-8888-4777-8666-555555555555'
const groupId = '12121212-3434-4565-8787-909090909090'
const roleGuid = 'a97b65f3-24c7-4388-baec-2e87135dc908'
const otherRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const chat = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'
const wanted = { scope, principalId, roleGuid, dataActions: [chat] }
const covering = [{ dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] }]

const assignment = (differing: Partial<Assignment> = {}): Assignment => ({
  id: `${differing.scope ?? scope}/providers/Microsoft.Authorization/roleAssignments/1`,
  scope,
  roleGuid,
  principalId,
  createdOn: Date.parse('2026-10-01T00:00:00Z'),
  ...differing,
})

const direct = assignment({ scope: scope.toUpperCase() })
const inherited = assignment({ scope: `${subscription}/resourceGroups/rg-models` })
const ofGroup = assignment({ principalId: groupId })
const unrelated = assignment({ roleGuid: otherRole })

test.each<
  [string, RolesHeld['assignments'], RolesHeld['permissions'], RoleHeld['state'], Assignment | undefined]
>([
  ['direct, whatever the case of the scope', [inherited, direct, ofGroup], undefined, 'direct', direct],
  ['inherited', [ofGroup, inherited], undefined, 'inherited', inherited],
  ['through a group', [unrelated, ofGroup], [], 'group', ofGroup],
  ['covered by another role', [unrelated], covering, 'covered', undefined],
  ['covered, where assignments may not be read', undefined, covering, 'covered', undefined],
  ['missing', [unrelated], [{ actions: ['*/read'] }], 'missing', undefined],
  ['missing, where permissions may not be read', [], undefined, 'missing', undefined],
  ['unknown, which is not missing', undefined, [{ actions: ['*/read'] }], 'unknown', undefined],
  ['unknown, where nothing may be read', undefined, undefined, 'unknown', undefined],
])('the role is %s', (_, assignments, permissions, state, by) => {
  const held = roleHeld({ assignments, permissions, asOf: 0 }, wanted)

  expect(held).toEqual({ state, assignment: by })
})

test('covered means all that the smoke calls need', () => {
  const embeddings = 'Microsoft.CognitiveServices/accounts/MaaS/embeddings/action'
  const held = (dataActions: string[]) =>
    roleHeld({ assignments: [], permissions: covering, asOf: 0 }, { ...wanted, dataActions }).state

  expect(held([chat])).toBe('covered')
  expect(held([chat, embeddings])).toBe('missing')
  expect(held([])).toBe('missing')
})

test('every state has its words', () => {
  const states = ['direct', 'inherited', 'group', 'covered', 'granted', 'missing', 'unknown'] as const

  expect(new Set(states.map(readableRoleState)).size).toBe(states.length)
})

test('the SDK brings the first slash of a scope along', () => {
  expect(withoutLeadingSlash('/subscriptions/x')).toBe('subscriptions/x')
  expect(withoutLeadingSlash('subscriptions/x')).toBe('subscriptions/x')
})
