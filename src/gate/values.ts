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

/** What one step of the story hands to the next. */

export interface SignedIn {
  job: Job
  /** Undefined where only an endpoint was given: Resource Manager is not asked. */
  asking: Omit<ResourceContext, 'resource'> | undefined
}

/** Everything there is to see before anything is changed. */
export interface Inspection {
  /** Undefined where it may not be read, or Resource Manager is not asked. */
  account: Account | undefined
  accountForbidden: Failure | undefined
  deployments: readonly Deployment[] | undefined
  routes: readonly Route[]
  /** Origin of the calls, with the base path of a gateway. */
  endpoint: string
  /** The first smoke call to each deployment: the proof on a warm run, and what a grant would have to fix on a cold one. */
  first: FirstCalls
  /** Undefined where Resource Manager is not asked, or the role that was named could not be looked up. */
  roles: RoleAccess | undefined
}

export interface FirstCalls {
  results: readonly SmokeResult[]
  round: Round
  /** Milliseconds since the epoch. */
  endedAt: number
}

/** How the role is held, and what stands in for it. */
export interface RoleAccess {
  wanted: WantedRole & { name: string; definitionId: string }
  holder: RoleHolder
  /** How the holder comes by the role. */
  held: RoleHolding
  /** Milliseconds since the epoch, by Resource Manager's clock, when it was asked. */
  asOf: number
  /** Of the pipeline's principal and its groups; undefined where they may not be read. */
  assignments: readonly Assignment[] | undefined
  /** What the pipeline's principal may do at the scope; undefined where nobody asked, or may not. */
  permissions: readonly Permission[] | undefined
  /** Undefined where it is not known, or nobody holds the role for the pipeline. */
  membership: Membership | undefined
  /** The role is held by this assignment, which another job made for itself and will remove. */
  heldByOtherJob: Assignment | undefined
  /** The calls are let through, and only by a role that another job gave the pipeline until that job ends. */
  endsWithOtherJob: boolean
  /** Deny assignments that take the right to the calls from the pipeline, whatever it holds. */
  deniedBy: readonly DenyAssignment[]
  /**
   * How old the youngest deny assignment is that may be among those, where it is not known to be in force everywhere: of which a
   * condition decides, or who is in a group. Undefined where there is none.
   */
  newDeny: AssignmentAge | undefined
  /** All that are there; undefined where they may not be read. */
  denies: readonly DenyAssignment[] | undefined
  /** What the pipeline will do besides, in the order of the input. */
  also: readonly AlsoAccess[]
  /** Whether the role, once held, lets the calls through, and gives what is lacking besides. Undefined where nobody asked: neither was a call denied nor is anything missing. */
  coverage: Coverage | undefined
  /** Why the role must not be granted to anybody; undefined where nothing is against it, or no grant could be called for. */
  unsuitability: Unsuitability | undefined
  /** What the role does not cover, as far as its definition is known. */
  lacks: readonly MissingCoverage[]
  /** Whether the role, as it is held, is known not to let all calls through: what it lacks, or a condition, says so. */
  fallsShort: boolean
}

export interface GrantResult {
  outcome: GrantOutcome
  /** Of what should give access from here on. */
  age: AssignmentAge
  /** Id of what holds it; absent where nobody said so. */
  assignmentId?: string
  /** Why this run could not grant it: somebody else may have, a moment ago. */
  refusedWith?: StepError
}
