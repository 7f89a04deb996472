import { isRefused, subscriptionId, type Texts } from './given.ts'

test.each<[string, Texts, RegExp]>([
  [
    'an endpoint without deployments',
    { 'resource-id': '', endpoint: 'https://contoso.openai.azure.com' },
    /^`deployments` must name at least one/,
  ],
  ...Object.entries({
    'setup-client-id': subscriptionId,
    'principal-id': subscriptionId,
    revoke: 'true',
    role: 'Foundry User',
    grant: 'never',
    'model-days-left': '30',
  }).map(([name, value]): [string, Texts, RegExp] => [
    `${name} with an endpoint alone`,
    {
      'resource-id': '',
      endpoint: 'https://contoso.openai.azure.com',
      deployments: 'gpt-4o',
      [name]: value,
    },
    new RegExp(`^\`${name}\` has no effect if only \`endpoint\` is given`),
  ]),
  [
    'keys forbidden with an endpoint alone, and nothing that proves it',
    {
      'resource-id': '',
      endpoint: 'https://contoso.openai.azure.com',
      deployments: 'gpt-4o',
      'key-access': 'forbid',
    },
    /^`key-access` is forbid, but only `endpoint` is given/,
  ],
])('%s is refused', isRefused)
