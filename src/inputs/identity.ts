import type { Cloud } from '../azure/clouds.ts'
import type { Settings } from '../gate/settings.ts'
import type { Reader } from './reader.ts'

export const readIdentity = (reader: Reader, cloud: Cloud): Settings['identity'] => ({
  clientId: reader.guid('client-id', 'AZURE_CLIENT_ID'),
  tenantId: reader.guid('tenant-id', 'AZURE_TENANT_ID'),
  setupClientId: reader.text('setup-client-id') === undefined ? undefined : reader.guid('setup-client-id'),
  assertionAudience: reader.text('audience') ?? cloud.assertionAudience,
})
