import { type Assignment, givenSince } from './assignment.ts'
import { leaves } from './delegation-conditions.ts'
import {
  applicableAt,
  type Definitions,
  type EffectivePermission,
  permissionsOf,
} from './effective-permissions.ts'
import { leaseIn } from './lease.ts'
import { coversDataAction } from './permissions.ts'

/** Whether a principal's roles allow data actions. */
export type AccessByRoles =
  /**
   * `through`: for each data action, the assignment that gives it. The principal's own count before those of groups, and older
   * ones before newer ones. The newest of these assignments come first.
   */
  | { kind: 'allowed'; through: readonly Assignment[] }
  | { kind: 'missing'; lacks: readonly string[] }
  /** It depends on a role whose definition was not read, or on a condition that the gate does not understand. */
  | {
      kind: 'unknown'
      lacks: readonly string[]
      byRole: Assignment | undefined
      condition: string | undefined
    }

interface Question {
  principalId: string
  scope: string
  dataActions: readonly string[]
  /** The lease of this job, if the principal is its own. */
  lease?: string
}

/**
 * Adds up what the principal and its groups hold at the scope and above it. An assignment that a job made until it ends counts
 * for that job only.
 */
export function accessByRoles(
  assignments: readonly Assignment[],
  definitions: Definitions,
  { principalId, scope, dataActions, lease }: Question,
): AccessByRoles {
  const lasting = applicableAt(assignments, scope).filter(({ description }) => {
    const its = leaseIn(description)
    return its === undefined || its === lease
  })
  const { held, ofUnknownRoles } = permissionsOf(lasting, definitions)
  const givers = dataActions.map(dataAction => ({ dataAction, ...giversOf(held, dataAction) }))
  const lacking = givers.filter(({ certain }) => certain.length === 0)
  if (lacking.length === 0) {
    const surest = givers.map(({ certain }) => {
      const own = certain.filter(assignment => assignment.principalId === principalId)
      return (own.length > 0 ? own : certain).toSorted(oldestFirst)[0]
    })
    const through = new Set(surest.filter(assignment => assignment !== undefined))
    return { kind: 'allowed', through: [...through].toSorted(oldestFirst).toReversed() }
  }
  const lacks = lacking.map(({ dataAction }) => dataAction)
  const [byRole] = ofUnknownRoles
  const open = lacking.map(({ perhaps }) => perhaps[0])
  if (byRole === undefined && open.includes(undefined)) return { kind: 'missing', lacks }
  return { kind: 'unknown', lacks, byRole, condition: open.find(condition => condition !== undefined) }
}

/** An assignment without a date counts as the newest. */
const oldestFirst = (one: Assignment, other: Assignment) =>
  (givenSince(one) ?? Number.MAX_SAFE_INTEGER) - (givenSince(other) ?? Number.MAX_SAFE_INTEGER)

interface Givers {
  certain: Assignment[]
  /** Conditions that the gate cannot evaluate. */
  perhaps: string[]
}

function giversOf(held: readonly EffectivePermission[], dataAction: string): Givers {
  const givers: Givers = { certain: [], perhaps: [] }
  for (const permission of held) {
    if (!coversDataAction([permission], dataAction)) continue
    const { assignment, conditions } = permission
    const answers = conditions.map(condition => leaves(condition, dataAction))
    if (answers.every(answer => answer === true)) givers.certain.push(assignment)
    else if (!answers.includes(false)) givers.perhaps.push(conditions[answers.indexOf(undefined)] ?? '')
  }
  return givers
}

/** The one assignment that a call depends on; undefined if several give it, or may give it. */
export function onlyGiver(
  assignments: readonly Assignment[],
  definitions: Definitions,
  { scope, dataAction }: { scope: string; dataAction: string },
): Assignment | undefined {
  const { held, ofUnknownRoles } = permissionsOf(applicableAt(assignments, scope), definitions)
  const { certain, perhaps } = giversOf(held, dataAction)
  const [only, ...others] = new Set(certain)
  return others.length + perhaps.length + ofUnknownRoles.length === 0 ? only : undefined
}
