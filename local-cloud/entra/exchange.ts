import type { JWTVerifyGetKey } from 'jose'
import type { Context } from '../context.ts'
import type { ServiceReply, ServiceRequest } from '../service.ts'
import { checkSignature, checkTimes, readAssertion } from './assertion.ts'
import { matchCredential, visibleCredentials } from './federated-credential.ts'
import { findApplication, findTenant } from './lookups.ts'
import { checkConditionalAccess, checkConfidential, checkFederationPolicy, wrongSecret } from './policies.ts'
import { enabledPrincipal } from './principals.ts'
import { checkResource } from './resources.ts'
import { readForm, requestedAudience } from './token-request.ts'

/** Seconds that an access token is valid, as Entra states it: an hour, less one. */
const TOKEN_LIFETIME = 3599

interface ExchangeTools {
  context: Context
  /** Finds the key of an assertion. */
  issuerKeys: JWTVerifyGetKey
  /** How late federated credentials reach the replica that answers, in milliseconds. */
  lagMs: number
}

/**
 * Gives an access token for an assertion, after the checks of Entra, in its order.
 * @throws Refused
 */
export async function exchangeAssertion(
  request: ServiceRequest,
  tenantName: string,
  { context, issuerKeys, lagMs }: ExchangeTools,
): Promise<ServiceReply> {
  const { world, clock, endpoints, tokens } = context
  const tenant = findTenant(world, tenantName)
  const form = readForm(request)
  const audience = requestedAudience(form.scope)
  const assertion = form.assertion === undefined ? undefined : readAssertion(form.assertion)
  const application = findApplication(world, tenant, form.clientId)
  if (assertion === undefined) throw wrongSecret(application)
  const { objectId } = enabledPrincipal(application)
  checkConfidential(application)
  const credentials = visibleCredentials(application, endpoints.github, clock.now() - lagMs)
  matchCredential(application, credentials, assertion, tenant)
  checkTimes(assertion, clock.now())
  await checkSignature(assertion, application, issuerKeys)
  checkFederationPolicy(tenant, assertion)
  checkResource(audience, tenant, context)
  checkConditionalAccess(tenant, objectId)

  const { clientId, resourceId } = application
  const claims = { aud: audience, tid: tenant.id, oid: objectId, appid: clientId }
  const token = tokens.issue(
    resourceId === undefined ? claims : { ...claims, xms_mirid: resourceId },
    TOKEN_LIFETIME,
  )
  return {
    status: 200,
    headers: { 'x-ms-clitelem': '1,0,0,,' },
    body: {
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME,
      ext_expires_in: TOKEN_LIFETIME,
      access_token: token,
    },
    caller: objectId,
  }
}
