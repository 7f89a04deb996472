import type { Context } from '../context.ts'
import type { Authorizer } from '../rbac.ts'
import { type ChooseReplica, lagOf } from '../replicas.ts'
import { accountId } from '../scopes.ts'
import type { ServiceReply, ServiceRequest } from '../service.ts'
import type { Account } from '../world.ts'
import { accountAddressed, type Host, isKeyOf } from './accounts.ts'
import { classic } from './apis.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { accountAsSeen } from './deployments.ts'
import { regionHeader } from './headers.ts'
import { isRefusedBy } from './host-routes.ts'
import { takesKeys } from './keys.ts'
import type { Operation, OperationName } from './operations.ts'
import {
  customSubdomainRequired,
  firewallDenied,
  invalidKey,
  keyAuthenticationDisabled,
  permissionDenied,
  projectNotFound,
  publicAccessDisabled,
  refusalFrom,
  replyOrRefusal,
  resourceBlocked,
  resourceNotFound,
  tenantMismatch,
  tokenRejected,
} from './refusals.ts'

/** A request that was let through: what the APIs answer from. */
export interface Call {
  account: Account
  /** Named groups of the operation's path. */
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  headers: Readonly<Record<string, string>>
  body: string
  /** Milliseconds since the epoch. */
  now: number
}

export interface Gateway {
  context: Context
  host: Host
  authorizer: Authorizer
  chooseReplica: ChooseReplica
}

type NamedOperation = Operation & { name: OperationName }

/** Who asks: a holder of a key may do everything, a principal what its roles say. */
type Caller = { kind: 'key' } | { kind: 'principal'; objectId: string }

/** Network, authentication, authorization, validation: the order in which the service refuses. */
export async function serve(
  { context, host, authorizer, chooseReplica }: Gateway,
  operation: NamedOperation,
  request: ServiceRequest,
  params: Readonly<Record<string, string>>,
  answer: (call: Call) => ServiceReply,
): Promise<ServiceReply> {
  const credentials = readCredentials(request.headers, operation.api)
  const replica = chooseReplica(request)

  return replyOrRefusal(async () => {
    const account = accountAddressed(context.world, host, credentials)
    requireOpenNetwork(account)
    const caller = await authenticate(context, operation, account, credentials, replica)
    if (account.blocked) throw resourceBlocked()

    const reply = await replyOrRefusal(() => {
      const mayUse = (principalId: string, dataAction: string, scope: string) =>
        !isRefusedBy(host, operation.name) && authorizer.mayUseData(principalId, dataAction, scope, replica)
      authorize(mayUse, operation, account, params, caller)
      requireServed(operation, account, params)
      operation.api.checkApiVersion(request.url.searchParams.get('api-version'))
      const now = context.clock.now()
      return answer({
        account: accountAsSeen(account, now, lagOf(context.lag.deployments, replica)),
        params,
        query: request.url.searchParams,
        headers: request.headers,
        body: request.body,
        now,
      })
    })
    return {
      ...reply,
      headers: { ...regionHeader(account), ...reply.headers },
      ...(caller.kind === 'principal' && { caller: caller.objectId }),
    }
  })
}

/** A path outside every API: network rules and missing credentials come first; what good credentials would be, it cannot say. */
export function refuseUnknownPath({ context, host }: Gateway, { headers }: ServiceRequest): ServiceReply {
  const credentials = readCredentials(headers, classic)
  return refusalFrom(() => {
    requireOpenNetwork(accountAddressed(context.world, host, credentials))
    return credentials.kind === 'none' ? invalidKey() : resourceNotFound()
  })
}

function requireOpenNetwork(account: Account): void {
  if (account.publicNetworkAccess === 'Disabled') throw publicAccessDisabled()
  // Everybody who asks here asks from this address.
  if (account.networkDefaultAction === 'Deny' && !account.ipRules?.includes('127.0.0.1'))
    throw firewallDenied()
}

async function authenticate(
  { tokens, world, clock, lag }: Context,
  { api }: Operation,
  account: Account,
  credentials: Credentials,
  replica: number,
): Promise<Caller> {
  if (credentials.kind === 'none') throw invalidKey()
  if (credentials.kind === 'key') {
    if (!takesKeys(account, clock.now(), lagOf(lag.keyAccess, replica))) throw keyAuthenticationDisabled()
    if (!isKeyOf(account, credentials.key)) throw invalidKey()
    return { kind: 'key' }
  }

  if (account.customSubDomainName === null) throw customSubdomainRequired()
  const verdict = await tokens.verify(credentials.token, api.audiences)
  if (!verdict.ok) throw tokenRejected(api.audiences)
  const home = world.subscriptions.find(({ id }) => id === account.subscriptionId)
  if (verdict.claims.tid !== home?.tenantId) throw tenantMismatch(verdict.claims.tid)
  return { kind: 'principal', objectId: verdict.claims.oid }
}

function authorize(
  mayUse: (principalId: string, dataAction: string, scope: string) => boolean,
  { api, method, template, dataAction }: Operation,
  account: Account,
  params: Readonly<Record<string, string>>,
  caller: Caller,
): void {
  if (caller.kind === 'key') return
  const scope =
    params.project === undefined ? accountId(account) : `${accountId(account)}/projects/${params.project}`
  const fullAction = `Microsoft.CognitiveServices/accounts/${dataAction}`
  if (mayUse(caller.objectId, fullAction, scope)) return
  throw permissionDenied({
    principalId: caller.objectId,
    dataAction: fullAction,
    operation: `${method} ${template}`,
    guidance: api.guidance,
  })
}

function requireServed(
  { api }: Operation,
  account: Account,
  { project }: Readonly<Record<string, string>>,
): void {
  if (!api.kinds.includes(account.kind)) throw resourceNotFound()
  const known = account.projects.some(({ name }) => name.toLowerCase() === project?.toLowerCase())
  if (project !== undefined && !known) throw projectNotFound()
}
