import {
  isBelow,
  isProject,
  isSameScope,
  parseScope,
  withoutLeadingSlash,
  withoutProject,
} from '../../../src/azure/rbac/scopes.ts'

test('the SDK keeps the first slash of a scope', () => {
  expect(withoutLeadingSlash('/subscriptions/x')).toBe('subscriptions/x')
  expect(withoutLeadingSlash('subscriptions/x')).toBe('subscriptions/x')
  expect(withoutLeadingSlash('//subscriptions/x')).toBe('subscriptions/x')
})

test('case and first slash do not make a different scope', () => {
  expect(isSameScope('/subscriptions/X/resourceGroups/a', 'subscriptions/x/resourcegroups/A')).toBe(true)
  expect(isSameScope('/subscriptions/x', '/subscriptions/y')).toBe(false)
})

test('a scope contains what begins with it, up to a slash', () => {
  expect(isBelow('/subscriptions/x/resourceGroups/a', 'Subscriptions/X')).toBe(true)
  expect(isBelow('/subscriptions/xy', '/subscriptions/x')).toBe(false)
  expect(isBelow('/subscriptions/x', '/subscriptions/x')).toBe(false)
})

test.each([
  ['the root of the tenant', '/', { resources: [] }],
  [
    'a management group',
    '/providers/Microsoft.Management/managementGroups/contoso',
    { managementGroup: 'contoso', resources: [] },
  ],
  [
    'management groups without a name',
    '/providers/Microsoft.Management',
    { managementGroup: '', resources: [] },
  ],
  [
    'what belongs to the tenant',
    '/providers/Microsoft.Capacity/orders/o/parts',
    {
      provider: 'Microsoft.Capacity',
      resources: [
        { type: 'orders', name: 'o' },
        { type: 'parts', name: '' },
      ],
    },
  ],
  ['a subscription', '/Subscriptions/s', { subscriptionId: 's', resources: [] }],
  [
    'a resource group, without its first slash',
    'subscriptions/s/resourceGroups/g',
    { subscriptionId: 's', resourceGroup: 'g', resources: [] },
  ],
  [
    'an account',
    '/subscriptions/s/resourcegroups/g/Providers/Microsoft.CognitiveServices/accounts/a',
    {
      subscriptionId: 's',
      resourceGroup: 'g',
      provider: 'Microsoft.CognitiveServices',
      resources: [{ type: 'accounts', name: 'a' }],
    },
  ],
  [
    'a project',
    '/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a/projects/p/',
    {
      subscriptionId: 's',
      resourceGroup: 'g',
      provider: 'Microsoft.CognitiveServices',
      resources: [
        { type: 'accounts', name: 'a' },
        { type: 'projects', name: 'p' },
      ],
    },
  ],
  [
    'what a subscription holds without a group',
    '/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r',
    {
      subscriptionId: 's',
      provider: 'Microsoft.Authorization',
      resources: [{ type: 'roleDefinitions', name: 'r' }],
    },
  ],
])('an id is parsed: %s', (_, id, parts) => {
  expect(parseScope(id)).toStrictEqual(parts)
})

test('a project is within an account', () => {
  const account = '/subscriptions/s/resourceGroups/projects/providers/Microsoft.CognitiveServices/accounts/a'
  expect(withoutProject(`${account}/Projects/p`)).toBe(account)
  expect(withoutProject(`${account}/projects/storefront/`)).toBe(account)
  expect(withoutProject(account)).toBe(account)
  expect([account, `${account}/projects/p`].map(isProject)).toEqual([false, true])
})
