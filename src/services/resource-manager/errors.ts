import { assignRoles } from '../../azure/rbac/delegation-conditions.ts'
import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { type ErrorBody, namesOf, readErrorBody } from '../../core/failures/error-body.ts'
import { type Failure, retryAfterMs, summarizeResponse } from '../../core/failures/failure.ts'
import { isBlockedOnTheWay, isPage } from '../../core/failures/intermediary.ts'
import type { HttpReply } from '../../core/http/client.ts'
import { plain } from '../../core/text/untrusted.ts'
import { challengeIn } from './claims-challenge.ts'

/** Refusals of Azure Resource Manager, by the service's own code first (learn.microsoft.com, common-deployment-errors; RBAC troubleshooting). */

type KindAndCode = Pick<Failure, 'kind' | 'code'>
const fatal = (code: DiagnosisCode): KindAndCode => ({ kind: 'fatal', code })

const throttled: KindAndCode = { kind: 'throttled', code: 'resource-manager-throttled' }
const unavailable: KindAndCode = { kind: 'transient', code: 'resource-manager-unavailable' }
const principalNotFound: KindAndCode = { kind: 'transient', code: 'principal-not-found' }

/** Names in lower case. */
const byServiceCode: ReadonlyMap<string, KindAndCode> = new Map(
  Object.entries<KindAndCode>({
    denyassignmentauthorizationfailed: fatal('deny-assignment'),
    principalnotfound: principalNotFound,
    principaltypenotsupported: fatal('principal-type-mismatch'),
    unmatchedprincipaltype: fatal('principal-type-mismatch'),
    invalidprincipalid: fatal('principal-not-found'),
    roledefinitiondoesnotexist: fatal('role-not-found'),
    roledefinitionnotfound: fatal('role-not-found'),
    invalidroledefinitionid: fatal('role-not-found'),
    scopedoesnotmatchroledefinition: fatal('role-not-found'),
    invalidroledefinitionscope: fatal('role-not-found'),
    roleassignmentscopenotassignabletoroledefinition: fatal('role-not-found'),
    roleassignmentlimitexceeded: fatal('role-assignment-limit'),
    roleassignmentexists: fatal('role-assignment-exists'),
    roleassignmentupdatenotpermitted: fatal('role-assignment-conflict'),
    hashconflictondifferentroleassignmentids: { kind: 'transient', code: 'role-assignment-conflict' },
    scopelocked: fatal('resource-locked'),
    requestdisallowedbypolicy: fatal('policy-denied'),
    requestdisallowedbyazure: fatal('policy-denied'),
    subscriptionnotfound: fatal('subscription-not-found'),
    invalidsubscriptionid: fatal('subscription-not-found'),
    missingsubscription: fatal('subscription-not-found'),
    readonlydisabledsubscription: fatal('subscription-disabled'),
    disabledsubscription: fatal('subscription-disabled'),
    // The provider of this service; the network's says it in the same words.
    subscriptionnotregistered: fatal('resource-provider-unregistered'),
    missingsubscriptionregistration: fatal('resource-provider-unregistered'),
    missingregistrationforlocation: fatal('resource-provider-unregistered'),
    missingregistrationsfortypes: fatal('resource-provider-unregistered'),
    invalidsubscriptionregistrationstate: fatal('resource-provider-unregistered'),
    disallowedoperation: fatal('subscription-disabled'),
    resourcenotfound: fatal('resource-not-found'),
    resourcegroupnotfound: fatal('resource-not-found'),
    parentresourcenotfound: fatal('resource-not-found'),
    resourcegroupbeingdeleted: fatal('resource-not-found'),
    invalidauthenticationtokentenant: fatal('resource-manager-token-rejected'),
    invalidauthenticationtokenaudience: fatal('resource-manager-token-rejected'),
    invalidauthenticationtoken: fatal('resource-manager-token-rejected'),
    expiredauthenticationtoken: fatal('resource-manager-token-rejected'),
    authenticationfailed: fatal('resource-manager-token-rejected'),
    authenticationfailedmissingtoken: fatal('resource-manager-token-rejected'),
    gatewaytimeout: unavailable,
    servertimeout: unavailable,
    serverbusy: unavailable,
    serviceunavailable: unavailable,
    internalservererror: unavailable,
    // Somebody is changing the resource right now.
    requestconflict: unavailable,
    anotheroperationinprogress: unavailable,
    conflictingconcurrentwritenotallowed: unavailable,
    accountprovisioningstateinvalid: unavailable,
  }),
)

/** Codes that say less than the message that comes with them, used if the message says nothing. Names in lower case. */
const byGeneralCode: ReadonlyMap<string, KindAndCode> = new Map(
  Object.entries<KindAndCode>({
    authorizationfailed: fatal('resource-manager-forbidden'),
    linkedauthorizationfailed: fatal('resource-manager-forbidden'),
    notfound: fatal('resource-not-found'),
  }),
)

/** @param now Milliseconds since the epoch. */
export function failureOfResourceManager(reply: HttpReply, now: number): Failure {
  const body = readErrorBody(reply.body)
  const { message } = body
  const after = retryAfterMs(reply.headers, now) ?? secondsInMessage(message)
  const meaning = meaningOf(reply, body)
  const details = {
    ...detailsIn(reply, body),
    ...(meaning.code === 'network-blocked' ? { keptFrom: 'resource-manager' as const } : {}),
  }
  return {
    ...meaning,
    said: summarizeResponse(reply, body.codes[0], message),
    ...(after === undefined ? {} : { retryAfterMs: after }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  }
}

function detailsIn({ headers }: HttpReply, body: ErrorBody): NonNullable<Failure['details']> {
  const { message } = body
  const action = lackingIn(body) ?? /perform action '([^']+)'/.exec(message)?.[1]
  // From the classic host, which speaks XML and wants a token for itself.
  const audience = /expected audience uri '([^']+)'/i.exec(message)?.[1]
  const challenge = challengeIn(headers['www-authenticate'] ?? '')
  return {
    ...(action === undefined ? {} : { action: plain(action, 200) }),
    ...(audience === undefined ? {} : { audience: plain(audience, 200) }),
    ...(challenge === undefined ? {} : { challenge }),
  }
}

function meaningOf(reply: HttpReply, body: ErrorBody): KindAndCode {
  if (isBlockedOnTheWay(reply)) return fatal('blocked-on-the-way')
  return isPage(reply) ? byStatusAlone(reply.status) : kindAndCode(body, reply.status)
}

function kindAndCode(body: ErrorBody, status: number): KindAndCode {
  const { message } = body
  const names = namesOf(body).map(code => code.toLowerCase())
  // The token is good: Entra gave it for an application that has no service principal in this tenant.
  if (/claims 'puid' or 'altsecid' or 'oid' should be present/i.test(message))
    return fatal('service-principal-missing')
  const known = firstOf(byServiceCode, names)
  if (known !== undefined) return known
  if (status === 429 || names.some(code => /throttled$|^toomanyrequests$/.test(code))) return throttled
  if (status === 403 && isPrivateOnly(names, message)) return fatal('network-blocked')
  return byWording(body) ?? firstOf(byGeneralCode, names) ?? byStatus(status)
}

/**
 * A tenant that has private links for Resource Manager, and has switched public access off (create-private-link-access-rest).
 */
const isPrivateOnly = (names: readonly string[], message: string): boolean =>
  names.some(name => /resourcemanagementprivatelink|publicnetworkaccess/.test(name)) ||
  /\bpublic network\b( access)? (is|was) (disabled|denied|not allowed)|\b(over|from) (the |a )?public network\b/i.test(
    message,
  )

const firstOf = (meanings: ReadonlyMap<string, KindAndCode>, names: readonly string[]) =>
  names.map(name => meanings.get(name)).find(known => known !== undefined)

/** For replies whose code was lost in between, or is too general. In the order in which they are tried. */
const wordings: ReadonlyArray<readonly [RegExp, KindAndCode]> = [
  [/because of the deny assignment/i, fatal('deny-assignment')],
  [/ABAC condition (that is )?not fulfilled/i, fatal('delegation-condition-unmet')],
  [/following scope\(s\) are locked/i, fatal('resource-locked')],
  [/role assignment already exists/i, fatal('role-assignment-exists')],
  [/no more role assignments can be created/i, fatal('role-assignment-limit')],
  [/principal ID, and scope are not allowed to be updated/i, fatal('role-assignment-conflict')],
  [
    /role definition with ID .{0,200} does not exist|role definition .{0,200}cannot be assigned at|not assignable to (the )?role definition/i,
    fatal('role-not-found'),
  ],
  [/principal \S+ does not exist in the directory/i, principalNotFound],
  [/a valid principal ID must be provided/i, fatal('principal-not-found')],
  [/principals of type \S+ cannot|is different from specified prin/i, fatal('principal-type-mismatch')],
  [/was disallowed by policy/i, fatal('policy-denied')],
  [
    /subscription is not registered (to use namespace|for the resource type)|subscription must be registered to use/i,
    fatal('resource-provider-unregistered'),
  ],
  [/access token is from the wrong issuer|access token expiry/i, fatal('resource-manager-token-rejected')],
  [/subscription \S+ could not be found/i, fatal('subscription-not-found')],
  [
    /subscription (\S+ )?(is|has been) (disabled|suspended|cancell?ed)|subscription (\S+ )?is not (in an )?active/i,
    fatal('subscription-disabled'),
  ],
  [
    /resource group \S+ could not be found|the resource '.{1,400}' .{0,200}was not found/i,
    fatal('resource-not-found'),
  ],
  [/requests for .{1,400} exceeded/i, throttled],
  [
    /gateway did not receive a response|another operation (is (being performed|in progress)|on this)|\bis being (modified|updated)\b/i,
    unavailable,
  ],
]

function byWording(body: ErrorBody): KindAndCode | undefined {
  const worded = wordings.find(([pattern]) => pattern.test(body.message))
  if (worded !== undefined) return worded[1]
  const lacking = lackingIn(body)
  if (lacking?.toLowerCase() === assignRoles.toLowerCase()) return fatal('cannot-assign-role')
  return lacking === undefined ? undefined : fatal('resource-manager-forbidden')
}

/**
 * A linked right comes after one that is there, as "action(s)", and sometimes without quotes. Resource Manager translates its
 * messages: in every language the action is the name that is not part of a scope.
 */
function lackingIn({ codes, message }: ErrorBody): string | undefined {
  const inEnglish = /does not have (?:authorization|permission) ?to perform action(?:\(s\))? '?([\w./*-]+)/i
  const named = inEnglish.exec(message)?.[1]
  if (named !== undefined || !codes.some(code => /^AuthorizationFailed$/i.test(code))) return named
  return /(?<![\w./])Microsoft\.\w+(?:\/[\w.*-]+)+\/(?:read|write|delete|action)\b/i.exec(message)?.[0]
}

function byStatus(status: number): KindAndCode {
  if (status === 401) return fatal('resource-manager-token-rejected')
  if (status === 403) return fatal('resource-manager-forbidden')
  return byStatusAlone(status)
}

/** For replies whose code and message say nothing. */
function byStatusAlone(status: number): KindAndCode {
  if (status === 429) return throttled
  if (status === 408 || status >= 500 || status < 300) return unavailable
  return fatal('resource-manager-rejected')
}

/** A throttling reply often names the time only in its text: "Please try again after '10' seconds." */
function secondsInMessage(message: string): number | undefined {
  const seconds = /try again after '?(\d+)'? seconds/i.exec(message)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
