import { type Failure, statusLine } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import type { PauseProgress } from '../gate/waiting/wait.ts'
import { appOutcome } from '../services/app/errors.ts'

/** Lines of a wait in the log, one per pause. */

/** @param answered Result of the last probe. */
export function progressLine(
  { rounds, elapsedMs, limitMs, pauseMs }: PauseProgress,
  answered: string,
): string {
  return `  ${inWords(elapsedMs)} of at most ${inWords(limitMs)} · probe ${rounds}: ${answered} · next in ${inWords(pauseMs)}`
}

/** Result of a call with the retired key. */
export const keyProgress = (failure: Failure): string =>
  failure.code === 'retired-key-accepted' ? 'accepted' : failureInWords(failure)

/** Result of a probe of the app. */
export function appProgress(failure: Failure): string {
  const detail = statusLine(failure.said)
  const outcome = appOutcome({ kind: 'refused', failure })
  return `${outcome}${detail === '' || outcome.startsWith('HTTP') ? '' : ` (${detail})`}`
}

/** Result of a probe of access. */
export function failureInWords({ code, said }: Failure): string {
  const detail = statusLine(said)
  return detail === '' ? code : `${code} (${detail})`
}
