import { builtInRoleId } from '../local-cloud/built-in-roles.ts'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { accountId } from '../local-cloud/scopes.ts'
import type { Seed } from '../local-cloud/world.ts'

/**
 * The world of the demo, set up as docs/setup.md recommends: the pipeline cannot assign roles, and a second identity can grant it one role
 * (separation of duties, as examples/setup/setup.sh sets up). In the default world the pipeline can assign any role in its group.
 */

/** The least role for the deployments here. */
const openAIUser = builtInRoleId('Cognitive Services OpenAI User')
const rbacAdministrator = builtInRoleId('Role Based Access Control Administrator')

const deployments = ['chat', 'reasoning', 'embeddings']

export const createDemoCloud = (): Promise<LocalCloud> =>
  createLocalCloud({ seed: demoWorld(), lag: { roleAssignments: [4000, 6000] } })

/** What the workflow writes under `with:`. */
export function demoInputs({ world, endpoints }: LocalCloud): Record<string, string> {
  const [pipeline, setup] = world.applications
  const [account] = world.accounts
  if (pipeline === undefined || setup === undefined || account === undefined)
    throw new Error('The world of the demo must have two identities and an account')
  return {
    'client-id': pipeline.clientId,
    'tenant-id': pipeline.tenantId,
    'setup-client-id': setup.clientId,
    'resource-id': accountId(account),
    deployments: deployments.join('\n'),
    role: openAIUser,
    cloud: 'custom',
    'authority-host': endpoints.authorityHost,
    'resource-manager-endpoint': endpoints.resourceManager,
  }
}

function demoWorld(): Seed {
  const world = structuredClone(defaultWorld)
  const [pipeline, setup] = world.applications ?? []
  const [account] = world.accounts ?? []
  if (!pipeline?.servicePrincipal || !setup?.servicePrincipal || account === undefined)
    throw new Error('The default world must have two identities and an account')
  setup.federatedCredentials = pipeline.federatedCredentials
  account.deployments = account.deployments?.filter(({ name }) => deployments.includes(name))
  world.roleAssignments = [
    {
      name: '6f1d0c3a-92b4-4e87-8a5d-37c1e9b04f26',
      scope: accountId(account),
      roleDefinitionId: rbacAdministrator,
      principalId: setup.servicePrincipal.objectId,
      principalType: 'ServicePrincipal',
      condition: onlyThatRole(pipeline.servicePrincipal.objectId),
      conditionVersion: '2.0',
    },
  ]
  return world
}

/** Can grant this one role to the pipeline, and revoke it. */
function onlyThatRole(principalId: string): string {
  const parts = [
    ['write', '@Request'],
    ['delete', '@Resource'],
  ].map(([action, source]) => {
    const attribute = `${source}[Microsoft.Authorization/roleAssignments`
    return `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/${action}'})) OR (${attribute}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${openAIUser}} AND ${attribute}:PrincipalId] ForAnyOfAnyValues:GuidEquals {${principalId}}))`
  })
  return parts.join(' AND ')
}
