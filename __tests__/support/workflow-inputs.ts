import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { accountId } from '../../local-cloud/scopes.ts'

/** What a workflow writes under `with:` to point the action at the first application and the first account of a local cloud. */
export function workflowInputs(cloud: LocalCloud): Record<string, string> {
  const [application] = cloud.world.applications
  const [account] = cloud.world.accounts
  if (application === undefined || account === undefined) {
    throw new Error('The world has no application or no account')
  }
  return {
    'client-id': application.clientId,
    'tenant-id': application.tenantId,
    'resource-id': accountId(account),
    cloud: 'custom',
    'authority-host': cloud.endpoints.authorityHost,
    'resource-manager-endpoint': cloud.endpoints.resourceManager,
  }
}
