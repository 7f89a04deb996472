import * as v from 'valibot'
import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { type Failure, retryAfterMs, summarizeResponse } from '../../core/failures/failure.ts'
import { isBlockedOnTheWay } from '../../core/failures/intermediary.ts'
import type { HttpReply } from '../../core/http/client.ts'
import { firstIssueOnly, parseErrorJson } from '../../core/text/json.ts'
import { plain } from '../../core/text/untrusted.ts'
import { wordingOf } from '../../core/text/wording.ts'

/**
 * Refusals of Entra's token and discovery endpoints. The AADSTS number decides: the same number arrives with several
 * statuses and `error` values (learn.microsoft.com, reference-error-codes).
 */

const byNumber: Readonly<Record<number, DiagnosisCode>> = {
  70021: 'federated-subject-mismatch',
  700213: 'federated-subject-mismatch',
  // From a token that is another Entra identity's; and from flexible credentials.
  7002137: 'federated-subject-mismatch',
  7002131: 'federated-subject-mismatch',
  7002138: 'federated-subject-case-mismatch',
  700211: 'federated-issuer-mismatch',
  700212: 'federated-audience-mismatch',
  7002121: 'federated-audience-mismatch',
  700214: 'federated-audience-mismatch',
  70025: 'federated-credential-missing',
  7000226: 'federated-credential-missing',
  700026: 'federated-credential-missing',
  700233: 'federated-expression-unusable',
  700235: 'federated-expression-unusable',
  700237: 'federated-expression-unusable',
  7002241: 'federated-expression-unusable',
  700263: 'federated-credential-ambiguous',
  7002381: 'federated-enterprise-claim-required',
  700223: 'federation-disabled',
  700236: 'federation-disabled',
  700238: 'federation-disabled',
  50012: 'assertion-rejected',
  50013: 'assertion-rejected',
  50027: 'assertion-rejected',
  50048: 'assertion-rejected',
  70023: 'assertion-rejected',
  700021: 'assertion-rejected',
  700027: 'assertion-rejected',
  700030: 'assertion-rejected',
  700222: 'assertion-rejected',
  700226: 'assertion-rejected',
  700227: 'assertion-rejected',
  700229: 'assertion-rejected',
  700231: 'assertion-rejected',
  900384: 'assertion-rejected',
  700024: 'assertion-expired',
  500133: 'assertion-expired',
  50166: 'issuer-keys-unavailable',
  90061: 'issuer-keys-unavailable',
  7000272: 'issuer-keys-unavailable',
  700016: 'application-not-found',
  700015: 'application-not-found',
  700011: 'application-not-found',
  700038: 'application-not-found',
  90049: 'application-not-found',
  7000112: 'application-disabled',
  7000111: 'application-disabled',
  7000116: 'application-disabled',
  1000031: 'application-disabled',
  50105: 'application-not-assigned',
  501051: 'application-not-assigned',
  700025: 'application-is-public-client',
  7000229: 'service-principal-missing',
  7000217: 'service-principal-missing',
  90002: 'tenant-not-found',
  900023: 'tenant-not-found',
  900021: 'tenant-not-found',
  50059: 'tenant-not-found',
  50128: 'tenant-not-found',
  90019: 'tenant-not-found',
  5000224: 'tenant-not-found',
  5000225: 'tenant-not-found',
  5000229: 'tenant-not-found',
  // From `common`, which names no tenant.
  50194: 'tenant-not-found',
  90124: 'tenant-not-found',
  90130: 'tenant-not-found',
  9001023: 'tenant-not-found',
  5000211: 'tenant-restricted',
  50021: 'tenant-restricted',
  50022: 'tenant-restricted',
  500021: 'tenant-restricted',
  500022: 'tenant-restricted',
  // Cross-tenant access policies, of the application's own tenant and of the one that it signs in to.
  500212: 'tenant-restricted',
  500213: 'tenant-restricted',
  900382: 'wrong-cloud',
  900432: 'wrong-cloud',
  900439: 'wrong-cloud',
  90038: 'wrong-cloud',
  50049: 'wrong-cloud',
  90043: 'wrong-cloud',
  90051: 'wrong-cloud',
  1000104: 'wrong-cloud',
  50072: 'conditional-access-blocked',
  50074: 'conditional-access-blocked',
  50076: 'conditional-access-blocked',
  50079: 'conditional-access-blocked',
  50077: 'conditional-access-blocked',
  50097: 'conditional-access-blocked',
  50127: 'conditional-access-blocked',
  50158: 'conditional-access-blocked',
  50131: 'conditional-access-blocked',
  28002: 'token-scope-invalid',
  50001: 'token-scope-invalid',
  500011: 'token-scope-invalid',
  500014: 'token-scope-invalid',
  650052: 'token-scope-invalid',
  650054: 'token-scope-invalid',
  650057: 'token-scope-invalid',
  65005: 'token-scope-invalid',
  650053: 'token-scope-invalid',
  700039: 'token-scope-invalid',
  7000117: 'token-scope-invalid',
  70011: 'token-scope-invalid',
  700022: 'token-scope-invalid',
  1002012: 'token-scope-invalid',
  901002: 'token-scope-invalid',
  501461: 'token-scope-invalid',
  // An application requests a token for itself by its address, but only its id is accepted.
  90009: 'token-scope-invalid',
  90055: 'entra-throttled',
  50196: 'entra-throttled',
  90024: 'entra-unavailable',
  90033: 'entra-unavailable',
  90036: 'entra-unavailable',
  90006: 'entra-unavailable',
  90012: 'entra-unavailable',
  90025: 'entra-unavailable',
  90090: 'entra-unavailable',
  90091: 'entra-unavailable',
  50000: 'entra-unavailable',
  50033: 'entra-unavailable',
  // Seen on single sign-ins of jobs whose next try succeeded.
  500031: 'entra-unavailable',
}

/** Numbers that Entra refines with further digits without changing the meaning: 50166 became 501661. */
const byFamily: ReadonlyArray<readonly [RegExp, DiagnosisCode]> = [
  [/^50(013|027)\d+$/, 'assertion-rejected'],
  [/^(50166|90061)\d+$/, 'issuer-keys-unavailable'],
  [/^(530\d{2,}|50131\d+)$/, 'conditional-access-blocked'],
]

/**
 * Not every replica of Entra knows a new federated credential at once; and an assertion that was kept for too long can be
 * renewed.
 */
const mayPass: ReadonlySet<DiagnosisCode> = new Set([
  'federated-subject-mismatch',
  'federated-credential-missing',
  'assertion-expired',
])

/**
 * For numbers that are unknown, or have had several meanings (70001, 700023): the wording has changed less over the years than
 * the numbers. In the order in which they are tried.
 */
const byWording: ReadonlyArray<readonly [RegExp, DiagnosisCode]> = [
  [/with case-insensitive comparison, but not/i, 'federated-subject-case-mismatch'],
  [/no matching federated identity record .* assertion issuer '/i, 'federated-issuer-mismatch'],
  [/no matching federated identity record .* assertion audience '/i, 'federated-audience-mismatch'],
  [/no matching federated identity record/i, 'federated-subject-mismatch'],
  [
    /has no configured federated identity credentials|no federated identity credential policy found/i,
    'federated-credential-missing',
  ],
  [
    /does not support credentials matching via expression|federated identity credential expression/i,
    'federated-expression-unusable',
  ],
  [/must contain the enterprise claim/i, 'federated-enterprise-claim-required'],
  [/may not be used for federated identity credential flows/i, 'federation-disabled'],
  [/assertion is not within its valid time range/i, 'assertion-expired'],
  [
    /assertion .* the key was not found|external OIDC endpoint failed|in the metadata of identity provider|signing key identifier does not match any/i,
    'issuer-keys-unavailable',
  ],
  [
    /assertion (contains an invalid|failed signature validation|audience (claim )?does not match)|invalid JWT token|invalid signing certificate|certificate with thumbprint .* is not authorized/i,
    'assertion-rejected',
  ],
  [/client application has no configured keys/i, 'federated-credential-missing'],
  [
    /application with identifier .* was not found in the directory|is not a valid application identifier|\bapplication could not be found/i,
    'application-not-found',
  ],
  // Before the pipeline's own application, because the target of the token is an application too.
  [
    /resource principal named .* was not found in the tenant|input parameter '?scope'? (is not|isn't) valid|\bresource application\b|is not a valid resource identifier|asked for scope .* (doesn't|does not) exist|(field|parameter):? '(scope|resource)'/i,
    'token-scope-invalid',
  ],
  [/\bapplication '[^']*'.{0,100} is disabled/i, 'application-disabled'],
  [/client is public so neither/i, 'application-is-public-client'],
  [
    /is missing service principal in the tenant|service principal named .* was not found in the tenant|has not been authorized in the tenant/i,
    'service-principal-missing',
  ],
  [
    /tenant restrictions?\b|access to '[^']*' tenant is denied|(outbound|inbound|cross-tenant) access policy/i,
    'tenant-restricted',
  ],
  [
    /\btenant '?[^' ]+'? not found|no tenant-identifying information|\/common\b.{0,60}\bendpoints?\b|common endpoint .* tenanted endpoint|unspecific tenant/i,
    'tenant-not-found',
  ],
  [/in cross cloud request|resource cloud .* is not allowed|national cloud/i, 'wrong-cloud'],
  [
    /conditional access|blocked by security defaults|access policy does not allow token issuance/i,
    'conditional-access-blocked',
  ],
  // What Entra says about itself, with dozens of numbers.
  [
    /\ba transient error\b|temporarily unavailable|\bretry (the operation )?later\b|\bnon-retryable error\b/i,
    'entra-unavailable',
  ],
]

const text = v.fallback(v.optional(v.string()), undefined)
const numbers = v.array(v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.integer()))
const errorBody = v.object({
  error: text,
  error_description: text,
  error_codes: v.fallback(v.optional(numbers), undefined),
  trace_id: text,
  correlation_id: text,
  /** Further claims, as JSON: they include the policies of Conditional Access that blocked the sign-in. */
  claims: text,
})

const policyClaims = v.object({
  access_token: v.object({ capolids: v.object({ values: v.array(v.pipe(v.string(), v.uuid())) }) }),
})

/** Only an administrator can look up a policy, by its id. */
function policiesIn(claims: string | undefined): Record<string, string> {
  const parsed = v.safeParse(policyClaims, parseErrorJson(claims ?? ''), firstIssueOnly)
  if (!parsed.success) return {}
  return { 'Conditional Access policy': parsed.output.access_token.capolids.values.slice(0, 5).join(' ') }
}

/** @param now Milliseconds since the epoch. */
export function failureOfEntra(reply: HttpReply, now: number): Failure {
  const json = parseErrorJson(reply.body)
  const parsed = v.safeParse(errorBody, Array.isArray(json) ? json[0] : json, firstIssueOnly)
  const body = parsed.success ? parsed.output : {}
  const description = wordingOf(body.error_description ?? reply.body)
  const numbers = aadstsNumbers(body.error_codes, description)
  const number = numbers.find(each => codeOfNumber(each, description) !== undefined) ?? numbers[0]
  const said = summarizeResponse(
    reply,
    number === undefined ? body.error : `AADSTS${number}`,
    withoutIds(description),
  )
  said.ids = {
    ...said.ids,
    ...(body.trace_id === undefined ? {} : { 'trace id': plain(body.trace_id, 80) }),
    ...(body.correlation_id === undefined ? {} : { 'correlation id': plain(body.correlation_id, 80) }),
    ...policiesIn(body.claims),
  }
  const after = retryAfterMs(reply.headers, now)
  const meaning = kindAndCode(number, body.error, description, reply.status)
  const isBlocked = saysNothing.has(meaning.code) && isBlockedOnTheWay(reply)
  return {
    ...(isBlocked ? { kind: 'fatal', code: 'blocked-on-the-way' } : meaning),
    said,
    ...(after === undefined ? {} : { retryAfterMs: after }),
  }
}

/** Codes of replies in which Entra gives no reason. */
const saysNothing: ReadonlySet<DiagnosisCode> = new Set(['entra-rejected', 'entra-unavailable'])

function kindAndCode(
  number: number | undefined,
  error: string | undefined,
  description: string,
  status: number,
): Pick<Failure, 'kind' | 'code'> {
  const code =
    (number === undefined ? undefined : codeOfNumber(number, description)) ??
    byWording.find(([pattern]) => pattern.test(description))?.[1] ??
    byFamily.find(([pattern]) => pattern.test(String(number)))?.[1]
  if (code === 'entra-throttled' || (code === undefined && status === 429))
    return { kind: 'throttled', code: 'entra-throttled' }
  if (code === 'entra-unavailable' || code === 'issuer-keys-unavailable') return { kind: 'transient', code }
  if (code !== undefined) return { kind: mayPass.has(code) ? 'wait' : 'fatal', code }
  if (/temporarily_unavailable|server_error/.test(error ?? description) || mayAnswerNextTime(status))
    return { kind: 'transient', code: 'entra-unavailable' }
  return { kind: 'fatal', code: 'entra-rejected' }
}

/** A success without a token is not an answer either. */
const mayAnswerNextTime = (status: number) => status >= 500 || status === 408 || status < 300

function codeOfNumber(number: number, description: string): DiagnosisCode | undefined {
  const code = byNumber[number]
  // The same numbers mean a bad signature, or keys that Entra has not fetched yet; only the text shows which.
  const isOfKeys = code === 'assertion-rejected' && /key was not found/i.test(description)
  return isOfKeys ? 'issuer-keys-unavailable' : code
}

/** If there are several, the first is the most general: 70002 before 50012. */
function aadstsNumbers(codes: readonly number[] = [], description: string): number[] {
  const inText = [...description.matchAll(/AADSTS(\d+)/gi)].map(([, digits]) => Number(digits))
  return [...codes, ...inText]
}

/** The code at the start and the ids at the end of every description are shown separately. */
function withoutIds(description: string): string {
  return description.replace(/^AADSTS\d+:\s*/, '').replace(/Trace ID:[\s\S]*$/i, '')
}
