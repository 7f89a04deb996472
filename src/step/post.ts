import type { TemporaryGrant } from '../azure/rbac/lease.ts'
import { failureOf } from '../core/failures/failure.ts'
import { type RevokeTools, revoke } from '../gate/revoke.ts'
import type { Settings } from '../gate/settings.ts'
import { byHand, logRevocation, notRemoved } from '../report/revocation.ts'
import { exit, stopped, uncaught } from './ending.ts'

/**
 * Removes what was granted for this job only. Whatever goes wrong here, it does not change how the job ended.
 * @param prepare Reads the inputs again. @throws StepError
 */
export async function runPostStep(
  grant: TemporaryGrant,
  { log }: Pick<RevokeTools, 'log'>,
  prepare: () => Promise<{ settings: Settings; tools: RevokeTools }>,
): Promise<void> {
  const failed = (error: unknown) => {
    const { message } = failureOf(error, 'removing the role assignment').failure.said
    log.warning(
      notRemoved,
      `An unexpected error stopped the removal of the temporary role assignment: ${message}. It may still be there. ${byHand(grant)}`,
    )
  }
  uncaught().then(async error => {
    failed(error)
    await exit(0)
  })
  try {
    const { settings, tools } = await prepare()
    stopped().then(async signal => {
      log.warning(
        notRemoved,
        `Stopped by ${signal} before the removal of the temporary role assignment was confirmed. ${byHand(grant)}`,
      )
      await exit(0)
    })
    const revocation = await revoke(grant, settings, tools)
    if (revocation !== undefined) logRevocation(revocation, grant, log)
  } catch (error) {
    failed(error)
  }
}
