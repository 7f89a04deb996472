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
export const accessProgress = ({ round }: Progress): string =>
  round.kind === 'refused'
    ? refusalInWords(round.failure)
    : 'live, but perhaps only by a right that was removed'

/** Result of a call with the retired key. */
export function keyProgress({ round }: Progress): string {
  if (round.kind === 'ok') return 'refused'
  return round.failure.code === 'retired-key-accepted' ? 'accepted' : refusalInWords(round.failure)
}

/** Result of a probe of the app. */
export function appProgress({ round }: Progress): string {
  if (round.kind === 'ok') return 'answered'
  const detail = statusLine(round.failure.said)
  const outcome = appOutcome(round)
  return `${outcome}${detail === '' || outcome.startsWith('HTTP') ? '' : ` (${detail})`}`
}

function refusalInWords({ code, said }: Failure): string {
  const detail = statusLine(said)
  return detail === '' ? code : `${code} (${detail})`
}
