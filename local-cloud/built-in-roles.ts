import type { Permission, RoleDefinition } from './world.ts'

/** Of a built-in role, a permission may hold under a condition (Azure ABAC, version 2.0) only. */
export interface ConditionalPermission extends Permission {
  condition?: string
}

/** A role as authorization sees it: built-in or custom. */
export interface Role extends Omit<RoleDefinition, 'permissions'> {
  permissions: readonly ConditionalPermission[]
}

const PROJECT_ROLES = ['eed3b665-ab3a-47b6-8f48-c9382fb1dad6', '53ca6127-db72-4b80-b1b0-d745d6d5456d']

const FOUNDRY_ROLES = [
  ...PROJECT_ROLES,
  '3bc748fc-213d-45c1-8d91-9da5725539b9',
  '2a1e307c-b015-4ebd-883e-5b7698a07328',
  '73c42c96-874c-492b-b04d-ab87d138a893',
]

/** The delegation condition of the Foundry roles, character for character: it is compared and shown as text. */
function mayAssignOnly(roleDefinitionIds: readonly string[]): string {
  const clause = (verb: string, source: string) =>
    `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'})) OR ` +
    `(@${source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ` +
    `ForAnyOfAnyValues:GuidEquals{${roleDefinitionIds.join(',')}}))`
  return `${clause('write', 'Request')} AND ${clause('delete', 'Resource')}`
}

function builtIn(
  id: string,
  roleName: string,
  description: string,
  {
    actions = [],
    notActions = [],
    dataActions = [],
    notDataActions = [],
    ...rest
  }: Partial<ConditionalPermission>,
): Role {
  const permission = { actions, notActions, dataActions, notDataActions, ...rest }
  return {
    id,
    roleName,
    description,
    type: 'BuiltInRole',
    assignableScopes: ['/'],
    permissions: [permission],
  }
}

/** Built-in roles that matter to key-less access, as Azure defined them on 2026-08-22; names are those after the Foundry rename. */
export const BUILT_IN_ROLES: readonly Role[] = [
  builtIn(
    'a97b65f3-24c7-4388-baec-2e87135dc908',
    'Cognitive Services User',
    'Reads accounts, lists their keys and calls every data-plane API.',
    {
      actions: [
        'Microsoft.CognitiveServices/*/read',
        'Microsoft.CognitiveServices/accounts/listkeys/action',
        'Microsoft.Insights/alertRules/read',
        'Microsoft.Insights/diagnosticSettings/read',
        'Microsoft.Insights/logDefinitions/read',
        'Microsoft.Insights/metricdefinitions/read',
        'Microsoft.Insights/metrics/read',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/operations/read',
        'Microsoft.Resources/subscriptions/operationresults/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      dataActions: ['Microsoft.CognitiveServices/*'],
      notDataActions: [
        'Microsoft.CognitiveServices/accounts/AIServices/agents/endpoints/UserIdentityImpersonation/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/fine-tunes-deployments/write',
        'Microsoft.CognitiveServices/accounts/AIServices/fine_tuning_deployments/write',
      ],
    },
  ),
  builtIn(
    '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
    'Cognitive Services OpenAI User',
    'Calls the OpenAI models of an account and sees its deployments, without access to keys.',
    {
      actions: [
        'Microsoft.CognitiveServices/*/read',
        'Microsoft.Authorization/roleAssignments/read',
        'Microsoft.Authorization/roleDefinitions/read',
      ],
      dataActions: [
        'Microsoft.CognitiveServices/accounts/OpenAI/*/read',
        'Microsoft.CognitiveServices/accounts/OpenAI/engines/completions/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/engines/search/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/engines/generate/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/deployments/audio/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/deployments/search/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/deployments/completions/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/deployments/realtime/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/deployments/extensions/chat/completions/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/images/generations/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/video/generations/*/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/video/generations/*/delete',
        'Microsoft.CognitiveServices/accounts/OpenAI/assistants/*',
        'Microsoft.CognitiveServices/accounts/OpenAI/responses/*',
      ],
      notDataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/stored-completions/read'],
    },
  ),
  builtIn(
    'a001fd3d-188f-4b5d-821b-7da978bf7442',
    'Cognitive Services OpenAI Contributor',
    'Calls the OpenAI models of an account, fine-tunes them and manages deployments.',
    {
      actions: [
        'Microsoft.CognitiveServices/*/read',
        'Microsoft.CognitiveServices/accounts/deployments/write',
        'Microsoft.CognitiveServices/accounts/deployments/delete',
        'Microsoft.CognitiveServices/accounts/raiPolicies/read',
        'Microsoft.CognitiveServices/accounts/raiPolicies/write',
        'Microsoft.CognitiveServices/accounts/raiPolicies/delete',
        'Microsoft.CognitiveServices/accounts/commitmentplans/read',
        'Microsoft.CognitiveServices/accounts/commitmentplans/write',
        'Microsoft.CognitiveServices/accounts/commitmentplans/delete',
        'Microsoft.Authorization/roleAssignments/read',
        'Microsoft.Authorization/roleDefinitions/read',
      ],
      dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'],
    },
  ),
  builtIn(
    '25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68',
    'Cognitive Services Contributor',
    'Manages accounts and their keys; grants no data-plane access.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.CognitiveServices/*',
        'Microsoft.Features/features/read',
        'Microsoft.Features/providers/features/read',
        'Microsoft.Features/providers/features/register/action',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Insights/diagnosticSettings/*',
        'Microsoft.Insights/logDefinitions/read',
        'Microsoft.Insights/metricdefinitions/read',
        'Microsoft.Insights/metrics/read',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/deployments/operations/read',
        'Microsoft.Resources/subscriptions/operationresults/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Resources/subscriptions/resourcegroups/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  builtIn(
    '53ca6127-db72-4b80-b1b0-d745d6d5456d',
    'Foundry User',
    'Reads Foundry accounts and projects and calls every data-plane API.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.CognitiveServices/*/read',
        'Microsoft.CognitiveServices/accounts/listkeys/action',
        'Microsoft.Insights/alertRules/read',
        'Microsoft.Insights/diagnosticSettings/read',
        'Microsoft.Insights/logDefinitions/read',
        'Microsoft.Insights/metricdefinitions/read',
        'Microsoft.Insights/metrics/read',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/subscriptions/operationresults/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      dataActions: ['Microsoft.CognitiveServices/*'],
      notDataActions: [
        'Microsoft.CognitiveServices/accounts/AIServices/agents/endpoints/UserIdentityImpersonation/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/fine-tunes-deployments/write',
        'Microsoft.CognitiveServices/accounts/AIServices/fine_tuning_deployments/write',
      ],
    },
  ),
  builtIn(
    'eadc314b-1a2d-4efa-be10-5d325db5065e',
    'Foundry Project Manager',
    'Manages Foundry projects, calls their APIs and may assign two Foundry roles.',
    {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        'Microsoft.CognitiveServices/accounts/*/read',
        'Microsoft.CognitiveServices/accounts/projects/*',
        'Microsoft.CognitiveServices/locations/*/read',
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
      ],
      dataActions: ['Microsoft.CognitiveServices/*'],
      notDataActions: [
        'Microsoft.CognitiveServices/accounts/AIServices/agents/endpoints/UserIdentityImpersonation/action',
        'Microsoft.CognitiveServices/accounts/OpenAI/fine-tunes-deployments/write',
        'Microsoft.CognitiveServices/accounts/AIServices/fine_tuning_deployments/write',
      ],
      condition: mayAssignOnly(PROJECT_ROLES),
    },
  ),
  builtIn(
    'e47c6f54-e4a2-4754-9501-8e0985b135e1',
    'Foundry Account Owner',
    'Manages Foundry accounts and projects and may assign Foundry roles; grants no data-plane access.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        'Microsoft.CognitiveServices/*',
        'Microsoft.Features/features/read',
        'Microsoft.Features/providers/features/read',
        'Microsoft.Features/providers/features/register/action',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Insights/diagnosticSettings/*',
        'Microsoft.Insights/logDefinitions/read',
        'Microsoft.Insights/metricdefinitions/read',
        'Microsoft.Insights/metrics/read',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/deployments/operations/read',
        'Microsoft.Resources/subscriptions/operationresults/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Resources/subscriptions/resourcegroups/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      condition: mayAssignOnly(FOUNDRY_ROLES),
    },
  ),
  builtIn(
    'c883944f-8b7b-4483-af10-35834be79c4a',
    'Foundry Owner',
    'Manages Foundry accounts and projects, calls their APIs and may assign Foundry roles.',
    {
      actions: [
        'Microsoft.AlertsManagement/actionRules/*',
        'Microsoft.AlertsManagement/alerts/*',
        'Microsoft.AlertsManagement/issues/*',
        'Microsoft.AlertsManagement/prometheusRuleGroups/*',
        'Microsoft.AlertsManagement/smartDetectorAlertRules/*',
        'Microsoft.Authorization/*/read',
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        'Microsoft.CognitiveServices/*',
        'Microsoft.Insights/activityLogAlerts/*',
        'Microsoft.Insights/metricalerts/*',
        'Microsoft.Insights/scheduledqueryrules/*',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/deployments/operations/read',
        'Microsoft.Resources/subscriptions/operationresults/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Resources/subscriptions/resourcegroups/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      dataActions: ['Microsoft.CognitiveServices/*'],
      notDataActions: [
        'Microsoft.CognitiveServices/accounts/AIServices/agents/endpoints/UserIdentityImpersonation/action',
      ],
      condition: mayAssignOnly(FOUNDRY_ROLES),
    },
  ),
  builtIn(
    'eed3b665-ab3a-47b6-8f48-c9382fb1dad6',
    'Foundry Agent Consumer',
    'Talks to published Foundry agents.',
    {
      dataActions: ['Microsoft.CognitiveServices/accounts/AIServices/endpoints/interact/action'],
    },
  ),
  builtIn(
    '142bfaed-a13f-4c2d-bed2-6db62c4a1009',
    'Foundry Project Runtime User',
    'Talks to Foundry agents with the least permissions.',
    {
      dataActions: ['Microsoft.CognitiveServices/accounts/AIServices/responses/*'],
    },
  ),
  builtIn(
    '64702f94-c441-49e6-a78b-ef80e0188fee',
    'Azure AI Developer',
    'Works in machine-learning workspaces and calls OpenAI, speech, content-safety and inference APIs.',
    {
      actions: [
        'Microsoft.MachineLearningServices/workspaces/*/read',
        'Microsoft.MachineLearningServices/workspaces/*/action',
        'Microsoft.MachineLearningServices/workspaces/*/delete',
        'Microsoft.MachineLearningServices/workspaces/*/write',
        'Microsoft.MachineLearningServices/locations/*/read',
        'Microsoft.Authorization/*/read',
        'Microsoft.Resources/deployments/*',
      ],
      notActions: [
        'Microsoft.MachineLearningServices/workspaces/delete',
        'Microsoft.MachineLearningServices/workspaces/write',
        'Microsoft.MachineLearningServices/workspaces/listKeys/action',
        'Microsoft.MachineLearningServices/workspaces/hubs/write',
        'Microsoft.MachineLearningServices/workspaces/hubs/delete',
        'Microsoft.MachineLearningServices/workspaces/featurestores/write',
        'Microsoft.MachineLearningServices/workspaces/featurestores/delete',
        'Microsoft.MachineLearningServices/workspaces/evaluations/results/labels/read',
        'Microsoft.MachineLearningServices/workspaces/evaluations/results/reasonings/read',
        'Microsoft.MachineLearningServices/workspaces/simulations/results/images/read',
      ],
      dataActions: [
        'Microsoft.CognitiveServices/accounts/OpenAI/*',
        'Microsoft.CognitiveServices/accounts/SpeechServices/*',
        'Microsoft.CognitiveServices/accounts/ContentSafety/*',
        'Microsoft.CognitiveServices/accounts/MaaS/*',
      ],
      notDataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/fine-tunes-deployments/write'],
    },
  ),
  builtIn(
    'b78c5d69-af96-48a3-bf8d-a8b4d589de94',
    'Azure AI Administrator',
    'Manages AI resources and what they depend on; grants no data-plane access.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.CognitiveServices/*',
        'Microsoft.ContainerRegistry/registries/*',
        'Microsoft.DocumentDb/databaseAccounts/*',
        'Microsoft.Features/features/read',
        'Microsoft.Features/providers/features/read',
        'Microsoft.Features/providers/features/register/action',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Insights/components/*',
        'Microsoft.Insights/diagnosticSettings/*',
        'Microsoft.Insights/generateLiveToken/read',
        'Microsoft.Insights/logDefinitions/read',
        'Microsoft.Insights/metricAlerts/*',
        'Microsoft.Insights/metricdefinitions/read',
        'Microsoft.Insights/metrics/read',
        'Microsoft.Insights/scheduledqueryrules/*',
        'Microsoft.Insights/topology/read',
        'Microsoft.Insights/transactions/read',
        'Microsoft.Insights/webtests/*',
        'Microsoft.KeyVault/*',
        'Microsoft.MachineLearningServices/workspaces/*',
        'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/deployments/operations/read',
        'Microsoft.Resources/subscriptions/operationresults/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Resources/subscriptions/resourcegroups/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Resources/subscriptions/resourceGroups/write',
        'Microsoft.Storage/storageAccounts/*',
        'Microsoft.Support/*',
        'Microsoft.Search/searchServices/write',
        'Microsoft.Search/searchServices/read',
        'Microsoft.Search/searchServices/delete',
        'Microsoft.Search/searchServices/indexes/*',
        'Microsoft.Search/searchServices/listAdminKeys/action',
        'Microsoft.Search/searchServices/privateEndpointConnections/*',
        'Microsoft.DataFactory/factories/*',
      ],
    },
  ),
  builtIn(
    '19c28022-e58e-450d-a464-0b2a53034789',
    'Cognitive Services Data Contributor (Preview)',
    'Calls every data-plane API, without any control-plane access.',
    {
      dataActions: ['Microsoft.CognitiveServices/*'],
      notDataActions: [
        'Microsoft.CognitiveServices/accounts/OpenAI/fine-tunes-deployments/write',
        'Microsoft.CognitiveServices/accounts/AIServices/fine_tuning_deployments/write',
      ],
    },
  ),
  builtIn(
    'b59867f0-fa02-499b-be73-45a86b5b3e1c',
    'Cognitive Services Data Reader',
    'Reads data-plane objects.',
    {
      dataActions: ['Microsoft.CognitiveServices/*/read'],
    },
  ),
  builtIn(
    'bba48692-92b0-4667-a9ad-c31c7b334ac2',
    'Cognitive Services Usages Reader',
    'Reads the usage of a location.',
    {
      actions: ['Microsoft.CognitiveServices/locations/usages/read'],
    },
  ),
  builtIn('acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Reader', 'Sees every resource and changes nothing.', {
    actions: ['*/read'],
  }),
  builtIn(
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Manages every resource, but grants access to none.',
    {
      actions: ['*'],
      notActions: [
        'Microsoft.Authorization/*/Delete',
        'Microsoft.Authorization/*/Write',
        'Microsoft.Authorization/elevateAccess/Action',
        'Microsoft.Blueprint/blueprintAssignments/write',
        'Microsoft.Blueprint/blueprintAssignments/delete',
        'Microsoft.Compute/galleries/share/action',
        'Microsoft.Purview/consents/write',
        'Microsoft.Purview/consents/delete',
        'Microsoft.Resources/deploymentStacks/manageDenySetting/action',
        'Microsoft.Subscription/cancel/action',
        'Microsoft.Subscription/enable/action',
      ],
    },
  ),
  builtIn('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', 'Manages every resource and the access to it.', {
    actions: ['*'],
  }),
  builtIn(
    '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    'User Access Administrator',
    'Manages who has access to resources.',
    {
      actions: ['*/read', 'Microsoft.Authorization/*', 'Microsoft.Support/*'],
    },
  ),
  builtIn(
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    'Role Based Access Control Administrator',
    'Assigns roles, and manages access by no other means.',
    {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        '*/read',
        'Microsoft.Support/*',
      ],
    },
  ),
]
