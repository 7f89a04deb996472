import { type RoleHeld, type RolesHeld, readRolesHeld, roleHeld } from './access/assignments.ts'
import { findRole } from './access/role-lookup.ts'
import { roleDefinitionId } from './access/roles.ts'
import { StepFailure } from './diagnosis/verdict.ts'
import type { Facts } from './facts.ts'
import { endpointsAt, knowsItsRoutes, routesFor } from './inference/choice.ts'
import { roundOf, smokeRound } from './inference/round.ts'
import type { Route } from './inference/routes.ts'
import type { SmokeTools } from './inference/smoke-call.ts'
import type { Settings } from './inputs.ts'
import type { Round } from './propagation/wait.ts'
import { type Account, type Deployment, readAccount, readDeployments } from './resource/account.ts'
import { unlessForbidden } from './resource/forbidden.ts'
import { type ResourceId, scopeOf } from './resource/resource-id.ts'
import type { ResourceManager } from './resource/resource-manager.ts'
import { persist, standardRetry } from './retry.ts'
import type { Log } from './tools.ts'

/** Everything there is to see before anything is changed. */
export interface View {
  routes: readonly Route[]
  /** The first smoke call to each deployment: the proof on a warm run, and what a grant would have to mend on a cold one. */
  first: { round: Round; endedAt: number }
  /** Absent where Resource Manager is not asked. */
  roles?: { held: RoleHeld; asOf: number }
}

export interface LookTools extends SmokeTools {
  log: Log
}

/** Resource Manager for the resource that was named; absent where only an endpoint was. */
export interface Managed {
  manager: ResourceManager
  resource: ResourceId
  principalId: string
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
  const [calls, roles] = await Promise.all([
    resourceThenCalls(settings, managed, tools, facts),
    readRoles(settings, managed, tools, facts),
  ])
  const dataActions = [...new Set(calls.routes.map(({ dataAction }) => dataAction))]
  const { scope, guid: roleGuid } = roles.role
  const held = roleHeld(roles.held, { scope, principalId: managed.principalId, roleGuid, dataActions })
  facts.roleState = held.state
  if (held.assignment !== undefined) {
    facts.roleAssignmentId = held.assignment.id
    const { createdOn } = held.assignment
    if (createdOn !== undefined) facts.roleAgeMs = Math.max(0, roles.held.asOf - createdOn)
  }
  return { ...calls, roles: { held, asOf: roles.held.asOf } }
}

async function resourceThenCalls(
  settings: Settings,
  managed: Managed,
  tools: LookTools,
  facts: Facts,
): Promise<View> {
  const resource = readResource(settings, managed, facts)
  const { endpoint } = settings.target
  if (endpoint === undefined || !knowsItsRoutes(settings))
    return firstCalls(settings, await resource, tools, facts)
  const [calls] = await Promise.all([firstCalls(settings, {}, tools, facts), resource])
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
  facts: Facts,
): Promise<ResourceView> {
  const account = readAccount(manager, resource, settings.cloud)
  const [accountOrNone, deployments] = await Promise.all([
    settings.target.endpoint === undefined ? account : unlessForbidden(account),
    unlessForbidden(readDeployments(manager, resource)),
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
  const endpoints = endpoint === undefined ? account?.endpoints : endpointsAt(endpoint)
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
  const policy = { ...standardRetry, throttledBudgetMs: settings.waiting.propagationTimeoutMs }
  return persist(
    tools,
    async () => {
      const results = await smokeRound(routes, settings.smoke, tools)
      facts.smoke = results
      const round = roundOf(results)
      if (round.kind === 'refused' && round.refusal.kind !== 'wait')
        throw new StepFailure('calling the model', round.refusal)
      return round
    },
    policy,
  )
}

async function readRoles(
  settings: Settings,
  { manager, resource, principalId }: Managed,
  tools: LookTools,
  facts: Facts,
) {
  const scope = scopeOf(resource)
  const [found, held] = await Promise.all([
    findRole(manager, settings.access.role, scope),
    readRolesHeld(manager, scope, principalId, tools.clock.now),
  ])
  const role = { ...found, scope, definitionId: roleDefinitionId(resource.subscriptionId, found.guid) }
  facts.role = role
  if (held.permissions !== undefined) facts.permissions = held.permissions
  if (held.assignments !== undefined) facts.assignments = held.assignments
  return { role, held } satisfies { role: NonNullable<Facts['role']>; held: RolesHeld }
}
