import type { HttpReply } from '../http.ts'
import { plain } from '../untrusted-text.ts'
import type { DiagnosisCode } from './codes.ts'
import { type ErrorBody, isPage, readErrorBody } from './error-body.ts'
import { parseJson, type Refusal, retryAfterMs, saidBy } from './verdict.ts'

/**
 * Refusals of the inference endpoint: `{error:{code,message}}`, `{statusCode,message}` from the gateway (a token or audience
 * problem), or plain text. A missing role is 401 PermissionDenied; 403 is network or key policy. What Claude itself says comes in
 * Anthropic's form, and only after the gateway let the call through: its `permission_error` is no missing role.
 */

/** @param now Milliseconds since the epoch. */
export function refusalOfInference(reply: HttpReply, now: number): Refusal {
  const body = readErrorBody(reply.body)
  const after = retryAfterMs(reply.headers, now) ?? secondsInMessage(body.message)
  const named = namedIn(body)
  return {
    ...kindAndCode(reply, body),
    said: saidBy(reply, body.codes[0], body.message),
    ...(after === undefined ? {} : { retryAfterMs: after }),
    ...(Object.keys(named).length === 0 ? {} : { named }),
  }
}

type KindAndCode = Pick<Refusal, 'kind' | 'code'>
const fatal = (code: DiagnosisCode): KindAndCode => ({ kind: 'fatal', code })
const transient: KindAndCode = { kind: 'transient', code: 'inference-unavailable' }

/** Names in lower case. */
const byServiceCode: ReadonlyMap<string, KindAndCode> = new Map(
  Object.entries<KindAndCode>({
    permissiondenied: { kind: 'wait', code: 'access-denied' },
    authenticationtypedisabled: fatal('key-auth-disabled'),
    deploymentnotfound: fatal('deployment-not-found'),
    operationnotsupported: fatal('operation-unsupported'),
    api_not_supported: fatal('operation-unsupported'),
    content_filter: fatal('content-filtered'),
    contentfilter: fatal('content-filtered'),
    responsibleaipolicyviolation: fatal('content-filtered'),
    unsupported_parameter: fatal('parameter-unsupported'),
    unsupported_value: fatal('parameter-unsupported'),
    integer_below_min_value: fatal('parameter-unsupported'),
    unknown_model: fatal('deployment-not-found'),
    model_not_found: fatal('deployment-not-found'),
    not_found_error: fatal('deployment-not-found'),
    timeout: transient,
    'tenant provided in token does not match resource token': fatal('tenant-mismatch'),
  }),
)

/** Wordings, in the order in which they are tried; each with the statuses on which it means this. */
const byWording: ReadonlyArray<{ pattern: RegExp; means: KindAndCode }> = [
  {
    pattern: /lacks the required data action|does not have access to API\/Operation|\(PermissionDenied\)/i,
    means: { kind: 'wait', code: 'access-denied' },
  },
  { pattern: /token tenant .* does not match resource tenant/i, means: fatal('tenant-mismatch') },
  { pattern: /custom subdomain for token authentication/i, means: fatal('custom-subdomain-missing') },
  { pattern: /audience is incorrect/i, means: fatal('token-audience-rejected') },
  { pattern: /key based authentication is disabled/i, means: fatal('key-auth-disabled') },
  { pattern: /public access is disabled|virtual network\/firewall rules/i, means: fatal('network-blocked') },
  { pattern: /invalid subscription key or wrong API endpoint/i, means: fatal('token-not-accepted') },
  { pattern: /API deployment for this resource does not exist/i, means: fatal('deployment-not-found') },
  { pattern: /operation does not work with the specified model/i, means: fatal('operation-unsupported') },
  {
    pattern:
      /api-version query parameter is not allowed|API version not supported|only for api-version|missing.*api-version/i,
    means: fatal('api-version-unsupported'),
  },
  { pattern: /content management policy|content filter/i, means: fatal('content-filtered') },
  {
    pattern:
      /unsupported parameter|unrecognized request argument|unsupported value|below minimum value|max_tokens or model output limit/i,
    means: fatal('parameter-unsupported'),
  },
  { pattern: /subdomain does not map to a resource/i, means: fatal('endpoint-not-found') },
  {
    pattern: /exceeded (call|token) rate limit|currently experiencing high demand/i,
    means: { kind: 'throttled', code: 'inference-throttled' },
  },
  { pattern: /your cognitive services resource is unavailable/i, means: transient },
]

function kindAndCode(reply: HttpReply, body: ErrorBody): KindAndCode {
  const { status } = reply
  // Throttling and outages first: their bodies may quote anything.
  if (status === 429) return { kind: 'throttled', code: 'inference-throttled' }
  if (status === 408 || status >= 500) return transient
  if (isPage(reply)) return byStatusOfPage(status)
  const known = body.codes
    .map(code => byServiceCode.get(code.toLowerCase()))
    .find(found => found !== undefined)
  if (known !== undefined) return known
  const worded = byWording.find(({ pattern }) => pattern.test(body.message))
  return worded?.means ?? (isCutOff(reply.body) ? transient : byStatus(status, body))
}

/** Half a document: what it refused, and whether for good, stood in the other half. */
const isCutOff = (text: string) => /^\s*\{/.test(text) && parseJson(text) === undefined

function byStatus(status: number, body: ErrorBody): KindAndCode {
  if (status === 401) return fatal('token-not-accepted')
  // The agents service answers a missing permission with a bare 403; a 403 that explains itself was recognised above.
  if (status === 403 && !body.structured && /^(403:? ?)?forbidden$/i.test(body.message.trim())) {
    return { kind: 'wait', code: 'access-denied' }
  }
  return byStatusOfPage(status)
}

/** A page says nothing about tokens and roles: at most that there is nothing at the address. */
const byStatusOfPage = (status: number): KindAndCode =>
  fatal(status === 404 ? 'endpoint-not-found' : 'inference-rejected')

function namedIn({ message, param, codes }: ErrorBody): NonNullable<Refusal['named']> {
  const dataAction = /required data action `([^`]+)`/.exec(message)?.[1]
  const audience = /audience is incorrect \(([^)]+)\)/i.exec(message)?.[1]
  const parameter = param ?? parameterInMessage(message)
  const isParameter =
    codes.some(code => /unsupported|below_min/i.test(code)) ||
    /unsupported|unrecognized request argument|below minimum/i.test(message)
  return {
    ...(dataAction === undefined ? {} : { dataAction: plain(dataAction, 200) }),
    ...(audience === undefined ? {} : { audience: plain(audience, 200) }),
    ...(parameter === undefined || !isParameter ? {} : { parameter: plain(parameter, 80) }),
  }
}

function parameterInMessage(message: string): string | undefined {
  const patterns = [
    /Unsupported parameter: '([\w.]+)'/i,
    /Unrecognized request arguments? supplied: ([\w.]+)/i,
    /Invalid '([\w.]+)'/,
  ]
  return patterns.map(pattern => pattern.exec(message)?.[1]).find(name => name !== undefined)
}

function secondsInMessage(message: string): number | undefined {
  const seconds = /(?:retry|try again) (?:after|in) '?(\d+)'? (?:milli)?seconds?/i.exec(message)
  if (seconds?.[1] === undefined) return undefined
  return Number(seconds[1]) * (/milliseconds/i.test(seconds[0]) ? 1 : 1000)
}
