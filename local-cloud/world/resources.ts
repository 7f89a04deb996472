import * as v from 'valibot'
import { count, guid, instant, resourceIdentity, tags } from './values.ts'

/** What stands beside the accounts: gateways in front of them, and resources of other types. */

/** By name; null removes the header. */
const headerChanges = v.record(v.pipe(v.string(), v.toLowerCase()), v.nullable(v.string()))

/** A gateway in front of an account, with its own host. */
export const gateway = v.strictObject({
  name: v.string(),
  /** Name of the account behind it, which must have a custom subdomain. */
  account: v.string(),
  /** The path that its API has, such as `/ai`. Absent: none. */
  path: v.optional(
    v.pipe(v.string(), v.regex(/^(\/[\w.-]+)*$/, 'Is no path without a slash at its end')),
    '',
  ),
  /** Replaces that path: `/openai` if the gateway serves `/v1`. Absent: nothing. */
  backendPath: v.optional(
    v.pipe(v.string(), v.regex(/^(\/[\w.-]+)*$/, 'Is no path without a slash at its end')),
    '',
  ),
  /** The subscription key that it requires. Absent: none. */
  subscriptionKey: v.optional(v.string()),
  /** Audience of the tokens that it accepts (validate-jwt); Entra issues tokens for it. Absent: it does not check tokens. */
  audience: v.optional(v.string()),
  /** Object id of a service principal of the world, as which it calls the account. Absent: with the caller's token. */
  identity: v.optional(guid),
  /** Calls that it allows per minute. Absent: any number. */
  callsPerMinute: v.optional(count),
  requestHeaders: v.optional(headerChanges, {}),
  replyHeaders: v.optional(headerChanges, {}),
})

/** A route that makes one model call as the resource's identity, and shows the result. */
const app = v.strictObject({
  /** Resource id of the account that it calls. Absent: the first one with a host. */
  accountId: v.optional(v.string()),
  /** A deployment for chat. */
  deployment: v.string(),
  /** Its AZURE_CLIENT_ID: the identity that it signs in as. Absent: the system-assigned one. */
  clientId: v.optional(guid),
  /** Its port is closed until then. Absent: it is open from the start. */
  listensOn: v.optional(instant),
  /** It answers 503 until then. Absent: it runs from the start. */
  startsOn: v.optional(instant),
  /** What its query must contain as `code`, like a Function's key; otherwise it answers 401. */
  key: v.optional(v.string()),
  /** Redirects everybody to the log-in page. */
  requiresLogin: v.optional(v.boolean(), false),
  /** Shows a page with status 200 if its call fails. */
  hidesFailures: v.optional(v.boolean(), false),
})

/** Any other resource, as its provider returns it: an app with an identity, a storage account at which roles are assigned. */
export const resource = v.strictObject({
  id: v.pipe(
    v.string(),
    v.regex(
      /^\/subscriptions\/[^/]+\/resource[Gg]roups\/[^/]+\/providers\/[^/]+(\/[^/]+\/[^/]+)+$/,
      'Is not the id of a resource in a resource group',
    ),
  ),
  location: v.string(),
  kind: v.optional(v.string()),
  sku: v.optional(v.record(v.string(), v.unknown())),
  tags: v.optional(tags),
  identity: v.optional(resourceIdentity),
  /** Answers on its own host, at `/probe`. */
  app: v.optional(app),
  properties: v.optional(v.record(v.string(), v.unknown()), {}),
})
