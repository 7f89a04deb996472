import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** undici tells here that the headers of a request have been handed to the socket (undici, DiagnosticsChannel). */
const requestSent = 'undici:client:sendHeaders'

/**
 * Loads modules as soon as the next request is on the wire: from then on there is only waiting to do, and loading the Azure
 * SDKs takes the processor for longer than many a reply takes to come. Failing to load shows where the modules are imported.
 */
export function loadWhileWaiting(load: () => Promise<unknown>): void {
  const onSent = () => {
    unsubscribe(requestSent, onSent)
    load().catch(() => {})
  }
  subscribe(requestSent, onSent)
}
