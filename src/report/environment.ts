import type { RunRecord } from '../gate/record.ts'
import { subscriptionOf } from '../gate/settings.ts'

/** The variables with which later steps sign in and call as the gate did: ids and an address, never a token. */
export function environmentFor({ settings, endpoint }: RunRecord): Record<string, string> {
  if (settings?.exportEnvironment !== true) return {}
  const { identity, target } = settings
  const subscriptionId = subscriptionOf(target)
  return {
    AZURE_CLIENT_ID: identity.clientId,
    AZURE_TENANT_ID: identity.tenantId,
    ...(subscriptionId === undefined ? {} : { AZURE_SUBSCRIPTION_ID: subscriptionId }),
    ...(endpoint === undefined ? {} : { AZURE_OPENAI_ENDPOINT: endpoint }),
  }
}
