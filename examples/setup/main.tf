# A Foundry resource without keys, and a pipeline on GitHub that may call its models: an identity, federated credentials
# for the repository, and the role on the resource itself. The azapi provider takes the types and api-versions of
# main.bicep as they are.
#
#   terraform apply -var resource_group_id=ID -var location=swedencentral -var account_name=NAME \
#     -var 'subjects=["repo:OWNER/REPO:environment:production"]'

terraform {
  required_version = ">= 1.5"
  required_providers {
    azapi = {
      source  = "Azure/azapi"
      version = "~> 2.0"
    }
  }
}

variable "resource_group_id" {
  description = "ARM id of the resource group."
  type        = string
}

variable "location" {
  type = string
}

variable "account_name" {
  description = "Name of the Foundry resource, and its custom subdomain: it must be free in all of Azure. Without a subdomain Entra tokens are refused."
  type        = string
}

variable "subjects" {
  description = "Subjects of the OIDC tokens that may sign in, in the very case in which GitHub writes them: repo:OWNER/REPO:… or, for repositories created, renamed or transferred after 2026-07-15, repo:OWNER@ID/REPO@ID:…"
  type        = set(string)
}

variable "issuer" {
  description = "Issuer of the OIDC tokens. GitHub Enterprise has others."
  type        = string
  default     = "https://token.actions.githubusercontent.com"
}

variable "identity_name" {
  description = "Name of the pipeline's identity. Default: that of the resource, with -pipeline."
  type        = string
  default     = null
}

variable "setup_identity_name" {
  description = "Name of a second identity, which grants the role in the gate (setup-client-id). The role is then left to it. Null: there is none, and the role is granted here."
  type        = string
  default     = null
}

variable "role_id" {
  description = "Role of the pipeline. Default: Cognitive Services User."
  type        = string
  default     = "a97b65f3-24c7-4388-baec-2e87135dc908"
}

locals {
  access_administrator_id = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
  role_definitions        = "/subscriptions/${split("/", var.resource_group_id)[2]}/providers/Microsoft.Authorization/roleDefinitions"
  # The namespace of guid() in Bicep: names of role assignments come out the same.
  guid_namespace = "11fb06fb-712d-4ddd-98c7-e71bbd588830"

  # Names take letters, digits, - and _.
  credentials = {
    for subject in var.subjects : substr(replace("github-${subject}", "/[^A-Za-z0-9]+/", "-"), 0, 120) => subject
  }
  setup_credentials = var.setup_identity_name == null ? {} : local.credentials

  # This one role, to and from service principals, and nothing else.
  condition = <<-EOT
    (
      (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
      OR
      (
        @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${var.role_id}}
        AND
        @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}
      )
    )
    AND
    (
      (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
      OR
      (
        @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${var.role_id}}
        AND
        @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}
      )
    )
  EOT
}

resource "azapi_resource" "account" {
  type      = "Microsoft.CognitiveServices/accounts@2025-06-01"
  parent_id = var.resource_group_id
  name      = var.account_name
  location  = var.location
  identity {
    type = "SystemAssigned"
  }
  body = {
    kind = "AIServices"
    sku  = { name = "S0" }
    properties = {
      customSubDomainName = var.account_name
      # True switches keys off: the property says "disable".
      disableLocalAuth       = true
      allowProjectManagement = true
      publicNetworkAccess    = "Enabled"
    }
  }
}

resource "azapi_resource" "identity" {
  type                   = "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31"
  parent_id              = var.resource_group_id
  name                   = coalesce(var.identity_name, "${var.account_name}-pipeline")
  location               = var.location
  response_export_values = ["properties.clientId", "properties.principalId", "properties.tenantId"]
}

resource "azapi_resource" "identity_credential" {
  for_each  = local.credentials
  type      = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31"
  parent_id = azapi_resource.identity.id
  name      = each.key
  body = {
    properties = {
      issuer    = var.issuer
      subject   = each.value
      audiences = ["api://AzureADTokenExchange"]
    }
  }
  # Azure refuses to write two credentials of one identity at a time.
  locks = [azapi_resource.identity.id]
}

# Its parent is the resource: the role holds there and nowhere else.
resource "azapi_resource" "grant" {
  count     = var.setup_identity_name == null ? 1 : 0
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = azapi_resource.account.id
  name      = uuidv5(local.guid_namespace, join("-", [azapi_resource.account.id, azapi_resource.identity.id, var.role_id]))
  body = {
    properties = {
      principalId      = azapi_resource.identity.output.properties.principalId
      principalType    = "ServicePrincipal"
      roleDefinitionId = "${local.role_definitions}/${var.role_id}"
    }
  }
}

resource "azapi_resource" "setup_identity" {
  count                  = var.setup_identity_name == null ? 0 : 1
  type                   = "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31"
  parent_id              = var.resource_group_id
  name                   = var.setup_identity_name
  location               = var.location
  response_export_values = ["properties.clientId", "properties.principalId"]
}

resource "azapi_resource" "setup_credential" {
  for_each  = local.setup_credentials
  type      = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31"
  parent_id = azapi_resource.setup_identity[0].id
  name      = each.key
  body = {
    properties = {
      issuer    = var.issuer
      subject   = each.value
      audiences = ["api://AzureADTokenExchange"]
    }
  }
  locks = [azapi_resource.setup_identity[0].id]
}

resource "azapi_resource" "setup_grant" {
  count     = var.setup_identity_name == null ? 0 : 1
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = azapi_resource.account.id
  name      = uuidv5(local.guid_namespace, join("-", [azapi_resource.account.id, azapi_resource.setup_identity[0].id, local.access_administrator_id]))
  body = {
    properties = {
      principalId      = azapi_resource.setup_identity[0].output.properties.principalId
      principalType    = "ServicePrincipal"
      roleDefinitionId = "${local.role_definitions}/${local.access_administrator_id}"
      condition        = local.condition
      conditionVersion = "2.0"
    }
  }
}

output "AZURE_CLIENT_ID" {
  value = azapi_resource.identity.output.properties.clientId
}

output "AZURE_TENANT_ID" {
  value = azapi_resource.identity.output.properties.tenantId
}

output "AZURE_SETUP_CLIENT_ID" {
  value = one(azapi_resource.setup_identity[*].output.properties.clientId)
}

output "resource_id" {
  value = azapi_resource.account.id
}
