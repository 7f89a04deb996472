import type { Identity } from '../azure/choose-identity.ts'
import { type Assignment, givenSince } from '../azure/rbac/assignment.ts'
import { roleNameOf } from '../azure/rbac/built-in-roles.ts'
import { type DenyAssignment, forbidsData, identitiesOf } from '../azure/rbac/deny-assignments.ts'
import { type AccessByRoles, accessByRoles } from '../azure/rbac/principal-access.ts'
import { parseScope } from '../azure/rbac/scopes.ts'
import type { Unsuitability } from '../azure/rbac/suitability.ts'
import { accountIdOf } from '../azure/resource-id.ts'
import { type Failure, localFailure } from '../core/failures/failure.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import type { AssignmentsRead } from '../services/resource-manager/role-assignments.ts'
import { type DefinitionReader, readApplicable } from './definition-reader.ts'
import { settledAfterMs } from './waiting/schedule.ts'

/** Judges a principal's access from roles, if no call shows it. */

/** What is known about a principal's access. */
export type ToldAccess =
  /** It is the pipeline itself, and its calls were answered. */
  | { word: 'called' }
  | { word: 'allowed'; through: readonly RoleGiver[] }
  /** `ageMs`: age of the youngest role that it depends on; undefined if that is not known. */
  | {
      word: 'not-known-live'
      through: readonly RoleGiver[]
      ageMs: number | undefined
      /** By this run. */
      isGranted: boolean
    }
  | { word: 'missing'; because: WhyMissing }
  | { word: 'unknown'; because: WhyUnknown }

export type ToldWord = ToldAccess['word']

export interface RoleGiver extends Pick<Assignment, 'id' | 'scope' | 'createdOn'> {
  roleName: string
  /** Object id of the group that holds it; undefined if the principal itself does. */
  group: string | undefined
}

export type WhyMissing =
  | { kind: 'no-role'; lacks: readonly string[] }
  | { kind: 'denied'; deny: NamedDeny }
  /** What allows its calls is removed when a job ends, and until then nobody can assign the same role permanently. */
  | { kind: 'ends-with-job'; whose: 'own' | 'another' }
  /** The grant was refused. */
  | { kind: 'not-granted'; failure: Failure }
  /** The gate never grants the role that it would need. */
  | { kind: 'unsuitable'; unsuitability: Unsuitability }
  /** The role that it would get does not cover its calls. */
  | { kind: 'role-lacks'; lacks: readonly string[] }
  /** It holds the role that it would get, but a condition of that assignment excludes the calls. */
  | { kind: 'excluded'; condition: string }

export type WhyUnknown =
  | { kind: 'not-looked' }
  /** It is the pipeline itself, and its calls have not been answered so far. */
  | { kind: 'own-calls' }
  /** `scope`: where the reading identity would need the right. */
  | { kind: 'unread'; what: Unreadable; scope: string; failure: Failure }
  | { kind: 'no-resource'; failure: Failure }
  | { kind: 'no-identity' }
  | { kind: 'several'; identities: readonly Identity[] }
  | { kind: 'not-its-own'; clientId: string; identities: readonly Identity[] }
  | { kind: 'identity-gone' }
  /** It should get its role, but the id belongs to no service principal. */
  | { kind: 'no-such-principal'; failure: Failure }
  /** Its role was being granted, and no reply said whether that succeeded. */
  | { kind: 'granting'; failure?: Failure }
  | { kind: 'role-unread'; roleGuid: string }
  | { kind: 'condition'; condition: string }
  /** Nobody can see who is in a group that it names or excludes; or it has a condition. */
  | { kind: 'perhaps-denied'; deny: NamedDeny }

export type Unreadable = 'resource' | 'API versions' | 'deployments' | 'role assignments' | 'deny assignments'

export type NamedDeny = Pick<DenyAssignment, 'name' | 'scope'>

export interface Telling {
  context: ResourceContext
  definitions: DefinitionReader
  /** Undefined if they cannot be read. */
  denies: readonly DenyAssignment[] | undefined
}

export interface ToldQuestion {
  principalId: string
  scope: string
  dataActions: readonly string[]
  /** Of the job whose own temporary assignments count, if it asks for itself. */
  lease?: string
}

/**
 * @param held Undefined if it cannot be read. @returns `missing` only if no held role covers it, or a deny assignment forbids
 * it.
 */
export async function toldAccess(
  held: AssignmentsRead | undefined,
  question: ToldQuestion,
  telling: Telling,
): Promise<ToldAccess> {
  if (held === undefined) return notListed('role assignments', telling.context)
  const denied = accessDespiteDenies(held, question, telling)
  if (denied !== undefined) return denied
  const byRoles = await accessByDefinitions(held.assignments, question, telling)
  if (byRoles.kind === 'allowed')
    return accessThrough(byRoles.through.map(telling.definitions.dated), question.principalId, {
      asOf: held.asOf,
      ...telling,
    })
  if (byRoles.kind === 'unknown') return { word: 'unknown', because: openIn(byRoles) }
  return { word: 'missing', because: { kind: 'no-role', lacks: byRoles.lacks } }
}

const readActions = {
  'role assignments': 'Microsoft.Authorization/roleAssignments/read',
  'deny assignments': 'Microsoft.Authorization/denyAssignments/read',
  deployments: 'Microsoft.CognitiveServices/accounts/deployments/read',
} satisfies Partial<Record<Unreadable, string>>

/** The result if the reading identity has no right to read `what`. */
export const notListed = (
  what: keyof typeof readActions,
  { callerId, resource }: ResourceContext,
): ToldAccess => ({
  word: 'unknown',
  because: {
    kind: 'unread',
    what,
    scope: accountIdOf(resource),
    failure: localFailure(
      'resource-manager-forbidden',
      `The principal ${callerId} cannot read ${what} at the resource.`,
      { action: readActions[what] },
    ),
  },
})

/** Deny assignments override every role, and a grant does not help. @returns undefined if none blocks it */
function accessDespiteDenies(
  { assignments }: AssignmentsRead,
  { principalId, scope, dataActions }: ToldQuestion,
  { denies, context }: Telling,
): ToldAccess | undefined {
  if (denies === undefined) return notListed('deny assignments', context)
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

/** For built-in roles the table is enough; definitions are read before access is reported as missing. */
async function accessByDefinitions(
  assignments: readonly Assignment[],
  question: ToldQuestion,
  { definitions }: Telling,
): Promise<AccessByRoles> {
  const byTable = accessByRoles(assignments, definitions.known(), question)
  if (byTable.kind === 'allowed') return byTable
  await readApplicable(assignments, question.scope, definitions)
  return accessByRoles(assignments, definitions.known(), question)
}

function openIn({ byRole, condition = '' }: Extract<AccessByRoles, { kind: 'unknown' }>) {
  return byRole === undefined
    ? ({ kind: 'condition', condition } as const)
    : ({ kind: 'role-unread', roleGuid: byRole.roleGuid } as const)
}

/** An assignment above the subscription may take hours to arrive (learn.microsoft.com, RBAC troubleshooting). */
const settledFromAboveAfterMs = 24 * 60 * 60_000

/** A role that may be new may not be live yet; nor is it known how long somebody has been in a group. */
function accessThrough(
  assignments: readonly Assignment[],
  principalId: string,
  { asOf, definitions }: Pick<AssignmentsRead, 'asOf'> & Telling,
): ToldAccess {
  const through = assignments.map(
    ({ id, scope, createdOn, roleGuid, principalId: holder }): RoleGiver => ({
      id,
      scope,
      createdOn,
      roleName: roleNameOf(roleGuid) ?? definitions.nameOf(roleGuid) ?? roleGuid,
      group: holder === principalId ? undefined : holder,
    }),
  )
  const isSettled = assignments.every(assignment => {
    const { scope, principalId: holder } = assignment
    const since = givenSince(assignment)
    const neededMs = parseScope(scope).subscriptionId === undefined ? settledFromAboveAfterMs : settledAfterMs
    return holder === principalId && since !== undefined && asOf - since >= neededMs
  })
  if (isSettled) return { word: 'allowed', through }
  const ages = assignments.map(each => asOf - (givenSince(each) ?? Number.NaN))
  const youngestMs = Math.max(0, Math.min(...ages))
  const ageMs = Number.isNaN(youngestMs) ? undefined : youngestMs
  return { word: 'not-known-live', through, ageMs, isGranted: false }
}
