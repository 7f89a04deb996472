import { azLine } from '../advice/explanations/commands.ts'
import type { TemporaryGrant } from '../azure/rbac/lease.ts'
import type { StepError } from '../core/failures/failure.ts'
import type { Log } from '../core/ports.ts'
import { plain } from '../core/text/untrusted.ts'
import type { Revocation } from '../gate/revoke.ts'

export const notRemoved = 'a temporary role assignment may still be there'

/** Says in one line what happened to the temporary role assignment. */
export function logRevocation(revocation: Revocation, grant: TemporaryGrant, log: Log): void {
  if (revocation.kind === 'failed') log.warning(notRemoved, notRemovedLine(revocation.failure, grant))
  else log.info(revocationLines[revocation.kind](plain(grant.assignmentId)))
}

const revocationLines: Record<Exclude<Revocation['kind'], 'failed'>, (id: string) => string> = {
  removed: id => `Removed the temporary role assignment ${id}`,
  absent: id => `Nothing to remove: there is no role assignment ${id}`,
  'not-ours': id => `Not removed: the role assignment ${id} is no longer marked as this job's`,
}

const notRemovedLine = ({ operation, failure: { code, said } }: StepError, grant: TemporaryGrant) =>
  `The temporary role assignment was not removed (${code} while ${operation}: ${said.message}). ${byHand(grant)}`

/** How to remove the assignment by hand. */
export const byHand = ({ assignmentId }: TemporaryGrant): string =>
  `Remove it with: ${azLine('role assignment delete', { ids: plain(assignmentId) })}`
