import type { Definitions } from '../azure/rbac/effective-permissions.ts'
import type { Permission } from '../azure/rbac/permissions.ts'
import { scopeOf } from '../azure/resource-id.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import { readDefinition } from '../services/resource-manager/role-definitions.ts'

/** Definitions of roles as they are now, for definitions drift; each is read once, no matter who asks for it, and how many at once. */
export interface DefinitionReader {
  known(): Definitions
  /** Of a role that was read; undefined for any other. */
  nameOf(guid: string): string | undefined
  keep(guid: string, permissions: readonly Permission[]): void
  /** @returns the name; undefined where it may not be read, or was kept without one. @throws StepError `role-not-found` */
  read(guid: string): Promise<string | undefined>
}

export function openDefinitionReader(
  { manager, resource }: ResourceContext,
  onRead: (known: Definitions) => void,
): DefinitionReader {
  const known = new Map<string, readonly Permission[]>()
  const names = new Map<string, string>()
  const keep = (guid: string, permissions: readonly Permission[]) => {
    known.set(guid, permissions)
    onRead(new Map(known))
  }
  const reads = new Map<string, Promise<string | undefined>>()
  const readLive = async (guid: string) => {
    const live = await undefinedIfForbidden(readDefinition(manager, scopeOf(resource), guid))
    if (live === undefined) return undefined
    names.set(guid, live.name)
    keep(guid, live.permissions)
    return live.name
  }
  return {
    known: () => known,
    nameOf: guid => names.get(guid),
    keep,
    async read(guid) {
      if (known.has(guid)) return names.get(guid)
      const read = reads.get(guid) ?? readLive(guid)
      reads.set(guid, read)
      return read
    },
  }
}
