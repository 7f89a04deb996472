import { switchKeysOffCommand } from '../advice/explanations/posture.ts'
import { ownRefusal, StepFailure } from '../core/failures/failure.ts'
import type { Log } from '../core/ports.ts'
import type { KeyAccess } from '../services/resource-manager/account.ts'
import type { Facts } from './record.ts'
import type { Settings } from './settings.ts'

/** Whether the resource takes keys: as the account says; where it may not be read, as the data plane answered a key. */
export function keyAccessOf({ account, retiredKey }: Facts): KeyAccess {
  if (account !== undefined) return account.keyAccess
  if (retiredKey?.outcome === 'key-access-off') return 'disabled'
  return retiredKey?.outcome === 'accepted' ? 'enabled' : 'unknown'
}

/** Why `key-access: forbid` fails the gate, as far as Resource Manager tells; undefined where it does not. */
export function keyAccessFailure({ settings, account, accountRefused }: Facts): StepFailure | undefined {
  if (settings?.keys.access !== 'forbid') return undefined
  if (account?.keyAccess === 'enabled') {
    const message = "The account's disableLocalAuth is not true."
    return new StepFailure('checking key access', ownRefusal('keys-enabled', message))
  }
  if (accountRefused === undefined || settings.keys.retired !== undefined) return undefined
  return new StepFailure('reading the account, which `key-access: forbid` needs', accountRefused)
}

/**
 * Holds the account against `key-access`. A plan is told what would fail, and goes on.
 * @throws StepFailure `keys-enabled`, or `resource-manager-forbidden` where the account may not be read.
 */
export function enforceKeyAccess({ keys, access }: Settings, facts: Facts, log: Log): void {
  const failure = keyAccessFailure(facts)
  if (failure !== undefined && access.grant !== 'plan') throw failure
  if (facts.account?.keyAccess !== 'enabled' || keys.access === 'ignore') return
  log.warning(
    `The resource still accepts API keys: whoever holds one needs no identity. To switch them off: ${switchKeysOffCommand(facts)}`,
  )
}
