import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { type ErrorBody, namesOf, readErrorBody } from '../../core/failures/error-body.ts'
import { type Failure, retryAfterMs, summarizeResponse } from '../../core/failures/failure.ts'
import { isBlockedOnTheWay, isPage } from '../../core/failures/intermediary.ts'
import type { HttpReply } from '../../core/http/client.ts'
import { parseJson } from '../../core/text/json.ts'
import { plain } from '../../core/text/untrusted.ts'

/**
 * Refusals of the inference endpoint: `{error:{code,message}}`, `{statusCode,message}` from the gateway (a token or audience
 * problem), or plain text. A missing role is 401 PermissionDenied; 403 is network or key policy. Claude's own errors have
 * Anthropic's form, and come only after the gateway has let the call through: its `permission_error` does not mean a missing
 * role.
 */

/** @param now Milliseconds since the epoch. */
export function failureOfInference(reply: HttpReply, now: number): Failure {
  const body = withChallenge(readErrorBody(reply.body), reply)
  const after = retryAfterMs(reply.headers, now) ?? waitInMessage(body.message)
  const meaning = kindAndCode(reply, body)
  const details = namedIn(body, meaning.code)
  // A spent quota is renewed after hours or days, if nothing says when.
  const isSpent = meaning.kind === 'throttled' && reply.status === 403 && after === undefined
  return {
    ...meaning,
    ...(isSpent ? { kind: 'fatal' } : {}),
    said: summarizeResponse(reply, body.codes[0], body.message),
    ...(after === undefined ? {} : { retryAfterMs: after }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  }
}

/**
 * Checked before the code: a removed model may also be reported as not found, or not supported. "Deprecated" may also be about
 * a parameter of the request.
 */
const retirement =
  /\bmodels?\b(?:(?!\. |\b(?:parameter|argument|field|api[- ]version)\b).){0,120}\b((has been|have been|is|are|was|were) (retired|deprecated|no longer available)|reached (its )?end of life)|\bin (a )?deprecating state\b/i

type KindAndCode = Pick<Failure, 'kind' | 'code'>
const fatal = (code: DiagnosisCode): KindAndCode => ({ kind: 'fatal', code })
const transient: KindAndCode = { kind: 'transient', code: 'inference-unavailable' }
const throttled: KindAndCode = { kind: 'throttled', code: 'inference-throttled' }

/** Names in lower case. */
const byServiceCode: ReadonlyMap<string, KindAndCode> = new Map(
  Object.entries<KindAndCode>({
    permissiondenied: { kind: 'wait', code: 'access-denied' },
    authenticationtypedisabled: fatal('key-auth-disabled'),
    deploymentnotfound: fatal('deployment-not-found'),
    operationnotsupported: fatal('operation-unsupported'),
    // Azure's own spelling.
    opperationnotsupported: fatal('operation-unsupported'),
    api_not_supported: fatal('operation-unsupported'),
    unsupported_model: fatal('operation-unsupported'),
    responsibleaipolicyviolation: fatal('content-filtered'),
    invalid_prompt: fatal('content-filtered'),
    moderation_blocked: fatal('content-filtered'),
    unsupported_parameter: fatal('parameter-unsupported'),
    unsupported_value: fatal('parameter-unsupported'),
    unknown_parameter: fatal('parameter-unsupported'),
    invalid_value: fatal('parameter-unsupported'),
    invalid_type: fatal('parameter-unsupported'),
    missing_required_parameter: fatal('parameter-unsupported'),
    invalid_size: fatal('parameter-unsupported'),
    extra_forbidden: fatal('parameter-unsupported'),
    unsupportedapiversion: fatal('api-version-unsupported'),
    unsupported_api_version: fatal('api-version-unsupported'),
    invalidapiversionparameter: fatal('api-version-unsupported'),
    unknown_model: fatal('deployment-not-found'),
    unavailable_model: fatal('deployment-not-found'),
    model_not_found: fatal('deployment-not-found'),
    // From the agents service, for a deployment that a project does not have.
    invalid_engine_error: fatal('deployment-not-found'),
    not_found_error: fatal('deployment-not-found'),
    deploymentnotready: fatal('deployment-not-ready'),
    deploymentdisabled: fatal('deployment-not-ready'),
    modelnotready: fatal('deployment-not-ready'),
    // For a model that runs elsewhere: Azure's own sign-in there failed.
    invalid_model_endpoint_authentication: transient,
    timeout: transient,
    'tenant provided in token does not match resource token': fatal('tenant-mismatch'),
  }),
)

/** Wordings, in the order in which they are tried; each with the statuses for which it has this meaning. */
const byWording: ReadonlyArray<{ pattern: RegExp; means: KindAndCode }> = [
  {
    pattern:
      /lacks the required data action|does not have access to API\/Operation|does not have permissions\s+for \S+ actions|does not have authorization to perform action/i,
    means: { kind: 'wait', code: 'access-denied' },
  },
  // Abuse monitoring blocks whole resources; its words about a content policy are not about this prompt.
  {
    pattern: /resource has been (temporarily )?(blocked|suspended)/i,
    means: fatal('resource-blocked'),
  },
  { pattern: /\btenant\b.{0,80}\b(does|do) not match\b.{0,40}\btenant\b/i, means: fatal('tenant-mismatch') },
  // At a regional endpoint a token does not show which resource it is for.
  {
    pattern: /please provide a custom subdomain|resource id is badly form/i,
    means: fatal('custom-subdomain-missing'),
  },
  {
    pattern:
      /audience is incorrect|audience validation failed|audiences? (in jwt |'[^']*' )?(is|are) (invalid|not allowed)|invalid audience|claim aud value/i,
    means: fatal('token-audience-rejected'),
  },
  { pattern: /(key[- ]based|local) authentication is disabled/i, means: fatal('key-auth-disabled') },
  {
    pattern:
      /public ?(network ?)?access is disabled|virtual network\/firewall rules|virtual network is configured|approved (private endpoint|virtual network)|network security perimeter|\bip( address)?\b.{0,60} (not (allowed|authorized|in the allow)|is blocked)/i,
    means: fatal('network-blocked'),
  },
  {
    pattern:
      /(invalid|missing) subscription key|invalid jwt\b|auth token must be passed as a header|identity\(object id: ?\)|^no connected db\b/i,
    means: fatal('token-not-accepted'),
  },
  // The action sends this header: something in between removed it.
  { pattern: /anthropic-version: header is required/i, means: fatal('blocked-on-the-way') },
  {
    pattern:
      /API deployment \S+ (this resource )?does not exist|\bno (assistant|agent) found|\b(deployment|assistant|agent) \S+ (was )?not found|failed to resolve model info|unavailable model|\bmodel \S+ (with deployment name \S+ )?does not exist|invalid model name passed|\bnot allowed to access model\b|\bno access to model\b|find an active deployment|\bmodel "?\S+ not found|the model specified in your request is not configured/i,
    means: fatal('deployment-not-found'),
  },
  {
    pattern:
      /\bdeployment\b.{0,80}\b(not (yet )?ready|not finished provisioning|being (created|provisioned|deployed|updated)|still (creating|provisioning|deploying)|is (disabled|paused|stopped)|in (the )?state '?(accepted|creating|updating|moving|deleting|failed|disabled))/i,
    means: fatal('deployment-not-ready'),
  },
  {
    pattern:
      /operation does not work with the specified model|requested (API is currently not supported|operation is unsupported)|not supported\b.{0,30} (with|by|in|for) (the )?responses API|only supported in v1\/responses|not a chat model/i,
    means: fatal('operation-unsupported'),
  },
  {
    pattern:
      /api-version query parameter is not allowed|API version not supported|(unsupported|unknown|invalid) api[-_ ]version|api[-_ ]version\b.{0,40} (is (required|invalid|not supported)|(has been|was|is) (retired|deprecated|no longer))|does not support the api[-_ ]version|only for api[- ]versions?|missing.*api-version|please use api-version=/i,
    means: fatal('api-version-unsupported'),
  },
  {
    pattern:
      /content management policy|content filter|our usage policy|our safety system|\b(prompt|response) (is|was) (blocked|flagged)/i,
    means: fatal('content-filtered'),
  },
  {
    pattern:
      /(unsupported|unknown|missing required) parameter|invalid (parameter: |type for )'|is not compatible with model|'\w+' property is (deprecated|not supported)|is not a valid field|argument not supported on this model|unrecognized request argument|unsupported value|supported values are\b|(below minimum|above maximum) value|does not support specifying|extra (inputs|parameters).{0,200} not (permitted|allowed)|max_tokens or model output limit|'max_(completion_)?tokens' .{0,60}(at the same time|is too large)|maximum context length|the parameter \S+ .{0,60}not supported|input tag '|unknown variant `|'\$\.\w+' is invalid/i,
    means: fatal('parameter-unsupported'),
  },
  { pattern: /subdomain does not map to a resource/i, means: fatal('endpoint-not-found') },
  {
    pattern:
      /exceeded (call|token) rate limit|(rate limit|token (quota|limit)) is exceeded|\bquota (has been |was )?exceeded|out of (call volume|bandwidth) quota|currently experiencing high demand/i,
    means: throttled,
  },
  // The budget of a gateway's key: nothing says when it is renewed.
  { pattern: /\bbudget (has been |was |is )?(exceeded|exhausted)/i, means: fatal('inference-throttled') },
  {
    pattern:
      /your cognitive services resource is unavailable|model is currently overloaded|no healthy (deployments|upstream)|\bis being (modified|updated)\b/i,
    means: transient,
  },
]

/** Statuses below 500 with which gateways report that the model behind them failed or took too long. */
const failedBehind: ReadonlySet<number> = new Set([408, 424, 499])

function kindAndCode(reply: HttpReply, body: ErrorBody): KindAndCode {
  const { status } = reply
  // Throttling and outages first: their bodies may quote anything.
  if (status === 429) return throttled
  if (isBlockedOnTheWay(reply)) return fatal('blocked-on-the-way')
  if (failedBehind.has(status) || status >= 500) return transient
  if (isPage(reply)) return byStatusOfPage(status)
  if (retirement.test(body.message)) return fatal('model-retired')
  const known = namesOf(body)
    .map(meaningOfCode)
    .find(found => found !== undefined)
  if (known !== undefined) return known
  const worded = byWording.find(({ pattern }) => pattern.test(body.message))
  return worded?.means ?? (isCutOff(reply.body) ? transient : byStatus(status, body))
}

/** A request that was understood, and names what is wrong with it. Gateways write `None` if nothing is named. */
const isAboutParameter = (status: number, { param }: ErrorBody): boolean =>
  (status === 400 || status === 422) && param !== undefined && !/^(none|null|model|)$/i.test(param)

const byFamily: ReadonlyArray<readonly [RegExp, DiagnosisCode]> = [
  // Each limit of a parameter has its own code: `integer_below_min_value`, `array_above_max_length`.
  [/^[a-z]+_(above|below)_(max|min)_[a-z]+$/, 'parameter-unsupported'],
  [/^content_?(blocked|filter|policy)/, 'content-filtered'],
  [/^(invalidparameter\.|context_length_exceeded$)/, 'parameter-unsupported'],
  // `ServiceModelDeprecated`, `ServiceModelDeprecating`, `model_deprecated`.
  [/model_?(deprecat|retir)/, 'model-retired'],
]

/** @param code A service's own, or a word of a message that looks like one. */
function meaningOfCode(code: string): KindAndCode | undefined {
  const name = code.toLowerCase()
  const family = byFamily.find(([pattern]) => pattern.test(name))?.[1]
  return byServiceCode.get(name) ?? (family === undefined ? undefined : fatal(family))
}

/** Gateways explain a refused token in a header only (RFC 6750, 3). */
function withChallenge(body: ErrorBody, { headers }: HttpReply): ErrorBody {
  const described = /\berror_description="([^"]{1,400})"/.exec(headers['www-authenticate'] ?? '')?.[1]
  return body.structured || described === undefined
    ? body
    : { ...body, message: `${described} ${body.message}`.trim() }
}

/** Half a document: the other half said what was refused, and whether for good. */
const isCutOff = (text: string) => /^\s*\{\s*("|$)/.test(text) && parseJson(text) === undefined

function byStatus(status: number, body: ErrorBody): KindAndCode {
  if (status === 401) return fatal('token-not-accepted')
  if (isAboutParameter(status, body)) return fatal('parameter-unsupported')
  // A credit that was paid in advance is used up: nothing says when it is renewed.
  if (status === 402) return fatal('inference-throttled')
  // Something is at the address, but no API: an address without its path.
  if (status === 405) return fatal('endpoint-not-found')
  // The agents service answers a missing permission with a bare 403; a 403 with a reason was recognised above.
  if (status === 403 && !body.structured && /^(403:? ?)?forbidden$/i.test(body.message.trim())) {
    return { kind: 'wait', code: 'access-denied' }
  }
  return byStatusOfPage(status)
}

/** A page says nothing about tokens and roles: at most that nothing is at the address. */
const byStatusOfPage = (status: number): KindAndCode =>
  fatal(status === 404 ? 'endpoint-not-found' : 'inference-rejected')

function namedIn({ message, param }: ErrorBody, code: DiagnosisCode): NonNullable<Failure['details']> {
  const dataAction = /(?:required data action `|have permissions\s+for )([\w./*-]+)/.exec(message)?.[1]
  const audience = /audience is incorrect \(([^)]+)\)/i.exec(message)?.[1]
  const parameter = code === 'parameter-unsupported' ? (param ?? parameterInMessage(message)) : undefined
  return {
    ...(dataAction === undefined ? {} : { dataAction: plain(dataAction, 200) }),
    ...(audience === undefined ? {} : { audience: plain(audience, 200) }),
    ...(parameter === undefined ? {} : { parameter: plain(parameter, 80) }),
  }
}

function parameterInMessage(message: string): string | undefined {
  const patterns = [
    /(?:Unsupported|Unknown) parameter: '([\w.]+)'/i,
    /Unrecognized request arguments? supplied: ([\w.]+)/i,
    /parameter ([\w.]+) is not a valid field/i,
    /argument not supported on this model: ([\w.]+)/i,
    /'([\w.]+)' property is (?:deprecated|not supported)/i,
    /Extra parameters \['([\w.]+)'/i,
    /#\/([\w.]+): Extra inputs/i,
    /Invalid '([\w.]+)'/,
    // A finding of a model server, in Python's notation, or as JSON inside a message.
    /['"]loc['"]:\s*[([]\s*['"]body['"],\s*['"]([\w.]+)['"]/,
  ]
  return patterns.map(pattern => pattern.exec(message)?.[1]).find(name => name !== undefined)
}

/**
 * How long a message asks to wait, in milliseconds: "after '20' seconds", "33 seconds before retrying", "in 21 minutes and 33
 * seconds", "in 07:01:20".
 */
function waitInMessage(message: string): number | undefined {
  const milliseconds = /(?:retry|try again) (?:after|in) '?(\d+)'? milliseconds?/i.exec(message)?.[1]
  if (milliseconds !== undefined) return Number(milliseconds)
  const clock = /(?:try again|replenished) in (\d+):(\d\d):(\d\d)/i.exec(message)
  if (clock !== null) return secondsOf(clock.slice(1)) * 1000
  const named =
    /(?:retry|try again) (?:after|in) '?((?:\d+'? (?:days?|hours?|minutes?|seconds?)(?:,? and |, | )?)+)/i.exec(
      message,
    )?.[1] ?? /please wait '?(\d+'? seconds?)/i.exec(message)?.[1]
  if (named === undefined) return undefined
  const parts = [...named.matchAll(/(\d+)'? (day|hour|minute|second)/gi)]
  return parts.reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (unitMs.get(unit.toLowerCase()) ?? 0),
    0,
  )
}

const secondsOf = ([hours, minutes, seconds]: readonly string[]) =>
  (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)

const unitMs: ReadonlyMap<string, number> = new Map([
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
])
