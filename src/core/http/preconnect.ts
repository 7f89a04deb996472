import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/**
 * Connections that are opened before there is anything to send: a TLS handshake takes two round trips, and the time in which
 * another host's reply is awaited is time to make it in. One that failed, or that the host has closed since, is opened anew by
 * the request that needs it, which then tells what is wrong.
 */
export interface Preconnecting {
  /** Opens `count` connections to a host, for as many requests at once. */
  open(origin: string, count: number): void
  /** Hands out what was opened ahead for the host, and connects where nothing was. */
  connect: buildConnector.connector
}

export function preconnecting(connect: buildConnector.connector): Preconnecting {
  const opened = new Map<string, Array<Promise<Socket | null>>>()

  function openOne({ host, hostname, port, protocol }: URL): Promise<Socket | null> {
    return new Promise(resolve =>
      connect({ host, hostname, port, protocol }, (error, socket) => resolve(error === null ? socket : null)),
    )
  }

  return {
    open(origin, count) {
      const url = new URL(origin)
      const sockets = Array.from({ length: count }, () => openOne(url))
      opened.set(url.host, [...(opened.get(url.host) ?? []), ...sockets])
    },
    connect(options, callback) {
      const ahead = opened.get(options.host ?? '')?.shift()
      if (ahead === undefined) return connect(options, callback)
      ahead.then(socket =>
        socket === null || socket.destroyed ? connect(options, callback) : callback(null, socket),
      )
    },
  }
}
