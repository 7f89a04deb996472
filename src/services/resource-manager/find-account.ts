import * as v from 'valibot'
import { accountsApiVersion } from '../../azure/api-versions.ts'
import { accountType, parseResourceId, type ResourceId } from '../../azure/resource-id.ts'
import { hostsOf, isOwnEndpoint } from './account.ts'
import type { ResourceManager } from './client.ts'

/** Which account an endpoint belongs to: hosts are compared, by name and not by IP address. */

const listedAccount = v.object({
  id: v.string(),
  properties: v.object({
    endpoint: v.nullish(v.string()),
    endpoints: v.nullish(v.record(v.string(), v.string())),
  }),
})

export interface AccountsAtHost {
  /** The accounts that have the host; usually one, or none. */
  accounts: ResourceId[]
  /** Number of accounts that were compared: all that the caller can read, which may not be all. */
  of: number
}

/** @throws StepError `resource-manager-forbidden` if the caller can read no account of the subscription */
export async function findAccounts(
  manager: ResourceManager,
  subscriptionId: string,
  endpoint: string,
): Promise<AccountsAtHost> {
  const { entries } = await manager.readAll(
    'listing the accounts of the subscription',
    `/subscriptions/${subscriptionId}/providers/${accountType}`,
    { apiVersion: accountsApiVersion },
    listedAccount,
  )
  const accounts = entries.flatMap(({ id, properties }) => {
    const hosts = hostsOf([properties.endpoint ?? '', ...Object.values(properties.endpoints ?? {})])
    const resource = parseResourceId(id)
    return isOwnEndpoint({ hosts }, endpoint) && !('problem' in resource) ? [resource] : []
  })
  return { accounts, of: entries.length }
}
