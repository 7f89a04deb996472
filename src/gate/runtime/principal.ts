import type { Identity } from '../../azure/identities.ts'
import type { Assignment } from '../../azure/rbac/assignment.ts'
import type { DenyAssignment } from '../../azure/rbac/deny-assignments.ts'
import type { Unsuitability } from '../../azure/rbac/suitability.ts'
import type { Failure } from '../../core/failures/failure.ts'
import type { RuntimePrincipalRequest } from '../settings.ts'

/** A principal that runs what is deployed, and what is known of its access. */
export interface RuntimePrincipal {
  /** As the inputs name it. */
  id: string
  /** Undefined where it was named by its object id, or is not known. */
  identity: Identity | undefined
  /** Object id; undefined where it is not known. */
  principalId: string | undefined
  /** What it shall call. */
  deployments: readonly string[]
  /** What that takes. */
  dataActions: readonly string[]
  /** Where its role counts; undefined where the look did not get so far. */
  scope: string | undefined
  /** The role that it is granted where it may not call them; undefined where nobody had to look it up. */
  role: RuntimeRole | undefined
  access: RuntimeAccess
}

export interface RuntimeRole {
  guid: string
  name: string
  definitionId: string
}

export type RuntimeAccess =
  /** It is the pipeline itself, and its calls were answered. */
  | { word: 'called' }
  | { word: 'allowed'; through: readonly RoleGiver[] }
  /** `ageMs`: of the youngest role that it depends on; undefined where that is not known. */
  | {
      word: 'not-known-live'
      through: readonly RoleGiver[]
      ageMs: number | undefined
      /** By this run. */
      isGranted: boolean
    }
  | { word: 'missing'; because: WhyMissing }
  | { word: 'unknown'; because: WhyUnknown }

export type RuntimeWord = RuntimeAccess['word']

export interface RoleGiver extends Pick<Assignment, 'id' | 'scope' | 'createdOn'> {
  roleName: string
  /** Object id of the group that holds it; undefined where the principal itself does. */
  group: string | undefined
}

export type WhyMissing =
  | { kind: 'no-role'; lacks: readonly string[] }
  | { kind: 'denied'; deny: NamedDeny }
  /** What lets it call is taken away when a job ends, and until then nobody can assign the same so that it stays. */
  | { kind: 'ends-with-job'; whose: 'own' | 'another' }
  /** The grant was refused. */
  | { kind: 'not-granted'; failure: Failure }
  /** The role that it would be granted is granted to nobody. */
  | { kind: 'unsuitable'; unsuitability: Unsuitability }
  /** The role that it would be granted does not cover its calls. */
  | { kind: 'role-lacks'; lacks: readonly string[] }

export type WhyUnknown =
  | { kind: 'not-looked' }
  /** It is the pipeline itself, and its calls were not answered, so far. */
  | { kind: 'own-calls' }
  /** `scope`: where anyone who looks would need the right to. */
  | { kind: 'unread'; what: Unreadable; scope: string; failure: Failure }
  | { kind: 'no-resource'; failure: Failure }
  | { kind: 'no-identity' }
  | { kind: 'several'; identities: readonly Identity[] }
  | { kind: 'not-its-own'; clientId: string; identities: readonly Identity[] }
  | { kind: 'identity-gone' }
  /** It was to be granted its role, and the id is no service principal's. */
  | { kind: 'no-such-principal'; failure: Failure }
  /** It was being granted its role, and no reply has said what became of it. */
  | { kind: 'granting'; failure?: Failure }
  | { kind: 'role-unread'; roleGuid: string }
  | { kind: 'condition'; condition: string }
  /** Who is in a group that it names, or excludes, nobody sees; or it has a condition. */
  | { kind: 'perhaps-denied'; deny: NamedDeny }

export type Unreadable = 'resource' | 'API versions' | 'deployments' | 'role assignments' | 'deny assignments'

export type NamedDeny = Pick<DenyAssignment, 'name' | 'scope'>

/** What `runtime-access` says: the worst of all; undefined where there are none. */
export type RuntimeAccessVerdict = 'passed' | 'missing' | 'unknown'

export function worstOf(
  principals: readonly Pick<RuntimePrincipal, 'access'>[],
): RuntimeAccessVerdict | undefined {
  if (principals.length === 0) return undefined
  const words = principals.map(({ access }) => access.word)
  if (words.includes('missing')) return 'missing'
  return words.includes('unknown') ? 'unknown' : 'passed'
}

export const notLookedAt = ({ id, deployments }: RuntimePrincipalRequest): RuntimePrincipal => ({
  id,
  deployments,
  dataActions: [],
  identity: undefined,
  principalId: undefined,
  scope: undefined,
  role: undefined,
  access: { word: 'unknown', because: { kind: 'not-looked' } },
})
