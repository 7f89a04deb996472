import { isBelow, isSameScope, withoutLeadingSlash } from '../../../src/azure/rbac/scopes.ts'

test('the SDK brings the first slash of a scope along', () => {
  expect(withoutLeadingSlash('/subscriptions/x')).toBe('subscriptions/x')
  expect(withoutLeadingSlash('subscriptions/x')).toBe('subscriptions/x')
})

test('neither case nor the first slash makes another scope of it', () => {
  expect(isSameScope('/subscriptions/X/resourceGroups/a', 'subscriptions/x/resourcegroups/A')).toBe(true)
  expect(isSameScope('/subscriptions/x', '/subscriptions/y')).toBe(false)
})

test('below a scope is what has it for its beginning, up to a slash', () => {
  expect(isBelow('/subscriptions/x/resourceGroups/a', 'Subscriptions/X')).toBe(true)
  expect(isBelow('/subscriptions/xy', '/subscriptions/x')).toBe(false)
  expect(isBelow('/subscriptions/x', '/subscriptions/x')).toBe(false)
})
