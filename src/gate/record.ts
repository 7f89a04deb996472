import type { Assignment, RoleHolding, RoleState } from '../azure/rbac/assignment.ts'
import { type Coverage, coverageBy } from '../azure/rbac/coverage.ts'
import type { DenyAssignment } from '../azure/rbac/deny-assignments.ts'
import type { Permission } from '../azure/rbac/permissions.ts'
import type { Unsuitability } from '../azure/rbac/suitability.ts'
import type { Failure, StepError } from '../core/failures/failure.ts'
import type { AppOutcome } from '../services/app/errors.ts'
import type { AccessTokenClaims } from '../services/entra/access-token-claims.ts'
import type { AssertionClaims } from '../services/github/assertion-claims.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { Account } from '../services/resource-manager/account.ts'
import type { Ends } from '../services/resource-manager/assignment-ends.ts'
import type { AfterDenial } from '../services/resource-manager/denial-evidence.ts'
import type { Deployment } from '../services/resource-manager/deployments.ts'
import type { ModelList } from '../services/resource-manager/models.ts'
import type { Role } from '../services/resource-manager/role-definitions.ts'
import type { AlsoAccess } from './also.ts'
import type { RetiredKeyResult } from './key-access.ts'
import {
  type GrantOutcome,
  type Membership,
  type RoleHolder,
  roleStateOf,
  roleStateOfApp,
} from './role-state.ts'
import { notLookedAt, type RuntimePrincipal } from './runtime/principal.ts'
import type { FoundTarget, Settings } from './settings.ts'
import type { Probe } from './waiting/wait.ts'

/**
 * What a run has found out. The report reads it, no matter how the run ends; steps decide by the values that they pass on
 * instead. One file of this folder writes each chapter: it gets a `Note` for that chapter, and a `Note` cannot read.
 */
interface Chapters {
  /** By sign-in.ts. */
  signIn: {
    assertion: AssertionClaims
    principal: AccessTokenClaims
    /** The identity that reads roles and grants, if it is not the pipeline's own. */
    setupPrincipal: AccessTokenClaims
  }
  /** By find-resource.ts. */
  search: { target: FoundTarget }
  /** By inspect.ts. */
  inspection: {
    account: Account
    /** The refusal, if the account cannot be read. Only if an endpoint was named: then the gate does not need the account. */
    accountForbidden: Failure
    deployments: readonly Deployment[]
    routes: readonly Route[]
    endpoint: string
    /** The last of the first calls to each deployment, and in which round. */
    calls: readonly SmokeResult[]
    rounds: number
  }
  /** By role-access.ts and its parts: read-roles.ts, role-holding.ts, membership.ts, also-access.ts. */
  roles: {
    role: Role & { definitionId: string; scope: string }
    holder: RoleHolder
    held: RoleHolding
    /** Milliseconds from the last change of the assignment until it was read; absent if either is not known. */
    ageMs: number
    /** Role assignments of the principal and its groups, at the resource and above it; absent if they cannot be read. */
    assignments: readonly Assignment[]
    /**
     * When they end, and when that was asked, by Resource Manager's clock; milliseconds since the epoch. Absent: not read, or not
     * before the run ended.
     */
    ends: { at: Ends; asOf: number }
    /** What the pipeline's principal may do at the scope; absent if nobody asked, or the gate cannot read it. */
    permissions: readonly Permission[]
    /** What roles allow, by GUID: definitions that this run has read. */
    definitions: ReadonlyMap<string, readonly Permission[]>
    /** Absent if it is not known, or the role is not for a group. */
    membership: Membership
    /** This assignment holds the role; another job made it for itself and will remove it. */
    heldByOtherJob: Assignment
    /** Deny assignments that block the pipeline's calls. */
    deniedBy: readonly DenyAssignment[]
    /** What the pipeline does besides the calls, in the order of the input. */
    also: readonly AlsoAccess[]
    /** Known only after a denial, or if the role is missing. */
    coverage: Coverage
  }
  /** By grant.ts. */
  grant: { progress: GrantProgress }
  /** By plan.ts. */
  plan: {
    /** The role would be granted. */
    grants: true
    /** The role would have to be granted, but the gate never grants it. */
    refuses: Unsuitability
    /** How long a run that grants nothing would wait out the denial; milliseconds. */
    patienceMs: number
    /** What the pipeline's principal may do; read here if it would grant and nobody had asked before. */
    permissions: readonly Permission[]
    /** What the identity may do that reads roles and grants, if it is not the pipeline's own. */
    setupPermissions: readonly Permission[]
  }
  /** By prove.ts. */
  proof: {
    /** The last call to each deployment. */
    calls: readonly SmokeResult[]
    rounds: number
    /** Number of connections over which the answers came that count. */
    connections: number
    row: Row
    probes: readonly Probe[]
    /** From the first denial until access was live; milliseconds. */
    propagationMs: number
    isLive: boolean
  }
  /** By retirement.ts. */
  retirement: {
    /** Absent: not read, or not before the run ended. */
    modelList: ModelList
    /** Why it could not be read, if the run needed it. */
    modelsUnread: Failure
  }
  /** By retired-key.ts. */
  retiredKey: { result: RetiredKeyResult }
  /** By runtime/. */
  runtime: { principals: readonly RuntimePrincipal[] }
  /** By probe-app.ts. */
  app: {
    probes: readonly AppProbed[]
    /** From the first refusal until the app answered; milliseconds. */
    waitedMs: number
    isLive: boolean
  }
  /** By evidence.ts. */
  evidence: {
    /** Result of the second look at roles; only after a final denial, and for plans. */
    afterDenial: AfterDenial
    /** How the repository customises the subject, in words; only if a `github-token` lets the gate ask. */
    subjectTemplate: string
  }
}

/** One probe of the app; milliseconds since the first. */
export interface AppProbed {
  atMs: number
  outcome: AppOutcome
}

/** Whether one answer was enough. */
export const rows = [
  /** What gives access has been live everywhere for long: one answer of each deployment is proof. */
  'not-needed',
  'made',
  /** `consecutive-successes` is 1. */
  'off',
  /** Every answer is billed per item. */
  'paid-by-the-piece',
] as const
export type Row = (typeof rows)[number]

/** How far the grant has got. */
interface GrantProgress {
  /** `waiting`: another job's assignment has to end first. `unknown`: requested, but no reply said whether it was made. */
  outcome: GrantOutcome | 'waiting'
  /** The assignment that holds the role until then. */
  heldByOtherJob?: Assignment | undefined
  assignmentId?: string | undefined
  /** Milliseconds; only of an assignment that existed already. */
  ageMs?: number
}

/** Adds to a chapter, or replaces part of it. */
export type Note<K extends keyof Chapters> = (part: Partial<Chapters[K]>) => void

interface StepRecord {
  name: string
  /** Milliseconds. */
  tookMs: number
  outcome: 'done' | 'failed'
}

export interface RecordKeeper {
  note<K extends keyof Chapters>(chapter: K): Note<K>
  step(step: StepRecord): void
  /** Everything so far, to read. It does not change any more. */
  snapshot(): RunRecord
}

type Written = { [K in keyof Chapters]: Partial<Chapters[K]> }

/** @param settings Absent if the inputs were bad. */
export function openRecord(run: WorkflowRun, settings?: Settings): RecordKeeper {
  const written: Written = {
    signIn: {},
    search: {},
    inspection: {},
    roles: {},
    grant: {},
    plan: {},
    proof: {},
    retirement: {},
    retiredKey: {},
    runtime: { principals: settings?.production.principals.map(notLookedAt) ?? [] },
    app: {},
    evidence: {},
  }
  const steps: StepRecord[] = []
  return {
    note: chapter => part => {
      written[chapter] = { ...written[chapter], ...part }
    },
    step: step => void steps.push(step),
    snapshot: () => ({
      run,
      ...(settings === undefined ? {} : { settings: { ...settings, ...written.search } }),
      steps: [...steps],
      ...assembled(written, settings?.access.grantee?.principalId),
    }),
  }
}

/** What the report reads. Absent: not known, or the run did not get that far. */
export type RunRecord = Readonly<
  { run: WorkflowRun; settings?: Settings; steps: readonly StepRecord[] } & Assembled
>

interface Assembled
  extends Partial<Chapters['signIn']>,
    Partial<Omit<Chapters['inspection'], 'calls' | 'rounds'>>,
    Partial<
      Pick<
        Chapters['roles'],
        'role' | 'assignments' | 'ends' | 'membership' | 'deniedBy' | 'also' | 'coverage'
      >
    >,
    Partial<Chapters['retirement']>,
    Partial<Chapters['evidence']> {
  definitions: ReadonlyMap<string, readonly Permission[]>
  holder: RoleHolder
  roleState: RoleState
  /** Of the assignment that gives the role. */
  roleAssignmentId?: string | undefined
  roleAgeMs?: number | undefined
  permissions?: readonly Permission[] | undefined
  heldByOtherJob?: Assignment | undefined
  /** Result of the grant; absent if none was tried. */
  grant?: { outcome: GrantOutcome | 'planned' } | undefined
  plannedPatienceMs?: number | undefined
  plannedRefusal?: Unsuitability | undefined
  setupPermissions?: readonly Permission[] | undefined
  retiredKey?: RetiredKeyResult | undefined
  /** The identities in `runtime-principals`, in the order of the input. */
  runtimePrincipals: readonly RuntimePrincipal[]
  /** Absent if the app was not probed. */
  app?: Chapters['app'] | undefined
  /** The last call to each deployment. */
  smoke: readonly SmokeResult[]
  /** Number of rounds of smoke calls. */
  rounds: number
  probes: readonly Probe[]
  propagationMs: number
  /** Absent if nothing is proven. */
  connections?: number | undefined
  row?: Row | undefined
}

/** @param granteeId Object id of the principal that the role is for, if the inputs name one. */
function assembled(written: Written, granteeId: string | undefined): Assembled {
  const { signIn, inspection, roles, plan, proof, evidence } = written
  const { progress } = written.grant
  const { calls = [], rounds = 0, ...seen } = inspection
  const { holder = 'pipeline', held, ageMs, definitions = new Map(), heldByOtherJob, ...access } = roles
  const grant = progress?.outcome === 'waiting' ? undefined : progress?.outcome
  const permissions = access.permissions ?? plan.permissions
  const runtimePrincipals = written.runtime.principals ?? []
  const app = appHolding(holder, runtimePrincipals, granteeId)
  return {
    ...signIn,
    ...seen,
    ...access,
    ...evidence,
    ...written.retirement,
    definitions,
    holder,
    roleState:
      app === undefined
        ? roleStateOf({
            holder,
            held: held?.state,
            membership: access.membership,
            grant,
            access: coverageBy(permissions, dataActionsOf(seen.routes ?? [])),
            isDenied: (access.deniedBy ?? []).length > 0,
            isLive: proof.isLive === true,
          })
        : roleStateOfApp(held?.state, app.access),
    smoke: proof.calls ?? calls,
    rounds: rounds + (proof.rounds ?? 0),
    probes: proof.probes ?? [],
    propagationMs: proof.propagationMs ?? 0,
    connections: proof.isLive ? proof.connections : undefined,
    row: proof.row,
    permissions,
    roleAssignmentId: progress?.assignmentId ?? grantedTo(app) ?? assignmentIdOf(held),
    roleAgeMs: progress?.ageMs ?? ageMs,
    heldByOtherJob: progress === undefined ? heldByOtherJob : progress.heldByOtherJob,
    grant: grantOf(plan.grants === true ? 'planned' : grant),
    plannedPatienceMs: plan.patienceMs,
    plannedRefusal: plan.refuses,
    setupPermissions: plan.setupPermissions,
    retiredKey: written.retiredKey.result,
    runtimePrincipals,
    app: appOf(written.app),
  }
}

const appOf = ({ probes, waitedMs = 0, isLive = false }: Partial<Chapters['app']>) =>
  probes && { probes, waitedMs, isLive }

const appHolding = (
  holder: RoleHolder,
  principals: readonly RuntimePrincipal[],
  granteeId: string | undefined,
) => (holder === 'app' ? principals.find(({ principalId }) => principalId === granteeId) : undefined)

const grantedTo = (app: RuntimePrincipal | undefined) =>
  app?.access.word === 'not-known-live' && app.access.isGranted ? app.access.through[0]?.id : undefined

/** If another role covers the calls, its assignment is not the wanted role's. */
const assignmentIdOf = (held: RoleHolding | undefined) =>
  held?.state === 'covered' ? undefined : held?.assignment?.id

const grantOf = (outcome: GrantOutcome | 'planned' | undefined) =>
  outcome === undefined ? undefined : { outcome }

export type Outcome =
  | { result: 'passed' | 'planned'; record: RunRecord }
  | { result: 'failed'; record: RunRecord; failure: StepError }
  /** The runner or a person stopped the run: the report still says what was done until then. */
  | { result: 'cancelled'; record: RunRecord; signal: NodeJS.Signals }
