import { newestVersion, usualApiVersion } from '../../src/azure/api-versions.ts'

/** What usually calls a model, or is an identity. */
const usual = [
  'Microsoft.ApiManagement/service',
  'Microsoft.App/containerApps',
  'Microsoft.App/jobs',
  'Microsoft.CognitiveServices/accounts',
  'Microsoft.CognitiveServices/accounts/projects',
  'Microsoft.CognitiveServices/accounts/projects/applications',
  'Microsoft.Compute/virtualMachines',
  'Microsoft.Compute/virtualMachineScaleSets',
  'Microsoft.ContainerInstance/containerGroups',
  'Microsoft.DataFactory/factories',
  'Microsoft.Logic/workflows',
  'Microsoft.MachineLearningServices/workspaces',
  'Microsoft.MachineLearningServices/workspaces/onlineEndpoints',
  'Microsoft.ManagedIdentity/userAssignedIdentities',
  'Microsoft.Search/searchServices',
  'Microsoft.Web/sites',
  'Microsoft.Web/sites/slots',
]

test.each(usual)('%s is read without asking for its versions, by a stable one', type => {
  expect(usualApiVersion(type)).toMatch(/^20\d\d-\d\d-\d\d$/)
})

test('any other type is not in the table', () => {
  expect(usualApiVersion('Microsoft.Batch/batchAccounts')).toBeUndefined()
})

test.each<[string, string[], string | undefined]>([
  ['the newest that is no preview', ['2024-01-01', '2026-01-01-preview', '2025-01-01'], '2025-01-01'],
  [
    'the newest preview, where there are no others',
    ['2024-01-01-preview', '2025-01-01-preview'],
    '2025-01-01-preview',
  ],
  ['a stable one, and not what holds one', ['x2025-01-01', '2024-01-01'], '2024-01-01'],
  ['none of none', [], undefined],
])('%s', (_, versions, expected) => {
  expect(newestVersion(versions)).toBe(expected)
})
