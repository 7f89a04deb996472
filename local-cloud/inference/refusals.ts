import type { ServiceReply } from '../service.ts'

/** Ends the handling of a request. The reply is this one. */
export class Refusal extends Error {
  readonly reply: ServiceReply
  constructor(reply: ServiceReply) {
    super(`refused with ${reply.status}`)
    this.reply = reply
  }
}

/** Runs `work`. A refusal that it throws becomes the reply. */
export async function replyOrRefusal(
  work: () => Promise<ServiceReply> | ServiceReply,
): Promise<ServiceReply> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

/** The reply of the refusal that `find` returns or throws. */
export function refusalFrom(find: () => Refusal): ServiceReply {
  try {
    return find().reply
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

/** The gateway's error: a code and a sentence. */
function gatewayError(
  status: number,
  code: string,
  message: string,
  headers?: Record<string, string>,
): Refusal {
  return new Refusal({ status, body: { error: { code, message } }, ...(headers && { headers }) })
}

/** The error of the model behind the gateway, in OpenAI's form. */
export function invalidRequest(message: string, param: string | null, code: string | null): Refusal {
  return new Refusal({
    status: 400,
    body: { error: { message, type: 'invalid_request_error', param, code } },
  })
}

/** The error of the Foundry model router, which repeats its message. */
function routerError(status: number, code: string, message: string): Refusal {
  return new Refusal({ status, body: { error: { code, message, details: message } } })
}

const trafficDenied = { 'policy-id': 'ThrowExceptionDueToTrafficDenied' }

export const resourceBlocked = () =>
  gatewayError(
    403,
    'Forbidden',
    'Your resource has been temporarily blocked because we detected behavior that may violate our content policy. For more ' +
      'details on Azure OpenAI service content policy, please visit https://aka.ms/aoaicodeofconduct',
  )

export const publicAccessDisabled = () =>
  gatewayError(
    403,
    'AccessDenied',
    'Public access is disabled. Please configure private endpoint.',
    trafficDenied,
  )

export const firewallDenied = () =>
  gatewayError(403, '403', 'Access denied due to Virtual Network/Firewall rules.', trafficDenied)

/** Also the reply to a request without credentials. */
export const invalidKey = () =>
  gatewayError(
    401,
    '401',
    'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
  )

export const keyAuthenticationDisabled = () =>
  gatewayError(403, 'AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.')

export const customSubdomainRequired = () =>
  gatewayError(
    400,
    'BadRequest',
    'Please provide a custom subdomain for token authentication, otherwise API key is required.',
  )

/** The only 401 without an `error` envelope. The service prints two audiences with a slash at the end, and one without. */
export function tokenRejected(audiences: readonly string[]): Refusal {
  const expected =
    audiences.length === 1 ? audiences[0] : audiences.map(audience => `${audience}/`).join(' or ')
  return new Refusal({
    status: 401,
    body: {
      statusCode: 401,
      message: `Unauthorized. Access token is missing, invalid, audience is incorrect (${expected}), or have expired.`,
    },
  })
}

export const tenantMismatch = (tokenTenant: string) =>
  gatewayError(
    400,
    'Tenant provided in token does not match resource token',
    `Token tenant ${tokenTenant} does not match resource tenant.`,
  )

/** 401, not 403: a missing role and a role that is not live yet look the same. */
export const permissionDenied = (denied: {
  principalId: string
  dataAction: string
  operation: string
  guidance: boolean
}) =>
  gatewayError(
    401,
    'PermissionDenied',
    `The principal \`${denied.principalId}\` lacks the required data action \`${denied.dataAction}\` to perform \`${denied.operation}\` operation.${
      denied.guidance
        ? ' For instructions on granting the necessary permissions, see https://aka.ms/FoundryPermissions.'
        : ''
    }`,
  )

export const resourceNotFound = () => gatewayError(404, '404', 'Resource not found')

export const subdomainNotMapped = () =>
  gatewayError(404, 'ResourceNotFound', 'Subdomain does not map to a resource')

export const projectNotFound = () => gatewayError(404, 'NotFound', 'Project not found')

export const apiVersionNotAllowed = () =>
  gatewayError(400, 'BadRequest', 'api-version query parameter is not allowed when using /v1 path')

export const apiVersionNotSupported = () => gatewayError(400, 'BadRequest', 'API version not supported')

export const responsesNeedVersion = (first: string) =>
  gatewayError(
    400,
    'BadRequest',
    `Azure OpenAI Responses API is enabled only for api-version ${first} and later`,
  )

export const deploymentNotFound = () =>
  new Refusal({
    status: 404,
    body: {
      error: {
        type: 'invalid_request_error',
        code: 'DeploymentNotFound',
        message:
          'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
      },
    },
  })

export const operationNotSupported = (operation: string, model: string) =>
  gatewayError(
    400,
    'OperationNotSupported',
    `The ${operation} operation does not work with the specified model, ${model}. Please choose different model and try again. You can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.`,
  )

/** A Claude model called by OpenAI's API, or the reverse. */
export const apiNotSupported = () =>
  routerError(404, 'api_not_supported', 'Requested API is currently not supported')

export const noModelName = () =>
  routerError(
    400,
    'no_model_name',
    'No model specified in request. Please provide a model name in the request body or as a x-ms-model-mesh-model-name header.',
  )

export const noDeploymentInQuery = () =>
  gatewayError(
    400,
    'OperationNotSupported',
    'This operation requires either deployment=<deployment-id> or intent=transcription present on the querystring.',
  )

export const webSocketExpected = () =>
  gatewayError(400, 'BadRequest', 'The request is no WebSocket handshake.')

/** Our own wording: nobody here knows Azure's for these two. */
export const projectDeploymentNotFound = (name: string) =>
  gatewayError(404, 'NotFound', `Deployment ${name} not found`)
export const connectionNotFound = (name: string) =>
  gatewayError(404, 'NotFound', `Connection ${name} not found`)

export const agentNotFound = (name: string) => gatewayError(404, 'not_found', `Agent ${name} doesn't exist`)

export const unknownModel = (name: string) => routerError(404, 'unknown_model', `Unknown model: ${name}`)

/** For an id that the store of the responses API does not have. */
const notStored = (message: string) =>
  new Refusal({
    status: 404,
    body: { error: { message, type: 'invalid_request_error', param: null, code: null } },
  })

export const responseNotFound = (id: string) => notStored(`Response with id '${id}' not found.`)
export const conversationNotFound = (id: string) => notStored(`Conversation with id '${id}' not found.`)
export const itemNotFound = (id: string) => notStored(`Item with id '${id}' not found.`)
