import { accountType } from '../../resource/resource-id.ts'
import type { Fix } from '../explanation.ts'
import { az, bash, bicep, bicepLiteral } from './commands.ts'
import type { Values } from './values.ts'

/** How key access is switched off: az command, Bicep, portal (learn.microsoft.com, ai-services/disable-local-auth). */
export function keyAccessOffFixes({ subscriptionId, resourceGroup, account }: Values): Fix[] {
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${accountType}/${account}`
  return [
    bash(
      'Switch key access off, as somebody who may change the resource',
      az('resource update', { ids: id }, { set: 'properties.disableLocalAuth=true' }),
    ),
    bicep(
      'Bicep, in the template that the resource is made by',
      `resource account '${accountType}@2025-06-01' = {
  name: ${bicepLiteral(account)}
  // location, kind, sku and identity stay as they are
  properties: {
    // and so do the other properties
    disableLocalAuth: true // on switches keys off: a parameter such as allowKeys does not belong here
  }
}`,
    ),
    {
      title: 'Portal',
      language: 'text',
      text: `Policy › Assignments › Assign policy › scope: the resource group ${resourceGroup} › policy: Configure Azure AI Services resources to disable local key access › Remediation: create a remediation task. It switches keys off for ${account} and for every other such resource of the group, and keeps them off.`,
    },
  ]
}
