/**
 * Resource types that the local cloud knows, with Azure's api-versions for them: those in terraform-provider-azapi 2.12, which
 * leaves out older and retired ones. `permissions`, `providerOperations` and the schedules have the versions of their official
 * descriptions. The providers' replies list them.
 */
const VERSIONS: Readonly<Record<string, string>> = {
  'Microsoft.App/containerApps': `
    2026-01-01 2025-10-02-preview 2025-07-01 2025-02-02-preview 2025-01-01 2024-10-02-preview
    2024-08-02-preview 2024-03-01 2024-02-02-preview 2023-11-02-preview 2023-08-01-preview
    2023-05-02-preview 2023-05-01 2023-04-01-preview 2022-11-01-preview 2022-10-01 2022-06-01-preview
    2022-03-01 2022-01-01-preview`,
  'Microsoft.App/jobs': `
    2026-01-01 2025-10-02-preview 2025-07-01 2025-02-02-preview 2025-01-01 2024-10-02-preview
    2024-08-02-preview 2024-03-01 2024-02-02-preview 2023-11-02-preview 2023-08-01-preview
    2023-05-02-preview 2023-05-01 2023-04-01-preview 2022-11-01-preview`,
  'Microsoft.Authorization/denyAssignments': '2024-07-01-preview 2022-04-01 2018-07-01-preview',
  'Microsoft.Authorization/locks': '2020-05-01 2017-04-01 2016-09-01 2015-01-01',
  'Microsoft.Authorization/permissions': '2022-04-01 2018-01-01-preview 2015-07-01',
  'Microsoft.Authorization/providerOperations': '2022-04-01 2018-01-01-preview 2015-07-01',
  'Microsoft.Authorization/roleAssignments': `
    2022-04-01 2020-10-01-preview 2020-08-01-preview 2020-04-01-preview 2020-03-01-preview
    2018-09-01-preview 2018-01-01-preview 2017-10-01-preview 2015-07-01`,
  'Microsoft.Authorization/roleAssignmentScheduleInstances': `
    2024-09-01-preview 2020-10-01-preview 2020-10-01`,
  'Microsoft.Authorization/roleDefinitions': '2022-05-01-preview 2022-04-01 2018-01-01-preview 2015-07-01',
  'Microsoft.Authorization/roleEligibilityScheduleInstances': `
    2024-09-01-preview 2020-10-01-preview 2020-10-01`,
  'Microsoft.CognitiveServices/accounts': `
    2026-05-15-preview 2026-05-01 2026-03-15-preview 2026-03-01 2026-01-15-preview 2025-12-01
    2025-10-01-preview 2025-09-01 2025-07-01-preview 2025-06-01 2025-04-01-preview 2024-10-01
    2024-06-01-preview 2024-04-01-preview 2023-10-01-preview 2023-05-01 2022-12-01 2022-10-01 2022-03-01
    2021-10-01 2021-04-30 2017-04-18 2016-02-01-preview`,
  'Microsoft.CognitiveServices/accounts/deployments': `
    2026-05-15-preview 2026-05-01 2026-03-15-preview 2026-03-01 2026-01-15-preview 2025-12-01
    2025-10-01-preview 2025-09-01 2025-07-01-preview 2025-06-01 2025-04-01-preview 2024-10-01
    2024-06-01-preview 2024-04-01-preview 2023-10-01-preview 2023-05-01 2022-12-01 2022-10-01 2022-03-01
    2021-10-01`,
  'Microsoft.CognitiveServices/accounts/projects': `
    2026-05-15-preview 2026-05-01 2026-03-15-preview 2026-03-01 2026-01-15-preview 2025-12-01
    2025-10-01-preview 2025-09-01 2025-07-01-preview 2025-06-01 2025-04-01-preview`,
  'Microsoft.CognitiveServices/accounts/projects/applications': `
    2026-05-15-preview 2026-05-01 2026-03-15-preview 2026-03-01 2026-01-15-preview 2025-10-01-preview`,
  'Microsoft.CognitiveServices/locations/models': `
    2026-05-15-preview 2026-05-01 2026-03-15-preview 2026-03-01 2026-01-15-preview 2025-12-01
    2025-10-01-preview 2025-09-01 2025-07-01-preview 2025-06-01 2025-04-01-preview 2024-10-01
    2024-06-01-preview 2024-04-01-preview 2023-10-01-preview 2023-05-01 2022-12-01 2022-10-01 2022-03-01
    2021-10-01 2021-04-30 2017-04-18 2016-02-01-preview`,
  'Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts': `
    2026-05-15-preview 2026-05-01 2026-03-15-preview 2026-03-01 2026-01-15-preview 2025-12-01
    2025-10-01-preview 2025-09-01 2025-07-01-preview 2025-06-01 2025-04-01-preview 2024-10-01
    2024-06-01-preview 2024-04-01-preview 2023-10-01-preview 2023-05-01 2022-12-01 2022-10-01 2022-03-01
    2021-10-01 2021-04-30`,
  'Microsoft.Compute/virtualMachines': `
    2026-03-01 2025-11-01 2025-04-01 2024-11-01 2024-07-01 2024-03-01 2023-09-01 2023-07-01 2023-03-01
    2022-11-01 2022-08-01 2022-03-01 2021-11-01 2021-07-01 2021-04-01 2021-03-01 2020-12-01 2020-06-01
    2019-12-01 2019-07-01 2019-03-01 2018-10-01 2018-06-01 2018-04-01 2017-12-01 2017-03-30
    2016-04-30-preview 2016-03-30 2015-06-15`,
  'Microsoft.ContainerInstance/containerGroups': `
    2026-08-01-preview 2026-07-01 2026-06-01-preview 2025-09-01 2024-11-01-preview 2024-10-01-preview
    2024-09-01-preview 2024-05-01-preview 2023-05-01 2023-02-01-preview 2022-10-01-preview 2022-09-01
    2021-10-01 2021-09-01 2021-07-01 2021-03-01 2020-11-01 2019-12-01 2018-10-01 2018-09-01 2018-06-01
    2018-04-01 2018-02-01-preview 2017-12-01-preview 2017-10-01-preview 2017-08-01-preview`,
  'Microsoft.ContainerService/managedClusters': `
    2026-05-02-preview 2026-05-01 2026-04-02-preview 2026-04-01 2026-03-02-preview 2026-03-01
    2026-02-02-preview 2026-02-01 2026-01-02-preview 2026-01-01 2025-10-02-preview 2025-10-01
    2025-09-02-preview 2025-09-01 2025-08-02-preview 2025-08-01 2025-07-02-preview 2025-07-01
    2025-06-02-preview 2025-05-02-preview 2025-05-01 2025-04-02-preview 2025-04-01 2025-03-02-preview
    2025-03-01 2025-02-02-preview 2025-02-01 2025-01-02-preview 2025-01-01 2024-10-02-preview 2024-10-01
    2024-09-02-preview 2024-09-01 2024-08-01 2024-07-02-preview 2024-07-01 2024-06-02-preview
    2024-05-02-preview 2024-05-01 2024-04-02-preview 2024-03-02-preview 2024-02-02-preview 2024-02-01
    2024-01-02-preview 2024-01-01 2023-11-02-preview 2023-11-01 2023-10-02-preview 2023-10-01
    2023-09-02-preview 2023-09-01 2023-08-02-preview 2023-08-01 2023-07-02-preview 2023-07-01
    2023-06-02-preview 2023-06-01 2023-05-02-preview 2023-05-01 2023-04-02-preview 2023-04-01
    2023-03-02-preview 2023-03-01 2023-02-02-preview 2023-02-01 2023-01-02-preview 2023-01-01
    2022-11-02-preview 2022-11-01 2022-10-02-preview 2022-09-02-preview 2022-09-01 2022-08-03-preview
    2022-08-02-preview 2022-07-02-preview 2022-07-01 2022-06-02-preview 2022-06-01 2022-05-02-preview
    2022-04-02-preview 2022-04-01 2022-03-02-preview 2022-03-01 2022-02-02-preview 2022-02-01
    2022-01-02-preview 2022-01-01 2021-11-01-preview 2021-10-01 2021-09-01 2021-08-01 2021-07-01 2021-05-01
    2021-03-01 2021-02-01 2020-12-01 2020-11-01 2020-09-01 2020-07-01 2020-06-01 2020-04-01 2020-03-01
    2020-02-01 2020-01-01 2019-11-01 2019-10-01 2019-08-01 2019-06-01 2019-04-01 2019-02-01
    2018-08-01-preview 2018-03-31 2017-08-31`,
  'Microsoft.KeyVault/vaults': `
    2026-03-01-preview 2026-02-01 2025-05-01 2024-12-01-preview 2024-11-01 2024-04-01-preview 2023-07-01
    2023-02-01 2022-11-01 2022-07-01 2022-02-01-preview 2021-11-01-preview 2021-10-01 2021-06-01-preview
    2021-04-01-preview 2020-04-01-preview 2019-09-01 2018-02-14-preview 2018-02-14 2016-10-01 2015-06-01`,
  'Microsoft.Logic/workflows': '2019-05-01 2018-07-01-preview 2016-06-01 2015-02-01-preview',
  'Microsoft.ManagedIdentity/userAssignedIdentities': `
    2025-05-31-preview 2025-01-31-preview 2024-11-30 2023-07-31-preview 2023-01-31 2022-01-31-preview
    2021-09-30-preview 2018-11-30 2015-08-31-preview`,
  'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials': `
    2025-05-31-preview 2025-01-31-preview 2024-11-30 2023-07-31-preview 2023-01-31 2022-01-31-preview`,
  'Microsoft.Resources/resourceGroups': `
    2025-04-01 2025-03-01 2024-11-01 2024-07-01 2024-03-01 2023-07-01 2022-09-01 2021-04-01 2021-01-01
    2020-10-01 2020-08-01 2020-06-01 2019-10-01 2019-08-01 2019-07-01 2019-05-10 2019-05-01 2019-03-01
    2018-05-01 2018-02-01 2017-05-10 2016-09-01 2016-07-01 2016-02-01 2015-11-01`,
  'Microsoft.Search/searchServices': `
    2026-09-01-preview 2026-03-01-preview 2025-05-01 2025-02-01-preview 2024-06-01-preview
    2024-03-01-preview 2023-11-01 2022-09-01 2021-04-01-preview 2020-08-01-preview 2020-08-01 2020-03-13
    2019-10-01-preview 2015-08-19 2015-02-28`,
  'Microsoft.Storage/storageAccounts': `
    2026-04-01 2025-08-01 2025-06-01 2025-01-01 2024-01-01 2023-05-01 2023-04-01 2023-01-01 2022-09-01
    2022-05-01 2021-09-01 2021-08-01 2021-06-01 2021-04-01 2021-02-01 2021-01-01 2020-08-01-preview
    2019-06-01 2019-04-01 2018-11-01 2018-07-01 2018-03-01-preview 2018-02-01 2017-10-01 2017-06-01
    2016-12-01 2016-05-01 2016-01-01 2015-06-15 2015-05-01-preview`,
  'Microsoft.Web/sites': `
    2025-03-01 2024-11-01 2024-04-01 2023-12-01 2023-01-01 2022-09-01 2022-03-01 2021-03-01 2021-02-01
    2021-01-15 2021-01-01 2020-12-01 2020-10-01 2020-09-01 2020-06-01 2019-08-01 2018-11-01 2018-02-01
    2016-08-01 2015-08-01`,
  'Microsoft.Web/sites/slots': `
    2025-03-01 2024-11-01 2024-04-01 2023-12-01 2023-01-01 2022-09-01 2022-03-01 2021-03-01 2021-02-01
    2021-01-15 2021-01-01 2020-12-01 2020-10-01 2020-09-01 2020-06-01 2019-08-01 2018-11-01 2018-02-01
    2016-08-01 2015-08-01`,
}

/** A type, as its provider lists it. */
export interface ResourceType {
  namespace: string
  /** Without the namespace: `accounts/projects`. */
  name: string
  /** Newest first. */
  apiVersions: readonly string[]
}

export const RESOURCE_TYPES: readonly ResourceType[] = Object.entries(VERSIONS).map(([type, versions]) => {
  const slash = type.indexOf('/')
  return {
    namespace: type.slice(0, slash),
    name: type.slice(slash + 1),
    apiVersions: versions.trim().split(/\s+/),
  }
})

/**
 * In an id, types and names of resources alternate: `Microsoft.Web/sites/shop/slots/blue` is of type `Microsoft.Web/sites/slots`.
 */
export function typeOfResource(id: string): string {
  const [, afterProviders = ''] = id.split(/.*\/providers\//i)
  const [namespace = '', ...segments] = afterProviders.split('/')
  return [namespace, ...segments.filter((_, index) => index % 2 === 0)].join('/')
}

/** Undefined if the local cloud does not know the type. */
export function knownType(type: string): ResourceType | undefined {
  return RESOURCE_TYPES.find(
    ({ namespace, name }) => `${namespace}/${name}`.toLowerCase() === type.toLowerCase(),
  )
}
