import fc from 'fast-check'
import { accountIdOf, parseResourceId, scopeOf } from '../../src/azure/resource-id.ts'
import { foreignIds } from '../attacks/wider-scopes.ts'

const subscriptionId = 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'
const account = `/subscriptions/${subscriptionId}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/contoso`
const parts = { subscriptionId, resourceGroup: 'rg-models', account: 'contoso', project: undefined }

test.each([
  ['an account', account, parts],
  ['a project', `${account}/projects/app`, { ...parts, project: 'app' }],
  ['a slash at the end', `${account}/`, parts],
  [
    'the case in which other tools print it',
    account.toUpperCase(),
    { ...parts, resourceGroup: 'RG-MODELS', account: 'CONTOSO' },
  ],
])('reads %s', (_, id, expected) => {
  expect(parseResourceId(id)).toEqual(expected)
})

test.each(foreignIds(account))('says what is wrong with %s', (_, id, problem) => {
  expect(parseResourceId(id)).toEqual({ problem: expect.stringContaining(problem) })
})

test.each([`x${subscriptionId}`, `${subscriptionId}x`])('says that %s is not a GUID', text => {
  expect(parseResourceId(account.replace(subscriptionId, text))).toEqual({
    problem: `holds the subscription id ${text}, which is not a GUID`,
  })
})

test('says which form an id must have', () => {
  expect(parseResourceId('contoso')).toEqual({
    problem:
      'does not have the form /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.CognitiveServices/accounts/<name>, with or without /projects/<name>',
  })
})

test('a parsed id can be written again, and is the scope of the role', () => {
  // Segments of dots alone are refused: they would make another path of the id.
  const name = fc.stringMatching(/^[\w.-]{1,30}$/).filter(text => !/^\.+$/.test(text))
  const id = fc.record({
    subscriptionId: fc.uuid(),
    resourceGroup: name,
    account: name,
    project: fc.option(name, { nil: undefined }),
  })
  fc.assert(
    fc.property(id, resource => {
      const scope = scopeOf(resource)

      expect(parseResourceId(scope)).toEqual(resource)
      expect(parseResourceId(accountIdOf(resource))).toEqual({ ...resource, project: undefined })
      expect(scope.startsWith(accountIdOf(resource))).toBe(true)
    }),
  )
})
