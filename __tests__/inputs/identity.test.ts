import {
  clientId,
  good,
  isReadAs,
  isRefused,
  problemsOf,
  read,
  subscriptionId,
  type Texts,
  tenantId,
  withGood,
} from './given.ts'

test('identity and subscription come from the environment if the inputs leave them out', () => {
  const env = {
    AZURE_CLIENT_ID: clientId,
    AZURE_TENANT_ID: ` ${tenantId} `,
    AZURE_SUBSCRIPTION_ID: subscriptionId,
  }
  const settings = read({ 'resource-group': 'rg-models', 'resource-name': 'contoso' }, env)

  expect(settings.identity).toMatchObject({ clientId, tenantId })
  expect(settings.target).toMatchObject({ kind: 'resource', resource: { subscriptionId } })
})

test('inputs win over the environment', () => {
  expect(withGood({}, { AZURE_CLIENT_ID: subscriptionId }).identity.clientId).toBe(clientId)
})

test('the error for an id from the environment says so', () => {
  const { 'client-id': _, ...others } = good

  expect(problemsOf(others, { AZURE_CLIENT_ID: 'nonsense' })).toEqual([
    expect.stringContaining('`client-id` is "nonsense" (from AZURE_CLIENT_ID), which is not a GUID'),
  ])
})

test.each<[string, Texts, object]>([
  [
    'GUIDs in capitals, between blanks',
    { 'client-id': ` ${clientId.toUpperCase()}\r\n` },
    { identity: { clientId } },
  ],
  ['an audience', { audience: 'api://Other' }, { identity: { assertionAudience: 'api://Other' } }],
  [
    'an identity for the setup',
    { 'setup-client-id': subscriptionId.toUpperCase() },
    { identity: { clientId, setupClientId: subscriptionId } },
  ],
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  [
    'no client id',
    { 'client-id': '' },
    /^`client-id` is missing; a GUID is needed, here or in the environment variable AZURE_CLIENT_ID/,
  ],
  [
    'a secret that is not there',
    { 'tenant-id': ' \r\n' },
    /^`tenant-id` is missing.* An absent secret or variable arrives as an empty string$/,
  ],
  ['a GUID that is none', { 'client-id': '1111-2222' }, /^`client-id` is "1111-2222", which is not a GUID/],
  [
    'a GUID with a letter too many',
    { 'tenant-id': `${tenantId}0` },
    /^`tenant-id` is ".*0", which is not a GUID/,
  ],
])('%s is refused', isRefused)
