import type { Context } from '../context.ts'

/** A write that takes long, as clients that poll it see it. */
export interface AsyncOperation {
  id: string
  subscriptionId: string
  /** What it is doing: `Creating`, `Deleting`. */
  doing: string
  /** Milliseconds since the epoch. */
  startedAt: number
  endsAt: number
}

export interface AsyncOperations {
  /** Begins one that takes `context.provisioningMs` by the clock of the cloud. */
  begin(subscriptionId: string, doing: string): AsyncOperation
  find(subscriptionId: string, id: string): AsyncOperation | undefined
  isDone(operation: AsyncOperation): boolean
}

export function createAsyncOperations({ clock, provisioningMs = 0 }: Context): AsyncOperations {
  const known = new Map<string, AsyncOperation>()
  return {
    begin(subscriptionId, doing) {
      const startedAt = clock.now()
      const id = crypto.randomUUID()
      const operation = { id, subscriptionId, doing, startedAt, endsAt: startedAt + provisioningMs }
      known.set(id, operation)
      return operation
    },
    find(subscriptionId, id) {
      const operation = known.get(id.toLowerCase())
      return operation?.subscriptionId === subscriptionId.toLowerCase() ? operation : undefined
    },
    isDone: ({ endsAt }) => clock.now() >= endsAt,
  }
}
