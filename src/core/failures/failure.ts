import type { HttpReply } from '../http/client.ts'
import { plain } from '../text/untrusted.ts'
import type { DiagnosisCode } from './codes.ts'
import { intermediaryOf } from './intermediary.ts'

/**
 * What a reply means for the run. `wait`: not yet, ask again for as long as the step is willing to. `throttled`: ask
 * again when told. `transient`: ask again a few times. `fatal`: asking again cannot help.
 */
export interface Failure {
  kind: 'wait' | 'throttled' | 'transient' | 'fatal'
  code: DiagnosisCode
  said: ServiceResponse
  /** Milliseconds that the service asked us to stay away. */
  retryAfterMs?: number
  /** What the reply named, where the kind of failure has such a thing. */
  details?: {
    dataAction?: string
    action?: string
    audience?: string
    parameter?: string
    deployment?: string
    /** What a network's rules keep the runner from, where that is not the resource. */
    keptFrom?: 'resource-manager'
    /** Further claims were asked of the token: Entra gave one with them (`met`), or could not be asked (`unreadable`). */
    challenge?: 'met' | 'unreadable'
  }
  /** The client id that was signing in, where Entra refused. */
  signingInAs?: string
  /** Where the request was going, where no reply came: hosts, with their ports. */
  way?: { target: string; proxy?: string }
}

/** What a service said, made safe to print. */
export interface ServiceResponse {
  /** Absent where no reply came. */
  status?: number
  /** The service's own structured code, such as AADSTS700213 or AuthorizationFailed. */
  serviceCode?: string
  message: string
  /** Who said it, where it was not the service but something on the way, such as `an API Management gateway`. */
  by?: string
  /** Ids under which the service's support finds the request. */
  ids: Record<string, string>
  host?: string
}

/** Status and code of a reply, in short, and who sent it where it was not the service. Some services give the status as the code. */
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
  /** What was being done, in words that follow "while", such as `reading the account`. */
  readonly operation: string

  constructor(operation: string, failure: Failure) {
    super(`${failure.code} while ${operation}`)
    this.name = 'StepError'
    this.operation = operation
    this.failure = failure
  }
}

/** A failure that no service spoke of: the action itself found the reason. */
export function localFailure(code: DiagnosisCode, message: string, details?: Failure['details']): Failure {
  return { kind: 'fatal', code, said: { message, ids: {} }, ...(details === undefined ? {} : { details }) }
}

/** A reply that came from somewhere on the way names the host that it kept the request from. */
export function withHost(failure: Failure, url: string): Failure {
  if (failure.code !== 'blocked-on-the-way') return failure
  return { ...failure, said: { ...failure.said, host: plain(new URL(url).host, 260) } }
}

/** What nobody foresaw, as a failure that can be told like any other: it is a fault of the action. A failure stays what it is. */
export function failureOf(error: unknown, operation: string): StepError {
  if (error instanceof StepError) return error
  return new StepError(operation, localFailure('unexpected-error', plain(unexpectedWords(error))))
}

/** Words, and the place in the code; never the code itself, which is one long line in what runners run. */
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

/** The ids, by header, under which the service's support finds a request. */
export const requestIdsOf = ({ headers }: Pick<HttpReply, 'headers'>): Record<string, string> =>
  Object.fromEntries(
    idHeaders.flatMap(name => {
      const value = headers[name]
      return value === undefined ? [] : [[name, plain(value, 80)]]
    }),
  )

/** Gathers what a reply said. Everything in it is untrusted text, and leaves here neutralised. */
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

/** None of the services redirects: a proxy or a captive portal does. It is never followed, because a token would go along. */
function redirectOf({ status, headers }: HttpReply): string {
  const { location } = headers
  if (status < 300 || status > 399 || location === undefined) return ''
  return `It redirects to ${plain(location, 200)}; redirects are not followed. `
}

/**
 * Milliseconds of a Retry-After, in any of the forms that Azure sends: `retry-after-ms`, `x-ms-retry-after-ms`, seconds,
 * an HTTP date. Undefined where there is none or it makes no sense.
 * @param now Milliseconds since the epoch, for dates; the service's own clock goes before it, where the reply shows it.
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
