import type { Context } from '../context.ts'
import { subscriptionIdOf } from '../scopes.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import { type Operations, operationsOf, remainingHeader } from '../throttling.ts'
import { accessViewRoutes } from './access-views.ts'
import { accountRoutes } from './accounts.ts'
import { deploymentRoutes } from './deployments.ts'
import { directoryRoutes } from './directory.ts'
import { gatewayError } from './errors.ts'
import { createGateway } from './gateway.ts'
import { lockRoutes } from './locks.ts'
import { managedIdentityRoutes } from './managed-identities.ts'
import { metadataRoute } from './metadata.ts'
import { projectRoutes } from './projects.ts'
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
      ...lockRoutes(gateway),
      ...accountRoutes(gateway),
      ...projectRoutes(gateway),
      ...deploymentRoutes(gateway),
      ...managedIdentityRoutes(gateway),
      ...directoryRoutes(gateway),
    ],
    notFound,
    commonHeaders: request => ({
      ...commonHeaders(request, context.clock.now()),
      ...unlimited(context, request),
    }),
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

/** A full hour's allowance less one, in the figures of recordings. */
const UNLIMITED: Readonly<Record<Operations, string>> = { reads: '11999', writes: '1199', deletes: '14999' }

/** What is left where nobody counts. Of a subscription that is throttled the gateway tells, once it knows who asks. */
function unlimited({ throttling }: Context, { method, url }: ServiceRequest): Record<string, string> {
  const operations = operationsOf(method)
  const ofTenant = subscriptionIdOf(url.pathname) === undefined
  if (throttling !== undefined && !ofTenant) return {}
  return { [remainingHeader(ofTenant ? 'tenant' : 'subscription', operations)]: UNLIMITED[operations] }
}

function commonHeaders({ headers }: ServiceRequest, now: number): Record<string, string> {
  const requestId = crypto.randomUUID()
  const correlationId = headers['x-ms-correlation-request-id'] ?? requestId
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
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
    ...(isEchoWanted && clientRequestId !== undefined ? { 'x-ms-client-request-id': clientRequestId } : {}),
  }
}
