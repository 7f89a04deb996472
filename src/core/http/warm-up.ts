import { channel } from 'node:diagnostics_channel'

/** Told by the HTTP client as soon as the last byte of a request has been handed to the system. */
export const requestSent = channel('key-less-gate:http:sent')

/** Resolves once the next request is on the wire. */
export const nextRequestSent = (): Promise<void> =>
  new Promise(resolve => preloadDuringRequests(async () => resolve()))

/**
 * Begins the first preparation when the next request is on the wire, the second at the one after it, and so on: from then on there
 * is only waiting to do, and loading an SDK takes the processor for longer than many a reply takes to come. One that fails is of no
 * consequence: what it would have prepared shows what is wrong where it is needed.
 */
export function preloadDuringRequests(...preparations: ReadonlyArray<() => Promise<unknown>>): void {
  const [next, ...others] = preparations
  if (next === undefined) return
  const onSent = () => {
    requestSent.unsubscribe(onSent)
    preloadDuringRequests(...others)
    next().catch(() => {})
  }
  requestSent.subscribe(onSent)
}
