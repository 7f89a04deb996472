import * as v from 'valibot'
import type { Context } from '../../context.ts'
import { SUBSCRIPTION_PATH } from '../../paths.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { ArmError } from '../errors.ts'
import { sameName } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'
import { readBody } from '../request-body.ts'
import { ACCOUNT_TYPE, LOCATION_PATH, PROVIDER } from './account-access.ts'
import { SKUS } from './account-properties.ts'
import { remembered } from './deleted-accounts.ts'

const DOMAIN = v.strictObject({ subdomainName: v.string(), type: v.string(), kind: v.optional(v.string()) })
const SKU = v.strictObject({ skus: v.array(v.string()), kind: v.string(), type: v.string() })

/** Whether a subdomain and a sku are available. */
export function nameRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function checkDomain(call: Call): ServiceReply {
    const scope = `/subscriptions/${call.params.subscription}`
    gateway.authorize(call, { action: `${PROVIDER}/checkDomainAvailability/action`, scope })
    const { subdomainName, type, kind } = readBody(call, DOMAIN)
    const reason = whyNotFree(context, subdomainName)
    const isSubdomainAvailable = reason === undefined
    const about = { subdomainName, type, ...(kind !== undefined && { kind }) }
    return { status: 200, body: { isSubdomainAvailable, ...(reason && { reason }), ...about } }
  }

  function checkSkus(call: Call): ServiceReply {
    const scope = `/subscriptions/${call.params.subscription}`
    gateway.authorize(call, { action: `${PROVIDER}/locations/checkSkuAvailability/action`, scope })
    const { skus, kind, type } = readBody(call, SKU)
    const known: Readonly<Record<string, readonly string[]>> = SKUS
    const value = skus.map(skuName => {
      const skuAvailable = known[kind]?.includes(skuName) ?? false
      const reason = skuAvailable ? null : 'NotAvailableForSubscription'
      const message = skuAvailable
        ? null
        : `The local cloud has no accounts of kind '${kind}' with sku '${skuName}'.`
      return { kind, type, skuName, skuAvailable, reason, message }
    })
    return { status: 200, body: { value } }
  }

  return gateway.routes([
    [
      'domains.check',
      'POST',
      `${SUBSCRIPTION_PATH}/providers/${PROVIDER}/checkDomainAvailability`,
      'CheckDomainAvailability',
      checkDomain,
    ],
    ['skus.check', 'POST', `${LOCATION_PATH}/checkSkuAvailability`, 'CheckSkuAvailability', checkSkus],
  ])
}

/** learn.microsoft.com, cognitive-services-custom-subdomains. */
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/i

/** Undefined if the subdomain is available: no account of this world has it, and no deleted one that could be restored. */
function whyNotFree({ world, clock }: Context, subdomain: string): string | undefined {
  if (!SUBDOMAIN.test(subdomain)) return `Sub domain name '${subdomain}' is not valid`
  const holders = [...world.accounts, ...remembered(world, clock.now()).map(({ account }) => account)]
  const isTaken = holders.some(({ customSubDomainName }) => sameName(customSubDomainName ?? '', subdomain))
  return isTaken ? `Sub domain name '${subdomain}' is already used.` : undefined
}

/**
 * The wording is from users' quotations.
 * @throws ArmError 400 for an invalid name, 409 for one that is taken
 */
export function requireFreeSubdomain(context: Context, subdomain: string): void {
  if (!SUBDOMAIN.test(subdomain)) {
    throw new ArmError(
      400,
      'BadRequest',
      `The subdomain name '${subdomain}' of ${ACCOUNT_TYPE} is not valid.`,
    )
  }
  if (whyNotFree(context, subdomain) === undefined) return
  throw new ArmError(
    409,
    'CustomDomainInUse',
    `Please pick a different name. The subdomain name '${subdomain}' is not available as it's already used by a resource.`,
  )
}
