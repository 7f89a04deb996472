import type { Assignment } from '../../../src/azure/rbac/assignment.ts'
import { delegationCondition } from '../../../src/azure/rbac/delegation-conditions.ts'
import { temporaryDescription } from '../../../src/azure/rbac/lease.ts'
import type { Permission } from '../../../src/azure/rbac/permissions.ts'
import { accessByRoles, onlyGiver } from '../../../src/azure/rbac/principal-access.ts'
import { assigned, ids, scope } from '../../support/record-fixture.ts'

const chat = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'
const embed = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action'
const openAIUser = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const custom = 'f0a7c2d4-6b31-4c58-9e05-1d8b4a7e9c22'
const none = new Map<string, Permission[]>()
const both = { principalId: assigned(ids.role).principalId, scope, dataActions: [chat, embed] }

const old = assigned(ids.role, { id: 'old', createdOn: 1000 })
const young = assigned(openAIUser, { id: 'young', createdOn: 5000 })
const undated = assigned(ids.role, { id: 'undated', createdOn: undefined })

const throughOf = (assignments: readonly Assignment[], definitions = none) => {
  const access = accessByRoles(assignments, definitions, both)
  return access.kind === 'allowed' ? access.through.map(({ id }) => id) : access.kind
}

test.each<[string, readonly Assignment[], string[] | string]>([
  ['nothing', [], 'missing'],
  ['a role without data actions', [assigned(reader)], 'missing'],
  ['one that covers', [young], ['young']],
  ['several: the oldest', [young, undated, old], ['old']],
  [
    'an old one of a group, and a young one of its own',
    [{ ...old, principalId: ids.client }, young],
    ['young'],
  ],
  ['one of a group', [{ ...old, principalId: ids.client }], ['old']],
  ['one below the scope', [{ ...old, scope: `${scope}/projects/p` }], 'missing'],
  ['one above the scope', [{ ...old, scope: '/subscriptions/x' }], ['old']],
  [
    'one that ends with a job, anyone who’s',
    [{ ...old, description: temporaryDescription('https://x', ids.client) }],
    'missing',
  ],
  [
    'a condition on assigning roles',
    [{ ...old, condition: delegationCondition([ids.role], ['Group']) }],
    ['old'],
  ],
  [
    'a condition that rules the data action out',
    [{ ...old, condition: "!(ActionMatches{'Microsoft.CognitiveServices/accounts/OpenAI/*'})" }],
    'missing',
  ],
  ['a condition on something else', [{ ...old, condition: "@Resource[a:b] StringEquals 'c'" }], 'unknown'],
  ['a condition that is none', [{ ...old, condition: '((' }], 'unknown'],
  [
    'a condition, and another role without one',
    [{ ...old, condition: "@Resource[a:b] StringEquals 'c'" }, young],
    ['young'],
  ],
  ['a role that nobody read', [assigned(custom)], 'unknown'],
  ['a role that nobody read, and one that covers', [assigned(custom), young], ['young']],
])('held is %s', (_what, assignments, expected) => {
  expect(throughOf(assignments)).toEqual(expected)
})

test('data actions may come from several roles: the youngest comes first', () => {
  const chatOnly = assigned(custom, { id: 'chat', createdOn: 2000 })
  const embedOnly = assigned(ids.client, { id: 'embed', createdOn: 3000 })
  const definitions = new Map([
    [custom, [{ dataActions: [chat] }]],
    [ids.client, [{ dataActions: [embed] }]],
  ])

  expect(throughOf([chatOnly, embedOnly], definitions)).toEqual(['embed', 'chat'])
  expect(accessByRoles([chatOnly], definitions, both)).toEqual({ kind: 'missing', lacks: [embed] })
})

test('the result names what is unclear: the condition, or the role', () => {
  const condition = "@Resource[a:b] StringEquals 'c'"
  expect(accessByRoles([{ ...old, condition }], none, both)).toEqual({
    kind: 'unknown',
    lacks: [chat, embed],
    byRole: undefined,
    condition,
  })
  expect(accessByRoles([assigned(custom)], none, both)).toMatchObject({ byRole: { roleGuid: custom } })

  const embedOnly = assigned(ids.client, { condition })
  const definitions = new Map([[ids.client, [{ dataActions: [embed] }]]])
  expect(accessByRoles([assigned(custom), embedOnly], definitions, both)).toMatchObject({
    lacks: [chat, embed],
    byRole: { roleGuid: custom },
    condition,
  })
})

test('a condition that leaves one data action unclear does not hide that another is missing', () => {
  const definitions = new Map([[custom, [{ dataActions: [chat] }]]])
  const conditional = assigned(custom, { condition: "@Resource[a:b] StringEquals 'c'" })

  expect(accessByRoles([conditional], definitions, both).kind).toBe('missing')
})

test("a job's temporary role counts for that job, and for nobody else", () => {
  const lease = ids.client
  const its = { ...old, description: temporaryDescription('https://x', lease) }
  const kindFor = (asking?: string) =>
    accessByRoles([its], none, asking === undefined ? both : { ...both, lease: asking }).kind

  expect([kindFor(), kindFor(lease), kindFor(ids.tenant)]).toEqual(['missing', 'allowed', 'missing'])
  expect(accessByRoles([old], none, { ...both, lease }).kind).toBe('allowed')
})

describe('a call rests on one assignment', () => {
  const only = (assignments: readonly Assignment[], definitions = none) =>
    onlyGiver(assignments, definitions, { scope, dataAction: chat })
  const open = "@Resource[a:b] StringEquals 'c'"

  test('if only it gives the right, no matter what else is held', () => {
    expect(only([old, assigned(reader)])).toBe(old)
    expect(only([old], new Map([[ids.role, [{ dataActions: [chat] }, { dataActions: ['*'] }]]]))).toBe(old)
  })

  test.each<[string, readonly Assignment[]]>([
    ['where nothing gives it', [assigned(reader)]],
    ['where two give it', [old, young]],
    ['where another may give it, under a condition', [old, { ...young, condition: open }]],
    ['where two give it, and a third may', [old, young, { ...assigned(ids.role), condition: open }]],
    ['where two more may give it', [old, { ...young, condition: open }, assigned(custom)]],
    ['where nobody knows what another gives', [old, assigned(custom)]],
    ['where two give it, and nobody knows what a third gives', [old, young, assigned(custom)]],
    ['where it stands below', [{ ...old, scope: `${scope}/projects/p` }]],
  ])('not %s', (_, assignments) => {
    expect(only(assignments)).toBeUndefined()
  })
})
