import { decodeJwt } from 'jose'
import type { Context } from '../context.ts'
import { subscriptionIdOf } from '../scopes.ts'
import type { ServiceRequest } from '../service.ts'
import { type ArmError, gatewayError } from './errors.ts'
import { usInstant } from './values.ts'

/** The caller, as the access token names it. */
export interface Caller {
  /** Object id of the service principal. */
  oid: string
  /** Client id of the application: Resource Manager calls it "the client". */
  appid: string
  tid: string
}

/** Audiences that Entra knows Resource Manager by. */
export const AUDIENCES = ['https://management.core.windows.net/', 'https://management.azure.com/']

/**
 * Checks the bearer token of a request.
 * @throws ArmError 401 for a token that is missing, malformed, expired or meant for another service
 */
export async function authenticate(context: Context, request: ServiceRequest): Promise<Caller> {
  const { authorization } = request.headers
  if (!authorization) {
    throw unauthenticated(context, request, 'AuthenticationFailed', {
      message: "Authentication failed. The 'Authorization' header is missing.",
      description: "The authentication failed because of missing 'Authorization' header.",
    })
  }
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
  const verdict = await context.tokens.verify(token, [...AUDIENCES, context.endpoints.resourceManager])
  if (verdict.ok) return verdict.claims
  switch (verdict.reason) {
    case 'expired':
      throw unauthenticated(context, request, 'ExpiredAuthenticationToken', {
        message: expiredMessage(token, context.clock.now()),
      })
    case 'audience':
      throw unauthenticated(context, request, 'InvalidAuthenticationTokenAudience', {
        message:
          `The access token has been obtained for wrong audience or resource '${verdict.claims?.aud}'. ` +
          `It should exactly match with one of the allowed audiences '${AUDIENCES.join("','")}'.`,
      })
    default:
      throw unauthenticated(context, request, 'InvalidAuthenticationToken', {
        message: 'The access token is invalid.',
      })
  }
}

/** @throws ArmError 401 if the subscription belongs to another tenant than the token */
export function requireTenant(
  context: Context,
  request: ServiceRequest,
  caller: Caller,
  tenantId: string,
): void {
  if (caller.tid === tenantId) return
  const issuer = (tenant: string) => `https://sts.windows.net/${tenant}/`
  throw unauthenticated(context, request, 'InvalidAuthenticationTokenTenant', {
    message:
      `The access token is from the wrong issuer '${issuer(caller.tid)}'. It must match the tenant ` +
      `'${issuer(tenantId)}' associated with this subscription. Please use the authority (URL) ` +
      `'https://login.windows.net/${tenantId}' to get the token. Note, if the subscription is transferred to another ` +
      'tenant there is no impact to the services, but information about new tenant could take time to propagate ' +
      '(up to an hour). If you just transferred your subscription and see this error message, please try back later.',
  })
}

/** The token's signature is valid, so its times can be quoted. */
function expiredMessage(token: string, now: number): string {
  const { exp = 0 } = decodeJwt(token)
  return (
    `The access token expiry UTC time '${usInstant(exp * 1000)}' ` +
    `is earlier than current UTC time '${usInstant(now)}'.`
  )
}

/** Every 401 names the authority that issues tokens: that of the subscription's tenant, if the path names a subscription. */
function unauthenticated(
  { world, endpoints }: Context,
  { url }: ServiceRequest,
  code: string,
  { message, description = message }: { message: string; description?: string },
): ArmError {
  const subscriptionId = subscriptionIdOf(url.pathname)
  const tenantId = world.subscriptions.find(({ id }) => id === subscriptionId)?.tenantId ?? ''
  const challenge =
    `Bearer authorization_uri="${endpoints.authorityHost}/${tenantId}", ` +
    `error="invalid_token", error_description="${description}"`
  return gatewayError(401, code, message, { 'www-authenticate': challenge })
}
