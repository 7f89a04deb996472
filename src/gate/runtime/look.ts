import type { Assignment } from '../../azure/rbac/assignment.ts'
import { referenceOf, roleDefinitionId } from '../../azure/rbac/built-in-roles.ts'
import { definitionOf } from '../../azure/rbac/effective-permissions.ts'
import { endsWithAJob } from '../../azure/rbac/lease.ts'
import { coversDataAction } from '../../azure/rbac/permissions.ts'
import { servicePrincipal } from '../../azure/rbac/principal.ts'
import { isSameScope } from '../../azure/rbac/scopes.ts'
import { unsuitability } from '../../azure/rbac/suitability.ts'
import { scopeOf } from '../../azure/resource-id.ts'
import { isOfDeployment } from '../../services/inference/beside-calls.ts'
import { dataActionsOf, type Route } from '../../services/inference/route.ts'
import { routesFor } from '../../services/inference/select-deployments.ts'
import { isForApp, type ResourceContext } from '../../services/resource-manager/context.ts'
import { openVersionReader } from '../../services/resource-manager/provider-versions.ts'
import { readIdentities } from '../../services/resource-manager/resource-identities.ts'
import type { AssignmentsRead } from '../../services/resource-manager/role-assignments.ts'
import { findRole } from '../../services/resource-manager/role-definitions.ts'
import { openDefinitionReader } from '../definition-reader.ts'
import { dataPlaneOf } from '../inspect.ts'
import type { Listings } from '../listings.ts'
import type { Note } from '../record.ts'
import { scopeOfCalls } from '../scope-of-calls.ts'
import type { RuntimePrincipalRequest, Settings } from '../settings.ts'
import {
  notListed,
  type Telling,
  type ToldAccess,
  type ToldQuestion,
  toldAccess,
  type WhyMissing,
} from '../told-access.ts'
import type { Inspection } from '../values.ts'
import { notLookedAt, type RuntimePrincipal, type RuntimeRole } from './principal.ts'
import { type IdentityReaders, type Resolved, resolvePrincipal } from './resolve.ts'

/** What is known about the access of the runtime principals, before anything is changed. */

interface Sources {
  settings: Settings
  /** Absent if only an endpoint was given: then the inputs name no principals. */
  context: ResourceContext | undefined
  /** Absent if `context` is. */
  listings: Listings | undefined
  /** What the gate finds out about the resource: the reads here do not wait for it. */
  inspecting: Promise<Inspection>
}

interface Reading extends Telling {
  settings: Settings
}

/** @throws StepError if no service replied, or a deployment does not exist */
export async function lookAtRuntime(
  { settings, context, listings, inspecting }: Sources,
  note: Note<'runtime'>,
): Promise<readonly RuntimePrincipal[]> {
  if (context === undefined || listings === undefined) return []
  const requests = requestsOf(settings, context)
  if (requests.length === 0) return []
  note({ principals: requests.map(notLookedAt) })
  const read = readersOf(context.manager)
  const reads = requests.map(async request => {
    const resolved = await resolvePrincipal(request.reference, read)
    return { request, resolved, assignments: await assignmentsOf(resolved, listings) }
  })
  const [inspection, found, denies] = await Promise.all([inspecting, Promise.all(reads), listings.denies()])
  const definitions = openDefinitionReader(context, () => undefined)
  const reading = { settings, context, definitions, denies }
  const principals = await Promise.all(found.map(each => evaluate(each, inspection, reading)))
  note({ principals })
  return principals
}

/** An app that the role is for is one of them. */
function requestsOf(
  { production: { principals } }: Settings,
  context: ResourceContext,
): readonly RuntimePrincipalRequest[] {
  const { principalId } = context.grantee
  const isNamed = principals.some(
    ({ reference }) => reference.kind === 'object' && reference.principalId === principalId,
  )
  if (!isForApp(context) || isNamed) return principals
  return [
    ...principals,
    { id: principalId, reference: { kind: 'object', principalId }, deployments: [], role: undefined },
  ]
}

const readersOf = (manager: ResourceContext['manager']): IdentityReaders => ({
  version: openVersionReader(manager),
  identities: (resource, apiVersion) => readIdentities(manager, resource, apiVersion),
})

interface Found {
  request: RuntimePrincipalRequest
  resolved: Resolved
  /** Undefined if they cannot be read, or the principal is not known. */
  assignments: AssignmentsRead | undefined
}

/** Of the principal and its groups, as Resource Manager resolves them. */
const assignmentsOf = async (resolved: Resolved, listings: Listings) =>
  resolved.kind === 'found' ? listings.assignmentsOf(servicePrincipal(resolved.principalId)) : undefined

async function evaluate(
  { request, resolved, assignments }: Found,
  inspection: Inspection,
  reading: Reading,
): Promise<RuntimePrincipal> {
  const { settings, context } = reading
  if (hasUnlisted(request, inspection)) {
    const { identity, principalId } = resolved.kind === 'found' ? resolved : nobody
    return { ...notLookedAt(request), identity, principalId, access: notListed('deployments', context) }
  }
  const routes = routesOf(request, inspection, settings)
  const scope = scopeOfCalls(routes, context.resource)
  const deployments = [...new Set(routes.map(({ deployment }) => deployment))]
  const dataActions = dataActionsOf(routes)
  const told = { id: request.id, deployments, dataActions, scope, role: undefined }
  if (resolved.kind === 'unknown')
    return { ...told, ...nobody, access: { word: 'unknown', because: resolved.because } }
  const { principalId, identity } = resolved
  const who = { ...told, principalId, identity }
  const isLent = principalId === context.principalId && mayEndWithJob(assignments, settings)
  const question = { principalId, scope, dataActions, assignments, isLent }
  const access =
    accessWithoutRoles({ ...question, routes }, inspection, reading) ??
    (await toldAccess(assignments, question, reading))
  if (access.word !== 'missing' || access.because.kind !== 'no-role') return { ...who, access }
  return { ...who, ...(await evaluateMissing(request, question, access.because.lacks, reading)) }
}

interface PrincipalQuestion extends ToldQuestion {
  assignments: AssignmentsRead | undefined
  /** It is the pipeline, and a job's end may take its role away. */
  isLent: boolean
}

/** Undefined if roles decide. */
function accessWithoutRoles(
  { principalId, assignments, isLent, routes }: PrincipalQuestion & { routes: readonly Route[] },
  inspection: Inspection,
  { context }: Reading,
): ToldAccess | undefined {
  if (isGone(principalId, assignments)) return { word: 'unknown', because: { kind: 'identity-gone' } }
  // The pipeline's own calls decide about what it calls, unless they are allowed for this job only.
  const isPipelinesCall = (route: Route) => inspection.routes.includes(route)
  const isDecided = principalId === context.principalId && !isLent && routes.every(isPipelinesCall)
  return isDecided ? byOwnCalls(inspection) : undefined
}

/** The role that the principal needs, and whether a grant of it would help. */
async function evaluateMissing(
  request: RuntimePrincipalRequest,
  question: PrincipalQuestion,
  lacks: readonly string[],
  reading: Reading,
): Promise<Pick<RuntimePrincipal, 'role' | 'access'>> {
  const { assignments, dataActions, isLent } = question
  const role = await roleFor(request, dataActions, reading)
  const standing = standingRole(assignments?.assignments ?? [], { ...question, roleGuid: role.guid })
  const because =
    endsWith(isLent, standing) ?? (await whyMissing(role, lacks, { ...reading, ...question, standing }))
  return { role, access: { word: 'missing', because } }
}

/** Azure lists a deleted principal as "Identity not found", of type Unknown (learn.microsoft.com, RBAC troubleshooting). */
const isGone = (principalId: string, read: AssignmentsRead | undefined): boolean =>
  (read?.assignments ?? []).some(
    ({ principalId: holder, isOrphaned }) => isOrphaned === true && holder === principalId,
  )

function endsWith(isPipelines: boolean, standing: Assignment | undefined): WhyMissing | undefined {
  if (isPipelines) return { kind: 'ends-with-job', whose: 'own' }
  return standing && endsWithAJob(standing) ? { kind: 'ends-with-job', whose: 'another' } : undefined
}

const mayEndWithJob = (read: AssignmentsRead | undefined, { access: { revoke } }: Settings): boolean =>
  revoke || (read?.assignments ?? []).some(endsWithAJob)

/** The assignment that a grant would make: Azure keeps one of them, and writing it again would change it. */
const standingRole = (
  assignments: readonly Assignment[],
  { principalId, scope, roleGuid }: ToldQuestion & { roleGuid: string },
): Assignment | undefined =>
  assignments.find(
    assignment =>
      assignment.roleGuid === roleGuid &&
      assignment.principalId === principalId &&
      isSameScope(assignment.scope, scope),
  )

const nobody = { identity: undefined, principalId: undefined }

/** Whether one of its deployments is unknown: the list cannot be read, and the pipeline does not call it. */
const hasUnlisted = (
  { deployments: names }: RuntimePrincipalRequest,
  { routes, deployments }: Pick<Inspection, 'routes' | 'deployments'>,
) =>
  deployments === undefined &&
  !names.every(name => routes.some(route => isOfDeployment(route) && route.deployment === name))

const byOwnCalls = ({ first }: Inspection): ToldAccess =>
  first.round.kind === 'ok' ? { word: 'called' } : { word: 'unknown', because: { kind: 'own-calls' } }

/** With the API that the pipeline uses for the deployment, if it calls it. */
function routesOf(
  { deployments: names }: RuntimePrincipalRequest,
  { routes, account, deployments }: Inspection,
  settings: Settings,
): readonly Route[] {
  if (names.length === 0) return routes.filter(isOfDeployment)
  const requested = names.flatMap(name => {
    const alike = settings.deployments.filter(deployment => deployment.name === name)
    return alike.length > 0 ? alike : [{ name, api: undefined }]
  })
  const asked = { deployments: requested, smoke: settings.smoke }
  return routesFor(asked, deployments, dataPlaneOf(settings, account))
}

async function roleFor(
  { role: choice }: Pick<RuntimePrincipalRequest, 'role'>,
  dataActions: readonly string[],
  { settings, context: { manager, resource } }: Reading,
): Promise<RuntimeRole> {
  const reference = referenceOf(choice ?? settings.access.role, dataActions)
  const { guid, name } = await findRole(manager, reference, scopeOf(resource))
  return { guid, name, definitionId: roleDefinitionId(resource.subscriptionId, guid) }
}

/** Says whether a grant would help, before it is made. */
async function whyMissing(
  role: RuntimeRole,
  lacks: readonly string[],
  { definitions, dataActions, standing }: Telling & ToldQuestion & { standing: Assignment | undefined },
): Promise<WhyMissing> {
  await definitions.read(role.guid)
  const permissions = definitionOf(role.guid, definitions.known())
  const { condition } = standing ?? {}
  const notGiven: WhyMissing =
    condition === undefined ? { kind: 'no-role', lacks } : { kind: 'excluded', condition }
  if (permissions === undefined) return notGiven
  const unsuitable = unsuitability(permissions)
  if (unsuitable !== undefined) return { kind: 'unsuitable', unsuitability: unsuitable }
  const uncovered = dataActions.filter(dataAction => !coversDataAction(permissions, dataAction))
  return uncovered.length === 0 ? notGiven : { kind: 'role-lacks', lacks: uncovered }
}
