import type * as v from 'valibot'
import { authorizationApiVersion } from '../../azure/api-versions.ts'
import type { ResourceManager } from './client.ts'

/** Optional reads, which never fail a run. What cannot be read in time counts as not seen. */

/** Optional reading is not worth more time than this; milliseconds. */
export const patienceMs = 4000
/** Long lists are read up to this limit; a subscription can have 4,000 assignments. */
const maxEntries = 1000

interface SideList<T> {
  path: string
  /** Default: that of role assignments. */
  apiVersion?: string
  filter: string
  entrySchema: T
}

/** Reads with one try, and returns the entries that came before a failure or the limit. */
export async function readable<T extends v.GenericSchema>(
  manager: ResourceManager,
  { path, apiVersion = authorizationApiVersion, filter, entrySchema }: SideList<T>,
): Promise<v.InferOutput<T>[]> {
  const query = { apiVersion, filter }
  let found: v.InferOutput<T>[] = []
  try {
    for await (const { entries } of manager.pages('reading roles', path, query, entrySchema)) {
      found = found.concat(entries)
      if (found.length >= maxEntries) break
    }
  } catch {
    // What came before the failure is still true.
  }
  return found.slice(0, maxEntries)
}
