import type { Assignment } from '../azure/rbac/assignment.ts'
import { endsWithAJob } from '../azure/rbac/lease.ts'
import { localFailure, StepError } from '../core/failures/failure.ts'
import type { Clock, Random } from '../core/ports.ts'
import { inWords } from '../core/text/duration.ts'
import { plain } from '../core/text/untrusted.ts'
import type { ResourceManager } from '../services/resource-manager/client.ts'
import { readAssignment } from '../services/resource-manager/role-assignments.ts'
import type { Reporter } from './reporter.ts'
import { growingPause } from './waiting/schedule.ts'

/** Role assignments that other jobs made for themselves: azure/rbac/lease.ts says how to recognise them. */

interface ReleaseTools {
  manager: ResourceManager
  clock: Clock
  random: Random
  reporter: Reporter
}

/**
 * Waits until another job's temporary assignment is gone, or was made permanent.
 * @param deadline Milliseconds since the epoch.
 * @throws StepError `role-assignment-conflict` if it is still there then.
 */
export async function untilReleased(
  held: Pick<Assignment, 'id' | 'description'>,
  deadline: number,
  { manager, clock, random, reporter }: ReleaseTools,
): Promise<void> {
  const startedAt = clock.now()
  const limitMs = deadline - startedAt
  reporter.waitingForOtherJob(held)
  for (let rounds = 1; ; rounds += 1) {
    const elapsedMs = clock.now() - startedAt
    const leftMs = deadline - clock.now()
    if (leftMs <= 0)
      throw new StepError(
        "waiting for another job's temporary role assignment to end",
        localFailure(
          'role-assignment-conflict',
          `${heldInWords(held)}, and it was still there after ${inWords(elapsedMs)}.`,
        ),
      )
    const pauseMs = Math.min(leftMs, growingPause(elapsedMs, random()))
    reporter.otherJobStillThere({ rounds, elapsedMs, limitMs, pauseMs })
    await clock.sleep(pauseMs)
    const now = await readAssignment(manager, held.id)
    if (now === undefined || !endsWithAJob(now)) return
  }
}

/** @throws StepError always: for runs that must not make their own assignment. */
export function refuseOtherJobs(held: Pick<Assignment, 'description'>): never {
  throw new StepError(
    'checking who holds the role',
    localFailure('role-assignment-conflict', `${heldInWords(held)}, which is removed when that job ends.`),
  )
}

export const heldInWords = ({ description = '' }: Pick<Assignment, 'description'>): string =>
  `The role is held by a temporary assignment of another job (${plain(description, 300)})`
