import type { Application, Tenant } from '../world.ts'
import type { Assertion } from './assertion.ts'
import { Refused } from './refused.ts'

/** What blocks a sign-in although the assertion is right, or although one was sent. */

/** No application here has a secret. */
export function wrongSecret({ clientId }: Application): Refused {
  const message =
    'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the ' +
    `client secret ID, for a secret added to app '${clientId}'.`
  return new Refused(7000215, 401, 'invalid_client', message)
}

/** A public client has nothing to prove itself by. */
export function checkConfidential({ isFallbackPublicClient }: Application): void {
  if (isFallbackPublicClient !== true) return
  const message = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
  throw new Refused(700025, 401, 'invalid_client', message)
}

export function checkFederationPolicy(
  { federationDisabled, requiredEnterprises }: Tenant,
  { issuer, enterprise }: Assertion,
): void {
  if (federationDisabled) {
    const message = 'Workload identity federation is blocked by a policy of this tenant.'
    throw new Refused(700223, 401, 'invalid_client', message)
  }
  if (requiredEnterprises.length === 0 || requiredEnterprises.includes(enterprise)) return
  const message =
    `Federated identity credentials issued by '${issuer}' for applications or managed identities registered in this ` +
    `tenant must contain the enterprise claim with value ${requiredEnterprises.map(name => `'${name}'`).join(' or ')} ` +
    `but actual value is '${enterprise}'.`
  throw new Refused(7002381, 401, 'invalid_client', message)
}

export function checkConditionalAccess({ conditionalAccess }: Tenant, principalId: string): void {
  if (!conditionalAccess.some(({ blocked }) => blocked.includes(principalId))) return
  const message =
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.'
  throw new Refused(53003, 400, 'invalid_grant', message)
}
