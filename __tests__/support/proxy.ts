import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket, connect as tlsConnect } from 'node:tls'
import type { TlsCredentials } from '../../local-cloud/tls.ts'

/** What a proxy does with a CONNECT. */
export type Conduct =
  /** `to`: host and port that the target is looked for at, instead of its own. */
  | { kind: 'forward'; to?: string }
  | { kind: 'refuse'; status: number; reason?: string; headers?: Readonly<Record<string, string>> }
  /** Takes the CONNECT and never answers. @param hold Called with what aborts once the caller has left. */
  | { kind: 'hang'; hold?: (left: AbortSignal) => unknown }
  /** Closes the connection instead of answering. */
  | { kind: 'close' }
  /** Breaks the way off once it is open. */
  | { kind: 'cut' }
  | { kind: 'garbage' }
  /** Opens TLS with a certificate of its own, and passes on what it reads to the target, which `trusted` vouches for. */
  | { kind: 'intercept'; certificate: TlsCredentials; trusted: string }

export interface ProxyOptions {
  /** By target (host and port). Default: everything is forwarded. */
  conduct?: (target: string) => Conduct
  /** `user:password` that every CONNECT has to show. */
  credentials?: string
  /** Present: the proxy itself is spoken to in TLS. */
  certificate?: TlsCredentials
}

/** A CONNECT proxy on 127.0.0.1 that remembers where it was asked to go. */
export interface ConnectProxy {
  /** Host and port. */
  readonly host: string
  readonly url: string
  /** Targets of all CONNECTs so far, refused ones included. */
  readonly targets: readonly string[]
  close(): Promise<void>
}

export async function startProxy(options: ProxyOptions = {}): Promise<ConnectProxy> {
  const targets: string[] = []
  const sockets = new Set<Duplex>()
  const remember = (socket: Duplex) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Clients that break off are a part of the tests.
    socket.on('error', () => socket.destroy())
  }
  const server =
    options.certificate === undefined ? http.createServer() : https.createServer(options.certificate)
  server.on('connection', remember)
  server.on('connect', (request, socket) => {
    remember(socket)
    const target = request.url ?? ''
    targets.push(target)
    serve(
      isAllowed(request, options) ? (options.conduct?.(target) ?? { kind: 'forward' }) : unauthorised,
      target,
      {
        socket,
        remember,
      },
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no TCP port')
  const host = `127.0.0.1:${address.port}`
  return {
    host,
    url: `${options.certificate === undefined ? 'http' : 'https'}://${host}`,
    targets,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

const unauthorised: Conduct = {
  kind: 'refuse',
  status: 407,
  reason: 'Proxy Authentication Required',
  headers: { 'proxy-authenticate': 'Basic realm="corporate"' },
}

function isAllowed({ headers }: IncomingMessage, { credentials }: ProxyOptions): boolean {
  if (credentials === undefined) return true
  return headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`
}

interface Caller {
  socket: Duplex
  remember: (socket: Duplex) => void
}

function serve(conduct: Conduct, target: string, { socket, remember }: Caller): void {
  switch (conduct.kind) {
    case 'hang': {
      const left = new AbortController()
      socket.resume().once('end', () => left.abort())
      conduct.hold?.(left.signal)
      return
    }
    case 'close':
      socket.end()
      return
    case 'garbage':
      socket.end('220 mail.contoso.example ESMTP\r\n')
      return
    case 'refuse': {
      const headers = Object.entries(conduct.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(
        `HTTP/1.1 ${conduct.status} ${conduct.reason ?? 'No'}\r\n${headers.join('')}content-length: 0\r\n\r\n`,
      )
      return
    }
    case 'cut':
      socket.end(established)
      return
    case 'forward':
      socket.write(established)
      join(socket, dial(conduct.to ?? target), remember)
      return
    case 'intercept': {
      socket.write(established)
      const { certificate, trusted } = conduct
      const opened = new TLSSocket(socket as Socket, { isServer: true, ...certificate })
      opened.on('error', () => socket.destroy())
      join(opened, tlsConnect({ socket: dial(target), ca: trusted, host: '127.0.0.1' }), remember)
    }
  }
}

const established = 'HTTP/1.1 200 Connection established\r\n\r\n'

function dial(target: string): Socket {
  const { hostname, port } = new URL(`http://${target}`)
  return connect(Number(port), hostname)
}

function join(caller: Duplex, target: Duplex, remember: (socket: Duplex) => void): void {
  remember(target)
  caller.pipe(target)
  target.pipe(caller)
  caller.once('close', () => target.destroy())
  target.once('close', () => caller.destroy())
}
