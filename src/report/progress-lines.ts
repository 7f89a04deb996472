import { headOf, type Refusal } from '../core/failures/failure.ts'
import { inWords } from '../core/text/duration.ts'
import type { Progress } from '../gate/waiting/wait.ts'

/** A wait as the log tells it: one line a pause. */

/** @param answered What the last probe came to. */
export function progressLine(
  { rounds, elapsedMs, limitMs, pauseMs }: Pick<Progress, 'rounds' | 'elapsedMs' | 'limitMs' | 'pauseMs'>,
  answered: string,
): string {
  return `  ${inWords(elapsedMs)} of at most ${inWords(limitMs)} · probe ${rounds}: ${answered} · next in ${inWords(pauseMs)}`
}

export function sayRefusal({ code, said }: Refusal): string {
  const detail = headOf(said)
  return detail === '' ? code : `${code} (${detail})`
}
