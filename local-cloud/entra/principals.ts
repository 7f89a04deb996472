import type { Application } from '../world.ts'
import { Refused } from './refused.ts'

/**
 * The principal that an application signs in as.
 * @throws Refused if it has none in its tenant, or a disabled one
 */
export function enabledPrincipal({ clientId, displayName, servicePrincipal, tenantId }: Application) {
  if (servicePrincipal === null) {
    const message =
      `The client application ${clientId} is missing service principal in the tenant ${tenantId}. ` +
      'See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119'
    throw new Refused(7000229, 401, 'invalid_client', message)
  }
  if (!servicePrincipal.enabled) {
    throw new Refused(
      7000112,
      400,
      'unauthorized_client',
      `Application '${clientId}'(${displayName}) is disabled.`,
    )
  }
  return servicePrincipal
}
