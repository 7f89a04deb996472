import type { DenyAssignment } from '../azure/rbac/deny-assignments.ts'
import type { Principal } from '../azure/rbac/principal.ts'
import { scopeOf } from '../azure/resource-id.ts'
import type { Clock } from '../core/ports.ts'
import { isForApp, type ResourceContext } from '../services/resource-manager/context.ts'
import { readDenyAssignments, requireDenyAssignments } from '../services/resource-manager/deny-assignments.ts'
import { type AssignmentsRead, readAssignments } from '../services/resource-manager/role-assignments.ts'
import { alsoOf } from './also.ts'
import type { Settings } from './settings.ts'

/** What is assigned at the resource when the run begins. Each list is requested once, no matter how many need it. */
export interface Listings {
  /** @returns undefined if they cannot be read. @throws StepError */
  assignmentsOf(principal: Principal): Promise<AssignmentsRead | undefined>
  /** Of all principals. @returns undefined if they cannot be read. @throws StepError */
  denies(): Promise<readonly DenyAssignment[] | undefined>
}

export function openListings(
  settings: Pick<Settings, 'access' | 'production'>,
  context: ResourceContext,
  clock: Clock,
): Listings {
  const { manager, resource } = context
  const scope = scopeOf(resource)
  const assignments = new Map<string, Promise<AssignmentsRead | undefined>>()
  let denies: Promise<readonly DenyAssignment[] | undefined> | undefined
  const readDenies = () =>
    goesByRoles(settings, context)
      ? requireDenyAssignments(manager, scope)
      : readDenyAssignments(manager, scope)
  return {
    assignmentsOf(principal) {
      const key = `${principal.principalType} ${principal.principalId}`
      const reading = assignments.get(key) ?? readAssignments(manager, scope, principal, clock.now)
      assignments.set(key, reading)
      return reading
    },
    denies() {
      denies ??= readDenies()
      return denies
    },
  }
}

/** Whether somebody's access is judged from roles alone. If no call shows it, the gate has to know the deny assignments. */
const goesByRoles = (
  { access, production }: Pick<Settings, 'access' | 'production'>,
  context: ResourceContext,
): boolean => alsoOf(access).length > 0 || production.principals.length > 0 || isForApp(context)
