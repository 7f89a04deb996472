/** What would be another scope than an account or its project, or another path, if it were taken for one: the input, and what is said of it. */
export const foreignIds = (account: string): ReadonlyArray<readonly [string, string, string]> => [
  ['no leading slash', account.slice(1), 'does not have the form'],
  ['a deployment', `${account}/deployments/gpt-4o`, 'does not have the form'],
  ['a resource group', account.slice(0, account.indexOf('/providers')), 'does not have the form'],
  ['a query', `${account}?api-version=1`, 'does not have the form'],
  ['blanks inside', account.replace('contoso', 'con toso'), 'does not have the form'],
  ['a URL of the portal', `https://portal.azure.com/#resource${account}`, 'does not have the form'],
  [
    'a service of machine learning',
    account.replace('CognitiveServices/accounts', 'MachineLearningServices/workspaces'),
    'is of type Microsoft.MachineLearningServices/workspaces, not',
  ],
  [
    'a subscription by name',
    account.replace(/^\/subscriptions\/[^/]+/, '/subscriptions/production'),
    'holds the subscription id production',
  ],
  ['a segment of dots', account.replace(/[^/]+$/, '..'), 'does not have the form'],
  ['an escaped slash', `${account}%2Fprojects`, 'does not have the form'],
  ['a subscription', account.slice(0, account.indexOf('/resourceGroups')), 'does not have the form'],
  ['the root of the tenant', '/', 'does not have the form'],
  [
    'a management group',
    '/providers/Microsoft.Management/managementGroups/contoso',
    'does not have the form',
  ],
  ['a path that climbs', `${account}/projects/../../other`, 'does not have the form'],
]
