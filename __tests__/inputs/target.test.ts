import { good, isReadAs, isRefused, read, resourceId, subscriptionId, type Texts } from './given.ts'

const badId = 'Microsoft.CognitiveServices/accounts'

test('a resource in three parts', () => {
  const { 'resource-id': _, ...identity } = good
  const parts = {
    'subscription-id': subscriptionId,
    'resource-group': 'Grüne.Gruppe_(1)',
    'resource-name': 'contoso-1',
  }

  expect(read({ ...identity, ...parts }).target).toEqual({
    kind: 'resource',
    resource: {
      subscriptionId,
      resourceGroup: 'Grüne.Gruppe_(1)',
      account: 'contoso-1',
      project: undefined,
    },
    endpoint: undefined,
  })
})

test('an endpoint alone, with a deployment', () => {
  const { 'resource-id': _, ...identity } = good
  const endpointOnly = { endpoint: 'https://contoso.openai.azure.com', deployments: 'gpt-4o' }

  expect(read({ ...identity, ...endpointOnly }).target).toEqual({
    kind: 'endpoint',
    endpoint: 'https://contoso.openai.azure.com',
  })
})

test.each<[string, Texts, object]>([
  [
    'a project',
    { 'resource-id': `${resourceId}/projects/app` },
    { target: { resource: { account: 'contoso', project: 'app' } } },
  ],
  [
    'an endpoint besides the resource',
    { endpoint: 'https://contoso.openai.azure.com/' },
    { target: { kind: 'resource', endpoint: 'https://contoso.openai.azure.com' } },
  ],
  [
    'an endpoint as portals show it',
    { endpoint: 'https://contoso.openai.azure.com/openai/v1/' },
    { target: { endpoint: 'https://contoso.openai.azure.com' } },
  ],
  [
    'the endpoint of model inference',
    { endpoint: 'https://contoso.services.ai.azure.com/models' },
    { target: { endpoint: 'https://contoso.services.ai.azure.com' } },
  ],
  [
    'the endpoint of Claude',
    { endpoint: 'https://contoso.services.ai.azure.com/anthropic' },
    { target: { endpoint: 'https://contoso.services.ai.azure.com' } },
  ],
  [
    'the endpoint of Claude with its route',
    { endpoint: 'https://contoso.services.ai.azure.com/anthropic/v1/messages' },
    { target: { endpoint: 'https://contoso.services.ai.azure.com' } },
  ],
  [
    'the endpoint of a project',
    { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app' },
    { target: { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app' } },
  ],
  [
    'the endpoint of a project with its route',
    { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app/openai/v1' },
    { target: { endpoint: 'https://contoso.services.ai.azure.com/api/projects/app' } },
  ],
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  [
    'an id of another type',
    { 'resource-id': resourceId.replace(badId, 'Microsoft.Storage/storageAccounts') },
    /^`resource-id` is ".*", which is of type Microsoft.Storage\/storageAccounts, not Microsoft.CognitiveServices\/accounts$/,
  ],
  [
    'an id with a slip in it',
    { 'resource-id': resourceId.replace('resourceGroups', 'resourceGroup') },
    /^`resource-id` is ".*", which does not have the form \/subscriptions\/<guid>\/resourceGroups\//,
  ],
  [
    'an id of a deployment',
    { 'resource-id': `${resourceId}/deployments/gpt-4o` },
    /^`resource-id` is ".*", which does not have the form/,
  ],
  [
    'an id with a subscription that is no GUID',
    { 'resource-id': resourceId.replace(subscriptionId, 'mine') },
    /^`resource-id` is ".*", which holds the subscription id mine, which is not a GUID$/,
  ],
  [
    'both forms of the target',
    { 'resource-name': 'contoso' },
    /^`resource-id` is given together with `subscription-id`, `resource-group` or `resource-name`/,
  ],
  [
    'both forms, by the subscription',
    { 'subscription-id': subscriptionId },
    /^`resource-id` is given together with/,
  ],
  [
    'no target',
    { 'resource-id': '' },
    /^`resource-id` is missing; give it, or `subscription-id`, `resource-group` and `resource-name`, or `endpoint`, with `subscription-id` or alone$/,
  ],
  [
    'half a target',
    { 'resource-id': '', 'resource-group': 'rg', 'subscription-id': subscriptionId },
    /^`resource-name` is missing; `resource-group` is given without it$/,
  ],
  [
    'a target without subscription',
    { 'resource-id': '', 'resource-group': 'rg', 'resource-name': 'contoso' },
    /^`subscription-id` is missing; a GUID is needed, here or in the environment variable AZURE_SUBSCRIPTION_ID/,
  ],
  [
    'a name that is none',
    {
      'resource-id': '',
      'subscription-id': subscriptionId,
      'resource-group': 'rg',
      'resource-name': 'a/b',
    },
    /^`resource-name` is "a\/b", which is not the name of an Azure resource$/,
  ],
  [
    'an endpoint without TLS',
    { endpoint: 'http://contoso.openai.azure.com' },
    /^`endpoint` is "http:\/\/.*", which does not begin with https:\/\//,
  ],
  [
    'an endpoint that is no URL',
    { endpoint: 'contoso.openai.azure.com' },
    /^`endpoint` is ".*", which is not a URL/,
  ],
  [
    'an endpoint of Azure with a path that none has',
    { endpoint: 'https://contoso.openai.azure.com/opnai/v1' },
    /^`endpoint` is ".*", which has the path \/opnai\/v1; give scheme and host/,
  ],
  [
    'a regional endpoint',
    { endpoint: 'https://eastus.api.cognitive.microsoft.com/' },
    /^`endpoint` is ".*", which is the regional endpoint of eastus, .* custom subdomain/,
  ],
  [
    'an endpoint with credentials',
    { endpoint: 'https://user:word@contoso.openai.azure.com' },
    /^`endpoint` is ".*", which holds a user name or a password$/,
  ],
  [
    'an endpoint with a query',
    { endpoint: 'https://contoso.openai.azure.com/?api-version=1' },
    /^`endpoint` is ".*\?\*\*\*", which has an `api-version` that is not a version/,
  ],
  [
    'an endpoint with a fragment',
    { endpoint: 'https://contoso.openai.azure.com/#x' },
    /^`endpoint` is ".*", which has a fragment, or a query with more/,
  ],
])('%s is refused', isRefused)
