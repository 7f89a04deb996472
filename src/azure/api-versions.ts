/** Versions of Resource Manager's APIs: those that the gate calls, and those in commands and templates that it prints. */

/** Of accounts of Cognitive Services, and of everything below them. */
export const accountsApiVersion = '2025-06-01'
/** Microsoft.Authorization: assignments, definitions, permissions, deny assignments. */
export const authorizationApiVersion = '2022-04-01'
/** Microsoft.Authorization: the schedules of Privileged Identity Management. */
export const schedulesApiVersion = '2020-10-01'
/** Of providers, which list the versions of their types. */
export const providersApiVersion = '2021-04-01'
export const managedIdentitiesApiVersion = '2023-01-31'

/**
 * Versions for the types that usually call a model, or are an identity: stable ones, from the types in
 * terraform-provider-azapi 2.12, and for Microsoft.ApiManagement, Microsoft.DataFactory and Microsoft.MachineLearningServices
 * from azure-rest-api-specs. For any other type the provider lists its versions. Published agents (`applications`) have stable
 * versions since 2025-12-01 in azure-rest-api-specs; other programs read them with 2025-10-01-preview, with
 * `defaultInstanceIdentity.principalId`. Nobody has shown a reply to 2026-03-01.
 */
const versions: Readonly<Record<string, string>> = {
  'microsoft.apimanagement/service': '2024-05-01',
  'microsoft.app/containerapps': '2025-01-01',
  'microsoft.app/jobs': '2025-01-01',
  'microsoft.cognitiveservices/accounts': accountsApiVersion,
  'microsoft.cognitiveservices/accounts/projects': accountsApiVersion,
  'microsoft.cognitiveservices/accounts/projects/applications': '2026-03-01',
  'microsoft.compute/virtualmachines': '2024-07-01',
  'microsoft.compute/virtualmachinescalesets': '2024-07-01',
  'microsoft.containerinstance/containergroups': '2023-05-01',
  'microsoft.datafactory/factories': '2018-06-01',
  'microsoft.logic/workflows': '2019-05-01',
  'microsoft.machinelearningservices/workspaces': '2024-10-01',
  'microsoft.machinelearningservices/workspaces/onlineendpoints': '2024-10-01',
  'microsoft.managedidentity/userassignedidentities': managedIdentitiesApiVersion,
  'microsoft.search/searchservices': '2023-11-01',
  'microsoft.web/sites': '2024-04-01',
  'microsoft.web/sites/slots': '2024-04-01',
}

/** @param type Such as `Microsoft.Web/sites`. @returns undefined if the table does not have the type. */
export const usualApiVersion = (type: string): string | undefined => versions[type.toLowerCase()]

/** The newest stable version; if there are only previews, the newest of them. Undefined if there is none. */
export function newestVersion(apiVersions: readonly string[]): string | undefined {
  const newestFirst = apiVersions.toSorted().toReversed()
  return newestFirst.find(version => /^\d{4}-\d\d-\d\d$/.test(version)) ?? newestFirst[0]
}
