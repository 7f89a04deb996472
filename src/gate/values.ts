import type { Assignment, RoleHolding, WantedRole } from '../azure/rbac/assignment.ts'
import type { Coverage, MissingCoverage } from '../azure/rbac/coverage.ts'
import type { DenyAssignment } from '../azure/rbac/deny-assignments.ts'
import type { Permission } from '../azure/rbac/permissions.ts'
import type { Unsuitability } from '../azure/rbac/suitability.ts'
import type { Failure, StepError } from '../core/failures/failure.ts'
import type { Job } from '../services/github/job.ts'
import type { Route } from '../services/inference/route.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { Account } from '../services/resource-manager/account.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import type { Deployment } from '../services/resource-manager/deployments.ts'
import type { AlsoAccess } from './also.ts'
import type { GrantOutcome, Membership, RoleHolder } from './role-state.ts'
import type { Round } from './waiting/round.ts'
import type { AssignmentAge } from './waiting/schedule.ts'

/** What one step of the story passes to the next. */

export interface SignedIn {
  job: Job
  /** Undefined if only an endpoint was given: Resource Manager is not asked. */
  asking: Omit<ResourceContext, 'resource'> | undefined
}

/** Everything that the gate reads before it changes anything. */
export interface Inspection {
  /** Undefined if it cannot be read, or Resource Manager is not asked. */
  account: Account | undefined
  accountForbidden: Failure | undefined
  deployments: readonly Deployment[] | undefined
  routes: readonly Route[]
  /** Origin of the calls, with the base path of a gateway. */
  endpoint: string
  /** The first smoke call to each deployment: the proof on a warm run, and what a grant would have to fix on a cold one. */
  first: FirstCalls
  /** Undefined if Resource Manager is not asked, or the named role could not be looked up. */
  roles: RoleAccess | undefined
}

export interface FirstCalls {
  results: readonly SmokeResult[]
  round: Round
  /** Milliseconds since the epoch. */
  endedAt: number
}

/** How the role is held, and what else gives the same access. */
export interface RoleAccess {
  wanted: WantedRole & { name: string; definitionId: string }
  holder: RoleHolder
  /** How the holder got the role. */
  held: RoleHolding
  /** When Resource Manager was asked, by its own clock as far as the runner's agrees; milliseconds since the epoch. */
  asOf: number
  /** Of the pipeline's principal and its groups; undefined if they cannot be read. */
  assignments: readonly Assignment[] | undefined
  /** What the pipeline's principal may do at the scope; undefined if nobody asked, or the gate cannot read it. */
  permissions: readonly Permission[] | undefined
  /** Undefined if it is not known, or the role is not for a group. */
  membership: Membership | undefined
  /** This assignment holds the role; another job made it for itself and will remove it. */
  heldByOtherJob: Assignment | undefined
  /** The calls are allowed only by a role that another job gave the pipeline until that job ends. */
  endsWithOtherJob: boolean
  /** Deny assignments that block the pipeline's calls, no matter which roles it holds. */
  deniedBy: readonly DenyAssignment[]
  /**
   * Age of the youngest deny assignment that may block the calls: one with a condition, or one for a group whose members the
   * gate cannot see, that is not known to be in force everywhere. Undefined if there is none.
   */
  newDeny: AssignmentAge | undefined
  /** All of them; undefined if they cannot be read. */
  denies: readonly DenyAssignment[] | undefined
  /** What the pipeline does besides the calls, in the order of the input. */
  also: readonly AlsoAccess[]
  /**
   * Whether the role, once held, allows the calls, and gives what else is missing. Undefined if nobody asked: no call was
   * denied and nothing is missing.
   */
  coverage: Coverage | undefined
  /**
   * Why the role must not be granted to anybody; undefined if nothing speaks against it, or no grant could become necessary.
   */
  unsuitability: Unsuitability | undefined
  /** What the role does not cover, as far as its definition is known. */
  lacks: readonly MissingCoverage[]
  /** Whether the role, as it is held, is known not to allow all calls: because of what it lacks, or of a condition. */
  fallsShort: boolean
}

export interface GrantResult {
  outcome: GrantOutcome
  /** Age of what gives access from here on. */
  age: AssignmentAge
  /** Id of the assignment; absent if no reply named it. */
  assignmentId?: string
  /** Of an assignment that existed: the gate never changes it. */
  condition?: string
  /** Why this run could not grant it. Somebody else may have granted it a moment ago. */
  refusedWith?: StepError
}
