import type { ServiceName } from './service.ts'

/** One request as it arrived, and its reply. It contains tokens unchanged, so it never leaves the process unredacted. */
export interface JournalEntry {
  /** Milliseconds since the epoch, by the cloud's clock. */
  at: number
  service: ServiceName
  operation: string
  method: string
  /** Host and port that the client addressed. */
  host: string
  /** Path and query. */
  target: string
  headers: Readonly<Record<string, string>>
  body: string
  caller?: string
  /** Null if the connection was broken before a status was sent. */
  status: number | null
  /** What the request asked for and the local cloud does not have; the reply was 501. */
  unimplemented?: string
  /** Name of the fault that changed the reply. */
  fault?: string
  /** What a handler threw: a defect of the local cloud itself, answered with 500. */
  failure?: string
}

export interface Journal {
  /** In the order in which the requests were answered, which may differ from the order in which they came. */
  entries: readonly JournalEntry[]
  add(entry: JournalEntry): void
  clear(): void
}

export function createJournal(): Journal {
  let entries: JournalEntry[] = []
  return {
    get entries() {
      return entries
    },
    add: entry => entries.push(entry),
    clear() {
      entries = []
    },
  }
}
