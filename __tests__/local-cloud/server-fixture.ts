import { createClock } from '../../local-cloud/clock.ts'
import { createFaults } from '../../local-cloud/faults.ts'
import { createJournal } from '../../local-cloud/journal.ts'
import { openServer } from '../../local-cloud/server.ts'
import type { Service } from '../../local-cloud/service.ts'
import { createTlsCredentials } from '../../local-cloud/tls.ts'
import { createClient } from './cloud-fixture.ts'

/** The smallest service with state: a counter, and a place that tells what arrived. */
function createCounter(): Service & { count(): number } {
  let count = 0
  return {
    name: 'github',
    count: () => count,
    routes: [
      {
        operation: 'counter.increment',
        method: 'POST',
        path: /^\/counter$/,
        handle() {
          count += 1
          return { status: 201, body: { count }, caller: 'somebody' }
        },
      },
      {
        operation: 'things.get',
        method: 'GET',
        path: /^\/groups\/(?<group>[^/]+)\/things\/(?<thing>[^/]+)$/,
        handle: (_, params) => ({ status: 200, body: params }),
      },
      {
        operation: 'text.get',
        method: 'GET',
        path: /^\/text$/,
        handle: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'plain text' }),
      },
      {
        operation: 'stream.get',
        method: 'GET',
        path: /^\/stream$/,
        handle: () => ({
          status: 200,
          headers: { 'content-type': 'text/event-stream' },
          pieces: ['one\n\n', 'zwölf\n\n'],
        }),
      },
      { operation: 'nothing.get', method: 'GET', path: /^\/nothing$/, handle: () => ({ status: 204 }) },
      {
        operation: 'defect',
        method: 'GET',
        path: /^\/defect$/,
        handle: () => Promise.reject(new Error('this handler is broken')),
      },
    ],
    notFound: ({ method, url }) => ({ status: 404, body: { method, path: url.pathname } }),
    commonHeaders: () => ({ 'x-common': 'on every reply' }),
  }
}

/** A server on the wire with the service above, what drives it, and a client that trusts it. */
export async function startCounter() {
  const tls = await createTlsCredentials()
  const clock = createClock()
  const faults = createFaults()
  const journal = createJournal()
  const server = await openServer({ tls, port: 0, clock, faults, journal })
  const counter = createCounter()
  server.serve(counter)
  const client = createClient(tls.ca)
  const close = async () => {
    await client.close()
    await server.close()
  }
  return { tls, clock, faults, journal, server, counter, client, send: client.send, url: server.url, close }
}

/** Lets the event loop turn until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setImmediate(resolve))
}
