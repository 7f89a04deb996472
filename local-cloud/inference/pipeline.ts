import type { Context } from '../context.ts'
import type { Authorizer } from '../rbac.ts'
import { type ChooseReplica, lagOf } from '../replicas.ts'
import { accountId } from '../scopes.ts'
import { notImplemented, type ServiceReply, type ServiceRequest } from '../service.ts'
import type { Account } from '../world.ts'
import { accountAddressed, type Host, isKeyOf } from './accounts.ts'
import { classic } from './apis.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { accountAsSeen } from './deployments.ts'
import { gapAt } from './gaps.ts'
import { regionHeader } from './headers.ts'
import { isRefusedBy } from './host-routes.ts'
import { takesKeys } from './keys.ts'
import type { Operation } from './operation.ts'
import {
  apiNotSupported,
  customSubdomainRequired,
  firewallDenied,
  invalidKey,
  keyAuthenticationDisabled,
  permissionDenied,
  projectNotFound,
  publicAccessDisabled,
  Refusal,
  refusalFrom,
  replyOrRefusal,
  resourceBlocked,
  resourceNotFound,
  tenantMismatch,
  tokenRejected,
} from './refusals.ts'
import type { Store } from './responses/store.ts'

export interface Gateway {
  context: Context
  host: Host
  authorizer: Authorizer
  chooseReplica: ChooseReplica
  /** By resource id. */
  storeOf: (resourceId: string) => Store
}

/** Who calls. A key allows everything, a principal has the rights of its roles. */
type Caller = { kind: 'key' } | { kind: 'principal'; objectId: string }

/** An operation on an account, and on one of its projects if the path names it. */
interface Asked {
  operation: Operation
  account: Account
  params: Readonly<Record<string, string>>
}

/** Network, authentication, authorization, validation: the order in which the service checks and refuses. */
export async function serve(
  { context, host, authorizer, chooseReplica, storeOf }: Gateway,
  operation: Operation & { name: string },
  request: ServiceRequest,
  params: Readonly<Record<string, string>>,
): Promise<ServiceReply> {
  const credentials = readCredentials(request.headers, operation.api)
  const replica = chooseReplica(request)

  return replyOrRefusal(async () => {
    const account = accountAddressed(context.world, host, credentials)
    requireOpenNetwork(account)
    const asked = { operation, account, params }
    const caller = await authenticate(context, asked, credentials, replica)
    if (account.blocked) throw resourceBlocked()

    const reply = await replyOrRefusal(() => {
      const mayUse = (principalId: string, dataAction: string, scope: string) =>
        !isRefusedBy(host, operation.name) && authorizer.mayUseData(principalId, dataAction, scope, replica)
      authorize(mayUse, asked, caller)
      requireServed(asked)
      operation.api.checkApiVersion(request.url.searchParams.get('api-version'))
      const now = context.clock.now()
      return operation.answer({
        account: accountAsSeen(account, context.world, now, lagOf(context.lag.deployments, replica)),
        params,
        query: request.url.searchParams,
        headers: request.headers,
        body: request.body,
        store: storeOf(addressedId(account, params)),
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

/**
 * A path that no operation has. Network rules and missing credentials are checked first; no credentials can be checked further,
 * because the path names no audience. If Azure has the path, the reply names a gap of the local cloud; otherwise the path does
 * not exist.
 */
export function refuseUnknownPath(
  { context, host }: Gateway,
  { headers, method, url }: ServiceRequest,
): ServiceReply {
  const credentials = readCredentials(headers, classic)
  return refusalFrom(() => {
    requireOpenNetwork(accountAddressed(context.world, host, credentials))
    if (credentials.kind === 'none') return invalidKey()
    const gap = gapAt(url.pathname)
    if (gap !== undefined) return new Refusal(notImplemented(`${gap} (${method} ${url.pathname})`))
    return url.pathname.startsWith('/anthropic/') ? apiNotSupported() : resourceNotFound()
  })
}

function requireOpenNetwork(account: Account): void {
  if (account.publicNetworkAccess === 'Disabled') throw publicAccessDisabled()
  // Every caller has this address.
  if (account.networkDefaultAction === 'Deny' && !account.ipRules?.includes('127.0.0.1'))
    throw firewallDenied()
}

async function authenticate(
  { tokens, world, clock, lag }: Context,
  { operation: { api }, account }: Asked,
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
  { operation, account, params }: Asked,
  caller: Caller,
): void {
  if (caller.kind === 'key') return
  const { api, method, template, dataAction } = operation
  const scope = addressedId(account, params)
  const fullAction = `Microsoft.CognitiveServices/accounts/${dataAction}`
  if (mayUse(caller.objectId, fullAction, scope)) return
  throw permissionDenied({
    principalId: caller.objectId,
    dataAction: fullAction,
    operation: `${method} ${template}`,
    guidance: api.guidance,
  })
}

/** The id of the project that the path names, or of the account. */
const addressedId = (account: Account, { project }: Readonly<Record<string, string>>) =>
  project === undefined ? accountId(account) : `${accountId(account)}/projects/${project}`

function requireServed({ operation: { api }, account, params: { project } }: Asked): void {
  if (!api.kinds.includes(account.kind)) throw resourceNotFound()
  const known = account.projects.some(({ name }) => name.toLowerCase() === project?.toLowerCase())
  if (project !== undefined && !known) throw projectNotFound()
}
