import type { Assignment } from '../azure/rbac/assignment.ts'
import type { MissingCoverage } from '../azure/rbac/coverage.ts'
import type { DenyAssignment } from '../azure/rbac/deny-assignments.ts'
import type { ResourceId } from '../azure/resource-id.ts'
import type { DiagnosisCode } from '../core/failures/codes.ts'
import type { ServiceResponse } from '../core/failures/failure.ts'
import type { AccessTokenClaims } from '../services/entra/access-token-claims.ts'
import type { AssertionClaims } from '../services/github/assertion-claims.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { KeyAccess } from '../services/resource-manager/account.ts'
import type { AlsoAccess } from './also.ts'
import type { RetiredKeyResult } from './key-access.ts'
import type { RuntimePrincipal } from './runtime/principal.ts'
import type { Inspection } from './values.ts'
import type { PauseProgress, Progress } from './waiting/wait.ts'

/** The story calls this as it goes on, and prints nothing itself. The report has the words. */
export interface Reporter {
  /** Before the first request. */
  begins(): void
  stepBegins(name: string): void
  assertionReceived(claims: AssertionClaims): void
  signedIn(principal: AccessTokenClaims): void
  /** The identity that reads roles and grants, if it is not the pipeline's own. */
  setupSignedIn(principalId: string): void
  /** Found by the host of the endpoint. */
  resourceFound(resource: ResourceId): void
  /** No input needs the resource, so the gate only makes the smoke call. */
  resourceUnfound(why: string): void
  /** Before the calls are made: another role may still allow them. */
  roleLacks(roleName: string, lacks: readonly MissingCoverage[]): void
  /** The inputs name no deployment, so the gate calls this one. */
  deploymentChosen(deployment: string): void
  inspected(inspection: Inspection): void
  /** What the roles of the runtime principals show. */
  runtimeLookedAt(principals: readonly RuntimePrincipal[]): void
  /** The gate passes, and this is what it does not know about them. */
  runtimeInDoubt(principals: readonly RuntimePrincipal[]): void
  /** The resource still accepts keys, and `key-access` asks for a warning. */
  keysAccepted(): void
  /** Another job's temporary assignment holds the role: the grant has to wait for its end. */
  waitingForOtherJob(held: Pick<Assignment, 'description'>): void
  otherJobStillThere(progress: PauseProgress): void
  /** Before a grant on the resource: the calls go elsewhere, to a gateway or to another resource. */
  grantMayNotCount(endpoint: string): void
  granted(role: { name: string; principalId: string; scope: string }): void
  notGranted(outcome: 'refused' | 'unknown', code: DiagnosisCode): void
  /** The list of members does not have the pipeline; the gate reads it again after the pause. */
  memberMissing(pauseMs: number): void
  waitingForAccess(progress: Progress): void
  /** The calls are answered, perhaps only by a right that was removed. */
  waitingInDoubt(progress: PauseProgress): void
  /** Everything that `also` asks for, and how the pipeline may do it. */
  alsoGiven(also: readonly AlsoAccess[]): void
  /** Every deployment has answered. */
  proven(results: readonly SmokeResult[]): void
  /** The role is for an app: the answers to the pipeline itself fail nothing, and prove nothing about the app. */
  ownCalls(results: readonly SmokeResult[]): void
  /** The calls are answered, although no role allows them, or although these deny assignments forbid them. */
  accessUnexplained(deniedBy: readonly DenyAssignment[]): void
  waitingForKeyRefusal(progress: Progress): void
  keyRefused(refusal: KeyRefusal): void
  waitingForApp(progress: Progress): void
  appAnswered(answer: AppAnswered): void
}

export interface AppAnswered {
  said: ServiceResponse
  /** Number of probes in a row, each on a new connection. */
  inARow: number
  /** Milliseconds from the first refusal; 0 if there was none. */
  waitedMs: number
}

export interface KeyRefusal {
  outcome: Exclude<RetiredKeyResult['outcome'], 'accepted'>
  said: ServiceResponse
  /** Milliseconds from the first try until it was refused; 0 if it was refused at once. */
  waitedMs: number
  /** From the account; undefined if it was not read. */
  keyAccess: KeyAccess | undefined
}
