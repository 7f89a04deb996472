import {
  type Assignment,
  fallbackHolding,
  findHolding,
  type RoleHolding,
  type RoleState,
  readableRoleState,
  youngest,
} from '../../../src/azure/rbac/assignment.ts'
import { temporaryDescription } from '../../../src/azure/rbac/lease.ts'
import type { Permission } from '../../../src/azure/rbac/permissions.ts'

const subscription = '/subscriptions/bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'
const scope = `${subscription}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/contoso`
const principalId = '99999999-8888-4777-8666-555555555555'
const groupId = '12121212-3434-4565-8787-909090909090'
const roleGuid = 'a97b65f3-24c7-4388-baec-2e87135dc908'
const otherRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const chat = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'
const wanted = { scope, principalId, roleGuid }
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
const temporary = assignment({
  description: temporaryDescription(undefined, '00000000-1111-4222-8333-444444444444'),
})
const inherited = assignment({ scope: `${subscription}/resourceGroups/rg-models` })
const ofGroup = assignment({ principalId: groupId })
const unrelated = assignment({ roleGuid: otherRole })

const onProject = assignment({ scope: `${scope}/projects/storefront` })
const younger = assignment({ roleGuid: otherRole, createdOn: Date.parse('2026-11-01T00:00:00Z') })

test.each<[string, Assignment[], RoleHolding | undefined]>([
  [
    'direct, whatever the case of the scope',
    [inherited, direct, ofGroup],
    { state: 'direct', assignment: direct },
  ],
  [
    'direct by one that stays, before one that ends with a job',
    [temporary, direct],
    { state: 'direct', assignment: direct },
  ],
  ['inherited', [ofGroup, inherited], { state: 'inherited', assignment: inherited }],
  ['through a group', [unrelated, ofGroup], { state: 'group', assignment: ofGroup }],
  ['not held: another role', [unrelated], undefined],
  ['not held on the account: it stands on a project of it', [onProject], undefined],
])('the role is %s', (_, assignments, held) => {
  expect(findHolding(assignments, wanted)).toEqual(held)
})

test.each<
  [string, Assignment[] | undefined, Permission[] | undefined, RoleHolding['state'], Assignment | undefined]
>([
  ['covered by another role, the youngest to judge by', [unrelated, younger], covering, 'covered', younger],
  ['covered, where assignments may not be read', undefined, covering, 'covered', undefined],
  ['missing', [unrelated], [{ actions: ['*/read'] }], 'missing', undefined],
  ['missing, where permissions may not be read', [], undefined, 'missing', undefined],
  ['unknown, which is not missing', undefined, [{ actions: ['*/read'] }], 'unknown', undefined],
  ['unknown, where nothing may be read', undefined, undefined, 'unknown', undefined],
])('a role that is not held is %s', (_, assignments, permissions, state, by) => {
  expect(fallbackHolding(assignments, permissions, [chat])).toEqual({ state, assignment: by })
})

test('covered means all that the smoke calls need', () => {
  const embeddings = 'Microsoft.CognitiveServices/accounts/MaaS/embeddings/action'
  const state = (dataActions: string[]) => fallbackHolding([], covering, dataActions).state

  expect(state([chat])).toBe('covered')
  expect(state([chat, embeddings])).toBe('missing')
  expect(state([])).toBe('missing')
})

test.each<[RoleState, readonly Assignment[] | undefined, string]>([
  ['direct', [], 'held directly'],
  ['inherited', [], 'inherited from a scope above'],
  ['group', [], 'held through a group'],
  ['covered', [], 'not held, but covered by another role'],
  ['granted', [], 'granted by this run'],
  ['missing', [], 'missing'],
  ['unknown', undefined, 'unknown (role assignments cannot be read)'],
  ['unknown', [], 'unknown (no listed role explains it)'],
])('%s, in words', (state, assignments, words) => {
  expect(readableRoleState(state, assignments)).toBe(words)
})

test('the youngest is found at any place; one without a date is older than all', () => {
  const undated = assignment({ createdOn: undefined })

  expect(youngest([undated, younger, direct])).toBe(younger)
  expect(youngest([direct, younger, undated])).toBe(younger)
  expect(youngest([undated, direct])).toBe(direct)
  expect(youngest([direct, undated])).toBe(direct)
  expect(youngest([])).toBeUndefined()
})
