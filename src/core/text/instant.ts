/** Services that leave out the zone mean UTC; JavaScript takes it for the runner's own zone. */
const iso = /^(?<when>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)(?<zone>Z|[+-]\d\d:?\d\d)?$/i

/** Azure did not exist before; .NET writes year 1 if it has no time. */
const earliest = Date.UTC(2000)

/** @returns milliseconds since the epoch; undefined if there is no time, or it is ambiguous. */
export function instantOf(text: string | null | undefined): number | undefined {
  const { when, zone = 'Z' } = iso.exec(text?.trim() ?? '')?.groups ?? {}
  if (when === undefined) return undefined
  const instant = Date.parse(when.includes('T') ? `${when}${zone}` : when)
  return instant >= earliest ? instant : undefined
}
