import { createServer as createHttpServer, type IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from './clock.ts'
import type { Faults } from './faults.ts'
import type { Journal } from './journal.ts'
import { answer } from './server/answer.ts'
import { createConnections } from './server/connections.ts'
import type { Wire } from './server/wire.ts'
import type { Service } from './service.ts'
import type { TlsCredentials } from './tls.ts'

export interface ServerOptions {
  /** Undefined: plain http. */
  tls: TlsCredentials | undefined
  /** 0: whatever is free. */
  port: number
  clock: Clock
  faults: Faults
  journal: Journal
}

/** One port on 127.0.0.1. */
export interface ServiceServer {
  /** `https://127.0.0.1:PORT`, or with `http:`; no trailing slash. */
  readonly url: string
  /** Puts a service on the port, or replaces it. Requests that come before the first one wait for it. */
  serve(service: Service): void
  /**
   * Opens the port, or closes it: connections are refused then, and those that are there broken. Where somebody else has taken a
   * closed port, it stays closed.
   */
  listen(isWanted: boolean): Promise<void>
  /** Frees the port and breaks every connection at once. */
  close(): Promise<void>
}

/**
 * Opens a port of 127.0.0.1.
 * @throws the listen error of Node (`EADDRINUSE`, `EACCES`) where the port cannot be had
 */
export async function openServer(options: ServerOptions): Promise<ServiceServer> {
  const { tls, port } = options
  const connections = createConnections()
  let first: (service: Service) => void = () => {}
  let service = new Promise<Service>(resolve => {
    first = resolve
  })

  // Clients leave, the server does not: closing a connection is a fault, and faults are injected.
  const patience = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }
  const server =
    tls === undefined
      ? createHttpServer(patience)
      : createHttpsServer({ cert: tls.cert, key: tls.key, ...patience })
  server.on('connection', connections.add)
  await listen(server, port)
  let isListening = true
  const ownPort = portOf(server)
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${ownPort}`
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const wire: Wire = {
      request,
      response,
      connection: connections.numberOf(request.socket),
      wait: ms => pass(ms, options.clock, response),
      reset: () => connections.reset(request.socket),
    }
    await answer(wire, url, await service, options)
  }
  server.on('request', take)
  // What is asked for another protocol may still be refused in this one.
  server.on('upgrade', (request, socket) => take(request, responseOn(socket, request)))

  return {
    url,
    serve(next) {
      const ready = ignoringCase(next)
      first(ready)
      service = Promise.resolve(ready)
    },
    async listen(isWanted) {
      if (isWanted === isListening) return
      isListening = isWanted
      if (isWanted)
        await listen(server, ownPort).catch(() => {
          isListening = false
        })
      else {
        server.close()
        connections.destroyAll()
      }
    },
    close() {
      return new Promise(resolve => {
        server.close(() => resolve())
        connections.destroyAll()
      })
    },
  }
}

/** Paths compare without case. Made once: a service has up to two hundred routes, and a request is matched with each of them. */
function ignoringCase(service: Service): Service {
  const routes = service.routes.map(route => ({ ...route, path: new RegExp(route.path, 'i') }))
  return { ...service, routes }
}

/** Node makes none where another protocol is asked for. */
function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(request.socket)
  response.once('finish', () => {
    response.detachSocket(request.socket)
    socket.end()
  })
  return response
}

/** Lets `ms` milliseconds of the cloud's time pass. False where the client left before, or the server closed. */
async function pass(ms: number, clock: Clock, response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return false
  const left = new AbortController()
  const leave = () => left.abort('The connection is gone')
  response.once('close', leave)
  try {
    await clock.sleep(ms, left.signal)
    return true
  } catch {
    return false
  } finally {
    response.off('close', leave)
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP port')
  return address.port
}
