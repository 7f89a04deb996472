/** What the services have in common: plain requests in, plain replies out. `server.ts` puts them on the wire. */

export type ServiceName =
  | 'github'
  | 'entra'
  | 'managed-identity'
  | 'resource-manager'
  | 'graph'
  | 'inference'
  | 'app'
  | 'gateway'
  | 'control'

export interface ServiceRequest {
  method: string
  url: URL
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  body: string
  /** The number of the connection that it came by, counted from 0 in the order in which the port took them. */
  connection: number
}

export interface ServiceReply {
  status: number
  headers?: Record<string, string>
  /** A string and a Buffer go out as they are, undefined as an empty body, anything else as JSON. */
  body?: unknown
  /** Instead of `body`: pieces that go out one after the other, as they are made (server-sent events). */
  pieces?: readonly string[]
  /** Object id of the caller, where the service found out; kept in the journal. */
  caller?: string
  /** What the request asked for and the local cloud does not have; kept in the journal. The reply is then 501. */
  unimplemented?: string
}

/**
 * 501 for what the local cloud does not have: a 404 would read as "gone", and a 200 as "done". `what` names it:
 * an action such as `Microsoft.Storage/storageAccounts/read`, or an operation with what it does not know.
 */
export function notImplemented(what: string, explanation = ''): ServiceReply {
  const message = `The local cloud does not have ${what}.${explanation && ` ${explanation}`}`
  return { status: 501, body: { error: { code: 'LocalCloudNotImplemented', message } }, unimplemented: what }
}

/** One operation of a service. The name is what faults and the journal speak of, e.g. `roleAssignments.create`. */
export interface Route {
  operation: string
  /** Where this behaviour of Azure is known from: an operation of an official description, an SDK's source, a recording. */
  source?: string
  method: string
  /** Matched against the path with doubled slashes folded, without case; named groups become `params`, percent-decoded. A GET answers HEAD too. */
  path: RegExp
  handle(
    request: ServiceRequest,
    params: Readonly<Record<string, string>>,
  ): Promise<ServiceReply> | ServiceReply
}

export interface Service {
  name: ServiceName
  routes: readonly Route[]
  /** The reply to a request that no route takes. */
  notFound(request: ServiceRequest): ServiceReply
  /** Headers that every reply of this service carries (request ids, security headers). */
  commonHeaders(request: ServiceRequest): Record<string, string>
}
