import { notImplemented, type ServiceReply } from '../service.ts'

/** A refusal in Resource Manager's envelope. The code that finds the fault throws it, and the gateway turns it into a reply. */
export class ArmError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }

  toReply(): ServiceReply {
    return {
      status: this.status,
      headers: this.headers,
      body: { error: { code: this.code, message: this.message } },
    }
  }
}

/** Ends a request with a 501 that names what the local cloud does not have. */
export class NotImplemented extends ArmError {
  readonly #reply: ServiceReply

  constructor(what: string, explanation = '') {
    super(501, 'LocalCloudNotImplemented', what)
    this.#reply = notImplemented(what, explanation)
  }

  override toReply(): ServiceReply {
    return this.#reply
  }
}

/** A refusal of Resource Manager itself, before a resource provider sees the request. A header marks it. */
export function gatewayError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): ArmError {
  return new ArmError(status, code, message, { 'x-ms-failure-cause': 'gateway', ...headers })
}

/** 404 for a resource of any type; `resource` reads `Microsoft.X/type/name[/type/name]`. */
export function resourceNotFound(resource: string, resourceGroup: string): ArmError {
  return gatewayError(
    404,
    'ResourceNotFound',
    `The Resource '${resource}' under resource group '${resourceGroup}' was not found. ` +
      'For more details please go to https://aka.ms/ARMResourceNotFoundFix',
  )
}

export const locationRequired = () =>
  gatewayError(400, 'LocationRequired', 'The location property is required for this definition.')
