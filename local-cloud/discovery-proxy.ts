import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * The SDKs of Go, Java and .NET ask this host whether they may trust an authority that they do not know, no matter which
 * (microsoft-authentication-library-for-go, AADInstanceDiscovery; msal4j, AadInstanceDiscoveryProvider). No setting of theirs names
 * another host.
 */
export const DISCOVERY_HOST = 'login.microsoftonline.com'

export interface DiscoveryProxy {
  /** `http://127.0.0.1:PORT`, for HTTPS_PROXY. */
  readonly url: string
  /** Frees the port and breaks every connection at once. */
  close(): Promise<void>
}

/**
 * Opens a proxy for HTTPS. It connects requests for that host with the local Entra, and all others with the host that they name.
 * @param entra its address, with a certificate for that host
 * @param port 0: whatever is free
 * @throws the listen error of Node if the port is not available
 */
export async function openDiscoveryProxy(entra: string, port: number): Promise<DiscoveryProxy> {
  const open = new Set<Duplex>()
  const keep = (socket: Duplex) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    // If one side leaves, the other is closed too.
    socket.on('error', () => socket.destroy())
  }
  const server = createServer((_, response) => response.writeHead(501).end())
  server.on('connection', keep)
  server.on('connect', ({ url = '' }, caller) => {
    const target = URL.parse(`https://${url}`)
    if (target === null) return caller.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    const way = connectTo(target.hostname === DISCOVERY_HOST ? new URL(entra) : target)
    keep(way)
    way.once('connect', () => {
      caller.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      way.pipe(caller).pipe(way)
    })
    way.once('error', () => caller.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    way.once('close', () => caller.destroy())
    caller.once('close', () => way.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no TCP port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

const connectTo = ({ hostname, port }: URL): Socket =>
  connect({ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) })
