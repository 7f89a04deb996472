import { assignRoles } from '../../../src/azure/rbac/delegation-conditions.ts'
import { answered, type Example, type Examples } from '../../support/example.ts'

const roles = 'https://learn.microsoft.com/azure/role-based-access-control/troubleshooting'
const limits = 'https://learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits'
const deployments =
  'https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors'
const locks = 'https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources'

const subscription = '/subscriptions/00000000-1111-2222-3333-444444444444'
const account = `${subscription}/resourceGroups/rg-contoso/providers/Microsoft.CognitiveServices/accounts/contoso-ai`
const assignment = `${account}/providers/Microsoft.Authorization/roleAssignments/77777777-8888-4999-8aaa-bbbbbbbbbbbb`
const caller =
  "The client '11111111-2222-4333-8444-555555555555' with object id '66666666-7777-4888-8999-aaaaaaaaaaaa'"
const refresh = 'or the scope is invalid. If access was recently granted, please refresh your credentials.'

const refused = (status: number, code: string, message: string, source: string): Example =>
  answered(status, { error: { code, message } }, source)

export const resourceManagerExamples: Examples<'resource-manager'> = {
  'cannot-assign-role': refused(
    403,
    'AuthorizationFailed',
    `${caller} does not have authorization to perform action '${assignRoles}' over scope '${assignment}' ${refresh}`,
    'https://github.com/Azure/azure-powershell/issues/10917',
  ),
  'delegation-condition-unmet': refused(
    403,
    'AuthorizationFailed',
    `${caller} does not have authorization or an ABAC condition not fulfilled to perform action '${assignRoles}' over scope '${assignment}' ${refresh}`,
    roles,
  ),
  'deny-assignment': refused(
    403,
    'DenyAssignmentAuthorizationFailed',
    `${caller} has permission to perform action '${assignRoles}' on scope '${assignment}'; however, the access is denied because of the deny assignment with name 'Deny assignment '88888888-9999-4aaa-8bbb-cccccccccccc' created by Deployment Stack '${subscription}/providers/Microsoft.Resources/deploymentStacks/contoso'.' and Id '888888889999aaaabbbbcccccccccccc' at scope '${subscription}'.`,
    'https://learn.microsoft.com/azure/role-based-access-control/deny-assignments',
  ),
  'principal-not-found': refused(
    400,
    'PrincipalNotFound',
    'Principal 66666666777748888999aaaaaaaaaaaa does not exist in the directory 00000000-1111-2222-3333-444444444444. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype',
    'https://github.com/Azure/HubAndSpokeResearchEnclave/issues/50',
  ),
  'principal-type-mismatch': refused(
    400,
    'UnmatchedPrincipalType',
    "The PrincipalId '66666666777748888999aaaaaaaaaaaa' has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'.",
    'https://github.com/Azure/modern-web-app-pattern-dotnet/pull/129',
  ),
  'role-not-found': refused(
    400,
    'RoleDefinitionDoesNotExist',
    "The specified role definition with ID '999999990000411182222333333333333' does not exist.",
    roles,
  ),
  'role-not-suitable': {
    own: 'The role that would have to be granted has no data actions, or may assign roles; it was not granted.',
  },
  'role-assignment-limit': refused(
    409,
    'RoleAssignmentLimitExceeded',
    'The role assignment limit has been reached. No more role assignments can be created.',
    limits,
  ),
  'role-assignment-exists': refused(
    409,
    'RoleAssignmentExists',
    'The role assignment already exists. The ID of the existing role assignment is 7777777788884999aaaabbbbbbbbbbbb.',
    roles,
  ),
  'role-assignment-conflict': refused(
    400,
    'RoleAssignmentUpdateNotPermitted',
    'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    roles,
  ),
  'resource-locked': refused(
    409,
    'ScopeLocked',
    `The scope '${assignment}' cannot perform write operation because following scope(s) are locked: '${account}'. Please remove the lock and try again.`,
    locks,
  ),
  'policy-denied': refused(
    403,
    'RequestDisallowedByPolicy',
    'Resource \'77777777-8888-4999-8aaa-bbbbbbbbbbbb\' was disallowed by policy. Policy identifiers: \'[{"policyAssignment":{"name":"Allowed roles"}}]\'.',
    deployments,
  ),
  'subscription-not-found': refused(
    404,
    'SubscriptionNotFound',
    "The subscription '00000000-1111-2222-3333-444444444444' could not be found.",
    deployments,
  ),
  'subscription-disabled': refused(
    409,
    'ReadOnlyDisabledSubscription',
    "The subscription '00000000-1111-2222-3333-444444444444' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.",
    'https://github.com/microsoft/microsoft-foundry-for-vscode/issues/27',
  ),
  'resource-provider-unregistered': refused(
    409,
    'MissingSubscriptionRegistration',
    "The subscription is not registered to use namespace 'Microsoft.CognitiveServices'. See https://aka.ms/rps-not-found for how to register subscriptions.",
    deployments,
  ),
  'resource-not-found': refused(
    404,
    'ResourceNotFound',
    "The Resource 'Microsoft.CognitiveServices/accounts/contoso-ai' under resource group 'rg-contoso' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    deployments,
  ),
  'resource-manager-forbidden': refused(
    403,
    'AuthorizationFailed',
    `${caller} does not have authorization to perform action 'Microsoft.CognitiveServices/accounts/read' over scope '${account}' ${refresh}`,
    'https://github.com/microsoft/foundry-dev-tools/issues/555',
  ),
  'resource-manager-token-rejected': refused(
    401,
    'InvalidAuthenticationTokenTenant',
    "The access token is from the wrong issuer 'https://sts.windows.net/00000000-1111-2222-3333-444444444444/'. It must match the tenant 'https://sts.windows.net/99999999-0000-4111-8222-333333333333/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/99999999-0000-4111-8222-333333333333' to get the token.",
    'https://github.com/Azure/azure-mcp/issues/717',
  ),
  'resource-manager-throttled': answered(
    429,
    {
      error: {
        code: 'SubscriptionRequestsThrottled',
        message:
          "Number of 'read' requests for subscription '00000000-1111-2222-3333-444444444444' actor '66666666-7777-4888-8999-aaaaaaaaaaaa' exceeded. Please try again after '10' seconds.",
      },
    },
    'https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling',
    { 'retry-after': '10' },
  ),
  'resource-manager-unavailable': refused(
    504,
    'GatewayTimeout',
    "The gateway did not receive a response from 'Microsoft.CognitiveServices' within the specified time period.",
    'https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors',
  ),
  'resource-manager-rejected': refused(
    400,
    'InvalidApiVersionParameter',
    "The api-version '1999-01-01' is invalid. The supported versions are '2025-04-01'.",
    deployments,
  ),
}
