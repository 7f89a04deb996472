import { createHash } from 'node:crypto'
import { accountId } from '../scopes.ts'
import type { Account } from '../world.ts'

/** The two API keys of an account, as `listKeys` returns them. */
export interface AccountKeys {
  key1: string
  key2: string
}

/**
 * Keys follow from the account's resource id (without case) and from how often each was regenerated. So the control plane, which
 * lists them, and the data plane, which checks them, agree. They protect nothing.
 */
export function accountKeys(id: string, regenerated = { key1: 0, key2: 0 }): AccountKeys {
  const derive = (name: keyof AccountKeys) =>
    createHash('sha256')
      .update([id.toLowerCase(), name, ...(regenerated[name] === 0 ? [] : [regenerated[name]])].join('#'))
      .digest('hex')
      .slice(0, 32)
  return { key1: derive('key1'), key2: derive('key2') }
}

/** The keys that an account has now. */
export const keysOf = (account: Account): AccountKeys =>
  accountKeys(accountId(account), account.regeneratedKeys)

/** Every key that an account ever had. */
export function issuedKeys(account: Account): string[] {
  const { key1, key2 } = account.regeneratedKeys
  return Array.from({ length: Math.max(key1, key2) + 1 }, (_, times) =>
    Object.values(
      accountKeys(accountId(account), { key1: Math.min(times, key1), key2: Math.min(times, key2) }),
    ),
  ).flat()
}

/** Whether a replica accepts keys, if it learns of a change `lag` milliseconds late. */
export function takesKeys(
  { disableLocalAuth, keyAccessChangedOn }: Account,
  now: number,
  lag: number,
): boolean {
  const takesThem = disableLocalAuth !== true
  const hasArrived = keyAccessChangedOn === undefined || Date.parse(keyAccessChangedOn) + lag <= now
  return hasArrived ? takesThem : !takesThem
}
