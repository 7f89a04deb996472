import { findHolding, type WantedRole } from '../azure/rbac/assignment.ts'
import type { Permission } from '../azure/rbac/permissions.ts'
import { isGrantee, type ResourceContext } from '../services/resource-manager/context.ts'
import { type AssignmentsRead, readPermissions } from '../services/resource-manager/role-assignments.ts'
import type { Settings } from './settings.ts'

/** @returns undefined if they cannot be read. @throws StepError */
export type PermissionsReader = () => Promise<readonly Permission[] | undefined>

interface Looking {
  /** Undefined if the role could not be looked up. */
  wanted: Promise<WantedRole | undefined>
  /** The pipeline's assignments; undefined if they cannot be read. */
  listing: Promise<AssignmentsRead | undefined>
}

export const asksItself = ({ principalId, callerId }: ResourceContext) => callerId === principalId

/**
 * What the pipeline may do, as Resource Manager adds it up for the caller. The gate needs this if the list of assignments does
 * not show how the role is held, and requests it once, as soon as it knows that: models take longer to answer than both
 * replies. An identity that never grants can usually not read the list either, and every run would wait for two replies one
 * after the other. So there the gate requests this in parallel with the list. For everybody else that would be one more request
 * in every run, and a subscription has few for all its gates.
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
    // With a list, only what is newer counts: it may show a role that was granted in between.
    if (list === undefined) asked = early
    if (role !== undefined && (list === undefined || findHolding(list.assignments, role) === undefined))
      await read()
  }
  // The code that needs them awaits them.
  for (const reading of [early, asNeeded()]) reading?.catch(() => undefined)
  return read
}
