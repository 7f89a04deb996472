import * as v from 'valibot'
import { guid, instant, tags } from './values.ts'

/** Tenants, and who is in them. */

export const tenant = v.strictObject({
  id: guid,
  displayName: v.string(),
  federationDisabled: v.optional(v.boolean(), false),
  /** Expressions of flexible credentials are not evaluated (AADSTS700235). */
  refusesExpressions: v.optional(v.boolean(), false),
  /** GitHub tokens must name one of these enterprises; empty: they need not name any. */
  requiredEnterprises: v.optional(v.array(v.string()), []),
  /** Conditional Access for workload identities, only as a block: object ids of service principals. */
  conditionalAccess: v.optional(
    v.array(v.strictObject({ id: guid, displayName: v.string(), blocked: v.array(guid) })),
    [],
  ),
  /** Resources that other tenants have: those without a service principal here, because nobody has used them yet. */
  absentResources: v.optional(v.array(v.string()), []),
})

const federatedCredential = v.pipe(
  v.strictObject({
    name: v.string(),
    /** GITHUB_ISSUER also stands for the local GitHub. */
    issuer: v.string(),
    /** Absent: the credential is a flexible one, with `claimsMatchingExpression` instead. */
    subject: v.optional(v.string()),
    /** In the language of flexible federated credentials, such as `claims['sub'] matches 'repo:contoso/shop:*'`. */
    claimsMatchingExpression: v.optional(
      v.strictObject({ value: v.string(), languageVersion: v.optional(v.literal(1), 1) }),
    ),
    audiences: v.pipe(v.array(v.string()), v.length(1)),
    description: v.optional(v.string()),
    /** The id in Microsoft Graph; a managed identity's credential is identified by its name. */
    id: v.optional(guid),
    /** Absent: it has always been live. Present: takes `lag.federatedCredentials` from then to reach each Entra replica. */
    createdOn: v.optional(instant),
  }),
  v.check(
    ({ subject, claimsMatchingExpression }) =>
      (subject === undefined) !== (claimsMatchingExpression === undefined),
    'A federated credential has either a subject or a claimsMatchingExpression',
  ),
)

/** Application permissions of Microsoft Graph that operations here need. */
const graphPermission = v.picklist([
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
  'Group.Read.All',
  'Group.ReadWrite.All',
  'GroupMember.Read.All',
  'GroupMember.ReadWrite.All',
  'User.Read.All',
])

export const application = v.strictObject({
  kind: v.picklist(['application', 'managedIdentity']),
  displayName: v.string(),
  clientId: guid,
  tenantId: guid,
  /** Object id of the application registration; a role can never be assigned to it. */
  objectId: guid,
  /** Null: the application exists, but has no service principal in its tenant (AADSTS7000229). */
  servicePrincipal: v.nullable(
    v.strictObject({
      objectId: guid,
      enabled: v.optional(v.boolean(), true),
      /** What it may do in the directory. */
      graphPermissions: v.optional(v.array(graphPermission)),
    }),
  ),
  /** ARM id of a managed identity: its own, or that of the resource it belongs to. Becomes the claim `xms_mirid`. */
  resourceId: v.optional(v.string()),
  /** Of a user-assigned identity. Absent: the location of its resource group. */
  location: v.optional(v.string()),
  /** Of a user-assigned identity. */
  tags: v.optional(tags),
  /** Of an application registration, as in Microsoft Graph. */
  signInAudience: v.optional(
    v.picklist([
      'AzureADMyOrg',
      'AzureADMultipleOrgs',
      'AzureADandPersonalMicrosoftAccount',
      'PersonalMicrosoftAccount',
    ]),
  ),
  /** Of an application registration: "Allow public client flows". Entra then accepts no assertion from it (AADSTS700025). */
  isFallbackPublicClient: v.optional(v.boolean()),
  createdOn: v.optional(instant),
  federatedCredentials: v.optional(v.array(federatedCredential), []),
})

export const user = v.strictObject({ objectId: guid, tenantId: guid, userPrincipalName: v.string() })

export const group = v.strictObject({
  objectId: guid,
  tenantId: guid,
  displayName: v.string(),
  mailNickname: v.optional(v.string()),
  description: v.optional(v.string()),
  members: v.array(guid),
  createdOn: v.optional(instant),
})
