# Gives a pipeline on GitHub key-less access to a Foundry or Azure OpenAI resource: an identity, federated credentials for
# the repository, and the role on the resource itself. It uses the same types and api-versions as main.bicep, with the azapi
# provider. An existing resource stays as it is:
#
#   terraform apply -var resource_group_id=ID -var location=swedencentral -var account_name=NAME \
#     -var 'subjects=["repo:OWNER/REPO:environment:production"]'
#
# With create_account=true and models it also creates the resource. Azure keeps a destroyed resource, and its name, for two
# days: see purge_on_destroy.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azapi = {
      source  = "Azure/azapi"
      version = "~> 2.5"
    }
  }
}

variable "resource_group_id" {
  description = "ARM id of the resource group: az group show --name GROUP --query id --output tsv"
  type        = string

  validation {
    condition     = can(regex("^/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[^/]+$", var.resource_group_id))
    error_message = "The id must have the form /subscriptions/GUID/resourceGroups/NAME."
  }
}

variable "location" {
  type = string
}

variable "account_name" {
  description = "Name of the resource. For a new resource it is also the custom subdomain, without which Azure refuses Entra tokens, so no other resource in Azure may have it."
  type        = string
}

variable "create_account" {
  description = "Creates the resource, with keys switched off. Leave it false if the resource exists."
  type        = bool
  default     = false
}

variable "models" {
  description = "Models to deploy, as `az cognitiveservices model list` prints them. Leave out those that are already deployed."
  type = list(object({
    deployment = string
    format     = string
    name       = string
    version    = string
    sku        = optional(string, "GlobalStandard")
    capacity   = optional(number, 1)
  }))
  default = []
}

variable "purge_on_destroy" {
  description = "Whether `terraform destroy` removes a resource that it created for good, so that its name is free at once. Nobody can restore it then. You need the right to purge in the subscription."
  type        = bool
  default     = false
}

variable "subjects" {
  description = "Subjects of the OIDC tokens that may sign in, with upper and lower case as GitHub writes them: repo:OWNER/REPO:… or, for repositories created, renamed or transferred after 2026-07-15, repo:OWNER@ID/REPO@ID:…"
  type        = set(string)
}

variable "issuer" {
  description = "Issuer of the OIDC tokens. GitHub Enterprise has a different one."
  type        = string
  default     = "https://token.actions.githubusercontent.com"
}

variable "identity_name" {
  description = "Name of the pipeline's identity. Default: the name of the resource with -pipeline."
  type        = string
  default     = null
}

variable "setup_identity_name" {
  description = "Name of a second identity, which grants the role in the gate (setup-client-id). Terraform then does not grant it. Null: no second identity, and Terraform grants the role."
  type        = string
  default     = null
}

variable "app_principal_ids" {
  description = "Object ids of the identities that your deployed apps run as. They get the same role: from Terraform, or with a setup identity from the gate (runtime-principals)."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.app_principal_ids : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "An object id is a GUID: az identity show --query principalId prints it."
  }
}

variable "role_id" {
  description = "GUID of the pipeline's role. Default: the least role that covers the deployments of the resource, which is Cognitive Services OpenAI User if all are OpenAI models, otherwise Cognitive Services User."
  type        = string
  default     = null
}

# The deployments of an existing resource.
data "azapi_resource_list" "deployments" {
  count                  = var.create_account ? 0 : 1
  type                   = "Microsoft.CognitiveServices/accounts/deployments@2025-06-01"
  parent_id              = local.account_id
  response_export_values = { formats = "value[].properties.model.format" }
}

locals {
  user_id                 = "a97b65f3-24c7-4388-baec-2e87135dc908"
  openai_user_id          = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
  access_administrator_id = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
  account_id              = "${var.resource_group_id}/providers/Microsoft.CognitiveServices/accounts/${var.account_name}"
  formats                 = toset(concat(flatten(data.azapi_resource_list.deployments[*].output.formats), var.models[*].format))
  role_id                 = coalesce(var.role_id, local.formats == toset(["OpenAI"]) ? local.openai_user_id : local.user_id)
  subscription_id         = "/subscriptions/${split("/", var.resource_group_id)[2]}"
  role_definitions        = "${local.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
  # The namespace of guid() in Bicep, so role assignments get the same names.
  guid_namespace = "11fb06fb-712d-4ddd-98c7-e71bbd588830"

  # A name has up to 120 letters, digits, - and _. The hash makes names differ that would otherwise be the same.
  credentials = {
    for subject in var.subjects :
    "github-${substr(replace(subject, "/[^A-Za-z0-9]+/", "-"), 0, 100)}-${substr(sha256("${var.issuer} ${subject}"), 0, 8)}" => subject
  }
  setup_credentials = { for name, subject in local.credentials : name => subject if var.setup_identity_name != null }

  role_takers = join(", ", concat([azapi_resource.identity.output.properties.principalId], sort(var.app_principal_ids)))

  # The setup identity can give this one role to the pipeline and to the apps, and can remove it from the pipeline. It can grant
  # nothing to itself.
  condition = <<-EOT
    (
      (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
      OR
      (
        @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.role_id}}
        AND
        @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {${local.role_takers}}
      )
    )
    AND
    (
      (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
      OR
      (
        @Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.role_id}}
        AND
        @Resource[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {${azapi_resource.identity.output.properties.principalId}}
      )
    )
  EOT
}

# Runs only on destroy, after the resource is gone: the resource depends on it, and Terraform destroys in reverse order.
resource "azapi_resource_action" "purge" {
  count       = var.create_account && var.purge_on_destroy ? 1 : 0
  type        = "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts@2025-06-01"
  resource_id = "${local.subscription_id}/providers/Microsoft.CognitiveServices/locations/${var.location}/resourceGroups/${split("/", var.resource_group_id)[4]}/deletedAccounts/${var.account_name}"
  method      = "DELETE"
  when        = "destroy"
}

resource "azapi_resource" "account" {
  count     = var.create_account ? 1 : 0
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
  depends_on = [azapi_resource_action.purge]
}

resource "azapi_resource" "deployment" {
  for_each  = { for model in var.models : model.deployment => model }
  type      = "Microsoft.CognitiveServices/accounts/deployments@2025-06-01"
  parent_id = local.account_id
  name      = each.key
  body = {
    sku = { name = each.value.sku, capacity = each.value.capacity }
    properties = {
      model = { format = each.value.format, name = each.value.name, version = each.value.version }
    }
  }
  # Azure refuses to change two deployments of one account at a time.
  locks      = [local.account_id]
  depends_on = [azapi_resource.account]
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

# Its parent is the resource, so the role applies to the resource alone.
resource "azapi_resource" "grant" {
  count     = var.setup_identity_name == null ? 1 : 0
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = local.account_id
  name      = uuidv5(local.guid_namespace, join("-", [local.account_id, azapi_resource.identity.id, local.role_id]))
  body = {
    properties = {
      principalId      = azapi_resource.identity.output.properties.principalId
      principalType    = "ServicePrincipal"
      roleDefinitionId = "${local.role_definitions}/${local.role_id}"
    }
  }
  depends_on = [azapi_resource.account]
  # If another model needs another role, access does not stop in between.
  lifecycle {
    create_before_destroy = true
  }
}

resource "azapi_resource" "app_grant" {
  for_each  = var.setup_identity_name == null ? var.app_principal_ids : toset([])
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = local.account_id
  name      = uuidv5(local.guid_namespace, join("-", [local.account_id, each.key, local.role_id]))
  body = {
    properties = {
      principalId      = each.key
      principalType    = "ServicePrincipal"
      roleDefinitionId = "${local.role_definitions}/${local.role_id}"
    }
  }
  depends_on = [azapi_resource.account]
  lifecycle {
    create_before_destroy = true
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
  parent_id = local.account_id
  name      = uuidv5(local.guid_namespace, join("-", [local.account_id, azapi_resource.setup_identity[0].id, local.access_administrator_id]))
  body = {
    properties = {
      principalId      = azapi_resource.setup_identity[0].output.properties.principalId
      principalType    = "ServicePrincipal"
      roleDefinitionId = "${local.role_definitions}/${local.access_administrator_id}"
      condition        = local.condition
      conditionVersion = "2.0"
    }
  }
  depends_on = [azapi_resource.account]
}

output "AZURE_CLIENT_ID" {
  value = azapi_resource.identity.output.properties.clientId
}

output "AZURE_TENANT_ID" {
  value = azapi_resource.identity.output.properties.tenantId
}

output "AZURE_SUBSCRIPTION_ID" {
  value = split("/", var.resource_group_id)[2]
}

output "AZURE_SETUP_CLIENT_ID" {
  value = one(azapi_resource.setup_identity[*].output.properties.clientId)
}

output "resource_id" {
  value = local.account_id
}

output "role_id" {
  value = local.role_id
}
