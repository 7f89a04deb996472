import { removeAssignment } from '../../rbac.ts'
import { accountId, covers } from '../../scopes.ts'
import type { Account, World } from '../../world.ts'

/** For how long a deleted account can be restored, and keeps its name and subdomain from others (learn.microsoft.com, recover-purge-resources). */
export const RETENTION_MS = 48 * 3_600_000

/** An account is deleted softly; the roles at it and the identities of it and its projects go for good. */
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
