/** Services that leave the zone out mean UTC; JavaScript takes it for the runner's own. */
const iso = /^(?<when>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)(?<zone>Z|[+-]\d\d:?\d\d)?$/i

/** Before it there was no Azure: .NET writes year 1 where it has no time. */
const earliest = Date.UTC(2000)

/** @returns milliseconds since the epoch; undefined where there is no time, or none that has one meaning only. */
export function instantOf(text: string | null | undefined): number | undefined {
  const { when, zone = 'Z' } = iso.exec(text?.trim() ?? '')?.groups ?? {}
  if (when === undefined) return undefined
  const instant = Date.parse(when.includes('T') ? `${when}${zone}` : when)
  return instant >= earliest ? instant : undefined
}
