import type { HttpReply } from '../http/client.ts'
import { plain } from '../text/untrusted.ts'
import type { DiagnosisCode } from './codes.ts'
import { intermediaryOf } from './intermediary.ts'

/**
 * What a reply means for the run. `wait`: not yet; try again for as long as the step allows. `throttled`: try again when the
 * service says. `transient`: try again a few times. `fatal`: trying again does not help.
 */
export interface Failure {
  kind: 'wait' | 'throttled' | 'transient' | 'fatal'
  code: DiagnosisCode
  said: ServiceResponse
  /** How long the service asked us to wait; milliseconds. */
  retryAfterMs?: number
  /** What the reply named, if this kind of failure has it. */
  details?: {
    dataAction?: string
    action?: string
    audience?: string
    parameter?: string
    deployment?: string
    /** What network rules block, if not the resource. */
    keptFrom?: 'resource-manager'
    /**
     * The service asked for further claims in the token: Entra issued one with them (`met`), or could not be asked
     * (`unreadable`).
     */
    challenge?: 'met' | 'unreadable'
  }
  /** The client id that was signing in, if Entra refused. */
  signingInAs?: string
  /** The target of the request, if no reply came: hosts, with their ports. */
  way?: { target: string; proxy?: string }
}

/** What a service said, made safe to print. */
export interface ServiceResponse {
  /** Absent if no reply came. */
  status?: number
  /** The service's own structured code, such as AADSTS700213 or AuthorizationFailed. */
  serviceCode?: string
  message: string
  /** Who sent it, if not the service but something in between, such as `an API Management gateway`. */
  by?: string
  /** Ids with which the service's support finds the request. */
  ids: Record<string, string>
  host?: string
}

/**
 * Status and code of a reply, in short, and the sender if it was not the service. Some services repeat the status as the code.
 */
export function statusLine({
  status,
  serviceCode,
  by,
}: Pick<ServiceResponse, 'status' | 'serviceCode' | 'by'>): string {
  const head = [...new Set([status?.toString(), serviceCode])].filter(part => part !== undefined).join(' ')
  return by === undefined ? head : `${head}, from ${by}`
}

/** A step that ended in a failure: the one error type that the gate turns into a diagnosis. */
export class StepError extends Error {
  readonly failure: Failure
  /** What the run was doing, in words that follow "while", such as `reading the account`. */
  readonly operation: string

  constructor(operation: string, failure: Failure) {
    super(`${failure.code} while ${operation}`)
    this.name = 'StepError'
    this.operation = operation
    this.failure = failure
  }
}

/** A failure that no service reported: the action itself found the reason. */
export function localFailure(code: DiagnosisCode, message: string, details?: Failure['details']): Failure {
  return { kind: 'fatal', code, said: { message, ids: {} }, ...(details === undefined ? {} : { details }) }
}

/** Adds the host that the request did not reach, if something in between replied. */
export function withHost(failure: Failure, url: string): Failure {
  if (failure.code !== 'blocked-on-the-way') return failure
  return { ...failure, said: { ...failure.said, host: plain(new URL(url).host, 260) } }
}

/** Turns an unexpected error, which is a bug of the action, into a failure that can be reported. A failure is returned unchanged. */
export function failureOf(error: unknown, operation: string): StepError {
  if (error instanceof StepError) return error
  return new StepError(operation, localFailure('unexpected-error', plain(unexpectedWords(error))))
}

/** The message and the place in the code, without the code itself, which is one long line in the bundle. */
function unexpectedWords(error: unknown): string {
  if (!(error instanceof Error)) return `Thrown was: ${String(error)}`
  const place = /[^\s(/\\]+:\d+:\d+(?=\)?$)/m.exec(error.stack ?? '')?.[0]
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (at ${place})`}`
}

const maxSaidLength = 1200
const idHeaders = [
  'x-ms-request-id',
  'x-ms-correlation-request-id',
  'apim-request-id',
  'x-request-id',
  'request-id',
  'x-github-request-id',
]

/** The ids, by header, with which the service's support finds a request. */
export const requestIdsOf = ({ headers }: Pick<HttpReply, 'headers'>): Record<string, string> =>
  Object.fromEntries(
    idHeaders.flatMap(name => {
      const value = headers[name]
      return value === undefined ? [] : [[name, plain(value, 80)]]
    }),
  )

/** Collects what a reply said. All of it is untrusted text, and is made safe here. */
export function summarizeResponse(
  reply: HttpReply,
  serviceCode: string | undefined,
  message: string,
): ServiceResponse {
  const ids = requestIdsOf(reply)
  const by = intermediaryOf(reply)
  return {
    status: reply.status,
    ...(by === undefined ? {} : { by }),
    ...(serviceCode === undefined ? {} : { serviceCode: plain(serviceCode, 80) }),
    message: plain(`${redirectOf(reply)}${message}`, maxSaidLength),
    ids,
  }
}

/** Where a redirect points. The gate never follows one, because the token would go along. */
function redirectOf({ status, headers }: HttpReply): string {
  const { location } = headers
  if (status < 300 || status > 399 || location === undefined) return ''
  return `It redirects to ${plain(location, 200)}; redirects are not followed. `
}

/**
 * Milliseconds of a Retry-After, in any of the forms that Azure sends: `retry-after-ms`, `x-ms-retry-after-ms`, seconds, an
 * HTTP date. Undefined if there is none or it makes no sense.
 * @param now Milliseconds since the epoch, for dates; if the reply shows the service's own clock, that is used instead.
 */
export function retryAfterMs(headers: Record<string, string>, now: number): number | undefined {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const value = Number.parseFloat(headers[name] ?? '')
    if (Number.isFinite(value) && value >= 0) return value
  }
  const text = headers['retry-after']?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  if (Number.isNaN(date)) return undefined
  const here = Date.parse(headers.date ?? '')
  return Math.max(0, date - (Number.isNaN(here) ? now : here))
}
