import type { Assignment } from '../azure/rbac/assignment.ts'
import { isMadeUnder, type TemporaryGrant } from '../azure/rbac/lease.ts'
import { withoutLeadingSlash } from '../azure/rbac/scopes.ts'
import { StepError } from '../core/failures/failure.ts'
import { persist, type RetryPolicy } from '../core/failures/retry.ts'
import type { Http } from '../core/http/client.ts'
import type { Clock, Log, Mask } from '../core/ports.ts'
import { createIdentities, type IdentitySettings } from '../services/entra/run-identities.ts'
import type { Assertions } from '../services/github/assertions.ts'
import type { ResourceManager } from '../services/resource-manager/client.ts'
import { openResourceManager } from '../services/resource-manager/open.ts'
import { isAbsent, readAssignment } from '../services/resource-manager/role-assignments.ts'
import type { Settings } from './settings.ts'

/** The post step: removes what the main step of this job granted, and nothing else. It never fails a job. */

export interface RevokeTools {
  http: Http
  clock: Clock
  log: Log
  mask: Mask
  assertions: Assertions
}

/** People remove locks, and may be doing so now: a minute is worth a try. */
const whileLocked: RetryPolicy = {
  transient: [],
  throttledBudgetMs: 0,
  waiting: { 'resource-locked': [5000, 10_000, 20_000, 30_000] },
}

/** What happened to the assignment. */
export type Revocation =
  | { kind: 'removed' }
  /** There is none. */
  | { kind: 'absent' }
  /** No longer marked as this job's: somebody may have decided that it stays. */
  | { kind: 'not-ours' }
  | { kind: 'failed'; failure: StepError }

/** @returns undefined if the settings name no resource, because then nothing was granted. */
export async function revoke(
  grant: TemporaryGrant,
  settings: Settings,
  tools: RevokeTools,
): Promise<Revocation | undefined> {
  const { target, cloud } = settings
  if (target.kind === 'endpoint') return undefined
  const { subscriptionId } = target.kind === 'resource' ? target.resource : target
  try {
    const { setup } = createIdentities(asGranted(settings, grant), cloud, tools)
    const accessToken = (claims?: string) => setup.accessToken(cloud.resourceManager.audience, claims)
    const manager = await openResourceManager({ cloud, subscriptionId, accessToken }, tools)
    return { kind: await takeBack(grant, manager, tools) }
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    return { kind: 'failed', failure: error }
  }
}

/** As the identity that granted, no matter what the inputs say now. */
const asGranted = ({ identity }: Settings, { clientId, tenantId }: TemporaryGrant): IdentitySettings => ({
  ...identity,
  clientId,
  tenantId,
  setupClientId: undefined,
})

async function takeBack(
  grant: TemporaryGrant,
  manager: ResourceManager,
  tools: RevokeTools,
): Promise<'removed' | 'absent' | 'not-ours'> {
  const { assignmentId, lease } = grant
  const found = await find(grant, manager, tools)
  if (found === undefined) return 'absent'
  if (!isMadeUnder(lease, assignmentId.slice(assignmentId.lastIndexOf('/') + 1), found)) return 'not-ours'
  return persist(tools, () => remove(assignmentId, manager), whileLocked)
}

/** Pauses, milliseconds. */
const whileBeingMade = [1000, 2000, 4000, 8000]

/**
 * If a job is cancelled in the middle of its request, it can end before Resource Manager has made the assignment. And a read may
 * come from a copy that does not have it yet.
 */
async function find(
  { assignmentId, wasRefused }: TemporaryGrant,
  manager: ResourceManager,
  { clock }: RevokeTools,
): Promise<Assignment | undefined> {
  for (const pauseMs of wasRefused ? [] : whileBeingMade) {
    const found = await readAssignment(manager, assignmentId)
    if (found !== undefined) return found
    await clock.sleep(pauseMs)
  }
  return readAssignment(manager, assignmentId)
}

/** Somebody else may have removed it a moment ago. */
async function remove(assignmentId: string, manager: ResourceManager): Promise<'removed' | 'absent'> {
  const operation = 'removing the role assignment'
  try {
    await manager.call(operation, () =>
      manager.authorization.roleAssignments.deleteById(withoutLeadingSlash(assignmentId)),
    )
    return 'removed'
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    if (isAbsent(error)) return 'absent'
    if (error.failure.code !== 'resource-locked') throw error
    throw new StepError(operation, { ...error.failure, kind: 'wait' })
  }
}
