import type * as v from 'valibot'
import type { ResourceManager } from './client.ts'
import { authorizationVersion } from './role-assignments.ts'

/** What is read on the side: it never fails a run. What may not be read, or does not come in time, counts as not seen. */

/** Nothing of that kind is worth more than this; milliseconds. */
export const patienceMs = 4000
/** Long lists are read so far; a subscription has room for 4,000 assignments. */
const maxEntries = 1000

interface SideList<T> {
  path: string
  filter: string
  entrySchema: T
}

/** One try, and as many entries as came. */
export async function readable<T extends v.GenericSchema>(
  manager: ResourceManager,
  { path, filter, entrySchema }: SideList<T>,
): Promise<v.InferOutput<T>[]> {
  const query = { apiVersion: authorizationVersion, filter }
  let found: v.InferOutput<T>[] = []
  try {
    for await (const { entries } of manager.pages('reading roles', path, query, entrySchema)) {
      found = found.concat(entries)
      if (found.length >= maxEntries) break
    }
  } catch {
    // What came before the failure is as true as ever.
  }
  return found.slice(0, maxEntries)
}
