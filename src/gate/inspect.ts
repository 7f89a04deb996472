import { coverageLine, missingCoverage } from '../azure/rbac/coverage.ts'
import { StepFailure } from '../core/failures/failure.ts'
import { persist, standardRetry } from '../core/failures/retry.ts'
import type { Log } from '../core/ports.ts'
import { waitingForNew } from '../services/inference/new-deployments.ts'
import { smokeRound } from '../services/inference/round.ts'
import type { Route } from '../services/inference/route.ts'
import {
  endpointsAt,
  knowsItsRoutes,
  requireListed,
  routesFor,
} from '../services/inference/select-deployments.ts'
import type { SmokeTools } from '../services/inference/smoke-call.ts'
import { type Account, readAccount, trustedEndpoints } from '../services/resource-manager/account.ts'
import type { ResourceContext } from '../services/resource-manager/client.ts'
import { type Deployment, readDeployments } from '../services/resource-manager/deployments.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import type { Facts } from './record.ts'
import { judgeRoles, lookUpRole, type RolesRead, type RolesView, readRoles, tellRole } from './role-access.ts'
import type { Settings } from './settings.ts'
import { roundOf } from './waiting/round.ts'
import type { Round } from './waiting/wait.ts'

/** Everything there is to see before anything is changed. */
export interface View {
  routes: readonly Route[]
  /** The first smoke call to each deployment: the proof on a warm run, and what a grant would have to mend on a cold one. */
  first: { round: Round; endedAt: number }
  /** Absent where Resource Manager is not asked, or the role that was named could not be looked up. */
  roles?: RolesView
}

interface LookTools extends SmokeTools {
  log: Log
}

/**
 * Looks at account, deployments, roles and the data plane, side by side as far as one does not need the other.
 * @throws StepFailure for whatever no grant could mend: nothing has been changed when it does.
 */
export async function look(
  settings: Settings,
  managed: ResourceContext | undefined,
  tools: LookTools,
  facts: Facts,
): Promise<View> {
  if (managed === undefined) return firstCalls(settings, {}, tools, facts)
  const role = lookUpRole(settings, managed, facts)
  // Both are awaited whatever becomes of the other: what is known when one fails belongs into its diagnosis.
  const [calls, read] = await Promise.allSettled([
    resourceThenCalls(settings, managed, role, tools, facts),
    readRoles(role, managed, tools.clock, facts),
  ])
  if (read.status === 'fulfilled' && read.value !== undefined) tellRole(read.value, managed, facts)
  if (calls.status === 'rejected') throw calls.reason
  if (read.status === 'rejected') throw read.reason
  if (read.value === undefined) return calls.value
  const { routes, first } = calls.value
  const denied = first.round.kind === 'refused'
  return {
    ...calls.value,
    roles: await judgeRoles(read.value, { routes, denied }, managed, tools.clock, facts),
  }
}

async function resourceThenCalls(
  settings: Settings,
  managed: ResourceContext,
  role: NonNullable<Known['role']>,
  tools: LookTools,
  facts: Facts,
): Promise<View> {
  const resource = readResource(settings, managed, tools, facts)
  if (settings.target.endpoint === undefined || !knowsItsRoutes(settings))
    return firstCalls(settings, { ...(await resource), role }, tools, facts)
  const early = firstCalls(settings, { role }, tools, facts).catch(async error => {
    if (!(error instanceof StepFailure) || error.refusal.code !== 'deployment-not-found') throw error
    // The list tells whether it is not there, or only too new.
    return firstCalls(settings, { ...(await resource), role }, tools, facts)
  })
  const [calls, { deployments }] = await Promise.all([early, resource])
  requireListed(calls.routes, deployments)
  return calls
}

interface ResourceView {
  account?: Account | undefined
  deployments?: readonly Deployment[] | undefined
}

/** What is known when the models are called. */
interface Known extends ResourceView {
  /** The role that was asked for, with its definition among the facts; absent where only an endpoint was given. */
  role?: Promise<RolesRead['role'] | undefined>
}

/** An identity that may only call models cannot read the account; an endpoint that the user named makes up for it. */
async function readResource(
  settings: Settings,
  { manager, resource }: ResourceContext,
  { clock }: LookTools,
  facts: Facts,
): Promise<ResourceView> {
  const account = readAccount(manager, resource)
  const [accountOrNone, deployments] = await Promise.all([
    settings.target.endpoint === undefined
      ? account
      : undefinedIfForbidden(account, refusal => {
          facts.accountRefused = refusal
        }),
    undefinedIfForbidden(readDeployments(manager, resource, clock.now)),
  ])
  if (accountOrNone !== undefined) facts.account = accountOrNone
  if (deployments !== undefined) facts.deployments = deployments
  return { account: accountOrNone, deployments }
}

async function firstCalls(
  settings: Settings,
  { account, deployments, role }: Known,
  tools: LookTools,
  facts: Facts,
): Promise<View> {
  const { endpoint } = settings.target
  const endpoints =
    endpoint === undefined ? account && trustedEndpoints(account, settings.cloud) : endpointsAt(endpoint)
  if (endpoints === undefined) throw new Error('An endpoint comes from the account or from the input')
  const dataPlane = { endpoints, audiences: settings.cloud.inferenceAudiences }
  const routes = routesFor(settings, deployments, dataPlane)
  facts.routes = routes
  facts.endpoint = new URL(routes[0]?.url ?? endpoints.openAI).origin
  sayMisfits(await role, routes, tools.log, facts)
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

/** What the role cannot give is said before it is tried; another role may give it all the same. */
function sayMisfits(
  role: RolesRead['role'] | undefined,
  routes: readonly Route[],
  log: Log,
  { definitions }: Facts,
): void {
  if (role === undefined) return
  for (const misfit of missingCoverage(role.guid, routes, definitions))
    log.info(coverageLine(role.name, misfit))
}
