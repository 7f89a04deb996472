/**
 * What is left of a deployment's quota, from its answers; the service counts per minute (`x-ratelimit-renewalperiod-*`: 60).
 */
export interface Quota {
  /** Absent: the answer did not say. */
  remainingRequests?: number
  limitRequests?: number
  remainingTokens?: number
  limitTokens?: number
}

const headers: ReadonlyArray<readonly [keyof Quota, string]> = [
  ['remainingRequests', 'x-ratelimit-remaining-requests'],
  ['limitRequests', 'x-ratelimit-limit-requests'],
  ['remainingTokens', 'x-ratelimit-remaining-tokens'],
  ['limitTokens', 'x-ratelimit-limit-tokens'],
]

/** @returns undefined if an answer says nothing about it: not every API does, and gateways remove such headers. */
export function quotaOf(reply: Readonly<Record<string, string>>): Quota | undefined {
  const said = headers.flatMap(([name, header]) => {
    const text = reply[header]?.trim() ?? ''
    // -1, which is sent if nothing is counted, is not a number of anything.
    return /^\d{1,15}$/.test(text) ? [[name, Number(text)] as const] : []
  })
  return said.length === 0 ? undefined : Object.fromEntries(said)
}

/** In a few words; empty if it is not known what is left. */
export function quotaInWords({
  remainingRequests,
  limitRequests,
  remainingTokens,
  limitTokens,
}: Quota): string {
  return [
    partOf(remainingRequests, limitRequests, 'requests'),
    partOf(remainingTokens, limitTokens, 'tokens'),
  ]
    .filter(part => part !== '')
    .join(', ')
}

function partOf(remaining: number | undefined, limit: number | undefined, unit: string): string {
  if (remaining === undefined) return ''
  return `${grouped(remaining)}${limit === undefined ? '' : ` of ${grouped(limit)}`} ${unit}`
}

/** By hand: `toLocaleString` first loads all of Node's language data, which takes a tenth of a run's time. */
const grouped = (count: number) => String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
