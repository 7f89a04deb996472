import type { RoleHolding, RoleState } from '../azure/rbac/assignment.ts'
import type { Coverage } from '../azure/rbac/coverage.ts'
import type { ToldAccess } from './told-access.ts'

/** Who the role is for: the pipeline itself, a group that it should be a member of, an app, or another principal. */
export type RoleHolder = 'pipeline' | 'group' | 'app' | 'other'

/** Whether the pipeline is a member of the group that the role is for. */
export const memberships = ['member', 'not-member'] as const
export type Membership = (typeof memberships)[number]

/** Result of the grant. Unknown: it was requested, but no reply said whether it was made. */
export const grantOutcomes = ['granted', 'exists', 'refused', 'unknown'] as const
export type GrantOutcome = (typeof grantOutcomes)[number]

interface RoleSituation {
  holder: RoleHolder
  /** How the holder had the role before anything was changed; undefined if that was not read. */
  held: RoleHolding['state'] | undefined
  /** Undefined if it is not known, or there is no such group. */
  membership: Membership | undefined
  /** Undefined if no grant was tried. */
  grant: GrantOutcome | undefined
  /** Whether the pipeline's rights allow the calls. */
  access: Coverage
  /** Whether a deny assignment blocks them. */
  isDenied: boolean
  /** Whether the calls are proven to be allowed. */
  isLive: boolean
}

/** How the pipeline holds the role, as far as the run has got. */
export function roleStateOf(situation: RoleSituation): RoleState {
  const state = stateByAssignments(situation)
  if (!situation.isLive) return state
  // Answered for longer than a removed role is honoured, and no known right explains it.
  if (situation.isDenied) return 'unknown'
  if (state !== 'missing') return state
  return situation.access === 'insufficient' ? 'unknown' : 'covered'
}

export const isHeld = (held: RoleSituation['held']) =>
  held === 'direct' || held === 'inherited' || held === 'group'

/** How an app holds the role: judged by its own access, no matter what the pipeline itself may call. */
export function roleStateOfApp(held: RoleHolding['state'] | undefined, access: ToldAccess): RoleState {
  if (access.word === 'not-known-live' && access.isGranted) return 'granted'
  if (held !== undefined && isHeld(held)) return held
  if (access.word === 'missing' || access.word === 'unknown') return access.word
  return 'covered'
}

function stateByAssignments({ holder, held, membership, grant }: RoleSituation): RoleState {
  if (grant === 'granted') return 'granted'
  const isThere = grant === 'exists' || isHeld(held)
  if (holder === 'group' && (isThere || membership !== undefined))
    // The pipeline counts as a member until it is known.
    return membership === 'not-member' ? 'missing' : 'group'
  if (holder === 'other' && isThere) return 'missing'
  return grant === 'exists' ? 'direct' : (held ?? 'unknown')
}
