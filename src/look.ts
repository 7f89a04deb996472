import {
  type AssignmentsRead,
  holdingOf,
  type RoleHeld,
  readAssignments,
  readPermissions,
  substituteFor,
  type WantedRole,
} from './access/assignments.ts'
import { coversAll } from './access/permissions.ts'
import { findRole, readDefinition } from './access/role-lookup.ts'
import { roleCovers, roleDefinitionId } from './access/roles.ts'
import { StepFailure } from './diagnosis/verdict.ts'
import type { Facts } from './facts.ts'
import { endpointsAt, knowsItsRoutes, requireListed, routesFor } from './inference/choice.ts'
import { waitingForNew } from './inference/new-deployments.ts'
import { roundOf, smokeRound } from './inference/round.ts'
import type { Route } from './inference/routes.ts'
import type { SmokeTools } from './inference/smoke-call.ts'
import type { Settings } from './inputs.ts'
import type { Round } from './propagation/wait.ts'
import {
  type Account,
  type Deployment,
  readAccount,
  readDeployments,
  trustedEndpoints,
} from './resource/account.ts'
import { unlessForbidden } from './resource/forbidden.ts'
import { accountIdOf, scopeOf } from './resource/resource-id.ts'
import type { Managed } from './resource/resource-manager.ts'
import { persist, standardRetry } from './retry.ts'
import type { Clock, Log } from './tools.ts'

/** Everything there is to see before anything is changed. */
export interface View {
  routes: readonly Route[]
  /** The first smoke call to each deployment: the proof on a warm run, and what a grant would have to mend on a cold one. */
  first: { round: Round; endedAt: number }
  /** Absent where Resource Manager is not asked, or the role that was named could not be looked up. */
  roles?: RolesView
}

export interface RolesView {
  wanted: WantedRole & { name: string; definitionId: string }
  held: RoleHeld
  /** Milliseconds since the epoch, by Resource Manager's clock, when it was asked. */
  asOf: number
}

export interface LookTools extends SmokeTools {
  log: Log
}

/**
 * Looks at account, deployments, roles and the data plane, side by side as far as one does not need the other.
 * @throws StepFailure for whatever no grant could mend: nothing has been changed when it does.
 */
export async function look(
  settings: Settings,
  managed: Managed | undefined,
  tools: LookTools,
  facts: Facts,
): Promise<View> {
  if (managed === undefined) return firstCalls(settings, {}, tools, facts)
  // Both are awaited whatever becomes of the other: what is known when one fails belongs into its diagnosis.
  const [calls, roles] = await Promise.allSettled([
    resourceThenCalls(settings, managed, tools, facts),
    readRoles(settings, managed, tools, facts),
  ])
  if (roles.status === 'fulfilled' && roles.value !== undefined) tellRoles(roles.value, managed, facts)
  if (calls.status === 'rejected') throw calls.reason
  if (roles.status === 'rejected') throw roles.reason
  if (roles.value === undefined) return calls.value
  return { ...calls.value, roles: await judgeRoles(roles.value, calls.value, managed, tools, facts) }
}

async function resourceThenCalls(
  settings: Settings,
  managed: Managed,
  tools: LookTools,
  facts: Facts,
): Promise<View> {
  const resource = readResource(settings, managed, tools, facts)
  if (settings.target.endpoint === undefined || !knowsItsRoutes(settings))
    return firstCalls(settings, await resource, tools, facts)
  const early = firstCalls(settings, {}, tools, facts).catch(async error => {
    if (!(error instanceof StepFailure) || error.refusal.code !== 'deployment-not-found') throw error
    // The list tells whether it is not there, or only too new.
    return firstCalls(settings, await resource, tools, facts)
  })
  const [calls, { deployments }] = await Promise.all([early, resource])
  requireListed(calls.routes, deployments)
  return calls
}

interface ResourceView {
  account?: Account | undefined
  deployments?: readonly Deployment[] | undefined
}

/** An identity that may only call models cannot read the account; an endpoint that the user named makes up for it. */
async function readResource(
  settings: Settings,
  { manager, resource }: Managed,
  { clock }: LookTools,
  facts: Facts,
): Promise<ResourceView> {
  const account = readAccount(manager, resource)
  const [accountOrNone, deployments] = await Promise.all([
    settings.target.endpoint === undefined
      ? account
      : unlessForbidden(account, refusal => {
          facts.accountRefused = refusal
        }),
    unlessForbidden(readDeployments(manager, resource, clock.now)),
  ])
  if (accountOrNone !== undefined) facts.account = accountOrNone
  if (deployments !== undefined) facts.deployments = deployments
  return { account: accountOrNone, deployments }
}

async function firstCalls(
  settings: Settings,
  { account, deployments }: ResourceView,
  tools: LookTools,
  facts: Facts,
): Promise<View> {
  const { endpoint } = settings.target
  const endpoints =
    endpoint === undefined ? account && trustedEndpoints(account, settings.cloud) : endpointsAt(endpoint)
  if (endpoints === undefined) throw new Error('An endpoint comes from the account or from the input')
  const routes = routesFor(settings, deployments, endpoints, settings.cloud.inferenceAudiences)
  facts.routes = routes
  facts.endpoint = new URL(routes[0]?.url ?? endpoints.openAI).origin
  const round = await firstRound(routes, settings, tools, facts)
  return { routes, first: { round, endedAt: tools.clock.now() } }
}

/**
 * Accepted or denied: only an answer to that question tells what a grant would mend.
 * @throws StepFailure for every other refusal, once it is clear that it does not pass.
 */
function firstRound(
  routes: readonly Route[],
  settings: Settings,
  tools: LookTools,
  facts: Facts,
): Promise<Round> {
  const patienceMs = settings.access.grant === 'plan' ? 0 : settings.waiting.propagationTimeoutMs
  return persist(
    tools,
    async () => {
      const answers = await smokeRound(routes, settings.smoke, tools)
      const results = waitingForNew(answers, facts.deployments, tools.clock.now())
      facts.smoke = results
      facts.rounds += 1
      const round = roundOf(results)
      if (round.kind === 'refused' && round.refusal.kind !== 'wait')
        throw new StepFailure('calling the model', round.refusal)
      return round
    },
    { ...standardRetry, throttledBudgetMs: patienceMs },
  )
}

interface RolesRead {
  role: { guid: string; name: string }
  read: AssignmentsRead | undefined
  readAt: number
}

/** Undefined where the role that was named may not be looked up: then the smoke call decides alone. */
async function readRoles(
  settings: Settings,
  { manager, resource, principalId }: Managed,
  tools: LookTools,
  facts: Facts,
): Promise<RolesRead | undefined> {
  const scope = scopeOf(resource)
  const readAt = tools.clock.now()
  const [role, read] = await Promise.all([
    unlessForbidden(findRole(manager, settings.access.role, scope)),
    readAssignments(manager, scope, principalId, tools.clock.now),
  ])
  if (read !== undefined) facts.assignments = read.assignments
  return role && { role, read, readAt }
}

/** The role, at the scope where it counts: roles on a project do not, for calls to the account that it belongs to. */
function tellRoles({ role }: RolesRead, { resource }: Managed, facts: Facts): RolesView['wanted'] {
  const projectOnly = (facts.routes ?? []).every(({ url }) => url.includes('/api/projects/'))
  const scope = projectOnly ? scopeOf(resource) : accountIdOf(resource)
  const definitionId = roleDefinitionId(resource.subscriptionId, role.guid)
  facts.role = { ...role, scope, definitionId }
  return {
    scope,
    principalId: facts.principal?.oid ?? '',
    roleGuid: role.guid,
    name: role.name,
    definitionId,
  }
}

/** How the principal comes by the role, or what stands in for it. */
async function judgeRoles(
  { role, read, readAt }: RolesRead,
  { routes, first }: View,
  managed: Managed,
  { clock }: LookTools,
  facts: Facts,
): Promise<RolesView> {
  const wanted = { ...tellRoles({ role, read, readAt }, managed, facts), principalId: managed.principalId }
  const dataActions = [...new Set(routes.map(({ dataAction }) => dataAction))]
  const denied = first.round.kind === 'refused'
  const question = { wanted, dataActions, denied }
  const { assignmentsRead, holding } = await findHolding(read, question, managed, clock, facts)
  const held = holding ?? substituteFor(assignmentsRead?.assignments, facts.permissions, dataActions)
  facts.roleState = held.state
  const { assignment } = held
  const asOf = assignmentsRead?.asOf ?? readAt
  if (assignment !== undefined && holding !== undefined) facts.roleAssignmentId = assignment.id
  if (assignment?.createdOn !== undefined) facts.roleAgeMs = Math.max(0, asOf - assignment.createdOn)
  if (denied) facts.roleFits = await fits(wanted, dataActions, managed)
  return { wanted, held, asOf }
}

/** Effective permissions are asked for only where the assignments do not answer how the role is held. */
async function findHolding(
  assignmentsRead: AssignmentsRead | undefined,
  { wanted, dataActions, denied }: { wanted: WantedRole; dataActions: readonly string[]; denied: boolean },
  { manager }: Managed,
  { now }: Clock,
  facts: Facts,
): Promise<{ assignmentsRead: AssignmentsRead | undefined; holding: RoleHeld | undefined }> {
  const holding = assignmentsRead && holdingOf(assignmentsRead.assignments, wanted)
  if (holding !== undefined && !denied) return { assignmentsRead, holding }
  const permissions = await readPermissions(manager, wanted.scope)
  if (permissions !== undefined) facts.permissions = permissions
  if (holding !== undefined || !denied || !coversAll(permissions ?? [], dataActions))
    return { assignmentsRead, holding }
  // The permissions are younger than the list: another run may have been granting the role just then.
  const again = await readAssignments(manager, wanted.scope, wanted.principalId, now)
  if (again === undefined) return { assignmentsRead, holding }
  facts.assignments = again.assignments
  return { assignmentsRead: again, holding: holdingOf(again.assignments, wanted) }
}

/** Whether the role, once held, would let the calls through: read live where that is allowed, for definitions drift. */
async function fits(
  { roleGuid, definitionId }: RolesView['wanted'],
  dataActions: readonly string[],
  { manager }: Managed,
): Promise<boolean> {
  const permissions = await unlessForbidden(readDefinition(manager, definitionId))
  if (permissions !== undefined) return coversAll(permissions, dataActions)
  return dataActions.every(dataAction => roleCovers(roleGuid, dataAction) !== false)
}
