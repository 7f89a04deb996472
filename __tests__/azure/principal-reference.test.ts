import { parsePrincipalReference } from '../../src/azure/principal-reference.ts'

const subscriptionId = 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff'
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg`

test.each([
  [`${group}/providers/Microsoft.Web/sites/shop`, 'Microsoft.Web/sites'],
  [`${group}/providers/Microsoft.Web/sites/shop/slots/blue/`, 'Microsoft.Web/sites/slots'],
  // Named like a cluster, or within one.
  [
    `${group}/providers/Contoso.Microsoft.ContainerService/managedClusters/aks`,
    'Contoso.Microsoft.ContainerService/managedClusters',
  ],
  [
    `${group}/providers/Microsoft.ContainerService/managedClusters/aks/agentPools/one`,
    'Microsoft.ContainerService/managedClusters/agentPools',
  ],
  [
    `${group.toUpperCase()}/PROVIDERS/microsoft.managedidentity/userassignedidentities/id`,
    'microsoft.managedidentity/userassignedidentities',
  ],
])('%s is of type %s', (id, type) => {
  expect(parsePrincipalReference(id)).toEqual({
    kind: 'resource',
    resource: { id: id.replace(/\/$/, ''), subscriptionId, type },
  })
})

test('the subscription is given in lower case', () => {
  expect(parsePrincipalReference(`${group.toUpperCase()}/providers/Microsoft.Web/sites/shop`)).toMatchObject({
    resource: { subscriptionId },
  })
})

test('a GUID is an object id, in lower case', () => {
  expect(parsePrincipalReference(subscriptionId.toUpperCase())).toEqual({
    kind: 'object',
    principalId: subscriptionId,
  })
})

test.each([
  ['shop', /is not an object id/],
  [group, /is not an object id/],
  [`${group}/providers/Microsoft.Web/sites`, /is not an object id/],
  [`${group}/providers/Microsoft.Web/sites/shop/slots`, /is not an object id/],
  ['/subscriptions/mine/resourceGroups/rg/providers/Microsoft.Web/sites/shop', /is not an object id/],
  [`${group}/providers/Microsoft.Web/sites/..`, /is not an object id/],
  [`${group}/providers/Microsoft.Web/sites/shop?api-version=1`, /is not an object id/],
  [`${group}/providers/Microsoft.Web/sites/a%2fb`, /is not an object id/],
  [
    `${group}/providers/Microsoft.ContainerService/managedClusters/aks`,
    /is a cluster, and its pods do not act as the identity of the cluster/,
  ],
])('%s is refused', (text, problem) => {
  expect(parsePrincipalReference(text)).toEqual({ problem: expect.stringMatching(problem) })
})
