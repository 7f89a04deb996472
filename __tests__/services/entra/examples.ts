import { answered, type Example, type Examples } from '../../support/example.ts'

const errorCodes = 'https://learn.microsoft.com/entra/identity-platform/reference-error-codes'
const azurePipelines =
  'https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity'

/** A refusal as the token endpoint writes it. */
function refused(
  number: number,
  sentence: string,
  source: string,
  { status = 401, error = 'invalid_client' } = {},
): Example {
  const trace_id = '00000000-1111-2222-3333-444444444444'
  const correlation_id = '55555555-6666-7777-8888-999999999999'
  const timestamp = '2026-11-01 12:00:00Z'
  const body = {
    error,
    error_description: `AADSTS${number}: ${sentence} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id,
    correlation_id,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
  }
  return answered(status, body, source)
}

const badRequest = { status: 400, error: 'invalid_request' }
const unauthorized = { status: 400, error: 'unauthorized_client' }
const check =
  'Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation'

export const entraExamples: Examples<'entra'> = {
  'federated-credential-missing': refused(
    70025,
    "The client 'contoso-deploy' has no configured federated identity credentials.",
    azurePipelines,
  ),
  'federated-subject-mismatch': refused(
    700213,
    `No matching federated identity record found for presented assertion subject 'repo:contoso/shop:ref:refs/heads/main'. ${check}`,
    'https://github.com/Azure/login/issues/379',
  ),
  'federated-subject-case-mismatch': refused(
    7002138,
    "No matching federated identity record found for presented assertion subject 'repo:Contoso/shop:environment:production'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. " +
      check,
    'https://github.com/Azure/login/issues/517',
  ),
  'federated-issuer-mismatch': refused(
    700211,
    `No matching federated identity record found for presented assertion issuer 'https://token.actions.githubusercontent.com'. ${check}`,
    azurePipelines,
  ),
  'federated-audience-mismatch': refused(
    700212,
    `No matching federated identity record found for presented assertion audience 'api://contoso'. ${check}`,
    azurePipelines,
  ),
  'federated-expression-unusable': refused(
    700235,
    'The federated identity credentials flow does not support credentials matching via expression at this time.',
    'reply quoted in public code',
  ),
  'federated-credential-ambiguous': refused(
    700263,
    'More than one federated identity credential matches the presented assertion.',
    'number seen in public code, words ours',
  ),
  'federated-enterprise-claim-required': refused(
    7002381,
    "Federated identity credentials issued by 'https://token.actions.githubusercontent.com/' for applications or managed identities registered in this tenant must contain the enterprise claim with value 'contoso' but actual value is ''.",
    'https://github.com/triton-lang/triton/issues/10680',
  ),
  'federation-disabled': refused(
    700223,
    'Only AAD-issued tokens may be used for first-party application federated identity flows.',
    'https://github.com/Azure/azure-workload-identity/issues/1274',
  ),
  'assertion-rejected': refused(
    5002738,
    "Invalid JWT token. 'ES384' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, HS256'",
    'reply quoted in public code',
    badRequest,
  ),
  'assertion-expired': refused(
    700024,
    'Client assertion is not within its valid time range.',
    'https://github.com/Azure/login/issues/372',
  ),
  'issuer-keys-unavailable': refused(
    50166,
    'Request to External OIDC endpoint failed.',
    'https://github.com/Azure/azure-workload-identity/issues/642',
    badRequest,
  ),
  'application-not-found': refused(
    700016,
    "Application with identifier '11111111-2222-4333-8444-555555555555' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
    'https://github.com/Azure/login/issues/561',
    unauthorized,
  ),
  'application-disabled': refused(
    7000112,
    "Application '11111111-2222-4333-8444-555555555555'(contoso-deploy) is disabled.",
    'https://github.com/Worklytics/psoxy/pull/74',
    unauthorized,
  ),
  'application-not-assigned': refused(
    501051,
    "Application '11111111-2222-4333-8444-555555555555'(contoso-deploy) is not assigned to a role for the application '66666666-7777-4888-8999-aaaaaaaaaaaa'(contoso-gateway).",
    errorCodes,
    { status: 400, error: 'invalid_grant' },
  ),
  'application-is-public-client': refused(
    700025,
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    'reply quoted in public code',
  ),
  'service-principal-missing': refused(
    7000229,
    'The client application 11111111-2222-4333-8444-555555555555 is missing service principal in the tenant 00000000-1111-2222-3333-444444444444. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119',
    'https://github.com/Azure/Commercial-Marketplace-SaaS-Accelerator/issues/830',
  ),
  'tenant-not-found': refused(
    90002,
    "Tenant '00000000-1111-2222-3333-444444444444' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    errorCodes,
    badRequest,
  ),
  'tenant-restricted': refused(
    5000211,
    "A tenant restrictions policy added to this request by a device or network administrator does not allow access to 'contoso'.",
    'https://learn.microsoft.com/entra/external-id/tenant-restrictions-v2',
    { status: 400, error: 'invalid_grant' },
  ),
  'wrong-cloud': refused(
    900382,
    'Confidential Client is not supported in Cross Cloud request.',
    'https://github.com/Azure/ms-rest-nodeauth/issues/110',
    badRequest,
  ),
  'conditional-access-blocked': refused(
    53003,
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
    errorCodes,
    { status: 400, error: 'invalid_grant' },
  ),
  'token-scope-invalid': refused(
    500011,
    'The resource principal named https://cognitiveservices.azure.example was not found in the tenant named Contoso. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.',
    'https://github.com/Azure/azure-cli/issues/14948',
    { status: 400, error: 'invalid_resource' },
  ),
  'entra-throttled': refused(90055, 'There are too many incoming requests.', errorCodes, {
    status: 429,
    error: 'temporarily_unavailable',
  }),
  'entra-unavailable': refused(90033, 'A transient error has occurred. Please try again.', errorCodes, {
    status: 503,
    error: 'temporarily_unavailable',
  }),
  'entra-rejected': refused(
    7000222,
    "The provided client secret keys for app '11111111-2222-4333-8444-555555555555' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
    errorCodes,
  ),
}
