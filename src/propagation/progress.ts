import type { Refusal } from '../diagnosis/verdict.ts'
import type { Progress } from './wait.ts'

/** A wait as the log tells it: one line a pause. */

/** @param answered What the last probe came to. */
export function progressLine({ rounds, elapsedMs, limitMs, pauseMs }: Progress, answered: string): string {
  return `  ${inWords(elapsedMs)} of at most ${inWords(limitMs)} · probe ${rounds}: ${answered} · next in ${inWords(pauseMs)}`
}

export function sayRefusal({ code, said }: Refusal): string {
  const detail = [said.status, said.serviceCode].filter(part => part !== undefined).join(' ')
  return detail === '' ? code : `${code} (${detail})`
}

export function inWords(ms: number): string {
  if (ms >= 120_000)
    return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`.replace(/ 0 s$/, '')
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
