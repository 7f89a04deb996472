import type { Context } from '../context.ts'
import { pathPattern } from '../paths.ts'
import { type AccessRequest, type Authorizer, createAuthorizer, type Decision } from '../rbac.ts'
import { covers, subscriptionIdOf } from '../scopes.ts'
import type { Route, ServiceReply, ServiceRequest } from '../service.ts'
import { createThrottle, operationsOf, remainingHeader } from '../throttling.ts'
import type { World } from '../world.ts'
import { actionOf } from './actions.ts'
import { type AsyncOperations, createAsyncOperations } from './async-operations.ts'
import { authenticate, type Caller, requireTenant } from './authentication.ts'
import { ArmError, gatewayError, NotImplemented } from './errors.ts'
import { type ActivityEvent, type Asked, eventsOf } from './insights/events.ts'

/** An authenticated request. */
export interface Call {
  /** Name of the route. */
  operation: string
  request: ServiceRequest
  params: Readonly<Record<string, string>>
  caller: Caller
}

type Handler = (call: Call) => ServiceReply | Promise<ServiceReply>

/**
 * One route. The path is a template (paths.ts). The source names where Azure's behaviour is known from: mostly the operation in
 * the provider's official description.
 */
type Row = readonly [operation: string, method: string, path: string, source: string, handle: Handler]

/** What Resource Manager does for every resource provider behind it. */
export interface Gateway {
  readonly context: Context
  readonly authorizer: Authorizer
  readonly operations: AsyncOperations
  /** Routes whose handlers see only requests that are well-formed, authenticated and for a usable subscription. */
  routes(rows: readonly Row[]): Route[]
  /** The actions of these routes, as roles name them: `Microsoft.CognitiveServices/accounts/read`. */
  readonly actions: ReadonlySet<string>
  /** The activity log: every request of an authenticated caller that is not a read, oldest first. */
  readonly activityEvents: readonly ActivityEvent[]
  /** @throws ArmError 403 if the caller has no right to do this, 409 if a lock blocks it */
  authorize(call: Call, request: Omit<AccessRequest, 'plane' | 'principalId'>): void
}

/** Names of query parameters compare without case in Azure. */
export function queryParameter(url: URL, name: string): string | undefined {
  const found = [...url.searchParams].find(([key]) => key.toLowerCase() === name.toLowerCase())
  return found?.[1]
}

export function createGateway(context: Context): Gateway {
  const authorizer = createAuthorizer(context)
  const throttle =
    context.throttling === undefined ? undefined : createThrottle(context.throttling, context.clock.now)

  async function admit(request: ServiceRequest): Promise<Caller> {
    requireApiVersion(request)
    const caller = await authenticate(context, request)
    requireSubscription(context, request, caller)
    return caller
  }

  /**
   * Headers with the caller's remaining allowance.
   * @throws ArmError 429
   */
  function spend({ request, caller }: Call): Record<string, string> {
    const subscriptionId = subscriptionIdOf(request.url.pathname)
    if (throttle === undefined || subscriptionId === undefined) return {}
    const operations = operationsOf(request.method)
    const left = throttle.spend({ subscriptionId, principalId: caller.oid, operations })
    return { [remainingHeader('subscription', operations)]: String(left) }
  }

  const actions = new Set<string>()
  const activityEvents: ActivityEvent[] = []

  /** Writes the request to the activity log, and names the log's correlation id in the reply. */
  function logged(asked: Asked, reply: ServiceReply): ServiceReply {
    const correlationId = asked.request.headers[CORRELATION_ID] ?? crypto.randomUUID()
    activityEvents.push(...eventsOf({ ...asked, correlationId, endedAt: context.clock.now(), reply }))
    return { ...reply, headers: { ...reply.headers, [CORRELATION_ID]: correlationId } }
  }

  return {
    context,
    authorizer,
    actions,
    activityEvents,
    operations: createAsyncOperations(context),

    routes(rows) {
      for (const [, method, path] of rows) actions.add(actionOf(method, path))
      return rows.map(([operation, method, path, source, handle]) => ({
        operation,
        source,
        method,
        path: pathPattern(path),
        async handle(request, params) {
          const startedAt = context.clock.now()
          let caller: Caller | undefined
          let spent: Record<string, string> = {}
          const reply = await refusing(async () => {
            caller = await admit(request)
            if (!FINDING_THEIR_TYPE.includes(operation)) requireKnownOptions(operation, request)
            const call = { operation, request, params, caller }
            spent = spend(call)
            return await handle(call)
          })
          if (caller === undefined) return reply
          const known = { ...reply, caller: caller.oid, headers: { ...spent, ...reply.headers } }
          return operationsOf(method) === 'reads' ? known : logged({ request, caller, startedAt }, known)
        },
      }))
    },

    authorize({ caller }, request) {
      const decision = authorizer.decide({ ...request, principalId: caller.oid })
      if (!decision.allowed) throw forbidden(caller, request.action, request.scope, decision)
      requireUnlocked(context.world, request.action, request.scope)
    },
  }
}

const CORRELATION_ID = 'x-ms-correlation-request-id'

async function refusing(produce: () => Promise<ServiceReply>): Promise<ServiceReply> {
  try {
    return await produce()
  } catch (error) {
    if (!(error instanceof ArmError)) throw error
    return error.toReply()
  }
}

/** Resource Manager checks the version before the caller. It accepts any version in the form of a date. */
function requireApiVersion({ url }: ServiceRequest): void {
  const version = queryParameter(url, 'api-version')
  if (!version) {
    throw gatewayError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    )
  }
  if (!/^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/i.test(version)) {
    throw gatewayError(400, 'InvalidApiVersionParameter', `The api-version '${version}' is invalid.`)
  }
}

/** The query options that operations support. A client that sends another would not notice that it has no effect. */
const QUERY_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  'roleAssignments.list': ['$filter', '$skiptoken'],
  'roleDefinitions.list': ['$filter'],
  'denyAssignments.list': ['$filter'],
  'roleAssignmentScheduleInstances.list': ['$filter'],
  'roleEligibilityScheduleInstances.list': ['$filter'],
  'locks.list': ['$filter'],
  'activityLog.list': ['$filter', '$select', '$skiptoken'],
  'federatedCredentials.list': ['$top', '$skiptoken'],
  'resources.list': ['$filter', '$expand', '$top', '$skiptoken'],
  'resources.listByResourceGroup': ['$filter', '$expand', '$top', '$skiptoken'],
  // The reply always has what this option asks for.
  'providerOperations.list': ['$expand'],
  'providerOperations.get': ['$expand'],
}

/** For routes that serve every type: an unknown type is reported before unsupported query options. */
const FINDING_THEIR_TYPE = ['resources.get', 'resources.getInSubscription']

/** @throws NotImplemented */
export function requireKnownOptions(operation: string, { url }: ServiceRequest): void {
  const known = QUERY_OPTIONS[operation] ?? []
  const unknown = [...url.searchParams.keys()].find(
    name => name.startsWith('$') && !known.includes(name.toLowerCase()),
  )
  if (unknown !== undefined) throw new NotImplemented(`the query option ${unknown} of ${operation}`)
}

/** Actions that a disabled subscription still allows. */
const ALLOWED_WHEN_DISABLED = ['GET', 'HEAD', 'DELETE']

function requireSubscription(context: Context, request: ServiceRequest, caller: Caller): void {
  const id = subscriptionIdOf(request.url.pathname)
  if (id === undefined) return
  const subscription = findSubscription(context.world, id)
  requireTenant(context, request, caller, subscription.tenantId)
  requireRegistered(subscription, request)
  if (subscription.state === 'Disabled' && !ALLOWED_WHEN_DISABLED.includes(request.method)) {
    throw gatewayError(
      409,
      'ReadOnlyDisabledSubscription',
      `The subscription '${id}' is disabled and therefore marked as read only. ` +
        'You cannot perform any write actions on this subscription until it is re-enabled.',
    )
  }
}

/**
 * In a subscription that has not registered the provider, nothing of it can be written; what exists can be read. The wording is
 * from failures that users quote.
 * @throws ArmError 409
 */
function requireRegistered(
  { unregisteredProviders = [] }: World['subscriptions'][number],
  { method, url }: ServiceRequest,
): void {
  const namespace = /.*\/providers\/([^/]+)\//i.exec(url.pathname)?.[1] ?? ''
  const isRegistered = !unregisteredProviders.some(name => name.toLowerCase() === namespace.toLowerCase())
  const isRegistration = /\/providers\/[^/]+\/register$/i.test(url.pathname)
  if (isRegistered || isRegistration || ALLOWED_WHEN_DISABLED.includes(method)) return
  throw gatewayError(
    409,
    'MissingSubscriptionRegistration',
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to ` +
      'register subscriptions.',
  )
}

/** @throws ArmError 404 */
export function findSubscription(world: World, id: string): World['subscriptions'][number] {
  const subscription = world.subscriptions.find(candidate => candidate.id === id.toLowerCase())
  if (subscription) return subscription
  throw gatewayError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`)
}

/**
 * Locks apply to everybody, whatever their roles, and to everything but locks. A read-only lock also blocks the actions of a
 * POST, such as listing keys, and calls them writes (Azure/azure-cli#8452).
 */
function requireUnlocked(world: World, action: string, scope: string): void {
  const verb = action.split('/').at(-1)
  if (verb === 'read' || /^Microsoft\.Authorization\/locks\//i.test(action)) return
  const operation = verb === 'delete' ? verb : 'write'
  const locks = world.locks.filter(
    lock => covers(world, lock.scope, scope) && (lock.level === 'ReadOnly' || operation === 'delete'),
  )
  if (locks.length === 0) return
  throw gatewayError(
    409,
    'ScopeLocked',
    `The scope '${scope}' cannot perform ${operation} operation because following scope(s) are locked: ` +
      `'${locks.map(lock => lock.scope).join("','")}'. Please remove the lock and try again.`,
  )
}

function forbidden(
  { appid, oid }: Caller,
  action: string,
  scope: string,
  decision: Exclude<Decision, { allowed: true }>,
): ArmError {
  const client = `The client '${appid}' with object id '${oid}'`
  if (decision.reason === 'deny-assignment') {
    const { displayName, name, scope: deniedAt } = decision.denyAssignment
    return gatewayError(
      403,
      'DenyAssignmentAuthorizationFailed',
      `${client} has permission to perform action '${action}' on scope '${scope}'; however, the access is denied ` +
        `because of the deny assignment with name '${displayName}' and Id '${name.replaceAll('-', '')}' ` +
        `at scope '${deniedAt}'.`,
    )
  }
  // Azure does not mention a condition that is not met (azurerm#31635).
  return gatewayError(
    403,
    'AuthorizationFailed',
    `${client} does not have authorization to perform action '${action}' over scope '${scope}' ` +
      'or the scope is invalid. If access was recently granted, please refresh your credentials.',
  )
}
