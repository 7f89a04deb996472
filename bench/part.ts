/** The results of one part of the bench. */

/** A measurement and the promise about it. */
export interface Promised {
  what: string
  measured: string
  promised: string
  isKept: boolean
  /** The reason, shown if the promise is missed. */
  because?: string
}

export interface Part {
  promises: readonly Promised[]
  /** Markdown. */
  text: string
}

export function atMost(
  what: string,
  measured: number,
  limit: number,
  inWords = (value: number) => value.toFixed(2),
): Promised {
  return {
    what,
    measured: inWords(measured),
    promised: `at most ${inWords(limit)}`,
    isKept: measured <= limit,
  }
}

export const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

export const ms = (value: number) => `${value.toFixed(0)} ms`

export function table(heads: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), `|${' --- |'.repeat(heads.length)}`, ...rows.map(line)].join('\n')
}
