import type { Item } from './items.ts'
import type { ResponseBody } from './response.ts'

/** A response that can be asked for again, with what led to it. */
export interface StoredResponse {
  /** As it is in the end; whether it is that far already, the time says. */
  response: ResponseBody
  /** What came before: the input and output of the responses that it follows, oldest first. */
  history: readonly Item[]
  input: readonly Item[]
  /** Of the stream, where it was asked for in the background. */
  events: readonly string[]
  cancelled: boolean
}

export interface Conversation {
  id: string
  createdAt: number
  metadata: Readonly<Record<string, string>>
  items: Item[]
}

/** What an account, or a project of it, remembers. */
export interface Store {
  responses: Map<string, StoredResponse>
  conversations: Map<string, Conversation>
}

/** One store a resource; whether Azure lets an account see what its projects stored is not known, and here it does not. */
export function createStores(): (resourceId: string) => Store {
  const stores = new Map<string, Store>()
  return resourceId => {
    const key = resourceId.toLowerCase()
    const store = stores.get(key) ?? { responses: new Map(), conversations: new Map() }
    stores.set(key, store)
    return store
  }
}
