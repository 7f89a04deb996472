import type { Assignment } from './assignment.ts'
import { builtInPermissions } from './built-in-roles.ts'
import { allowsAssigning, assignRoles, type NewAssignment } from './delegation-conditions.ts'
import { coversAction, type Permission } from './permissions.ts'
import { isBelow } from './scopes.ts'

/**
 * What assignments allow. The definitions that this run read count first, then the table of built-in roles.
 */

export type Definitions = ReadonlyMap<string, readonly Permission[]>

/** One entry of a role's permissions, with the assignment that gives it. */
export interface EffectivePermission extends Permission {
  assignment: Assignment
  /** Conditions of the definition and of the assignment. All must be fulfilled. */
  conditions: readonly string[]
}

export interface EffectivePermissions {
  held: readonly EffectivePermission[]
  /** Custom roles whose definition was not read. */
  ofUnknownRoles: readonly Assignment[]
}

export function permissionsOf(
  assignments: readonly Assignment[],
  definitions: Definitions,
): EffectivePermissions {
  const known = assignments.map(assignment => ({
    assignment,
    permissions: definitionOf(assignment.roleGuid, definitions),
  }))
  return {
    held: known.flatMap(({ assignment, permissions = [] }) =>
      permissions.map(permission => ({
        ...permission,
        assignment,
        conditions: [permission.condition, assignment.condition].filter(condition => condition !== undefined),
      })),
    ),
    ofUnknownRoles: known
      .filter(({ permissions }) => permissions === undefined)
      .map(({ assignment }) => assignment),
  }
}

/**
 * The permissions of a role; undefined for a custom role that was not read. The service leaves out conditions of definitions, so
 * this adds those of built-in roles.
 */
export function definitionOf(guid: string, definitions: Definitions): readonly Permission[] | undefined {
  const builtIn = builtInPermissions(guid)
  const condition = builtIn?.[0]?.condition
  const live = definitions.get(guid.toLowerCase())
  return (
    live?.map(permission => (condition === undefined ? permission : { condition, ...permission })) ?? builtIn
  )
}

/** The assignments that count at the scope: made there or above it. */
export const applicableAt = (assignments: readonly Assignment[], scope: string): Assignment[] =>
  assignments.filter(({ scope: at }) => !isBelow(at, scope))

/** @returns undefined if it depends on a condition of an unknown form. */
export function mayAssign(
  held: readonly EffectivePermission[],
  assignment: NewAssignment,
): boolean | undefined {
  const answers = held
    .filter(permission => coversAction([permission], assignRoles))
    .map(({ conditions }) => {
      const fulfilled = conditions.map(condition => allowsAssigning(condition, assignment))
      if (fulfilled.includes(false)) return false
      return fulfilled.includes(undefined) ? undefined : true
    })
  if (answers.includes(true)) return true
  return answers.includes(undefined) ? undefined : false
}
