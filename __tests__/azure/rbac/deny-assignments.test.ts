import { assignRoles } from '../../../src/azure/rbac/delegation-conditions.ts'
import {
  type DenyAssignment,
  forbidsAction,
  forbidsData,
  identitiesOf,
} from '../../../src/azure/rbac/deny-assignments.ts'

const group = '/subscriptions/s/resourceGroups/g'
const account = `${group}/providers/Microsoft.CognitiveServices/accounts/a`
const [principal, team, otherTeam] = ['11111111-aaaa', '22222222-bbbb', '33333333-cccc'] as const
const everybody = { id: '00000000-0000-0000-0000-000000000000', type: 'SystemDefined' }
const chat = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'
const who = { identities: identitiesOf(principal.toUpperCase(), [team]), scope: account }

const deny = (differing: Partial<DenyAssignment> = {}): DenyAssignment => ({
  name: 'stack',
  scope: group,
  principals: [everybody],
  excluded: [],
  permissions: [{ dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] }],
  isForThisScopeOnly: false,
  ...differing,
})

test.each<[string, Partial<DenyAssignment>, boolean | undefined]>([
  ['of everybody', {}, true],
  ['of the principal', { principals: [{ id: principal, type: 'ServicePrincipal' }] }, true],
  ['of a group that the principal is in', { principals: [{ id: team, type: 'Group' }] }, true],
  ['of another group', { principals: [{ id: otherTeam, type: 'Group' }] }, false],
  ['of nobody', { principals: [] }, false],
  ['that excludes the principal', { excluded: [{ id: principal, type: 'ServicePrincipal' }] }, false],
  ['that excludes its group', { excluded: [{ id: team, type: 'Group' }] }, false],
  ['that excludes another principal', { excluded: [{ id: otherTeam, type: 'ServicePrincipal' }] }, true],
  [
    'that excludes a group of which nobody knows',
    { excluded: [{ id: otherTeam, type: 'Group' }] },
    undefined,
  ],
  ['at the very scope', { scope: account.toUpperCase() }, true],
  ['below the scope', { scope: `${account}/projects/p` }, false],
  ['at a management group', { scope: '/providers/Microsoft.Management/managementGroups/m' }, true],
  ['above the scope, for that one only', { isForThisScopeOnly: true }, false],
  ['at the very scope, for that one only', { scope: account, isForThisScopeOnly: true }, true],
  ['under a condition', { condition: "@Resource[a:b] StringEquals 'c'" }, undefined],
  ['of an entry under a condition', { permissions: [{ dataActions: ['*'], condition: 'x' }] }, undefined],
  [
    'of two entries, one of them without condition',
    { permissions: [{ dataActions: ['*'], condition: 'x' }, { dataActions: ['*'] }] },
    true,
  ],
  ['of other data actions', { permissions: [{ dataActions: ['Microsoft.Storage/*'] }] }, false],
  [
    'that leaves the data action out',
    { permissions: [{ dataActions: ['*'], notDataActions: [chat] }] },
    false,
  ],
  ['of actions', { permissions: [{ actions: ['*'] }] }, false],
])('a deny assignment %s', (_, differing, expected) => {
  expect(forbidsData(deny(differing), who, [chat])).toBe(expected)
})

test('a principal without known groups is only itself', () => {
  expect([...identitiesOf(principal.toUpperCase())]).toEqual([principal])
})

test('one of several data actions is enough', () => {
  expect(forbidsData(deny(), who, ['Microsoft.CognitiveServices/accounts/MaaS/x', chat])).toBe(true)
  expect(forbidsData(deny(), who, [])).toBe(false)
})

test('actions are evaluated separately from data actions', () => {
  const permissions = [{ actions: ['Microsoft.Authorization/*'], dataActions: [] }]
  expect(forbidsAction(deny({ permissions }), who, assignRoles)).toBe(true)
  expect(forbidsAction(deny(), who, assignRoles)).toBe(false)
})

test.each<[string, Partial<DenyAssignment>, boolean | undefined]>([
  ['of another group', { principals: [{ id: otherTeam, type: 'Group' }] }, undefined],
  [
    'of another group, with the principal excluded',
    {
      principals: [{ id: otherTeam, type: 'Group' }],
      excluded: [{ id: principal, type: 'ServicePrincipal' }],
    },
    false,
  ],
  ['of another principal', { principals: [{ id: otherTeam, type: 'ServicePrincipal' }] }, false],
  ['of somebody whose kind is not told', { principals: [{ id: otherTeam }] }, false],
  [
    'of another principal and of another group',
    {
      principals: [
        { id: principal.replace('1', '9'), type: 'ServicePrincipal' },
        { id: otherTeam, type: 'Group' },
      ],
    },
    undefined,
  ],
  ['of everybody', {}, true],
])('a principal that may be in unknown groups: a deny assignment %s', (_, differing, expected) => {
  expect(forbidsData(deny(differing), { ...who, mayBeInOthers: true }, [chat])).toBe(expected)
})
