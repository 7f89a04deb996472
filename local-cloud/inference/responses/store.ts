import type { Item } from './items.ts'
import type { ResponseBody } from './response.ts'

/** A response that can be retrieved, with what led to it. */
export interface StoredResponse {
  /** The finished response. The clock decides how much of it is ready. */
  response: ResponseBody
  /** The input and output of the responses that it follows, oldest first. */
  history: readonly Item[]
  input: readonly Item[]
  /** The events of the stream, if it ran in the background. */
  events: readonly string[]
  cancelled: boolean
}

export interface Conversation {
  id: string
  createdAt: number
  metadata: Readonly<Record<string, string>>
  items: Item[]
}

/** What an account or project has stored. */
export interface Store {
  responses: Map<string, StoredResponse>
  conversations: Map<string, Conversation>
}

/** One store per resource. Nobody here knows whether Azure lets an account see what its projects stored; here it does not. */
export function createStores(): (resourceId: string) => Store {
  const stores = new Map<string, Store>()
  return resourceId => {
    const key = resourceId.toLowerCase()
    const store = stores.get(key) ?? { responses: new Map(), conversations: new Map() }
    stores.set(key, store)
    return store
  }
}
