import { type Assignment, givenSince } from '../azure/rbac/assignment.ts'
import { assignmentIdOf, permanentName, unseenName } from '../azure/rbac/assignment-name.ts'
import { coverageLine } from '../azure/rbac/coverage.ts'
import {
  isOfAnotherJob,
  type TemporaryGrant,
  temporaryDescription,
  temporaryName,
} from '../azure/rbac/lease.ts'
import { unsuitableLine } from '../azure/rbac/suitability.ts'
import type { DiagnosisCode } from '../core/failures/codes.ts'
import { localFailure, StepError } from '../core/failures/failure.ts'
import type { Clock, Random } from '../core/ports.ts'
import { plain } from '../core/text/untrusted.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import {
  createAssignment,
  type Granted,
  type Naming,
  type RoleToGrant,
} from '../services/resource-manager/create-assignment.ts'
import { readAssignment } from '../services/resource-manager/role-assignments.ts'
import { ageAt, mayExpire, needsGrant } from './access.ts'
import { isLacking } from './also.ts'
import { endpointIsOwn } from './endpoint-owner.ts'
import { refuseOtherJobs, untilReleased } from './other-jobs.ts'
import type { Note } from './record.ts'
import { causeOfRefusedGrant } from './refused-grant.ts'
import type { Reporter } from './reporter.ts'
import type { Settings } from './settings.ts'
import type { GrantResult, Inspection, RoleAccess, SignedIn } from './values.ts'

/** The pipeline cannot grant, but somebody else may have granted the role a moment ago. */
const mayBeGrantedByOthers: ReadonlySet<DiagnosisCode> = new Set([
  'cannot-assign-role',
  'delegation-condition-unmet',
  'deny-assignment',
])

const clockDisagreementMs = 10_000

interface GrantRequest {
  settings: Settings
  context: ResourceContext
  job: SignedIn['job']
  inspection: Inspection & { roles: RoleAccess }
}

/**
 * @returns undefined if there is nothing to grant.
 * @throws StepError if this run must not grant and the role is held for another job only (`role-assignment-conflict`), or
 * another role that allows the calls is (`access-denied`).
 */
export function grantRequest(
  settings: Settings,
  { context, job }: Pick<SignedIn, 'job'> & { context: ResourceContext | undefined },
  inspection: Inspection,
): GrantRequest | undefined {
  const { roles } = inspection
  if (context === undefined || roles === undefined) return undefined
  if (needsGrant(inspection) && settings.access.grant === 'auto')
    return { settings, context, job, inspection: { ...inspection, roles } }
  if (roles.heldByOtherJob !== undefined) refuseOtherJobs(roles.heldByOtherJob)
  refuseWhatEnds(roles)
  return undefined
}

/** @throws StepError `access-denied` if the calls are allowed only until another job ends, and no grant changes that */
export function refuseWhatEnds({ endsWithOtherJob }: Pick<RoleAccess, 'endsWithOtherJob'>): void {
  if (endsWithOtherJob) throw new StepError(checkingAccess, localFailure('access-denied', endsLine))
}

const checkingAccess = 'checking who holds the role'
const endsLine =
  'The call was answered, but only by a temporary role assignment of another job, which is removed when that job ends.'

interface GrantTools {
  clock: Clock
  random: Random
  reporter: Reporter
  /** Tells the post step what to remove, before it is made: a run may be stopped at any moment. */
  keep: (grant: TemporaryGrant) => void
}

/**
 * Grants the role.
 * @throws StepError if it cannot be granted and is known to be missing, or if it would not help.
 */
export async function grantRole(
  request: GrantRequest,
  tools: GrantTools,
  note: Note<'grant'>,
): Promise<GrantResult> {
  const { context, inspection } = request
  const { wanted, held } = inspection.roles
  requireSuitable(inspection.roles)
  requireCoverage(inspection)
  const { settings } = request
  if (endpointIsOwn({ settings, account: inspection.account }) === false)
    tools.reporter.grantMayNotCount(inspection.endpoint)
  const role: RoleToGrant = { ...context.grantee, ...wanted, roleDefinitionId: wanted.definitionId }
  const { naming, keep } = namingFor(role, request, tools.keep)
  keep(false)
  const own = await makeOwn({ ...request, role, naming }, tools, note)
  if (own.kind === 'made') {
    keep(own.granted.outcome === 'exists')
    tools.reporter.granted(wanted)
    return settle(own.granted, request, note)
  }
  const error = await causeOfRefusedGrant(own.failure, {
    context,
    roles: { ...inspection.roles, scope: wanted.scope },
  })
  // No reply, or an error of the service itself, does not mean that nothing was done.
  const { failure } = error
  const outcome = failure.kind === 'transient' ? 'unknown' : 'refused'
  note({ progress: { outcome, heldByOtherJob: own.heldByOtherJob } })
  keep(outcome === 'refused')
  tools.reporter.notGranted(outcome, failure.code)
  const isNeeded =
    held.state === 'missing' || own.heldByOtherJob !== undefined || inspection.roles.also.some(isLacking)
  if (isNeeded || !mayBeGrantedByOthers.has(failure.code)) throw error
  return { outcome, age: { kind: 'unknown' }, refusedWith: error }
}

const checking = 'checking the role before granting it'

/** @throws StepError `role-not-suitable`, no matter who the role is for */
function requireSuitable({ unsuitability, wanted }: RoleAccess): void {
  if (unsuitability === undefined) return
  throw new StepError(checking, localFailure('role-not-suitable', unsuitableLine(wanted.name, unsuitability)))
}

/**
 * The gate does not grant a role that does not allow the calls, or does not give what else is missing. @throws StepError
 * `access-denied`
 */
function requireCoverage(inspection: GrantRequest['inspection']): void {
  const { first, roles } = inspection
  if (roles.coverage !== 'insufficient') return
  const besides = roles.lacks.length === 0 ? roles.also.find(isLacking) : undefined
  if (besides !== undefined) {
    const { dataAction } = besides
    const message = `${plain(roles.wanted.name)} does not cover ${dataAction}, which \`also\` asks for.`
    throw new StepError(checking, localFailure('access-denied', message, { dataAction }))
  }
  if (first.round.kind === 'refused') throw new StepError(checking, { ...first.round.failure, kind: 'fatal' })
  const [lacking] = roles.lacks
  if (lacking === undefined || !mayExpire(inspection)) return
  const message = `The models answered, but no role that the gate can see allows the calls. A removed role can still work for a few minutes, so the answers prove nothing. The gate does not grant the wanted role, because it would not help: ${coverageLine(roles.wanted.name, lacking)}`
  throw new StepError(checking, localFailure('access-denied', message, { dataAction: lacking.dataAction }))
}

interface NamingForRun {
  naming: Naming
  /** Makes the post step remove it; does nothing if it stays. */
  keep: (wasRefused: boolean) => void
}

/**
 * One name for all runs, so that they make one assignment; or the job's own name, if the post step removes it or nobody saw
 * what exists.
 */
function namingFor(
  role: RoleToGrant,
  { settings: { access, identity }, job, inspection }: GrantRequest,
  keep: GrantTools['keep'],
): NamingForRun {
  const { lease } = job
  if (!access.revoke) {
    const isSeen = inspection.roles.held.state !== 'unknown'
    const name = isSeen ? permanentName(role) : unseenName(role, lease)
    const description = `Key-less Gate: ${job.url ?? 'granted outside GitHub Actions'}`
    return { naming: { name, description, isShared: isSeen }, keep() {} }
  }
  const name = temporaryName(role, lease)
  const { clientId: pipelineId, tenantId, setupClientId: clientId = pipelineId } = identity
  const grant = { assignmentId: assignmentIdOf(role, name), lease, clientId, tenantId }
  return {
    naming: { name, description: temporaryDescription(job.url, lease), isShared: false },
    keep: wasRefused => keep({ ...grant, wasRefused }),
  }
}

type Own =
  | { kind: 'made'; granted: Granted }
  | { kind: 'failed'; failure: StepError; heldByOtherJob: Assignment | undefined }

/**
 * Makes an assignment that does not end with another job. While another job's assignment exists, the service accepts no second
 * one.
 */
async function makeOwn(
  { settings, context, job, inspection, role, naming }: GrantRequest & { role: RoleToGrant; naming: Naming },
  tools: GrantTools,
  note: Note<'grant'>,
): Promise<Own> {
  const { manager } = context
  const deadline = tools.clock.now() + settings.waiting.propagationTimeoutMs
  let { heldByOtherJob } = inspection.roles
  try {
    for (;;) {
      if (heldByOtherJob !== undefined) {
        note({ progress: { outcome: 'waiting', heldByOtherJob } })
        await untilReleased(heldByOtherJob, deadline, { manager, ...tools })
      }
      note({ progress: { outcome: 'unknown', heldByOtherJob } })
      const granted = await createAssignment(manager, role, naming)
      const existing =
        granted.existing ?? (granted.outcome === 'exists' ? await readExisting(manager, granted) : undefined)
      if (existing === undefined || !isOfAnotherJob(existing, job.lease))
        return { kind: 'made', granted: { ...granted, existing } }
      heldByOtherJob = existing
    }
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    return { kind: 'failed', failure: error, heldByOtherJob }
  }
}

/** Whether the assignment is new and so has to become live, or existed before, which takes another look to find out. */
async function settle(
  granted: Granted,
  { context, inspection: { roles } }: GrantRequest,
  note: Note<'grant'>,
): Promise<GrantResult> {
  const { assignmentId } = granted
  const existing =
    granted.existing ??
    (isKnownToBeNew(granted, roles) ? undefined : await readExisting(context.manager, granted))
  if (granted.outcome === 'granted' && !isOlder(existing, roles)) {
    note({ progress: { outcome: 'granted', assignmentId } })
    return { outcome: 'granted', age: { kind: 'new' }, ...identified(assignmentId) }
  }
  // A request that succeeded may itself have changed what existed.
  const since = granted.outcome === 'exists' ? existing && givenSince(existing) : existing?.createdOn
  const age = ageAt(roles.asOf, since)
  const known = age.kind === 'known' ? { ageMs: age.ageMs } : {}
  note({ progress: { outcome: 'exists', assignmentId, ...known } })
  // If the list did not show it, one of the two replies is out of date: it is new, or was removed a moment ago.
  const isInBoth = roles.held.state !== 'missing'
  return {
    outcome: 'exists',
    age: isInBoth ? age : { kind: 'new' },
    ...identified(assignmentId),
    ...conditionOf(existing),
  }
}

const conditionOf = (existing: Assignment | undefined) =>
  existing?.condition === undefined ? {} : { condition: existing.condition }

const identified = (assignmentId: string | undefined) => (assignmentId === undefined ? {} : { assignmentId })

/** A run that looked first and saw nothing knows it. If something was held then and is not now, it was another job's. */
const isKnownToBeNew = ({ outcome, assignmentId }: Granted, { held }: RoleAccess) =>
  outcome === 'granted' &&
  held.state !== 'unknown' &&
  (held.state === 'missing' || held.assignment?.id !== assignmentId)

/** An assignment existed before the request if it is older by more than clocks can differ. */
const isOlder = (existing: Assignment | undefined, { asOf }: RoleAccess) =>
  existing?.createdOn !== undefined && existing.createdOn < asOf - clockDisagreementMs

/** The role is assigned, even if the assignment cannot be read. */
async function readExisting(
  manager: ResourceContext['manager'],
  { assignmentId }: Granted,
): Promise<Assignment | undefined> {
  if (assignmentId === undefined) return undefined
  try {
    return await readAssignment(manager, assignmentId)
  } catch (error) {
    if (error instanceof StepError) return undefined
    throw error
  }
}
