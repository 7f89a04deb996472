import type { Socket } from 'node:net'

/**
 * The TCP connections below TLS. Only they can be reset (Node sends no RST from a TLS socket), and only they
 * include clients that have not finished their handshake, for which close() would wait. Their order is the one in which a client
 * opened them: handshakes of several at once end in any order.
 */
export function createConnections() {
  const open = new Map<string, { socket: Socket; number: number }>()
  let taken = 0
  const peer = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`
  return {
    add(socket: Socket) {
      const key = peer(socket)
      open.set(key, { socket, number: taken++ })
      socket.once('close', () => open.delete(key))
    },
    /** From 0, in the order in which the port took them. A connection that is gone, and gets no reply, has -1. */
    numberOf: (tlsSocket: Socket) => open.get(peer(tlsSocket))?.number ?? -1,
    reset(tlsSocket: Socket) {
      open.get(peer(tlsSocket))?.socket.resetAndDestroy()
    },
    destroyAll() {
      for (const { socket } of open.values()) socket.destroy()
    },
  }
}
