import { type Failure, localFailure, StepError } from '../core/failures/failure.ts'
import type { Account, KeyAccess } from '../services/resource-manager/account.ts'
import { foreignEndpointFailure } from './endpoint-owner.ts'
import type { Settings } from './settings.ts'

/** What became of a data-plane call with the key that must be refused. */
export interface RetiredKeyResult {
  /**
   * `key-access-off`: 403 AuthenticationTypeDisabled, the resource takes no key at all. `key-invalid`: 401, this key is not one of
   * the resource's; others may be. `accepted`: the call got as far as the model.
   */
  outcome: 'key-access-off' | 'key-invalid' | 'accepted'
}

interface Seen {
  account?: Account | undefined
  retiredKey?: RetiredKeyResult | undefined
}

/** Whether the resource takes keys: as the account says; where it may not be read, as the data plane answered a key. */
export function keyAccessOf({ account, retiredKey }: Seen): KeyAccess {
  if (account !== undefined) return account.keyAccess
  if (retiredKey?.outcome === 'key-access-off') return 'disabled'
  return retiredKey?.outcome === 'accepted' ? 'enabled' : 'unknown'
}

interface AccountRead {
  account?: Account | undefined
  /** What was said to who may not read the account; only where an endpoint was named, which makes up for it. */
  accountForbidden?: Failure | undefined
}

/**
 * Why `key-access: forbid` fails the gate, or the retired key has nowhere to go, as far as Resource Manager tells; undefined where
 * neither is so.
 */
export function keyAccessFailure(
  settings: Pick<Settings, 'keys' | 'target'> | undefined,
  { account, accountForbidden }: AccountRead,
): StepError | undefined {
  const { access, retired } = settings?.keys ?? {}
  // The key is one of the resource, and goes to no other host.
  if (access !== 'forbid')
    return retired === undefined ? undefined : foreignEndpointFailure({ settings, account })
  if (account?.keyAccess === 'enabled') {
    const message = "The account's disableLocalAuth is not true."
    return new StepError('checking key access', localFailure('keys-enabled', message))
  }
  const foreign = foreignEndpointFailure({ settings, account })
  if (foreign !== undefined) return foreign
  if (accountForbidden === undefined || retired !== undefined) return undefined
  return new StepError('reading the account, which `key-access: forbid` needs', accountForbidden)
}

interface KeyAccessVerdict {
  /** `keys-enabled`, `endpoint-of-another-resource`, or `resource-manager-forbidden` where the account may not be read. */
  failure: StepError | undefined
  /** Whether the resource is known to take keys, and somebody wants to hear of it. */
  deservesWarning: boolean
}

/** Holds the account against `key-access`. */
export function evaluateKeyAccess(
  settings: Pick<Settings, 'keys' | 'target'>,
  read: AccountRead,
): KeyAccessVerdict {
  return {
    failure: keyAccessFailure(settings, read),
    deservesWarning: read.account?.keyAccess === 'enabled' && settings.keys.access !== 'ignore',
  }
}
