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
/** The path of an account. The paths of its children begin with it. */
export const ACCOUNT_PATH = `${ACCOUNTS_IN_GROUP}/{account}`
export const LOCATION_PATH = `${SUBSCRIPTION_PATH}/providers/${PROVIDER}/locations/{location}`

/**
 * The account of a request's path, if the caller may do `action` to it or to its `child`. A caller without the right gets 403,
 * whether the account exists or not.
 */
export function authorizedAccount(gateway: Gateway, call: Call, action: string, child = ''): Account {
  gateway.authorize(call, { action, scope: `${accountScope(call)}${child}` })
  const { subscription = '', group = '', account = '' } = call.params
  return findAccount(gateway.context.world, subscription, group, account)
}

/** The id of the account in the path, whether it exists or not. */
export function accountScope({ params }: Call): string {
  const { subscription = '', group = '', account = '' } = params
  return accountId({ subscriptionId: subscription, resourceGroup: group, name: account })
}

/**
 * While an account is being created or changed, neither it nor its children can be written.
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

/** The URL of an account: its host of that family, or the region's. Without a slash at the end. */
export function hostOf({ endpoints }: Context, account: Account, family: HostFamily): string {
  const own = endpoints.hosts.get(accountId(account).toLowerCase())?.[family]
  return (account.customSubDomainName === null ? undefined : own) ?? endpoints.regional
}
