import type { RunRecord } from '../gate/record.ts'

/** What later steps need in order to sign in as the gate did, and to call what it called: ids and an address, never a token. */
export function environmentFor({ settings, endpoint }: RunRecord): Record<string, string> {
  if (settings?.exportEnvironment !== true) return {}
  const { identity, target } = settings
  return {
    AZURE_CLIENT_ID: identity.clientId,
    AZURE_TENANT_ID: identity.tenantId,
    ...(target.kind === 'resource' ? { AZURE_SUBSCRIPTION_ID: target.resource.subscriptionId } : {}),
    ...(endpoint === undefined ? {} : { AZURE_OPENAI_ENDPOINT: endpoint }),
  }
}
