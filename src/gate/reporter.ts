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
import type { Progress } from './waiting/wait.ts'

/** The story calls this as it goes, and prints nothing itself. The report finds the words. */
export interface Reporter {
  /** Before the first request. */
  begins(): void
  stepBegins(name: string): void
  assertionReceived(claims: AssertionClaims): void
  signedIn(principal: AccessTokenClaims): void
  /** The identity that looks and grants, where it is not the pipeline's own. */
  setupSignedIn(principalId: string): void
  /** By the host of the endpoint. */
  resourceFound(resource: ResourceId): void
  /** Nor is it needed: the smoke call is all there is. */
  resourceUnfound(why: string): void
  /** Before the calls are tried: another role may let them through all the same. */
  roleLacks(roleName: string, lacks: readonly MissingCoverage[]): void
  /** The inputs name no deployment, and this one is called. */
  deploymentChosen(deployment: string): void
  inspected(inspection: Inspection): void
  /** What roles tell of those that run what is deployed. */
  runtimeLookedAt(principals: readonly RuntimePrincipal[]): void
  /** The gate passes, and this is what it cannot say of them. */
  runtimeInDoubt(principals: readonly RuntimePrincipal[]): void
  /** Keys still open the resource, and `key-access` says that this is worth a warning. */
  keysAccepted(): void
  /** Another job's temporary assignment holds the role: the grant has to wait for its end. */
  waitingForOtherJob(held: Pick<Assignment, 'description'>): void
  otherJobStillThere(progress: PauseProgress): void
  /** Before a grant on the resource: the calls go elsewhere, to a gateway or to another resource. */
  grantMayNotCount(endpoint: string): void
  granted(role: { name: string; principalId: string; scope: string }): void
  notGranted(outcome: 'refused' | 'unknown', code: DiagnosisCode): void
  /** The pipeline is not seen among the members of the group; it is looked for again after the pause. */
  memberMissing(pauseMs: number): void
  waitingForAccess(progress: Progress): void
  /** What the pipeline may do besides the calls, all that was asked for. */
  alsoGiven(also: readonly AlsoAccess[]): void
  /** Every deployment has answered. */
  proven(results: readonly SmokeResult[]): void
  /** The role is an app's: what the pipeline itself was answered fails nothing, and proves nothing of the app. */
  ownCalls(results: readonly SmokeResult[]): void
  /** The calls are let through, and no role gives the right to them, or these take it away. */
  accessUnexplained(deniedBy: readonly DenyAssignment[]): void
  waitingForKeyRefusal(progress: Progress): void
  keyRefused(refusal: KeyRefusal): void
  waitingForApp(progress: Progress): void
  appAnswered(answer: AppAnswered): void
}

/** A pause of a wait: how long it has taken so far, and how long it may. Milliseconds. */
export type PauseProgress = Pick<Progress, 'rounds' | 'elapsedMs' | 'limitMs' | 'pauseMs'>

export interface AppAnswered {
  said: ServiceResponse
  /** So many probes in a row, each on a connection of its own. */
  inARow: number
  /** Milliseconds from the first refusal; 0 where there was none. */
  waitedMs: number
}

export interface KeyRefusal {
  outcome: Exclude<RetiredKeyResult['outcome'], 'accepted'>
  said: ServiceResponse
  /** Milliseconds from the first try until it was refused; 0 where it was at once. */
  waitedMs: number
  /** As the account says; undefined where it was not read. */
  keyAccess: KeyAccess | undefined
}
