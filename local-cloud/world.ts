import * as v from 'valibot'
import { denyAssignment, lock, policyAssignment, roleAssignment, roleDefinition } from './world/access.ts'
import { account, catalogueModel, type diagnosticSetting } from './world/account.ts'
import { application, group, tenant, user } from './world/directory.ts'
import { gateway, resource } from './world/resources.ts'
import { guid, instant, tags } from './world/values.ts'
import { workflow } from './world/workflow.ts'

/**
 * What the local cloud contains: one plain object, given as a seed (JSON) and kept as live state. Times are ISO 8601 in UTC;
 * ids are GUIDs in lower case; names compare without case, as in Azure.
 */

export const worldSchema = v.strictObject({
  tenants: v.array(tenant),
  subscriptions: v.array(
    v.strictObject({
      id: guid,
      tenantId: guid,
      displayName: v.string(),
      state: v.optional(v.picklist(['Enabled', 'Disabled', 'Warned']), 'Enabled'),
      managementGroups: v.optional(v.array(v.string()), []),
      /** Namespaces of resource providers that nobody has registered for it. */
      unregisteredProviders: v.optional(v.array(v.string())),
    }),
  ),
  resourceGroups: v.array(
    v.strictObject({ subscriptionId: guid, name: v.string(), location: v.string(), tags: v.optional(tags) }),
  ),
  applications: v.array(application),
  users: v.optional(v.array(user), []),
  groups: v.optional(v.array(group), []),
  accounts: v.array(account),
  /** Accounts that were deleted less than two days ago: they can be restored, and keep their names. */
  deletedAccounts: v.optional(v.array(v.strictObject({ account, deletedOn: instant })), []),
  gateways: v.optional(v.array(gateway), []),
  resources: v.optional(v.array(resource), []),
  models: v.optional(v.array(catalogueModel), []),
  /** Custom roles; the built-in ones are always there. */
  roleDefinitions: v.optional(v.array(roleDefinition), []),
  roleAssignments: v.optional(v.array(roleAssignment), []),
  denyAssignments: v.optional(v.array(denyAssignment), []),
  locks: v.optional(v.array(lock), []),
  policyAssignments: v.optional(v.array(policyAssignment), []),
  workflow,
})

/** A seed as people write it: defaults can be left out. */
export type Seed = v.InferInput<typeof worldSchema>
/** What the services use: with every default filled in. */
export type World = v.InferOutput<typeof worldSchema>

export type Tenant = World['tenants'][number]
export type Application = World['applications'][number]
export type FederatedCredential = Application['federatedCredentials'][number]
export type Account = World['accounts'][number]
export type Deployment = Account['deployments'][number]
export type Project = Account['projects'][number]
export type DiagnosticSetting = v.InferOutput<typeof diagnosticSetting>
export type Gateway = World['gateways'][number]
export type CatalogueModel = World['models'][number]
export type Resource = World['resources'][number]
export type ResourceIdentity = NonNullable<Resource['identity']>
export type Group = World['groups'][number]
export type RoleDefinition = World['roleDefinitions'][number]
export type RoleAssignment = World['roleAssignments'][number]
export type Lock = World['locks'][number]
export type DenyAssignment = World['denyAssignments'][number]
export type Permission = RoleDefinition['permissions'][number]
export type Workflow = World['workflow']

/** Issuer of GitHub's OIDC tokens, as in credentials that were copied from a real tenant. */
export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'
