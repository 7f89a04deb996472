import { type Failure, statusLine } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import type { PauseProgress } from '../gate/reporter.ts'
import type { Progress } from '../gate/waiting/wait.ts'
import { appOutcome } from '../services/app/errors.ts'

/** A wait in the log: one line per pause. */

/** @param answered Result of the last probe. */
export function progressLine(
  { rounds, elapsedMs, limitMs, pauseMs }: PauseProgress,
  answered: string,
): string {
  return `  ${inWords(elapsedMs)} of at most ${inWords(limitMs)} · probe ${rounds}: ${answered} · next in ${inWords(pauseMs)}`
}

/** Result of a probe of access. */
export function accessProgress({ round, successesInARow, successesWanted, inDoubt }: Progress): string {
  if (round.kind === 'refused') return refusalInWords(round.failure)
  if (inDoubt) return 'live, but perhaps only by a right that was removed'
  return `live, ${successesInARow} of ${successesWanted} in a row`
}

/** Result of a call with the retired key. */
export function keyProgress({ round, successesInARow, successesWanted }: Progress): string {
  if (round.kind === 'ok') return `refused, ${successesInARow} of ${successesWanted} in a row`
  return round.failure.code === 'retired-key-accepted' ? 'accepted' : refusalInWords(round.failure)
}

/** Result of a probe of the app. */
export function appProgress({ round, successesInARow, successesWanted }: Progress): string {
  if (round.kind === 'ok') return `answered, ${successesInARow} of ${successesWanted} in a row`
  const detail = statusLine(round.failure.said)
  const outcome = appOutcome(round)
  return `${outcome}${detail === '' || outcome.startsWith('HTTP') ? '' : ` (${detail})`}`
}

function refusalInWords({ code, said }: Failure): string {
  const detail = statusLine(said)
  return detail === '' ? code : `${code} (${detail})`
}
