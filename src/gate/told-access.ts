import type { Assignment } from '../azure/rbac/assignment.ts'
import { roleNameOf } from '../azure/rbac/built-in-roles.ts'
import { type DenyAssignment, forbidsData, identitiesOf } from '../azure/rbac/deny-assignments.ts'
import { applicableAt } from '../azure/rbac/effective-permissions.ts'
import { type AccessByRoles, accessByRoles } from '../azure/rbac/principal-access.ts'
import { parseScope } from '../azure/rbac/scopes.ts'
import { accountIdOf } from '../azure/resource-id.ts'
import { localFailure } from '../core/failures/failure.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import type { AssignmentsRead } from '../services/resource-manager/role-assignments.ts'
import type { DefinitionReader } from './definition-reader.ts'
import type { RoleGiver, RuntimeAccess, Unreadable } from './runtime/principal.ts'
import { settledAfterMs } from './waiting/schedule.ts'

/** What roles tell of a principal's access where no call shows it. */

export interface Telling {
  context: ResourceContext
  definitions: DefinitionReader
  /** Undefined where they may not be read. */
  denies: readonly DenyAssignment[] | undefined
}

export interface ToldQuestion {
  principalId: string
  scope: string
  dataActions: readonly string[]
  /** Of the job whose own temporary assignments count, where it asks for itself. */
  lease?: string
}

/** @param held Undefined where it may not be read. @returns `missing` only where no role that is held covers it, or a deny assignment forbids it. */
export async function toldAccess(
  held: AssignmentsRead | undefined,
  question: ToldQuestion,
  telling: Telling,
): Promise<RuntimeAccess> {
  if (held === undefined) return mayNotBeRead('role', telling.context)
  const denied = accessDespiteDenies(held, question, telling)
  if (denied !== undefined) return denied
  const byRoles = await addUp(held.assignments, question, telling)
  if (byRoles.kind === 'allowed')
    return accessThrough(byRoles.through, question.principalId, { asOf: held.asOf, ...telling })
  if (byRoles.kind === 'unknown') return { word: 'unknown', because: openIn(byRoles) }
  return { word: 'missing', because: { kind: 'no-role', lacks: byRoles.lacks } }
}

const mayNotBeRead = (which: 'role' | 'deny', context: ResourceContext): RuntimeAccess =>
  unreadAt(context, `${which} assignments`, `Microsoft.Authorization/${which}Assignments/read`)

export const unreadAt = (
  { callerId, resource }: ResourceContext,
  what: Unreadable,
  action: string,
): RuntimeAccess => ({
  word: 'unknown',
  because: {
    kind: 'unread',
    what,
    scope: accountIdOf(resource),
    failure: localFailure(
      'resource-manager-forbidden',
      `The principal ${callerId} may not read ${what} at the resource.`,
      { action },
    ),
  },
})

/** Deny assignments win over every role, and a grant does not help. @returns undefined where none stands in the way */
function accessDespiteDenies(
  { assignments }: AssignmentsRead,
  { principalId, scope, dataActions }: ToldQuestion,
  { denies, context }: Telling,
): RuntimeAccess | undefined {
  if (denies === undefined) return mayNotBeRead('deny', context)
  const identities = identitiesOf(
    principalId,
    assignments.map(({ principalId: holder }) => holder),
  )
  const who = { identities, scope, mayBeInOthers: true }
  const standing = denies.find(deny => forbidsData(deny, who, dataActions) === true)
  if (standing !== undefined) return { word: 'missing', because: { kind: 'denied', deny: standing } }
  const open = denies.find(deny => forbidsData(deny, who, dataActions) === undefined)
  return open && { word: 'unknown', because: { kind: 'perhaps-denied', deny: open } }
}

/** Built-in roles are told by their table where that is enough: definitions are read before access is said to be missing. */
async function addUp(
  assignments: readonly Assignment[],
  question: ToldQuestion,
  { definitions }: Telling,
): Promise<AccessByRoles> {
  const byTable = accessByRoles(assignments, definitions.known(), question)
  if (byTable.kind === 'allowed') return byTable
  const guids = new Set(applicableAt(assignments, question.scope).map(({ roleGuid }) => roleGuid))
  await Promise.all([...guids].map(guid => definitions.read(guid)))
  return accessByRoles(assignments, definitions.known(), question)
}

function openIn({ byRole, condition = '' }: Extract<AccessByRoles, { kind: 'unknown' }>) {
  return byRole === undefined
    ? ({ kind: 'condition', condition } as const)
    : ({ kind: 'role-unread', roleGuid: byRole.roleGuid } as const)
}

/** From above subscriptions an assignment may take hours to arrive (learn.microsoft.com, RBAC troubleshooting). */
const settledFromAboveAfterMs = 24 * 60 * 60_000

/** A role that is not known to have been everywhere for long may not be live yet; nor is it known how long somebody has been in a group. */
function accessThrough(
  assignments: readonly Assignment[],
  principalId: string,
  { asOf, definitions }: Pick<AssignmentsRead, 'asOf'> & Telling,
): RuntimeAccess {
  const through = assignments.map(
    ({ id, scope, createdOn, roleGuid, principalId: holder }): RoleGiver => ({
      id,
      scope,
      createdOn,
      roleName: roleNameOf(roleGuid) ?? definitions.nameOf(roleGuid) ?? roleGuid,
      group: holder === principalId ? undefined : holder,
    }),
  )
  const isSettled = assignments.every(({ createdOn, scope, principalId: holder }) => {
    const neededMs = parseScope(scope).subscriptionId === undefined ? settledFromAboveAfterMs : settledAfterMs
    return holder === principalId && createdOn !== undefined && asOf - createdOn >= neededMs
  })
  if (isSettled) return { word: 'allowed', through }
  const youngest = assignments[0]?.createdOn
  const ageMs = youngest === undefined ? undefined : Math.max(0, asOf - youngest)
  return { word: 'not-known-live', through, ageMs, isGranted: false }
}
