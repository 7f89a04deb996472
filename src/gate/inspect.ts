import { endpointsAt } from '../azure/endpoint.ts'
import { type Failure, StepError } from '../core/failures/failure.ts'
import { persist, standardRetry } from '../core/failures/retry.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { DataPlane } from '../services/inference/apis/api.ts'
import { routesBeside } from '../services/inference/beside-calls.ts'
import { waitingForNew } from '../services/inference/new-deployments.ts'
import { smokeRound } from '../services/inference/round.ts'
import type { Route } from '../services/inference/route.ts'
import {
  knowsItsRoutes,
  requireListed,
  requireText,
  routesFor,
} from '../services/inference/select-deployments.ts'
import type { SmokeResult, SmokeTools } from '../services/inference/smoke-call.ts'
import {
  type Account,
  readAccount,
  requireLasting,
  trustedEndpoints,
} from '../services/resource-manager/account.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import { readDeployments } from '../services/resource-manager/deployments.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import { alsoOf } from './also.ts'
import { chosenDeployment } from './chosen-deployment.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import type { ModelDates } from './retirement.ts'
import type { RoleReader } from './role-access.ts'
import type { Settings } from './settings.ts'
import type { FirstCalls, Inspection } from './values.ts'
import { roundOf } from './waiting/round.ts'

/** What the look needs. */
interface Sources {
  settings: Settings
  /** Absent if only an endpoint was given: Resource Manager is not asked. */
  context: ResourceContext | undefined
  roleReader: RoleReader | undefined
  modelDates: ModelDates | undefined
}

interface InspectTools extends SmokeTools {
  log: Log
  reporter: Reporter
}

/**
 * Reads account, deployments and roles, and calls the models, in parallel unless one needs the other.
 * @throws StepError for anything that no grant could fix: nothing has been changed then.
 */
export async function inspect(
  { settings, context, roleReader, modelDates }: Sources,
  tools: InspectTools,
  note: Note<'inspection'>,
): Promise<Inspection> {
  const resource = context === undefined ? nothing : readResource(settings, context, tools.clock, note)
  // The code that needs it awaits it.
  resource.catch(() => undefined)
  const routing = chooseRoutes(settings, resource, note)
  const role = roleReader?.lookUp(routing)
  const toCall = routing.then(async ({ routes }) => {
    const chosen = chosenDeployment(settings, routes)
    if (chosen !== undefined) tools.reporter.deploymentChosen(chosen)
    const found = await role
    if (found !== undefined) tools.reporter.roleLacks(found.name, roleReader?.lacks(found, routes) ?? [])
    return routes
  })
  // All are awaited, no matter whether one fails: the diagnosis of a failure needs what the others found out.
  const [called, read, routed] = await Promise.allSettled([
    callFirst({ settings, toCall, resource, modelDates }, tools, note),
    role && roleReader?.read(role, routing),
    routing,
  ])
  if (called.status === 'rejected' && read.status === 'fulfilled' && read.value !== undefined)
    roleReader?.nameWanted(read.value.role, routed.status === 'fulfilled' ? routed.value.routes : [])
  const first = unwrap(called)
  const { routes, endpoint } = unwrap(routed)
  const rolesRead = unwrap(read)
  const isDenied = first.round.kind === 'refused'
  const roles = rolesRead && (await roleReader?.evaluate(rolesRead, { routes, isDenied }))
  return { ...(await resource), routes, endpoint, first, roles }
}

function unwrap<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

type ResourceView = Pick<Inspection, 'account' | 'accountForbidden' | 'deployments'>

const nothing: Promise<ResourceView> = Promise.resolve({
  account: undefined,
  accountForbidden: undefined,
  deployments: undefined,
})

/** An identity that may only call models cannot read the account; it does not need to if the user named an endpoint. */
async function readResource(
  { target }: Settings,
  { manager, resource }: ResourceContext,
  { now }: Clock,
  note: Note<'inspection'>,
): Promise<ResourceView> {
  let accountForbidden: Failure | undefined
  const reading = readAccount(manager, resource)
  const [account, deployments] = await Promise.all([
    target.endpoint === undefined
      ? reading
      : undefinedIfForbidden(reading, failure => {
          accountForbidden = failure
          note({ accountForbidden: failure })
        }),
    undefinedIfForbidden(readDeployments(manager, resource, now)),
  ])
  if (account !== undefined) note({ account })
  if (deployments !== undefined) note({ deployments })
  if (account !== undefined) requireLasting(account)
  return { account, accountForbidden, deployments }
}

type Routing = Pick<Inspection, 'routes' | 'endpoint'>

/** If the inputs alone determine the routes, the calls need not wait for the resource. */
const isKnownAhead = (settings: Settings) =>
  settings.target.endpoint !== undefined && knowsItsRoutes(settings)

async function chooseRoutes(
  settings: Settings,
  resource: Promise<ResourceView>,
  note: Note<'inspection'>,
): Promise<Routing> {
  const { account, deployments } = await (isKnownAhead(settings) ? nothing : resource)
  const dataPlane = dataPlaneOf(settings, account)
  const called = routesFor(settings, deployments, dataPlane)
  requireText(called, settings.smoke.expect)
  const routes = [...called, ...routesBeside(alsoOf(settings.access), dataPlane)]
  const routing = {
    routes,
    endpoint: calledAt(settings.target.endpoint, routes[0]?.url ?? dataPlane.endpoints.openAI),
  }
  note(routing)
  return routing
}

/** The origin of the calls, with the base path if the user named one. */
function calledAt(endpoint: string | undefined, url: string): string {
  if (endpoint === undefined) return new URL(url).origin
  const { openAI, v1 } = endpointsAt(endpoint)
  return v1 ?? openAI
}

/** Where and how to call the models. @throws StepError for endpoints that must not get a token */
export function dataPlaneOf(
  { target: { endpoint }, cloud, smoke }: Settings,
  account: Account | undefined,
): DataPlane {
  const endpoints =
    endpoint === undefined ? account && trustedEndpoints(account, cloud) : endpointsAt(endpoint)
  if (endpoints === undefined) throw new Error('An endpoint comes from the account or from the input')
  return {
    endpoints,
    audiences: cloud.inferenceAudiences,
    tokenAudience: smoke.tokenAudience,
    apiVersion: smoke.apiVersion,
  }
}

interface ToCall {
  settings: Settings
  toCall: Promise<readonly Route[]>
  resource: Promise<ResourceView>
  modelDates: ModelDates | undefined
}

async function callFirst(
  { settings, toCall, resource, modelDates }: ToCall,
  tools: InspectTools,
  note: Note<'inspection'>,
): Promise<FirstCalls> {
  const routes = await toCall
  const listed = resource.then(({ deployments }) => deployments)
  listed.catch(() => undefined)
  const explain = async (calls: Calls) => (await modelDates?.explain(calls, listed)) ?? calls
  const round = roundsOf({ routes, settings, explain }, tools, note)
  const patienceMs = settings.access.grant === 'plan' ? 0 : settings.waiting.propagationTimeoutMs
  const call = (deployments: ResourceView['deployments']) =>
    untilDecided(() => round(deployments), patienceMs, tools)
  if (!isKnownAhead(settings)) return call((await resource).deployments)
  const early = call(undefined).catch(async error => {
    if (!(error instanceof StepError) || error.failure.code !== 'deployment-not-found') throw error
    // The list shows whether the deployment does not exist, or is only too new.
    const { deployments } = await resource
    requireListed(routes, deployments)
    return call(deployments)
  })
  const [first, { deployments }] = await Promise.all([early, resource])
  requireListed(routes, deployments)
  return first
}

type Calls = readonly SmokeResult[]

interface Asked {
  routes: readonly Route[]
  settings: Settings
  /** Adds to failed calls what else explains them. */
  explain: (calls: Calls) => Promise<Calls>
}

/** Makes one round after another, and counts them. */
function roundsOf(
  { routes, settings: { smoke }, explain }: Asked,
  tools: InspectTools,
  note: Note<'inspection'>,
) {
  let rounds = 0
  const given = new Set<string>()
  return async (deployments: ResourceView['deployments']): Promise<Calls> => {
    const answers = await smokeRound(routes, smoke, tools, given)
    const calls = await explain(waitingForNew(answers, deployments, tools.clock.now()))
    rounds += 1
    note({ calls, rounds })
    return calls
  }
}

/**
 * Repeats until the calls are accepted or denied: only that shows what a grant would fix.
 * @throws StepError for every other refusal, once it is clear that it does not pass.
 */
async function untilDecided(
  makeRound: () => Promise<Calls>,
  patienceMs: number,
  tools: InspectTools,
): Promise<FirstCalls> {
  const decided = await persist(
    tools,
    async () => {
      const results = await makeRound()
      const round = roundOf(results)
      if (round.kind === 'refused' && round.failure.kind !== 'wait')
        throw new StepError('calling the model', round.failure)
      return { results, round }
    },
    { ...standardRetry, throttledBudgetMs: patienceMs },
  )
  return { ...decided, endedAt: tools.clock.now() }
}
