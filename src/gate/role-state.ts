import type { RoleHolding, RoleState } from '../azure/rbac/assignment.ts'
import type { Coverage } from '../azure/rbac/coverage.ts'
import type { ToldAccess } from './told-access.ts'

/** Who is to hold the role: the pipeline itself, a group that it should be a member of, an app, or some user. */
export type RoleHolder = 'pipeline' | 'group' | 'app' | 'other'

/** Whether the pipeline belongs to the group that is to hold the role. */
export type Membership = 'member' | 'not-member'

/** What came of the grant. Unknown: it was asked for, and no reply said what became of it. */
export type GrantOutcome = 'granted' | 'exists' | 'refused' | 'unknown'

export interface RoleSituation {
  holder: RoleHolder
  /** How the holder came by the role before anything was changed; undefined where that was not looked at. */
  held: RoleHolding['state'] | undefined
  /** Undefined where it is not known, or there is no such group. */
  membership: Membership | undefined
  /** Undefined where no grant was tried. */
  grant: GrantOutcome | undefined
  /** Whether what the pipeline may do lets the calls through. */
  access: Coverage
  /** Whether a deny assignment takes that right away. */
  isDenied: boolean
  /** Whether the calls are proven to be let through. */
  isLive: boolean
}

/** How the pipeline comes by the role, as far as the run has got. */
export function roleStateOf(situation: RoleSituation): RoleState {
  const state = stateByAssignments(situation)
  if (!situation.isLive) return state
  // Answered for longer than a role is honoured that was taken away, and no right is known that explains it.
  if (situation.isDenied) return 'unknown'
  if (state !== 'missing') return state
  return situation.access === 'insufficient' ? 'unknown' : 'covered'
}

export const isHeld = (held: RoleSituation['held']) =>
  held === 'direct' || held === 'inherited' || held === 'group'

/** How an app comes by the role: by what is known of its access, whatever the pipeline itself may call. */
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
    // A member's own, which the pipeline is taken to be until that is known.
    return membership === 'not-member' ? 'missing' : 'group'
  if (holder === 'other' && isThere) return 'missing'
  return grant === 'exists' ? 'direct' : (held ?? 'unknown')
}
