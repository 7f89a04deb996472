import type { HttpReply } from '../http.ts'
import { plain } from '../untrusted-text.ts'
import type { DiagnosisCode } from './codes.ts'
import { type ErrorBody, isPage, readErrorBody } from './error-body.ts'
import { type Refusal, retryAfterMs, saidBy } from './verdict.ts'

/** Refusals of Azure Resource Manager, by the service's own code first (learn.microsoft.com, common-deployment-errors; RBAC troubleshooting). */

type KindAndCode = Pick<Refusal, 'kind' | 'code'>
const fatal = (code: DiagnosisCode): KindAndCode => ({ kind: 'fatal', code })

const throttled: KindAndCode = { kind: 'throttled', code: 'resource-manager-throttled' }

/** Names in lower case. */
const byServiceCode: ReadonlyMap<string, KindAndCode> = new Map(
  Object.entries<KindAndCode>({
    denyassignmentauthorizationfailed: fatal('deny-assignment'),
    principalnotfound: { kind: 'transient', code: 'principal-not-found' },
    principaltypenotsupported: fatal('principal-type-mismatch'),
    unmatchedprincipaltype: fatal('principal-type-mismatch'),
    invalidprincipalid: fatal('principal-not-found'),
    roledefinitiondoesnotexist: fatal('role-not-found'),
    roledefinitionnotfound: fatal('role-not-found'),
    roleassignmentlimitexceeded: fatal('role-assignment-limit'),
    roleassignmentexists: fatal('role-assignment-exists'),
    roleassignmentupdatenotpermitted: fatal('role-assignment-conflict'),
    hashconflictondifferentroleassignmentids: { kind: 'transient', code: 'role-assignment-conflict' },
    scopelocked: fatal('resource-locked'),
    requestdisallowedbypolicy: fatal('policy-denied'),
    subscriptionnotfound: fatal('subscription-not-found'),
    invalidsubscriptionid: fatal('subscription-not-found'),
    readonlydisabledsubscription: fatal('subscription-disabled'),
    disabledsubscription: fatal('subscription-disabled'),
    subscriptionnotregistered: fatal('subscription-disabled'),
    resourcenotfound: fatal('resource-not-found'),
    resourcegroupnotfound: fatal('resource-not-found'),
    parentresourcenotfound: fatal('resource-not-found'),
    invalidauthenticationtokentenant: fatal('resource-manager-token-rejected'),
    invalidauthenticationtokenaudience: fatal('resource-manager-token-rejected'),
    invalidauthenticationtoken: fatal('resource-manager-token-rejected'),
    expiredauthenticationtoken: fatal('resource-manager-token-rejected'),
    authenticationfailed: fatal('resource-manager-token-rejected'),
    authenticationfailedmissingtoken: fatal('resource-manager-token-rejected'),
  }),
)

/** @param now Milliseconds since the epoch. */
export function refusalOfResourceManager(reply: HttpReply, now: number): Refusal {
  const body = readErrorBody(reply.body)
  const { message } = body
  const after = retryAfterMs(reply.headers, now) ?? secondsInMessage(message)
  const action = /perform action '([^']+)'/.exec(message)?.[1]
  return {
    ...(isPage(reply) ? byStatusAlone(reply.status) : kindAndCode(body, reply.status)),
    said: saidBy(reply, body.codes[0], message),
    ...(after === undefined ? {} : { retryAfterMs: after }),
    ...(action === undefined ? {} : { named: { action: plain(action, 200) } }),
  }
}

function kindAndCode({ codes, message }: ErrorBody, status: number): KindAndCode {
  const known = codes.map(code => byServiceCode.get(code.toLowerCase())).find(found => found !== undefined)
  if (known !== undefined) return known
  const inText = codes.length === 0 ? codeInText(message) : undefined
  if (inText !== undefined) return inText
  if (status === 429 || codes.some(code => /throttled$|^toomanyrequests$/i.test(code))) return throttled
  return byWording(message) ?? byStatus(status)
}

/** For replies that were cut off or rewritten on the way: the service's code stands somewhere in what is left. */
function codeInText(text: string): KindAndCode | undefined {
  const words = text.match(/\b[A-Z][A-Za-z]+\b/g) ?? []
  return words.map(word => byServiceCode.get(word.toLowerCase())).find(known => known !== undefined)
}

/** For replies whose code was lost on the way, or is the generic AuthorizationFailed. */
function byWording(message: string): KindAndCode | undefined {
  if (/because of the deny assignment/i.test(message)) return fatal('deny-assignment')
  if (/ABAC condition not fulfilled/i.test(message)) return fatal('delegation-condition-unmet')
  if (/following scope\(s\) are locked/i.test(message)) return fatal('resource-locked')
  if (/role assignment already exists/i.test(message)) return fatal('role-assignment-exists')
  if (/was disallowed by policy/i.test(message)) return fatal('policy-denied')
  const lacking = /does not have (?:authorization|permission) to perform action '([^']*)/i.exec(message)?.[1]
  if (lacking?.toLowerCase() === 'microsoft.authorization/roleassignments/write')
    return fatal('cannot-assign-role')
  if (lacking !== undefined) return fatal('resource-manager-forbidden')
  if (/access token is from the wrong issuer/i.test(message)) return fatal('resource-manager-token-rejected')
  return undefined
}

function byStatus(status: number): KindAndCode {
  if (status === 401) return fatal('resource-manager-token-rejected')
  if (status === 403) return fatal('resource-manager-forbidden')
  return byStatusAlone(status)
}

/** What is left where neither code nor words say anything. */
function byStatusAlone(status: number): KindAndCode {
  if (status === 429) return throttled
  if (status === 408 || status >= 500) return { kind: 'transient', code: 'resource-manager-unavailable' }
  return fatal('resource-manager-rejected')
}

/** Throttling often says how long only in the text: "Please try again after '10' seconds." */
function secondsInMessage(message: string): number | undefined {
  const seconds = /try again after '?(\d+)'? seconds/i.exec(message)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
