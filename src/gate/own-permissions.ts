import { findHolding, type WantedRole } from '../azure/rbac/assignment.ts'
import type { Permission } from '../azure/rbac/permissions.ts'
import { isGrantee, type ResourceContext } from '../services/resource-manager/context.ts'
import { type AssignmentsRead, readPermissions } from '../services/resource-manager/role-assignments.ts'
import type { Settings } from './settings.ts'

/** @returns undefined where they may not be read. @throws StepError */
export type PermissionsReader = () => Promise<readonly Permission[] | undefined>

interface Looking {
  /** Undefined where the role could not be looked up. */
  wanted: Promise<WantedRole | undefined>
  /** What is assigned to the pipeline; undefined where that may not be read. */
  listing: Promise<AssignmentsRead | undefined>
}

export const asksItself = ({ principalId, callerId }: ResourceContext) => callerId === principalId

/**
 * What the pipeline may do, as Resource Manager adds it up for anyone who asks. It is needed where the list of assignments does not tell
 * how the role is held, and is asked for once, as soon as that is seen: models take longer to answer than both. Who never grants may,
 * as a rule, not read the list either, and every run would wait for two replies, one after the other: there it is asked for beside
 * the list. For everybody else that would be a request more in every run, of the few that a subscription has for all its gates.
 */
export function openPermissionsReader(
  context: ResourceContext,
  grant: Settings['access']['grant'],
  { wanted, listing }: Looking,
): PermissionsReader {
  const ask = async () => {
    const role = await wanted
    return role && readPermissions(context.manager, role.scope)
  }
  let asked: ReturnType<PermissionsReader> | undefined
  const read: PermissionsReader = () => {
    asked ??= ask()
    return asked
  }
  if (!asksItself(context) || !isGrantee(context)) return read
  const early = grant === 'never' ? ask() : undefined
  const asNeeded = async () => {
    const [role, list] = await Promise.all([wanted, listing])
    // Beside a list, only what is younger counts: it may show a role that was granted just then.
    if (list === undefined) asked = early
    if (role !== undefined && (list === undefined || findHolding(list.assignments, role) === undefined))
      await read()
  }
  // Anyone who needs them awaits them.
  for (const reading of [early, asNeeded()]) reading?.catch(() => undefined)
  return read
}
