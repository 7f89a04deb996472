import fc from 'fast-check'
import {
  accessAdministrator,
  automaticRole,
  builtInPermissions,
  openAIUser as callerOfOpenAI,
  cognitiveServicesUser,
  leastRoleFor,
  leastRoleWithoutKeysFor,
  listKeys,
  nameOfChoice,
  parseRole,
  type RoleChoice,
  reader,
  referenceOf,
  roleCovers,
  roleDefinitionId,
  roleGuidOf,
  roleHasDataActions,
  roleNameOf,
} from '../../../src/azure/rbac/built-in-roles.ts'
import { coversAction } from '../../../src/azure/rbac/permissions.ts'

const user = 'a97b65f3-24c7-4388-baec-2e87135dc908'
const subscriptionId = 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'

describe('a role is accepted', () => {
  test.each([
    ['by name', 'Cognitive Services User', user],
    ['by name, in any case and spacing', ' cognitive  SERVICES user ', user],
    ['by its new name', 'Foundry User', '53ca6127-db72-4b80-b1b0-d745d6d5456d'],
    ['by its old name', 'Azure AI User', '53ca6127-db72-4b80-b1b0-d745d6d5456d'],
    ['by GUID', user.toUpperCase(), user],
    ['by id', `/providers/Microsoft.Authorization/roleDefinitions/${user}`, user],
    [
      'by id of a subscription',
      `/subscriptions/${subscriptionId}/providers/microsoft.authorization/ROLEDEFINITIONS/${user}/`,
      user,
    ],
  ])('%s', (_, text, guid) => {
    expect(parseRole(text)).toEqual({ kind: 'guid', guid })
  })

  test.each(['auto', 'Auto', 'AUTO'])('the least role: %s', text => {
    expect(parseRole(text)).toEqual({ kind: 'auto' })
  })

  test.each([
    'Contoso Model Caller',
    'Caller',
    'Cognitive Services Model Caller (Contoso)',
    // Too short for anybody to tell a slip from a name.
    'Reeder',
    `our/providers/Microsoft.Authorization/roleDefinitions/${user}`,
  ])('as a custom one: %s', name => {
    expect(parseRole(name)).toEqual({ kind: 'name', name })
  })

  test.each([
    ['a letter too few', 'Cognitive Services Usr', 'Cognitive Services User'],
    ['a letter too many', 'Cognitive Services OpenAII User', 'Cognitive Services OpenAI User'],
    ['another letter', 'Foundry Uzer', 'Foundry User'],
    ['no blank', 'Cognitive ServicesUser', 'Cognitive Services User'],
    ['two letters too many, in the shortest name', 'Readerly', 'Reader'],
    ['letters in the wrong order', 'Cognitive Services Uesr', 'Cognitive Services User'],
    ['a slip in an old name', 'Azure AI Project Manger', 'Foundry Project Manager'],
  ])('not with %s, and the error says the right name', (_, text, name) => {
    expect(parseRole(text)).toEqual({ problem: expect.stringContaining(`"${name}" is`) })
  })

  test.each([
    ['two names', 'Cognitive Services User\nFoundry User'],
    ['two own names, and a line of blanks', 'Contoso Caller\n  \nContoso Reader'],
    ['a name and a GUID', `Foundry User\r\n\n${user}\n`],
  ])('not of several lines: %s', (_, text) => {
    expect(parseRole(text)).toEqual({ problem: expect.stringContaining('is a list of 2 lines: one role') })
  })

  test('in two lines if they are one name', () => {
    expect(parseRole('Cognitive Services\n  User')).toEqual({ kind: 'guid', guid: user })
  })

  test.each([
    [
      'an assignment',
      `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleAssignments/${user}`,
    ],
    ['what lies below a definition', `/providers/Microsoft.Authorization/roleDefinitions/${user}/x`],
    ['a definition without GUID', '/providers/Microsoft.Authorization/roleDefinitions/Reader'],
  ])('not by the id of %s', (_, id) => {
    expect(parseRole(id)).toEqual({ problem: expect.stringContaining('is not one of a role definition') })
  })

  test('one typing error in a long name never counts as a custom role', () => {
    const name = 'Cognitive Services OpenAI User'
    fc.assert(
      fc.property(fc.nat(name.length - 1), fc.constantFrom('', 'x', 'xy'), (at, instead) => {
        const slipped = parseRole(name.slice(0, at) + instead + name.slice(at + 1))

        expect(slipped).not.toHaveProperty('kind', 'name')
      }),
    )
  })
})

test('ids are compared by their GUID, with the subscription and without', () => {
  const withSubscription = roleDefinitionId(subscriptionId, user)

  expect(withSubscription).toBe(
    `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${user}`,
  )
  expect(roleGuidOf(withSubscription)).toBe(user)
  expect(roleGuidOf(`/providers/Microsoft.Authorization/roleDefinitions/${user.toUpperCase()}`)).toBe(user)
  expect(roleGuidOf(user)).toBe(user)
})

test('all names are current', () => {
  expect(roleNameOf(user.toUpperCase())).toBe('Cognitive Services User')
  expect(roleNameOf('53ca6127-db72-4b80-b1b0-d745d6d5456d')).toBe('Foundry User')
  expect(roleNameOf(subscriptionId)).toBeUndefined()
})

test('roles that texts name are the ones with that name', () => {
  expect(
    [cognitiveServicesUser, callerOfOpenAI, reader, accessAdministrator].map(({ guid }) => guid),
  ).toEqual([
    user,
    '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
  ])
})

test.each<[RoleChoice, string]>([
  [{ kind: 'auto' }, 'auto'],
  [{ kind: 'name', name: 'Contoso Caller' }, 'Contoso Caller'],
  [{ kind: 'guid', guid: user }, 'Cognitive Services User'],
  [{ kind: 'guid', guid: subscriptionId }, subscriptionId],
])('a choice is named as users write it: %j', (choice, name) => {
  expect(nameOfChoice(choice)).toBe(name)
})

test('auto chooses by the calls, any other choice stands for itself', () => {
  const chat = [operation('OpenAI/deployments/chat/completions/action')]

  expect(referenceOf({ kind: 'auto' }, chat)).toEqual({ kind: 'guid', guid: callerOfOpenAI.guid })
  expect(referenceOf({ kind: 'name', name: 'Contoso Caller' }, chat)).toEqual({
    kind: 'name',
    name: 'Contoso Caller',
  })
})

const operation = (name: string) => `Microsoft.CognitiveServices/accounts/${name}`

test.each([
  ['OpenAI/deployments/chat/completions/action', 'Cognitive Services OpenAI User'],
  ['OpenAI/responses/write', 'Cognitive Services OpenAI User'],
  ['OpenAI/files/import', 'Cognitive Services OpenAI Contributor'],
  ['OpenAI/models/read', 'Cognitive Services Data Reader'],
  ['MaaS/chat/completions/action', 'Cognitive Services User'],
  ['AIServices/providers/action', 'Cognitive Services User'],
  ['AIServices/responses/write', 'Foundry Project Runtime User'],
  ['AIServices/endpoints/interact/action', 'Foundry Agent Consumer'],
  ['AIServices/agents/endpoints/UserIdentityImpersonation/action', undefined],
])('the least role for %s is %s', (name, role) => {
  expect(leastRoleFor(operation(name))?.name).toBe(role)
})

test('the least role for several operations covers each of them', () => {
  const least = (...names: string[]) => leastRoleFor(...names.map(operation))?.name
  expect(least('OpenAI/models/read', 'OpenAI/responses/write')).toBe('Cognitive Services OpenAI User')
  expect(least('OpenAI/responses/write', 'AIServices/providers/action')).toBe('Cognitive Services User')
  expect(least('AIServices/responses/write', 'OpenAI/responses/write')).toBe('Cognitive Services User')
  expect(least()).toBeUndefined()
})

test.each([
  ['OpenAI/deployments/chat/completions/action', 'Cognitive Services OpenAI User'],
  ['MaaS/chat/completions/action', 'Cognitive Services Data Contributor (Preview)'],
  ['AIServices/fine_tuning_deployments/write', undefined],
])('the least role for %s that cannot list keys is %s', (name, role) => {
  const least = leastRoleWithoutKeysFor(operation(name))

  expect(least?.name).toBe(role)
  expect(coversAction(builtInPermissions(least?.guid ?? '') ?? [], listKeys)).toBe(false)
})

const openAIUser = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

test.each([
  ['the OpenAI User, an OpenAI model', openAIUser, 'OpenAI/responses/write', true],
  ['the OpenAI User, a Foundry model', openAIUser, 'MaaS/chat/completions/action', false],
  ['an Owner, anything', owner, 'OpenAI/responses/write', false],
  ['a custom role, nobody knows', subscriptionId, 'OpenAI/responses/write', undefined],
])('what a role covers: %s', (_, guid, name, expected) => {
  expect(roleCovers(guid.toUpperCase(), operation(name))).toBe(expected)
})

test('roles for administration allow no calls', () => {
  expect([openAIUser, owner, subscriptionId].map(roleHasDataActions)).toEqual([true, false, undefined])
})

test('auto takes the least role, or the recommended one if none covers everything', () => {
  const impersonation = operation('AIServices/agents/endpoints/UserIdentityImpersonation/action')

  expect(automaticRole([operation('OpenAI/responses/write')]).name).toBe('Cognitive Services OpenAI User')
  expect(automaticRole([operation('OpenAI/responses/write'), impersonation]).name).toBe(
    'Cognitive Services User',
  )
  expect(automaticRole([]).name).toBe('Cognitive Services User')
})

test('for any need: the choice of auto covers it if any role for callers does, and allows no more than the recommended role', () => {
  const needed = fc.array(
    fc.constantFrom(
      'OpenAI/deployments/chat/completions/action',
      'OpenAI/responses/write',
      'OpenAI/files/import',
      'MaaS/chat/completions/action',
      'AIServices/providers/action',
      'AIServices/agents/read',
      'AIServices/responses/write',
    ),
    { minLength: 1 },
  )
  fc.assert(
    fc.property(needed, names => {
      const { guid } = automaticRole(names.map(operation))

      expect(names.filter(name => roleCovers(guid, operation(name)) !== true)).toEqual([])
      expect(
        coversAction(builtInPermissions(guid) ?? [], 'Microsoft.Authorization/roleAssignments/write'),
      ).toBe(false)
    }),
  )
})
