import { channel } from 'node:diagnostics_channel'

/** The HTTP client publishes here as soon as it has handed the last byte of a request to the system. */
export const requestSent = channel('key-less-gate:http:sent')

/** Resolves once the next request is on the wire. */
export const nextRequestSent = (): Promise<void> =>
  new Promise(resolve => {
    const onSent = () => {
      requestSent.unsubscribe(onSent)
      resolve()
    }
    requestSent.subscribe(onSent)
  })
