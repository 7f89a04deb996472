import type { Context } from '../context.ts'
import { subscriptionIdOf } from '../scopes.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import { type Operations, operationsOf, remainingHeader } from '../throttling.ts'
import { actionOf } from './actions.ts'
import { denyAssignmentRoutes } from './authorization/deny-assignments.ts'
import { lockRoutes } from './authorization/locks.ts'
import { permissionRoutes } from './authorization/permissions.ts'
import { providerOperationRoutes } from './authorization/provider-operations.ts'
import { roleAssignmentRoutes } from './authorization/role-assignments.ts'
import { roleDefinitionRoutes } from './authorization/role-definitions.ts'
import { scheduleRoutes } from './authorization/schedules.ts'
import { accountKeyRoutes } from './cognitive-services/account-keys.ts'
import { accountRoutes } from './cognitive-services/accounts.ts'
import { agentApplicationRoutes } from './cognitive-services/agent-applications.ts'
import { deletedAccountRoutes } from './cognitive-services/deleted-accounts.ts'
import { deploymentRoutes } from './cognitive-services/deployments.ts'
import { modelRoutes } from './cognitive-services/models.ts'
import { nameRoutes } from './cognitive-services/names.ts'
import { operationResultRoutes } from './cognitive-services/operation-results.ts'
import { projectRoutes } from './cognitive-services/projects.ts'
import { NotImplemented } from './errors.ts'
import { createGateway } from './gateway.ts'
import { activityLogRoutes } from './insights/activity-log.ts'
import { diagnosticSettingRoutes } from './insights/diagnostic-settings.ts'
import { federatedCredentialRoutes } from './managed-identity/federated-credentials.ts'
import { identityRoutes } from './managed-identity/identities.ts'
import { systemIdentityRoutes } from './managed-identity/system-identities.ts'
import { metadataRoute } from './metadata.ts'
import { providerRoutes } from './resources/providers.ts'
import { resourceGroupRoutes } from './resources/resource-groups.ts'
import { resourceRoutes } from './resources/resources.ts'
import { subscriptionRoutes } from './resources/subscriptions.ts'

/** Azure Resource Manager: the directory, Cognitive Services accounts, and access control, authorized by RBAC. */
export function createResourceManager(context: Context): Service {
  const gateway = createGateway(context)
  return {
    name: 'resource-manager',
    routes: [
      metadataRoute(context.endpoints),
      ...roleAssignmentRoutes(gateway),
      ...roleDefinitionRoutes(gateway),
      ...permissionRoutes(gateway),
      ...denyAssignmentRoutes(gateway),
      ...scheduleRoutes(gateway),
      ...providerOperationRoutes(gateway),
      ...lockRoutes(gateway),
      ...accountRoutes(gateway),
      ...accountKeyRoutes(gateway),
      ...deletedAccountRoutes(gateway),
      ...nameRoutes(gateway),
      ...modelRoutes(gateway),
      ...operationResultRoutes(gateway),
      ...projectRoutes(gateway),
      ...agentApplicationRoutes(gateway),
      ...deploymentRoutes(gateway),
      ...identityRoutes(gateway),
      ...systemIdentityRoutes(gateway),
      ...diagnosticSettingRoutes(gateway),
      ...activityLogRoutes(gateway),
      ...federatedCredentialRoutes(gateway),
      ...subscriptionRoutes(gateway),
      ...resourceGroupRoutes(gateway),
      ...providerRoutes(gateway),
      // Last, because it takes everything that looks like a resource.
      ...resourceRoutes(gateway),
    ],
    notFound,
    commonHeaders: request => ({
      ...commonHeaders(request, context.clock.now()),
      ...unlimited(context, request),
    }),
  }
}

/** The gap that clients meet most often. */
const TEMPLATES = 'No template is deployed here: make what is in it one by one, with az or Terraform.'

/**
 * Azure has operations for nearly every path, so a path without a route is a gap of the local cloud, not a mistake of the
 * request.
 */
function notFound({ method, url }: ServiceRequest): ServiceReply {
  const action = actionOf(method, url.pathname)
  return new NotImplemented(
    action,
    /^Microsoft\.Resources\/deployments\//i.test(action) ? TEMPLATES : '',
  ).toReply()
}

/** One less than a full hour's allowance, as in the recordings. */
const UNLIMITED: Readonly<Record<Operations, string>> = { reads: '11999', writes: '1199', deletes: '14999' }

/** The header if requests are not counted. For a throttled subscription the gateway adds it, because it knows the caller. */
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
