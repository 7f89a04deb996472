import * as v from 'valibot'
import type { HttpReply } from '../http.ts'
import { plain } from '../untrusted-text.ts'
import type { DiagnosisCode } from './codes.ts'
import { parseJson, type Refusal, retryAfterMs, saidBy, wordingOf } from './verdict.ts'

/**
 * Refusals of Entra's token and discovery endpoints. The AADSTS number decides: the same number arrives with several
 * statuses and `error` values (learn.microsoft.com, reference-error-codes).
 */

const byNumber: Readonly<Record<number, DiagnosisCode>> = {
  70021: 'federated-subject-mismatch',
  700213: 'federated-subject-mismatch',
  7002138: 'federated-subject-case-mismatch',
  700211: 'federated-issuer-mismatch',
  700212: 'federated-audience-mismatch',
  7002121: 'federated-audience-mismatch',
  70025: 'federated-credential-missing',
  7002381: 'federated-enterprise-claim-required',
  700223: 'federation-disabled',
  700238: 'federation-disabled',
  50027: 'assertion-rejected',
  500271: 'assertion-rejected',
  700222: 'assertion-rejected',
  700023: 'assertion-rejected',
  5002738: 'assertion-rejected',
  50013: 'assertion-rejected',
  700021: 'assertion-rejected',
  700030: 'assertion-rejected',
  700024: 'assertion-expired',
  500133: 'assertion-expired',
  50166: 'issuer-keys-unavailable',
  700016: 'application-not-found',
  700015: 'application-not-found',
  7000112: 'application-disabled',
  7000111: 'application-disabled',
  50105: 'application-not-assigned',
  501051: 'application-not-assigned',
  7000229: 'service-principal-missing',
  90002: 'tenant-not-found',
  900023: 'tenant-not-found',
  900021: 'tenant-not-found',
  900382: 'wrong-cloud',
  90038: 'wrong-cloud',
  53003: 'conditional-access-blocked',
  530031: 'conditional-access-blocked',
  53000: 'conditional-access-blocked',
  50131: 'conditional-access-blocked',
  50001: 'token-scope-invalid',
  500011: 'token-scope-invalid',
  500014: 'token-scope-invalid',
  70011: 'token-scope-invalid',
  1002012: 'token-scope-invalid',
  90055: 'entra-throttled',
  50196: 'entra-throttled',
  90024: 'entra-unavailable',
  90033: 'entra-unavailable',
  90006: 'entra-unavailable',
  90012: 'entra-unavailable',
  90025: 'entra-unavailable',
  50000: 'entra-unavailable',
}

/**
 * A federated credential that was made a moment ago is not known to every replica of Entra at once; an assertion that was kept
 * for too long can be had anew.
 */
const mayPass: ReadonlySet<DiagnosisCode> = new Set([
  'federated-subject-mismatch',
  'federated-credential-missing',
  'assertion-expired',
])

/** For numbers that are not known: the words have changed less over the years than the numbers. In the order in which they are tried. */
const byWording: ReadonlyArray<readonly [RegExp, DiagnosisCode]> = [
  [/with case-insensitive comparison, but not/i, 'federated-subject-case-mismatch'],
  [/no matching federated identity record .* assertion issuer '/i, 'federated-issuer-mismatch'],
  [/no matching federated identity record .* assertion audience '/i, 'federated-audience-mismatch'],
  [/no matching federated identity record/i, 'federated-subject-mismatch'],
  [/has no configured federated identity credentials/i, 'federated-credential-missing'],
  [/must contain the enterprise claim/i, 'federated-enterprise-claim-required'],
  [/assertion is not within its valid time range/i, 'assertion-expired'],
  [/assertion .* the key was not found/i, 'issuer-keys-unavailable'],
  [/assertion contains an invalid signature|invalid JWT token/i, 'assertion-rejected'],
  [/application with identifier .* was not found in the directory/i, 'application-not-found'],
  [/is missing service principal in the tenant/i, 'service-principal-missing'],
  [/resource principal named .* was not found in the tenant/i, 'token-scope-invalid'],
  [/blocked by conditional access/i, 'conditional-access-blocked'],
]

const text = v.fallback(v.optional(v.string()), undefined)
const numbers = v.array(v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.integer()))
const errorBody = v.object({
  error: text,
  error_description: text,
  error_codes: v.fallback(v.optional(numbers), undefined),
  trace_id: text,
  correlation_id: text,
})

/** @param now Milliseconds since the epoch. */
export function refusalOfEntra(reply: HttpReply, now: number): Refusal {
  const json = parseJson(reply.body)
  const parsed = v.safeParse(errorBody, Array.isArray(json) ? json[0] : json)
  const body = parsed.success ? parsed.output : {}
  const description = wordingOf(body.error_description ?? reply.body)
  const number = aadstsNumber(body.error_codes, description)
  const said = saidBy(reply, number === undefined ? body.error : `AADSTS${number}`, withoutIds(description))
  said.ids = {
    ...said.ids,
    ...(body.trace_id === undefined ? {} : { 'trace id': plain(body.trace_id, 80) }),
    ...(body.correlation_id === undefined ? {} : { 'correlation id': plain(body.correlation_id, 80) }),
  }
  const after = retryAfterMs(reply.headers, now)
  return {
    ...kindAndCode(number, body.error, description, reply.status),
    said,
    ...(after === undefined ? {} : { retryAfterMs: after }),
  }
}

function kindAndCode(
  number: number | undefined,
  error: string | undefined,
  description: string,
  status: number,
): Pick<Refusal, 'kind' | 'code'> {
  const code =
    (number === undefined ? undefined : codeOfNumber(number, description)) ??
    byWording.find(([pattern]) => pattern.test(description))?.[1]
  if (code === 'entra-throttled' || (code === undefined && status === 429))
    return { kind: 'throttled', code: 'entra-throttled' }
  if (code === 'entra-unavailable' || code === 'issuer-keys-unavailable') return { kind: 'transient', code }
  if (code !== undefined) return { kind: mayPass.has(code) ? 'wait' : 'fatal', code }
  if (/temporarily_unavailable|server_error/.test(error ?? description) || status >= 500 || status === 408)
    return { kind: 'transient', code: 'entra-unavailable' }
  return { kind: 'fatal', code: 'entra-rejected' }
}

function codeOfNumber(number: number, description: string): DiagnosisCode | undefined {
  // One number for a bad signature and for keys that Entra has not fetched yet; only the reason tells.
  if (number === 700027)
    return /key was not found/i.test(description) ? 'issuer-keys-unavailable' : 'assertion-rejected'
  return byNumber[number]
}

function aadstsNumber(codes: readonly number[] | undefined, description: string): number | undefined {
  const first = codes?.[0]
  if (first !== undefined) return first
  const inText = /AADSTS(\d+)/i.exec(description)?.[1]
  return inText === undefined ? undefined : Number(inText)
}

/** The code in front and the ids at the end of every description are shown apart. */
function withoutIds(description: string): string {
  return description.replace(/^AADSTS\d+:\s*/, '').replace(/Trace ID:[\s\S]*$/i, '')
}
