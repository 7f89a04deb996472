import fc from 'fast-check'
import { coversAction, coversDataAction } from '../../../src/azure/rbac/permissions.ts'

const chat = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'

describe('one role', () => {
  test.each([
    ['the action itself', [chat], true],
    ['in another case', [chat.toLowerCase()], true],
    ['everything', ['*'], true],
    ['all below', ['Microsoft.CognitiveServices/*'], true],
    ['a star in the middle', ['Microsoft.CognitiveServices/accounts/OpenAI/*/chat/completions/action'], true],
    ['two stars', ['Microsoft.*/accounts/*/action'], true],
    [
      'one of several',
      ['Microsoft.CognitiveServices/accounts/MaaS/*', 'Microsoft.CognitiveServices/accounts/OpenAI/*'],
      true,
    ],
    ['another service', ['Microsoft.CognitiveServices/accounts/MaaS/*'], false],
    ['only a part', ['Microsoft.CognitiveServices/accounts/OpenAI'], false],
    ['another verb', ['Microsoft.CognitiveServices/*/read'], false],
    ['nothing', [], false],
  ])('that lists %s', (_, dataActions, expected) => {
    expect(coversDataAction([{ dataActions }], chat)).toBe(expected)
  })

  test('gives nothing that it excludes itself', () => {
    const notDataActions = ['Microsoft.CognitiveServices/accounts/OpenAI/*']

    expect(coversDataAction([{ dataActions: ['*'], notDataActions }], chat)).toBe(false)
    expect(
      coversAction(
        [{ actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] }],
        'Microsoft.Authorization/roleAssignments/write',
      ),
    ).toBe(false)
  })
})

test('another role may give what one leaves out, because exclusions do not deny', () => {
  const contributor = {
    actions: ['*'],
    notActions: ['Microsoft.Authorization/*/Write'],
    dataActions: [],
    notDataActions: [],
  }
  const administrator = { actions: ['Microsoft.Authorization/roleAssignments/write'] }
  const wanted = 'Microsoft.Authorization/roleAssignments/write'

  expect(coversAction([contributor], wanted)).toBe(false)
  expect(coversAction([contributor, administrator], wanted)).toBe(true)
})

test('actions and data actions do not replace each other', () => {
  expect(coversDataAction([{ actions: ['*'] }], chat)).toBe(false)
  expect(coversAction([{ dataActions: ['*'] }], 'Microsoft.CognitiveServices/accounts/read')).toBe(false)
  expect(coversDataAction([], chat)).toBe(false)
})

/** What the documentation says, as a regular expression. */
function oracle(pattern: string, operation: string): boolean {
  const escaped = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('.*')}$`, 'i').test(operation)
}

test('stars match like a regular expression', () => {
  const part = fc.constantFrom('a', 'b', 'ab', 'ba', 'A', '/', '.', 'aa', '')
  const operation = fc.array(part, { maxLength: 8 }).map(parts => parts.join(''))
  const pattern = fc.array(fc.oneof(part, fc.constant('*')), { maxLength: 8 }).map(parts => parts.join(''))
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 3 }),
      fc.array(pattern, { maxLength: 2 }),
      operation,
      (given, taken, wanted) => {
        const expected = given.some(one => oracle(one, wanted)) && !taken.some(one => oracle(one, wanted))

        expect(coversDataAction([{ dataActions: given, notDataActions: taken }], wanted)).toBe(expected)
        expect(coversAction([{ actions: given, notActions: taken }], wanted)).toBe(expected)
      },
    ),
    { numRuns: 2000 },
  )
})
