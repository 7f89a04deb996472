import type { HostFamily } from '../hosts.ts'
import { accountId, normalizeScope } from '../scopes.ts'
import type { Account, World } from '../world.ts'
import type { Credentials } from './credentials.ts'
import { keysOf } from './keys.ts'
import { customSubdomainRequired, invalidKey, subdomainNotMapped } from './refusals.ts'

/**
 * The host that a request came in on: an account's own, or the region's. Accounts without a subdomain share the region's host.
 */
export type Host = { kind: 'account'; accountId: string; family: HostFamily } | { kind: 'regional' }

export function isKeyOf(account: Account, key: string): boolean {
  const { key1, key2 } = keysOf(account)
  return key === key1 || key === key2
}

/**
 * The account that a request is for. On the regional host only a key identifies it, so tokens need a subdomain.
 * @throws Refusal
 */
export function accountAddressed(world: World, host: Host, credentials: Credentials): Account {
  if (host.kind === 'account') {
    const id = normalizeScope(host.accountId)
    const account = world.accounts.find(candidate => normalizeScope(accountId(candidate)) === id)
    if (!account) throw subdomainNotMapped()
    return account
  }
  if (credentials.kind === 'token') throw customSubdomainRequired()
  const account =
    credentials.kind === 'key' &&
    world.accounts.find(
      candidate => candidate.customSubDomainName === null && isKeyOf(candidate, credentials.key),
    )
  if (!account) throw invalidKey()
  return account
}
