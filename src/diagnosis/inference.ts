import * as v from 'valibot'
import type { HttpReply } from '../http.ts'
import { plain } from '../untrusted-text.ts'
import type { DiagnosisCode } from './codes.ts'
import { parseJson, type Refusal, retryAfterMs, saidBy, wordingOf } from './verdict.ts'

/**
 * Refusals of the inference endpoint. Three JSON shapes: `{error:{code,message}}`, `{statusCode,message}` from the gateway
 * (a token or audience problem), and plain text. A missing role is 401 PermissionDenied; 403 is network or key policy.
 */

const envelope = v.object({
  error: v.object({
    code: v.nullish(v.union([v.string(), v.number()])),
    message: v.nullish(v.string()),
    param: v.nullish(v.string()),
    type: v.nullish(v.string()),
  }),
})
const gatewayBody = v.object({ statusCode: v.optional(v.number()), message: v.string() })

interface ErrorBody {
  code: string | undefined
  message: string
  param: string | undefined
  shape: 'envelope' | 'gateway' | 'other'
}

/** @param now Milliseconds since the epoch. */
export function refusalOfInference(reply: HttpReply, now: number): Refusal {
  const body = readBody(reply.body)
  const after = retryAfterMs(reply.headers, now) ?? secondsInMessage(body.message)
  const named = namedIn(body)
  return {
    ...kindAndCode(body, reply.status),
    said: saidBy(reply, body.code, body.message),
    ...(after === undefined ? {} : { retryAfterMs: after }),
    ...(Object.keys(named).length === 0 ? {} : { named }),
  }
}

function readBody(text: string): ErrorBody {
  const json = parseJson(text)
  const inEnvelope = v.safeParse(envelope, json)
  if (inEnvelope.success) {
    const { code, message, param } = inEnvelope.output.error
    return {
      code: code == null ? undefined : String(code),
      message: wordingOf(message ?? text),
      param: param ?? undefined,
      shape: 'envelope',
    }
  }
  const fromGateway = v.safeParse(gatewayBody, json)
  if (fromGateway.success)
    return {
      code: undefined,
      message: wordingOf(fromGateway.output.message),
      param: undefined,
      shape: 'gateway',
    }
  return { code: undefined, message: wordingOf(text), param: undefined, shape: 'other' }
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
    content_filter: fatal('content-filtered'),
    contentfilter: fatal('content-filtered'),
    unsupported_parameter: fatal('parameter-unsupported'),
    unsupported_value: fatal('parameter-unsupported'),
    integer_below_min_value: fatal('parameter-unsupported'),
    unknown_model: fatal('deployment-not-found'),
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
    pattern: /api-version query parameter is not allowed|API version not supported|missing.*api-version/i,
    means: fatal('api-version-unsupported'),
  },
  { pattern: /content management policy|content filter/i, means: fatal('content-filtered') },
  {
    pattern: /unsupported parameter|unsupported value|below minimum value|max_tokens or model output limit/i,
    means: fatal('parameter-unsupported'),
  },
  { pattern: /subdomain does not map to a resource/i, means: fatal('endpoint-not-found') },
  {
    pattern: /exceeded (call|token) rate limit|currently experiencing high demand/i,
    means: { kind: 'throttled', code: 'inference-throttled' },
  },
  { pattern: /your cognitive services resource is unavailable/i, means: transient },
]

function kindAndCode(body: ErrorBody, status: number): KindAndCode {
  // Throttling and outages first: their bodies may quote anything.
  if (status === 429) return { kind: 'throttled', code: 'inference-throttled' }
  if (status === 408 || status >= 500) return transient
  const known = byServiceCode.get(body.code?.toLowerCase() ?? '')
  if (known !== undefined) return known
  const worded = byWording.find(({ pattern }) => pattern.test(body.message))
  return worded?.means ?? byStatus(status, body)
}

function byStatus(status: number, body: ErrorBody): KindAndCode {
  if (status === 401) return fatal('token-not-accepted')
  // The agents service answers a missing permission with a bare 403; a 403 that explains itself was recognised above.
  if (status === 403 && body.shape === 'other' && /^(403:? ?)?forbidden$/i.test(body.message.trim())) {
    return { kind: 'wait', code: 'access-denied' }
  }
  if (status === 404) return fatal('endpoint-not-found')
  return fatal('inference-rejected')
}

function namedIn({ message, param, code }: ErrorBody): NonNullable<Refusal['named']> {
  const dataAction = /required data action `([^`]+)`/.exec(message)?.[1]
  const audience = /audience is incorrect \(([^)]+)\)/i.exec(message)?.[1]
  const parameter =
    param ??
    /Unsupported parameter: '([\w.]+)'/i.exec(message)?.[1] ??
    /Invalid '([\w.]+)'/.exec(message)?.[1]
  const isParameter = code !== undefined && /unsupported|below_min/i.test(code)
  return {
    ...(dataAction === undefined ? {} : { dataAction: plain(dataAction, 200) }),
    ...(audience === undefined ? {} : { audience: plain(audience, 200) }),
    ...(parameter === undefined || !(isParameter || /unsupported|below minimum/i.test(message))
      ? {}
      : { parameter: plain(parameter, 80) }),
  }
}

function secondsInMessage(message: string): number | undefined {
  const seconds = /(?:retry|try again) after '?(\d+)'? (?:milli)?seconds?/i.exec(message)
  if (seconds?.[1] === undefined) return undefined
  return Number(seconds[1]) * (/milliseconds/i.test(seconds[0]) ? 1 : 1000)
}
