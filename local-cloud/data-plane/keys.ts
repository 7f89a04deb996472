import { createHash } from 'node:crypto'
import type { Account } from '../world.ts'

/** The two API keys of an account, as `listKeys` returns them. */
export interface AccountKeys {
  key1: string
  key2: string
}

/**
 * Keys follow from the account's resource id (without case), so that the control plane which lists them and the
 * data plane which checks them agree without shared state. They protect nothing.
 */
export function accountKeys(accountId: string): AccountKeys {
  const derive = (name: string) =>
    createHash('sha256').update(`${accountId.toLowerCase()}#${name}`).digest('hex').slice(0, 32)
  return { key1: derive('key1'), key2: derive('key2') }
}

/** Whether a replica takes keys that learns of a change `lag` milliseconds late. */
export function takesKeys(
  { disableLocalAuth, keyAccessChangedOn }: Account,
  now: number,
  lag: number,
): boolean {
  const takesThem = disableLocalAuth !== true
  const hasArrived = keyAccessChangedOn === undefined || Date.parse(keyAccessChangedOn) + lag <= now
  return hasArrived ? takesThem : !takesThem
}
