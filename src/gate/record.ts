import type { Assignment, RoleState } from '../azure/rbac/assignment.ts'
import type { Permission } from '../azure/rbac/permissions.ts'
import type { Refusal, StepFailure } from '../core/failures/failure.ts'
import type { AccessTokenClaims } from '../services/entra/access-token-claims.ts'
import type { AssertionClaims } from '../services/github/assertion-claims.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import type { Route } from '../services/inference/route.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { Account } from '../services/resource-manager/account.ts'
import type { AfterDenial } from '../services/resource-manager/denial-evidence.ts'
import type { Deployment } from '../services/resource-manager/deployments.ts'
import type { Role } from '../services/resource-manager/role-definitions.ts'
import type { RetiredKeyResult } from './retired-key.ts'
import type { Settings } from './settings.ts'
import type { Probe } from './waiting/wait.ts'

/** All that a run has found out so far. It grows as the story goes, and is told whole, however the story ends. */
export interface Facts {
  run: WorkflowRun
  /** Absent where the inputs were bad. */
  settings?: Settings
  assertion?: AssertionClaims
  /** How the repository customises the subject, in words; where a `github-token` let us ask. */
  subjectTemplate?: string
  principal?: AccessTokenClaims
  /** The identity that looks and grants, where it is not the pipeline's own. */
  setupPrincipal?: AccessTokenClaims
  account?: Account
  /** What was said to who may not read it; only where an endpoint was named, which makes up for it. */
  accountRefused?: Refusal
  deployments?: readonly Deployment[]
  routes?: readonly Route[]
  endpoint?: string
  role?: Role & { definitionId: string; scope: string }
  roleState: RoleState
  roleAssignmentId?: string
  /** Milliseconds from the making of that assignment to the look at it; absent where either is not known. */
  roleAgeMs?: number
  /** Role assignments of the principal and its groups, at the resource and above it; absent where they may not be read. */
  assignments?: readonly Assignment[]
  /** What the pipeline's principal may do at the scope; absent where nobody asked, or may not. */
  permissions?: readonly Permission[]
  /** The same of the identity that looks and grants, where it is not the pipeline's own; for plans only. */
  setupPermissions?: readonly Permission[]
  /** What roles let their holders do, by GUID: definitions that were read live. */
  definitions: Map<string, readonly Permission[]>
  /** Whether the pipeline belongs to the group that is to hold the role; absent where that is not known, or there is none. */
  membership?: 'member' | 'not-member'
  /** The role is held, by an assignment that another job made for itself and will remove. */
  borrowed?: Assignment
  /** What became of a call with the key that must be refused; absent where none was given, or it was not tried yet. */
  retiredKey?: RetiredKeyResult
  /** What came of the grant; absent where none was tried. Unknown: it was asked for, and no reply said what became of it. */
  grant?: { outcome: 'granted' | 'exists' | 'refused' | 'planned' | 'unknown'; refusedWith?: StepFailure }
  /** How long a run would wait out the denial that a plan has met, where it would grant nothing; milliseconds. */
  plannedPatienceMs?: number
  /** What a second look at roles found; only after a denial that was final, and for plans. */
  afterDenial?: AfterDenial
  /** False: the role that was asked for does not cover the calls, whoever holds it. Known only after a denial, or where the role is missing. */
  roleFits?: boolean
  smoke: readonly SmokeResult[]
  /** Rounds of smoke calls that were made. */
  rounds: number
  probes: readonly Probe[]
  propagationMs: number
  steps: StepRecord[]
}

export interface StepRecord {
  name: string
  /** Milliseconds. */
  tookMs: number
  outcome: 'done' | 'failed'
}

export type Outcome =
  | { result: 'passed' | 'planned'; facts: Facts }
  | { result: 'failed'; facts: Facts; failure: StepFailure }
  /** The runner, or a person, stopped the run: what was done until then is told all the same. */
  | { result: 'cancelled'; facts: Facts; signal: NodeJS.Signals }

export const wasDenied = ({ smoke }: Facts): boolean =>
  smoke.some(result => result.kind === 'refused' && result.refusal.code === 'access-denied')

export function noFacts(run: WorkflowRun): Facts {
  return {
    run,
    roleState: 'unknown',
    definitions: new Map(),
    smoke: [],
    rounds: 0,
    probes: [],
    propagationMs: 0,
    steps: [],
  }
}
