import type { Account } from '../world.ts'
import type { Store } from './responses/store.ts'

/** A request that was let through, with what an answer needs. */
export interface Call {
  account: Account
  /** Named groups of the operation's path. */
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  headers: Readonly<Record<string, string>>
  body: string
  /** What the addressed account or project has stored. */
  store: Store
  /** Milliseconds since the epoch. */
  now: number
}
