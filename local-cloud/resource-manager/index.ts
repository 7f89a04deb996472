import type { Context } from '../context.ts'
import { subscriptionIdOf } from '../scopes.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import { accessViewRoutes } from './access-views.ts'
import { accountRoutes } from './accounts.ts'
import { deploymentRoutes } from './deployments.ts'
import { directoryRoutes } from './directory.ts'
import { gatewayError } from './errors.ts'
import { createGateway } from './gateway.ts'
import { metadataRoute } from './metadata.ts'
import { roleAssignmentRoutes } from './role-assignments.ts'
import { roleDefinitionRoutes } from './role-definitions.ts'

/** Azure Resource Manager: the directory, Cognitive Services accounts, and access control, authorized by RBAC. */
export function createResourceManager(context: Context): Service {
  const gateway = createGateway(context)
  return {
    name: 'resource-manager',
    routes: [
      metadataRoute(context.endpoints),
      ...roleAssignmentRoutes(gateway),
      ...roleDefinitionRoutes(gateway),
      ...accessViewRoutes(gateway),
      ...accountRoutes(gateway),
      ...deploymentRoutes(gateway),
      ...directoryRoutes(gateway),
    ],
    notFound,
    commonHeaders: request => commonHeaders(request, context.clock.now()),
  }
}

function notFound({ url }: ServiceRequest): ServiceReply {
  const error =
    subscriptionIdOf(url.pathname) === undefined
      ? gatewayError(
          404,
          'MissingSubscription',
          'The request did not have a subscription or a valid tenant level resource provider.',
        )
      : gatewayError(404, 'InvalidResourceType', `The resource type could not be found at '${url.pathname}'.`)
  return error.toReply()
}

/** Of a full bucket, what one request leaves; the local cloud throttles only where a fault makes it. */
const REMAINING: Readonly<Record<string, [bucket: string, count: string]>> = {
  GET: ['reads', '11999'],
  HEAD: ['reads', '11999'],
  DELETE: ['deletes', '14999'],
}

function commonHeaders({ method, url, headers }: ServiceRequest, now: number): Record<string, string> {
  const requestId = crypto.randomUUID()
  const correlationId = headers['x-ms-correlation-request-id'] ?? requestId
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const [bucket, count] = REMAINING[method] ?? ['writes', '1199']
  const owner = subscriptionIdOf(url.pathname) === undefined ? 'tenant' : 'subscription'
  const clientRequestId = headers['x-ms-client-request-id']
  const isEchoWanted = headers['x-ms-return-client-request-id']?.toLowerCase() === 'true'
  return {
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    expires: '-1',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-ms-request-id': requestId,
    'x-ms-correlation-request-id': correlationId,
    'x-ms-routing-request-id': `WESTEUROPE:${stamp}:${requestId}`,
    [`x-ms-ratelimit-remaining-${owner}-${bucket}`]: count,
    ...(isEchoWanted && clientRequestId !== undefined ? { 'x-ms-client-request-id': clientRequestId } : {}),
  }
}
