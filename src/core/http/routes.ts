import { Agent, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext } from 'node:tls'
import type { Clock } from '../ports.ts'
import { lookupInTurn } from './lookup.ts'
import { type ProxyServer, proxyFor } from './proxy.ts'
import { timeLimit } from './time-limit.ts'
import { openTunnel } from './tunnel.ts'

/** How requests reach a host: directly, or through a proxy. */
export interface Route {
  readonly proxy?: ProxyServer
  /** Connections that are kept for later requests. */
  readonly kept: Agent
  /** A new connection for every request. */
  readonly fresh: Agent
  /** Whether the connection was opened before there was anything to send. */
  isOpenedAhead(connection: Duplex): boolean
}

/** Opens connections to a host that will soon get requests. */
export type Preconnect = (origin: string, count: number) => void

export interface RouteOptions {
  /** The variables with the proxy settings. */
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  /** How long a proxy may take to open a tunnel. */
  timeoutMs: number
  /** Resolves names; default: the system's resolver. */
  lookup?: LookupFunction
}

/** Idle connections are not used after this time, because hosts, and devices on the way, drop them; milliseconds. */
const idleMs = 4000

export function createRoutes(options: RouteOptions): {
  /** @throws NetworkFailure if the environment names a proxy that cannot be used */
  routeTo(target: URL): Route
  preconnect: Preconnect
} {
  const { env } = options
  const straight = straightRoute(options)
  // The environment names at most one proxy.
  let throughProxy: Route | undefined
  return {
    routeTo(target) {
      const proxy = proxyFor(target, env)
      if (proxy === undefined) return straight
      throughProxy ??= routeThrough(proxy, options)
      return throughProxy
    },
    preconnect(origin, count) {
      const url = new URL(origin)
      if (proxyFor(url, env) === undefined) straight.open(url, count)
    },
  }
}

/**
 * Certificates are always checked, no matter what NODE_TLS_REJECT_UNAUTHORIZED says, because hosts get tokens. The context is shared:
 * by default Node makes one for each connection, and reads all trusted certificates again.
 */
const securely = () => ({ rejectUnauthorized: true, secureContext: createSecureContext() })

type Secure = ReturnType<typeof securely>

/** A resumed session may lead back to the replica that created it, so a fresh connection starts without one. */
const newAgents = (secure: Secure, lookup?: LookupFunction) => ({
  kept: new Agent({
    ...secure,
    keepAlive: true,
    keepAliveMsecs: 60_000,
    timeout: idleMs,
    ...(lookup && { lookup }),
  }),
  fresh: new Agent({ ...secure, keepAlive: false, maxCachedSessions: 0, lookup: lookupInTurn(lookup) }),
})

/**
 * Can open connections ahead of their requests: a TLS handshake takes two round trips, and can run while the gate waits for
 * another host.
 */
function straightRoute({ lookup }: RouteOptions): Route & { open(url: URL, count: number): void } {
  const secure = securely()
  const agents = newAgents(secure, lookup)
  const connect = agents.kept.createConnection.bind(agents.kept)
  const waiting = new Map<string, Duplex[]>()
  const openedAhead = new WeakSet<Duplex>()

  agents.kept.createConnection = options => {
    const ahead = waiting.get(authorityFor(options))?.shift()
    return ahead === undefined || ahead.destroyed ? connect(options) : ahead
  }

  function openOne(host: string, port: string): Duplex[] {
    const connection = connect({ ...secure, host, port, servername: isIP(host) === 0 ? host : '' })
    if (!connection) return []
    // Ignored: the request that needs a connection opens another one, and reports the error.
    connection.on('error', () => {})
    openedAhead.add(connection)
    return [connection]
  }

  return {
    ...agents,
    isOpenedAhead: connection => openedAhead.has(connection),
    open({ hostname, port }, count) {
      const host = hostname.replace(/^\[|\]$/g, '')
      const authority = authorityOf(host, port)
      const opened = Array.from({ length: count }, () => openOne(host, port || '443')).flat()
      waiting.set(authority, [...(waiting.get(authority) ?? []), ...opened])
    },
  }
}

function routeThrough(proxy: ProxyServer, { clock, timeoutMs }: RouteOptions): Route {
  const agents = newAgents(securely())
  for (const agent of Object.values(agents)) {
    const connect = agent.createConnection.bind(agent)
    agent.createConnection = (options, callback) => {
      openTunnel(proxy, authorityFor(options), timeLimit(clock, timeoutMs)).then(
        socket => callback?.(null, connect(Object.assign({ socket }, options)) ?? socket),
        // After an error nobody uses the connection.
        error => callback?.(error, new Socket()),
      )
      return undefined
    }
  }
  return { ...agents, proxy, isOpenedAhead: () => false }
}

/** Host and port, in the form of a CONNECT request. */
export function authorityOf(hostname: string, port: string | number | null | undefined): string {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
  return `${host}:${port || 443}`
}

const authorityFor = ({ host, port }: RequestOptions) => authorityOf(host ?? '', port)
