import type { ServiceReply } from '../service.ts'

/** A refusal in the envelope of Microsoft Graph (learn.microsoft.com/graph/errors). */
export class GraphError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }

  /** @param now milliseconds since the epoch */
  toReply(now: number, requestId: string): ServiceReply {
    const date = new Date(now).toISOString().slice(0, 19)
    const innerError = { date, 'request-id': requestId, 'client-request-id': requestId }
    return { status: this.status, body: { error: { code: this.code, message: this.message, innerError } } }
  }
}

/** 501 for what the local cloud does not have; `what` names it. */
export class GraphNotImplemented extends GraphError {
  readonly what: string

  constructor(what: string) {
    super(501, 'LocalCloudNotImplemented', `The local cloud does not have ${what}.`)
    this.what = what
  }

  override toReply(now: number, requestId: string): ServiceReply {
    return { ...super.toReply(now, requestId), unimplemented: this.what }
  }
}

export const notFound = (id: string) =>
  new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )

export const badRequest = (message: string) => new GraphError(400, 'Request_BadRequest', message)

/** A name or a pair that must be unique is taken. */
export const inUse = (message: string) =>
  new GraphError(409, 'Request_MultipleObjectsWithSameKeyValue', message)
