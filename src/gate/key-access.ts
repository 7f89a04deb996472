import { type Failure, localFailure, StepError } from '../core/failures/failure.ts'
import type { Account, KeyAccess } from '../services/resource-manager/account.ts'
import { foreignEndpointFailure } from './endpoint-owner.ts'
import type { Settings } from './settings.ts'

/**
 * Results of a call with the key that must be refused. `key-access-off`: 403 AuthenticationTypeDisabled, the resource accepts no
 * key at all. `key-invalid`: 401, this key is not one of the resource's keys; others may be. `accepted`: the call reached the model.
 */
export const retiredKeyOutcomes = ['key-access-off', 'key-invalid', 'accepted'] as const

export interface RetiredKeyResult {
  outcome: (typeof retiredKeyOutcomes)[number]
}

interface Seen {
  account?: Account | undefined
  retiredKey?: RetiredKeyResult | undefined
}

/** Whether the resource accepts keys: from the account or, if that cannot be read, from the data plane's reply to a key. */
export function keyAccessOf({ account, retiredKey }: Seen): KeyAccess {
  if (account !== undefined) return account.keyAccess
  if (retiredKey?.outcome === 'key-access-off') return 'disabled'
  return retiredKey?.outcome === 'accepted' ? 'enabled' : 'unknown'
}

interface AccountRead {
  account?: Account | undefined
  /** The refusal, if the account cannot be read. Only if an endpoint was named: then the gate does not need the account. */
  accountForbidden?: Failure | undefined
}

/**
 * Why `key-access: forbid` fails the gate, or why the retired key cannot be sent, as far as Resource Manager shows; undefined
 * if neither is the case.
 */
export function keyAccessFailure(
  settings: Pick<Settings, 'keys' | 'target'> | undefined,
  { account, accountForbidden }: AccountRead,
): StepError | undefined {
  const { access, retired } = settings?.keys ?? {}
  // The key belongs to the resource, and must not go to another host.
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
  /** `keys-enabled`, `endpoint-of-another-resource`, or `resource-manager-forbidden` if the account cannot be read. */
  failure: StepError | undefined
  /** Whether the resource is known to accept keys, and `key-access` wants that reported. */
  deservesWarning: boolean
}

/** Checks the account against `key-access`. */
export function evaluateKeyAccess(
  settings: Pick<Settings, 'keys' | 'target'>,
  read: AccountRead,
): KeyAccessVerdict {
  return {
    failure: keyAccessFailure(settings, read),
    deservesWarning: read.account?.keyAccess === 'enabled' && settings.keys.access !== 'ignore',
  }
}
