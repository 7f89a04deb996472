import assert from 'node:assert/strict'
import { builtInRoleId } from '../local-cloud/built-in-roles.ts'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { GITHUB_ISSUER, type Seed } from '../local-cloud/world.ts'

/** Client id and object id of the administrator. */
export const ADMIN_CLIENT = '4f9d2c71-e608-4b35-a1c7-d86f0e52b943'
export const ADMIN = 'b6d0f3a2-7e51-4c98-a04b-21c85d9e6f73'
const OWNER = builtInRoleId('Owner')
const RBAC_ADMINISTRATOR = builtInRoleId('Role Based Access Control Administrator')

/** The default world, except that the pipeline cannot assign roles, and an administrator can sign in by federation too. */
export function seedWithAdministrator(): Seed {
  const [subscription] = defaultWorld.subscriptions
  assert(subscription)
  const { tenantId } = subscription
  return {
    ...defaultWorld,
    applications: [
      ...defaultWorld.applications,
      {
        kind: 'application',
        displayName: 'contoso-admin',
        clientId: ADMIN_CLIENT,
        tenantId,
        objectId: '58a7e0d3-1b64-4f92-8c3d-e9b2075f6a18',
        servicePrincipal: {
          objectId: ADMIN,
          graphPermissions: ['Application.ReadWrite.All', 'Directory.Read.All'],
        },
        federatedCredentials: [
          {
            name: 'contoso-shop-main',
            issuer: GITHUB_ISSUER,
            subject: 'repo:contoso/shop:ref:refs/heads/main',
            audiences: ['api://AzureADTokenExchange'],
          },
        ],
      },
    ],
    roleAssignments: [
      ...(defaultWorld.roleAssignments ?? []).filter(
        ({ roleDefinitionId }) => roleDefinitionId !== RBAC_ADMINISTRATOR,
      ),
      {
        name: '6c1f0a94-83d7-4e25-b9f6-50e2a7d41c38',
        scope: `/subscriptions/${subscription.id}`,
        roleDefinitionId: OWNER,
        principalId: ADMIN,
        principalType: 'ServicePrincipal',
      },
    ],
  }
}
