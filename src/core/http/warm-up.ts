import { channel } from 'node:diagnostics_channel'

/** The HTTP client publishes here as soon as it has handed the last byte of a request to the system. */
export const requestSent = channel('key-less-gate:http:sent')

/** Resolves once the next request is on the wire. */
export const nextRequestSent = (): Promise<void> =>
  new Promise(resolve => preloadDuringRequests(async () => resolve()))

/**
 * Begins the first preparation when the next request has been sent, the second at the request after it, and so on. Otherwise the
 * process would only wait then, and loading an SDK takes longer than many replies. A preparation that fails is ignored: the code
 * that needs it reports the problem.
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
