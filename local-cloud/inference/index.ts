import type { Context } from '../context.ts'
import { createAuthorizer } from '../rbac.ts'
import { createReplicas } from '../replicas.ts'
import type { Route, Service, ServiceReply } from '../service.ts'
import type { Host } from './accounts.ts'
import { commonHeaders } from './headers.ts'
import type { Operation } from './operation.ts'
import { operations, stored } from './operations.ts'
import { type Gateway, refuseUnknownPath, serve } from './pipeline.ts'
import { createStores } from './responses/store.ts'

/**
 * The data plane: what it returns serves a host of an account, or the one that a region's accounts without a subdomain
 * share. What one host of an account stores, the others know.
 */
export function createDataPlane(context: Context): (host: Host) => Service {
  const storeOf = createStores()
  const authorizer = createAuthorizer(context)
  return host =>
    serviceOf({ context, host, authorizer, chooseReplica: createReplicas(context.replicasBy), storeOf })
}

function serviceOf(gateway: Gateway): Service {
  return {
    name: 'inference',
    routes: Object.entries({ ...operations, ...stored }).map(([name, operation]) =>
      route(gateway, name, operation),
    ),
    notFound: request => withContentType(refuseUnknownPath(gateway, request)),
    commonHeaders,
  }
}

function route(gateway: Gateway, name: string, operation: Operation): Route {
  const { method, path, source } = operation
  return {
    operation: name,
    method,
    path,
    source,
    handle: async (request, params) =>
      withContentType(await serve(gateway, { name, ...operation }, request, params)),
  }
}

/** The service names no character set in its JSON. A WebSocket has no content. */
const withContentType = (reply: ServiceReply): ServiceReply =>
  reply.status === 101
    ? reply
    : { ...reply, headers: { 'content-type': 'application/json', ...reply.headers } }
