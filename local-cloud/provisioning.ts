/** How a write that takes long shows in the resource: `provisioningState` is another state until it is `Succeeded`. */

interface Provisioned {
  provisioningState?: string
  pending?: { state: string; until: string } | undefined
}

/** @param now milliseconds since the epoch */
export const isPending = ({ pending }: Provisioned, now: number): boolean =>
  pending !== undefined && now < Date.parse(pending.until)

/** `provisioningState` as the resource shows it. */
export function provisioningStateOf(resource: Provisioned, now: number): string {
  const { pending, provisioningState = 'Succeeded' } = resource
  return pending !== undefined && isPending(resource, now) ? pending.state : provisioningState
}
