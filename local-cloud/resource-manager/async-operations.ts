import type { Context } from '../context.ts'

/** A write that takes a while, as polling clients see it. */
export interface AsyncOperation {
  id: string
  subscriptionId: string
  /** The state while it runs: `Creating`, `Deleting`. */
  doing: string
  /** Milliseconds since the epoch. */
  startedAt: number
  endsAt: number
}

export interface AsyncOperations {
  /** Begins an operation that takes `context.provisioningMs` by the cloud's clock. */
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
