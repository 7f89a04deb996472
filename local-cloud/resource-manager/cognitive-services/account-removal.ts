import { removeAssignment } from '../../rbac.ts'
import { accountId, covers } from '../../scopes.ts'
import type { Account, World } from '../../world.ts'

/**
 * How long a deleted account can be restored. Until then its name and subdomain are taken (learn.microsoft.com,
 * recover-purge-resources).
 */
export const RETENTION_MS = 48 * 3_600_000

/** Deletion of an account is soft. Its role assignments and identities, and those of its projects, are gone for good. */
export function deleteAccount(world: World, account: Account, now: number): void {
  const id = accountId(account)
  for (const assignment of world.roleAssignments.filter(({ scope }) => covers(world, id, scope))) {
    removeAssignment(world, assignment, now)
  }
  world.applications = world.applications.filter(({ resourceId = '/' }) => !covers(world, id, resourceId))
  world.accounts = world.accounts.filter(other => other !== account)
  world.deletedAccounts = [
    ...world.deletedAccounts.filter(({ account: other }) => accountId(other) !== id),
    { account, deletedOn: new Date(now).toISOString() },
  ]
}
