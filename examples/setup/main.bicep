// A Foundry resource without keys, and a pipeline on GitHub that may call its models: an identity, federated credentials
// for the repository, and the role on the resource itself. For a resource that exists already there is setup.sh.
//
//   az deployment group create --resource-group GROUP --template-file main.bicep \
//     --parameters accountName=NAME subjects='["repo:OWNER/REPO:environment:production"]'

@description('Name of the Foundry resource, and its custom subdomain: it must be free in all of Azure. Without a subdomain Entra tokens are refused.')
param accountName string

param location string = resourceGroup().location

@description('Subjects of the OIDC tokens that may sign in, in the very case in which GitHub writes them: repo:OWNER/REPO:… or, for repositories created, renamed or transferred after 2026-07-15, repo:OWNER@ID/REPO@ID:…')
param subjects string[]

@description('Issuer of the OIDC tokens. GitHub Enterprise has others.')
param issuer string = 'https://token.actions.githubusercontent.com'

@description('Name of the pipeline\'s identity.')
param identityName string = '${accountName}-pipeline'

@description('Name of a second identity, which grants the role in the gate (setup-client-id). The role is then left to it. Empty: there is none, and the role is granted here.')
param setupIdentityName string = ''

@description('Role of the pipeline. Default: Cognitive Services User.')
param roleId string = 'a97b65f3-24c7-4388-baec-2e87135dc908'

var accessAdministratorId = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
var hasSetupIdentity = !empty(setupIdentityName)

// Names take letters, digits, - and _.
var credentials = map(subjects, subject => {
  name: take(reduce([':', '/', '@', '.', '_', '%', '+', '#', ' '], 'github-${subject}', (name, sign) => replace(name, sign, '-')), 120)
  subject: subject
})

// This one role, to and from service principals, and nothing else.
var condition = replace('''(
  (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
  OR
  (
    @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLE}
    AND
    @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}
  )
)
AND
(
  (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
  OR
  (
    @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLE}
    AND
    @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}
  )
)''', 'ROLE', roleId)

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
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
    properties: {
      issuer: issuer
      subject: credential.subject
      audiences: ['api://AzureADTokenExchange']
    }
  }
]

// Without `scope: account` it would hold for the whole resource group.
resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!hasSetupIdentity) {
  name: guid(account.id, identity.id, roleId)
  scope: account
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}

resource setupIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = if (hasSetupIdentity) {
  name: hasSetupIdentity ? setupIdentityName : 'none'
  location: location
}

@batchSize(1)
resource setupCredentials 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [
  for credential in (hasSetupIdentity ? credentials : []): {
    parent: setupIdentity
    name: credential.name
    properties: {
      issuer: issuer
      subject: credential.subject
      audiences: ['api://AzureADTokenExchange']
    }
  }
]

resource setupGrant 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasSetupIdentity) {
  name: guid(account.id, setupIdentity.id, accessAdministratorId)
  scope: account
  properties: {
    principalId: setupIdentity!.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', accessAdministratorId)
    condition: condition
    conditionVersion: '2.0'
  }
}

output AZURE_CLIENT_ID string = identity.properties.clientId
output AZURE_TENANT_ID string = identity.properties.tenantId
output AZURE_SETUP_CLIENT_ID string = hasSetupIdentity ? setupIdentity!.properties.clientId : ''
output resourceId string = account.id
