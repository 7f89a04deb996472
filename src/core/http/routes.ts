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

/** Opens connections to a host that will soon get requests; `fresh` is as for requests. */
export type Preconnect = (origin: string, count: number, options?: { fresh?: boolean }) => void

export interface RouteOptions {
  /** The variables with the proxy settings. */
  env: Readonly<Record<string, string | undefined>>
  clock: Pick<Clock, 'now' | 'after'>
  /** Resolves names; default: the system's resolver. */
  lookup?: LookupFunction
}

/** Idle connections are not used after this time, because hosts, and devices on the way, drop them; milliseconds. */
const idleMs = 4000

export interface Routes {
  /**
   * @param timeoutMs How long a proxy may take to open a tunnel.
   * @throws NetworkFailure if the environment names a proxy that cannot be used
   */
  routeTo(target: URL, timeoutMs: number): Route
  preconnect: Preconnect
}

export function createRoutes(options: RouteOptions): Routes {
  const { env } = options
  const straight = straightRoute(options)
  // The environment names at most one proxy.
  let throughProxy: Route | undefined
  return {
    routeTo(target, timeoutMs) {
      const proxy = proxyFor(target, env)
      if (proxy === undefined) return straight
      throughProxy ??= routeThrough(proxy, options.clock, timeoutMs)
      return throughProxy
    },
    preconnect(origin, count, { fresh = false } = {}) {
      const url = new URL(origin)
      if (url.protocol === 'https:' && proxyFor(url, env) === undefined) straight.open(url, { count, fresh })
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

interface ToOpen {
  count: number
  fresh: boolean
}

/**
 * Can open connections ahead of their requests: a TLS handshake takes two round trips, and can run while the gate waits for
 * another reply.
 */
function straightRoute({ lookup, clock }: RouteOptions): Route & { open(url: URL, toOpen: ToOpen): void } {
  const secure = securely()
  const agents = newAgents(secure, lookup)
  const openedAhead = new WeakSet<Duplex>()
  const openers = {
    kept: openingAhead(agents.kept, clock),
    fresh: openingAhead(agents.fresh, clock),
  }
  return {
    ...agents,
    isOpenedAhead: connection => openedAhead.has(connection),
    open({ hostname, port }, { count, fresh }) {
      const host = hostname.replace(/^\[|\]$/g, '')
      const options = { ...secure, host, port: port || '443', servername: isIP(host) === 0 ? host : '' }
      for (let opened = 0; opened < count; opened += 1) {
        const connection = openers[fresh ? 'fresh' : 'kept'](options)
        if (connection) openedAhead.add(connection)
      }
    },
  }
}

/** Has an agent use the connections that the function returned opens, if they are not idle for too long by then. */
function openingAhead(agent: Agent, { now }: Pick<Clock, 'now'>) {
  const connect = agent.createConnection.bind(agent)
  const waiting = new Map<string, { connection: Duplex; since: number }[]>()

  function take(authority: string): Duplex | undefined {
    const queue = waiting.get(authority) ?? []
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { connection, since } = next
      if (!connection.destroyed && now() - since < idleMs) return connection
      connection.destroy()
    }
    return undefined
  }

  agent.createConnection = options => take(authorityFor(options)) ?? connect(options)

  return (options: RequestOptions): Duplex | undefined => {
    const connection = connect({ ...options, lookup: agent.options.lookup })
    if (!connection) return undefined
    // Ignored: the request that needs a connection opens another one, and reports the error.
    connection.on('error', () => {})
    const authority = authorityFor(options)
    waiting.set(authority, [...(waiting.get(authority) ?? []), { connection, since: now() }])
    return connection
  }
}

function routeThrough(proxy: ProxyServer, clock: RouteOptions['clock'], timeoutMs: number): Route {
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
