// Gives a pipeline on GitHub key-less access to a Foundry or Azure OpenAI resource: an identity, federated credentials for
// the repository, and the role on the resource itself. An existing resource stays as it is:
//
//   az deployment group create --resource-group GROUP --template-file main.bicep \
//     --parameters accountName=NAME deployedFormats='["OpenAI"]' subjects='["repo:OWNER/REPO:environment:production"]'
//
// With createAccount=true and models it also creates the resource. Azure keeps a deleted resource, and its name, for two
// days. This frees the name: az cognitiveservices account purge --name NAME --resource-group GROUP --location LOCATION

@description('A model to deploy. Format: OpenAI, Mistral AI, … as `az cognitiveservices model list` prints it.')
type model = {
  @description('Name of the deployment. Callers use it.')
  deployment: string
  format: string
  name: string
  version: string
  sku: string?
  capacity: int?
}

@description('Name of the resource. For a new resource it is also the custom subdomain, without which Azure refuses Entra tokens, so no other resource in Azure may have it.')
param accountName string

@description('Creates the resource, with keys switched off. Leave it false if the resource exists: true would overwrite its properties and switch its keys off.')
param createAccount bool = false

@description('Models to deploy. Leave out those that are already deployed.')
param models model[] = []

@description('Formats of the models that are already deployed, because a template cannot see them: az cognitiveservices account deployment list --query "[].properties.model.format". They only decide the role.')
param deployedFormats string[] = []

param location string = resourceGroup().location

@description('Subjects of the OIDC tokens that may sign in, with upper and lower case as GitHub writes them: repo:OWNER/REPO:… or, for repositories created, renamed or transferred after 2026-07-15, repo:OWNER@ID/REPO@ID:…')
param subjects string[]

@description('Issuer of the OIDC tokens. GitHub Enterprise has a different one.')
param issuer string = 'https://token.actions.githubusercontent.com'

@description('Name of the pipeline\'s identity. If the identity exists, it keeps its ids and roles, but loses its tags.')
param identityName string = '${accountName}-pipeline'

@description('Name of a second identity, which grants the role in the gate (setup-client-id). The template then does not grant it. Empty: no second identity, and the template grants the role.')
param setupIdentityName string = ''

@description('Object ids of the identities that your deployed apps run as. They get the same role: from the template, or with a setup identity from the gate (runtime-principals).')
param appPrincipalIds string[] = []

@description('GUID of the pipeline\'s role. Empty: the least role that covers models and deployedFormats, which is Cognitive Services OpenAI User if all are OpenAI models, otherwise Cognitive Services User. If both are empty: Cognitive Services User.')
param roleId string = ''

var userId = 'a97b65f3-24c7-4388-baec-2e87135dc908'
var openAIUserId = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
var formats = concat(deployedFormats, map(models, candidate => candidate.format))
var openAIOnly = !empty(formats) && empty(filter(formats, candidate => candidate != 'OpenAI'))
var role = !empty(roleId) ? roleId : openAIOnly ? openAIUserId : userId
var accessAdministratorId = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
var hasSetupIdentity = !empty(setupIdentityName)

// A name has up to 120 letters, digits, - and _. The hash makes names differ that would otherwise be the same.
var letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
var credentials = map(subjects, subject => {
  name: 'github-${join(map(range(0, min(length(subject), 100)), at => contains(letters, toLower(substring(subject, at, 1))) ? substring(subject, at, 1) : '-'), '')}-${take(uniqueString(issuer, subject), 8)}'
  subject: subject
})

// The setup identity can give this one role to the pipeline and to the apps, and can remove it from the pipeline. It can grant
// nothing to itself.
var condition = replace('''(
  (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
  OR
  (
    @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {<ROLE-ID>}
    AND
    @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {<ROLE-TAKERS>}
  )
)
AND
(
  (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
  OR
  (
    @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {<ROLE-ID>}
    AND
    @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {<PRINCIPAL-ID>}
  )
)''', '<ROLE-ID>', role)

resource newAccount 'Microsoft.CognitiveServices/accounts@2025-06-01' = if (createAccount) {
  name: accountName
  location: location
  kind: 'AIServices'
  sku: { name: 'S0' }
  identity: { type: 'SystemAssigned' }
  properties: {
    customSubDomainName: accountName
    // True switches keys off: the property says "disable".
    disableLocalAuth: true
    allowProjectManagement: true
    publicNetworkAccess: 'Enabled'
  }
}

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = {
  name: accountName
}

// Azure refuses to change two deployments of one account at a time.
@batchSize(1)
resource deployments 'Microsoft.CognitiveServices/accounts/deployments@2025-06-01' = [
  for wanted in models: {
    parent: account
    name: wanted.deployment
    sku: {
      name: wanted.?sku ?? 'GlobalStandard'
      capacity: wanted.?capacity ?? 1
    }
    properties: {
      model: {
        format: wanted.format
        name: wanted.name
        version: wanted.version
      }
    }
    dependsOn: [newAccount]
  }
]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: identityName
  location: location
}

// Azure refuses to write two credentials of one identity at a time.
@batchSize(1)
resource identityCredentials 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [
  for credential in credentials: {
    parent: identity
    name: credential.name
    properties: { issuer: issuer, subject: credential.subject, audiences: ['api://AzureADTokenExchange'] }
  }
]

// Without `scope: account` the role would apply to the whole resource group.
resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!hasSetupIdentity) {
  name: guid(account.id, identity.id, role)
  scope: account
  dependsOn: [newAccount]
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}

resource appGrants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in (hasSetupIdentity ? [] : appPrincipalIds): {
    name: guid(account.id, principalId, role)
    scope: account
    dependsOn: [newAccount]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource setupIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = if (hasSetupIdentity) {
  name: hasSetupIdentity ? setupIdentityName : 'none'
  location: location
}

@batchSize(1)
resource setupCredentials 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [
  for credential in (hasSetupIdentity ? credentials : []): {
    parent: setupIdentity
    name: credential.name
    properties: { issuer: issuer, subject: credential.subject, audiences: ['api://AzureADTokenExchange'] }
  }
]

resource setupGrant 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasSetupIdentity) {
  name: guid(account.id, setupIdentity.id, accessAdministratorId)
  scope: account
  dependsOn: [newAccount]
  properties: {
    principalId: setupIdentity!.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', accessAdministratorId)
    condition: replace(
      replace(condition, '<PRINCIPAL-ID>', identity.properties.principalId),
      '<ROLE-TAKERS>',
      join(concat([identity.properties.principalId], appPrincipalIds), ', ')
    )
    conditionVersion: '2.0'
  }
}

output AZURE_CLIENT_ID string = identity.properties.clientId
output AZURE_TENANT_ID string = identity.properties.tenantId
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
output AZURE_SETUP_CLIENT_ID string = hasSetupIdentity ? setupIdentity!.properties.clientId : ''
output resourceId string = account.id
output roleId string = role
