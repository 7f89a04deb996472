/** A service that leaves out the time zone means UTC; JavaScript would use the zone of the runner. */
const iso = /^(?<when>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)(?<zone>Z|[+-]\d\d:?\d\d)?$/i

/** Earlier times are not real: .NET writes year 1 if it has no time. */
const earliest = Date.UTC(2000)

/** @returns milliseconds since the epoch; undefined if the text is missing, not a time, or ambiguous. */
export function instantOf(text: string | null | undefined): number | undefined {
  const { when, zone = 'Z' } = iso.exec(text?.trim() ?? '')?.groups ?? {}
  if (when === undefined) return undefined
  const instant = Date.parse(when.includes('T') ? `${when}${zone}` : when)
  return instant >= earliest ? instant : undefined
}
