import { givenSince } from '../../azure/rbac/assignment.ts'
import { permanentName } from '../../azure/rbac/assignment-name.ts'
import { endsWithAJob } from '../../azure/rbac/lease.ts'
import { servicePrincipal } from '../../azure/rbac/principal.ts'
import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { localFailure, StepError } from '../../core/failures/failure.ts'
import type { ResourceContext } from '../../services/resource-manager/context.ts'
import { createAssignment, type Granted } from '../../services/resource-manager/create-assignment.ts'
import { readAssignment } from '../../services/resource-manager/role-assignments.ts'
import { ageAt, isOld } from '../access.ts'
import type { Note } from '../record.ts'
import { causeOfRefusedGrant } from '../refused-grant.ts'
import type { Reporter } from '../reporter.ts'
import type { Settings } from '../settings.ts'
import type { ToldAccess } from '../told-access.ts'
import type { Inspection, SignedIn } from '../values.ts'
import { enforceRuntimeAccess, isGrantable } from './enforce.ts'
import type { RuntimePrincipal, RuntimeRole } from './principal.ts'

interface Known {
  settings: Settings
  context: ResourceContext
  job: SignedIn['job']
  /** What is known about the granting identity. */
  roles: Inspection['roles']
}

/**
 * Grants what the runtime principals lack, one after the other. If one grant fails, the rest are not tried. This comes last,
 * when everything else has succeeded, and is never undone.
 * @throws StepError `runtime-access-missing` or `runtime-access-unknown`
 */
export async function grantInProduction(
  principals: readonly RuntimePrincipal[],
  known: Known,
  { reporter }: { reporter: Reporter },
  note: Note<'runtime'>,
): Promise<readonly RuntimePrincipal[]> {
  const latest = [...principals]
  for (const [index, principal] of principals.entries()) {
    const grant = grantFor(principal, known.settings)
    if (grant === undefined) continue
    const update = (access: ToldAccess) => {
      latest[index] = { ...principal, access }
      note({ principals: [...latest] })
    }
    update({ word: 'unknown', because: { kind: 'granting' } })
    const access = await make(grant, known)
    update(access)
    if (access.word === 'not-known-live') reporter.granted({ ...grant.role, ...grant })
    enforceRuntimeAccess(latest, known.settings)
  }
  return latest
}

interface RuntimeGrant {
  principalId: string
  scope: string
  role: RuntimeRole
}

function grantFor(principal: RuntimePrincipal, settings: Settings): RuntimeGrant | undefined {
  const { principalId, scope, role } = principal
  if (!isGrantable(principal, settings)) return undefined
  return principalId === undefined || scope === undefined || role === undefined
    ? undefined
    : { principalId, scope, role }
}

/** The same name as in any other run, so that they make one assignment. */
async function make({ principalId, scope, role }: RuntimeGrant, known: Known): Promise<ToldAccess> {
  const { context, job } = known
  const wanted = { scope, principalId, roleGuid: role.guid }
  const toGrant = { ...servicePrincipal(principalId), ...wanted, roleDefinitionId: role.definitionId }
  const description = `Key-less Gate: ${job.url ?? 'granted outside GitHub Actions'}`
  try {
    const granted = await createAssignment(context.manager, toGrant, {
      name: permanentName(wanted),
      description,
      isShared: true,
    })
    const { outcome, assignmentId } = granted
    const exception = outcome === 'exists' ? await exceptionIn(granted, known) : undefined
    if (exception !== undefined) return exception
    const giver = {
      id: assignmentId ?? '',
      scope,
      createdOn: undefined,
      roleName: role.name,
      group: undefined,
    }
    const isGranted = outcome === 'granted'
    return { word: 'not-known-live', through: [giver], ageMs: isGranted ? 0 : undefined, isGranted }
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    const roles = { assignments: known.roles?.assignments, permissions: known.roles?.permissions, scope }
    return accessAfter(await causeOfRefusedGrant(error, { context, roles }))
  }
}

/**
 * The existing assignment was made, or got a condition, a moment ago; otherwise the list would have shown it. An old one was
 * perhaps removed a moment ago.
 * @returns undefined if it counts
 */
async function exceptionIn(
  { assignmentId, existing: seen }: Granted,
  { context, roles }: Known,
): Promise<ToldAccess | undefined> {
  if (assignmentId === undefined) return undefined
  const existing = seen ?? (await readAssignment(context.manager, assignmentId))
  if (existing === undefined) return { word: 'unknown', because: { kind: 'granting' } }
  const { condition } = existing
  if (endsWithAJob(existing)) return { word: 'missing', because: { kind: 'ends-with-job', whose: 'another' } }
  if (condition !== undefined) return { word: 'unknown', because: { kind: 'condition', condition } }
  return roles !== undefined && isOld(ageAt(roles.asOf, givenSince(existing))) ? contradicted : undefined
}

const contradicted: ToldAccess = {
  word: 'unknown',
  because: {
    kind: 'granting',
    failure: localFailure(
      'role-assignment-exists',
      'Resource Manager shows the assignment by its name, but does not list it. Perhaps it was removed a moment ago.',
    ),
  },
}

/** The id does not exist, or does not belong to a service principal. */
const wrongIds: ReadonlySet<DiagnosisCode> = new Set(['principal-not-found', 'principal-type-mismatch'])

function accessAfter({ failure }: StepError): ToldAccess {
  if (wrongIds.has(failure.code)) return { word: 'unknown', because: { kind: 'no-such-principal', failure } }
  // No reply, or an error of the service itself, does not mean that nothing was done.
  if (failure.kind === 'transient') return { word: 'unknown', because: { kind: 'granting', failure } }
  return { word: 'missing', because: { kind: 'not-granted', failure } }
}
