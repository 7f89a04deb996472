import type { Context } from '../../context.ts'
import type { HostFamily } from '../../hosts.ts'
import { GROUP_PATH, SUBSCRIPTION_PATH } from '../../paths.ts'
import { isPending, provisioningStateOf } from '../../provisioning.ts'
import { accountId } from '../../scopes.ts'
import type { Account } from '../../world.ts'
import { ArmError } from '../errors.ts'
import { findAccount } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'

export const PROVIDER = 'Microsoft.CognitiveServices'
export const ACCOUNT_TYPE = `${PROVIDER}/accounts`
export const ACCOUNTS_IN_SUBSCRIPTION = `${SUBSCRIPTION_PATH}/providers/${ACCOUNT_TYPE}`
export const ACCOUNTS_IN_GROUP = `${GROUP_PATH}/providers/${ACCOUNT_TYPE}`
/** Path of an account, to be continued by the paths of its children. */
export const ACCOUNT_PATH = `${ACCOUNTS_IN_GROUP}/{account}`
export const LOCATION_PATH = `${SUBSCRIPTION_PATH}/providers/${PROVIDER}/locations/{location}`

/**
 * The account that a request's path names, if the caller may do `action` to it or to `child` in it.
 * Who may not is told so (403) whether it exists or not.
 */
export function authorizedAccount(gateway: Gateway, call: Call, action: string, child = ''): Account {
  gateway.authorize(call, { action, scope: `${accountScope(call)}${child}` })
  const { subscription = '', group = '', account = '' } = call.params
  return findAccount(gateway.context.world, subscription, group, account)
}

/** Id of the account that the path names, whether it exists or not. */
export function accountScope({ params }: Call): string {
  const { subscription = '', group = '', account = '' } = params
  return accountId({ subscriptionId: subscription, resourceGroup: group, name: account })
}

/**
 * While an account is being made or changed, neither it nor what is in it can be written.
 * @throws ArmError 409
 */
export function requireSettled(account: Account, now: number): void {
  if (!isPending(account, now)) return
  const state = provisioningStateOf(account, now)
  throw new ArmError(
    409,
    'AccountProvisioningStateInvalid',
    `Call to Microsoft.CognitiveServices/accounts failed. Error message: Account ${accountId(account)} in state ${state}`,
  )
}

/** Where an account is called: its host of that family, or the region's. A URL without trailing slash. */
export function hostOf({ endpoints }: Context, account: Account, family: HostFamily): string {
  const own = endpoints.hosts.get(accountId(account).toLowerCase())?.[family]
  return (account.customSubDomainName === null ? undefined : own) ?? endpoints.regional
}
