import { type Assignment, givenSince } from '../azure/rbac/assignment.ts'
import { applicableAt, type Definitions } from '../azure/rbac/effective-permissions.ts'
import { scopeOf } from '../azure/resource-id.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import { type Definition, readDefinition } from '../services/resource-manager/role-definitions.ts'

/**
 * Reads the current definitions of roles, because the table may be out of date. Each is read once, even if several callers need it
 * at the same time.
 */
export interface DefinitionReader {
  known(): Definitions
  /** Of a role that was read; undefined for any other role. */
  nameOf(guid: string): string | undefined
  keep(guid: string, definition: Definition): void
  /** The assignment, with the date of its role's definition if that changed later. */
  dated(assignment: Assignment): Assignment
  /** @returns the name; undefined if it cannot be read. @throws StepError `role-not-found` */
  read(guid: string): Promise<string | undefined>
}

export function openDefinitionReader(
  { manager, resource }: ResourceContext,
  onRead: (known: Definitions) => void,
): DefinitionReader {
  const definitions = new Map<string, Definition>()
  const known = () => new Map([...definitions].map(([guid, { permissions }]) => [guid, permissions]))
  const keep = (guid: string, definition: Definition) => {
    definitions.set(guid, definition)
    onRead(known())
  }
  const reads = new Map<string, Promise<string | undefined>>()
  const readLive = async (guid: string) => {
    const live = await undefinedIfForbidden(readDefinition(manager, scopeOf(resource), guid))
    if (live === undefined) return undefined
    keep(guid, live)
    return live.name
  }
  return {
    known,
    nameOf: guid => definitions.get(guid)?.name,
    keep,
    dated(assignment) {
      const { changedOn } = definitions.get(assignment.roleGuid) ?? {}
      const since = givenSince(assignment)
      const isLater = since !== undefined && changedOn !== undefined && changedOn > since
      return isLater ? { ...assignment, changedOn } : assignment
    },
    async read(guid) {
      const kept = definitions.get(guid)
      if (kept !== undefined) return kept.name
      const read = reads.get(guid) ?? readLive(guid)
      reads.set(guid, read)
      return read
    },
  }
}

/** Reads the definitions of all roles whose assignments count at the scope. @returns those assignments. @throws StepError */
export async function readApplicable(
  assignments: readonly Assignment[],
  scope: string,
  definitions: DefinitionReader,
): Promise<readonly Assignment[]> {
  const applicable = applicableAt(assignments, scope)
  const guids = new Set(applicable.map(({ roleGuid }) => roleGuid))
  await Promise.all([...guids].map(guid => definitions.read(guid)))
  return applicable
}
