import type { ServiceRequest } from './service.ts'

/**
 * Who decides which replica answers. `request`: every request goes to the next one, so that replicas which disagree are
 * met one after the other. `connection`: a new connection goes to the next one and stays there, as behind a load
 * balancer, which has only the TCP connection to go by; a client that keeps its connection sees one replica only.
 */
export const replicaChoices = ['connection', 'request'] as const
export type ReplicasBy = (typeof replicaChoices)[number]

/** The number of the replica that answers a request, counted from 0 without end: a list of lags begins anew after its last. */
export type ChooseReplica = (request: Pick<ServiceRequest, 'connection'>) => number

export function createReplicas(by: ReplicasBy): ChooseReplica {
  let requests = 0
  return by === 'request' ? () => requests++ : ({ connection }) => connection
}

/** How late a change reaches a replica, in milliseconds. */
export const lagOf = (lags: readonly number[], replica: number): number => lags[replica % lags.length] ?? 0
