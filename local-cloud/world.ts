import * as v from 'valibot'
import { accountId, subscriptionIdOf } from './scopes.ts'

/**
 * What the local cloud contains: one plain object, given as a seed (JSON) and kept as live state. Times are ISO 8601 in UTC;
 * ids are GUIDs in lower case; names compare without case, as in Azure.
 */

const guid = v.pipe(v.string(), v.uuid(), v.toLowerCase())
const instant = v.pipe(v.string(), v.isoTimestamp())
const count = v.pipe(v.number(), v.integer(), v.minValue(0))

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

/** Names and values as Azure keeps them: text. */
const tags = v.record(v.string(), v.string())

const principalIds = v.strictObject({ principalId: guid, clientId: guid })

/** The identities that a resource acts as. */
const resourceIdentity = v.strictObject({
  /**
   * The identity that exists as long as the resource does. It is one of the `applications`, and is added there if a seed does
   * not have it.
   */
  systemAssigned: v.optional(principalIds),
  /** Resource ids of user-assigned identities. */
  userAssigned: v.optional(v.array(v.string())),
})

/** A write that takes Azure some time: until then `provisioningState` is this, by the cloud's clock. */
const pending = v.strictObject({ state: v.picklist(['Accepted', 'Creating', 'Deleting']), until: instant })

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

const application = v.strictObject({
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

export const model = v.strictObject({
  format: v.picklist([
    'OpenAI',
    'Anthropic',
    'DeepSeek',
    'Meta',
    'Mistral AI',
    'Microsoft',
    'xAI',
    'Cohere',
    'Black Forest Labs',
  ]),
  name: v.string(),
  version: v.string(),
})

const deployment = v.strictObject({
  name: v.string(),
  model,
  sku: v.optional(v.strictObject({ name: v.string(), capacity: v.number() }), {
    name: 'GlobalStandard',
    capacity: 10,
  }),
  provisioningState: v.optional(
    v.picklist(['Accepted', 'Creating', 'Deleting', 'Moving', 'Failed', 'Succeeded', 'Disabled', 'Canceled']),
    'Succeeded',
  ),
  pending: v.optional(pending),
  /** What happens when the model's version retires. Absent: it moves to the default version once there is a new one. */
  versionUpgradeOption: v.optional(
    v.picklist(['OnceNewDefaultVersionAvailable', 'OnceCurrentVersionExpired', 'NoAutoUpgrade']),
  ),
  raiPolicyName: v.optional(v.string()),
  tags: v.optional(tags),
  createdOn: v.optional(instant),
  /** What the model can do, as Resource Manager lists it; absent: from the model's name (inference/capabilities.ts). */
  capabilities: v.optional(v.record(v.string(), v.string())),
  /** The model's answer; the default is a short fixed sentence. */
  answer: v.optional(v.string()),
  /** Accepts `max_completion_tokens`, refuses `max_tokens` and a temperature other than 1, and spends tokens on reasoning. */
  reasoning: v.optional(v.boolean(), false),
})

const project = v.strictObject({
  name: v.string(),
  identity: v.optional(resourceIdentity),
  tags: v.optional(tags),
  displayName: v.optional(v.string()),
  description: v.optional(v.string()),
  pending: v.optional(pending),
  createdOn: v.optional(instant),
  /** Agents; they can be read, but not run. */
  agents: v.optional(
    v.array(
      v.strictObject({
        name: v.string(),
        model: v.string(),
        /** Of a published agent: it is an application of the project, and has its own identity. */
        identity: v.optional(principalIds),
      }),
    ),
  ),
  /** Its connections, as its data plane lists them; they sign in with Entra. */
  connections: v.optional(
    v.array(
      v.strictObject({
        name: v.string(),
        /** `AzureOpenAI`, `AzureStorageAccount`, `CognitiveSearch`, … */
        type: v.string(),
        target: v.string(),
        isDefault: v.optional(v.boolean(), false),
      }),
    ),
  ),
})

const retentionPolicy = v.nullish(v.strictObject({ enabled: v.boolean(), days: count }), null)
const orNull = v.nullish(v.string(), null)

/** Where the logs and metrics of an account go. It is kept, but nothing is sent. */
export const diagnosticSetting = v.strictObject({
  name: v.string(),
  /** Destinations, by their resource ids. */
  storageAccountId: orNull,
  serviceBusRuleId: orNull,
  workspaceId: orNull,
  eventHubAuthorizationRuleId: orNull,
  eventHubName: orNull,
  marketplacePartnerId: orNull,
  logAnalyticsDestinationType: orNull,
  logs: v.optional(
    v.array(
      v.strictObject({ category: orNull, categoryGroup: orNull, enabled: v.boolean(), retentionPolicy }),
    ),
    [],
  ),
  metrics: v.optional(
    v.array(v.strictObject({ timeGrain: orNull, category: orNull, enabled: v.boolean(), retentionPolicy })),
    [],
  ),
})

const account = v.strictObject({
  subscriptionId: guid,
  resourceGroup: v.string(),
  name: v.string(),
  kind: v.picklist(['AIServices', 'OpenAI', 'CognitiveServices', 'TextAnalytics']),
  location: v.string(),
  /** Null: it has only the regional endpoint, which refuses Entra tokens. */
  customSubDomainName: v.nullable(v.string()),
  /** Null means that keys work (as in Azure). */
  disableLocalAuth: v.optional(v.nullable(v.boolean()), true),
  /**
   * Since when keys work, or do not, as `disableLocalAuth` says; before, it was the opposite. Absent: it has always been so.
   * Present: takes `lag.keyAccess` from then to reach each replica of the data plane.
   */
  keyAccessChangedOn: v.optional(instant),
  /** How often each API key was regenerated. The keys follow from it, see inference/keys.ts. */
  regeneratedKeys: v.optional(v.strictObject({ key1: count, key2: count }), { key1: 0, key2: 0 }),
  publicNetworkAccess: v.optional(v.picklist(['Enabled', 'Disabled']), 'Enabled'),
  /** Abuse monitoring has blocked the resource: the data plane refuses every call. */
  blocked: v.optional(v.boolean(), false),
  /** Deny: the data plane answers like the firewall. */
  networkDefaultAction: v.optional(v.picklist(['Allow', 'Deny']), 'Allow'),
  deployments: v.optional(v.array(deployment), []),
  /** The first is the default one. In a seed a name is enough. */
  projects: v.optional(
    v.array(
      v.union([
        v.pipe(
          v.string(),
          v.transform((name): v.InferOutput<typeof project> => ({ name })),
        ),
        project,
      ]),
    ),
    [],
  ),
  /** Absent: `S0`. */
  sku: v.optional(v.string()),
  tags: v.optional(tags),
  identity: v.optional(resourceIdentity),
  /** Addresses and subnets that the firewall allows (`networkDefaultAction: Deny`). */
  ipRules: v.optional(v.array(v.string())),
  virtualNetworkRules: v.optional(v.array(v.string())),
  networkBypass: v.optional(v.picklist(['AzureServices', 'None'])),
  diagnosticSettings: v.optional(v.array(diagnosticSetting)),
  /** Whether it can have projects. Absent: one of kind AIServices can. */
  allowProjectManagement: v.optional(v.boolean()),
  /** Other properties that were written: returned again, but without effect here. */
  otherProperties: v.optional(v.record(v.string(), v.unknown())),
  pending: v.optional(pending),
  createdOn: v.optional(instant),
  /** Client id of the application that created it. Absent: some administrator. */
  createdBy: v.optional(v.string()),
})

/** By name; null removes the header. */
const headerChanges = v.record(v.pipe(v.string(), v.toLowerCase()), v.nullable(v.string()))

/** A gateway in front of an account, with its own host. */
const gateway = v.strictObject({
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

/** A model that can be deployed: adds to the catalogue (model-catalogue.ts), or replaces an entry. */
const catalogueModel = v.strictObject({
  ...model.entries,
  /** Deployed if no version is named. */
  isDefaultVersion: v.optional(v.boolean()),
  lifecycleStatus: v.optional(v.picklist(['Preview', 'GenerallyAvailable', 'Deprecating', 'Deprecated'])),
  /** How long it can be called and fine-tuned. Absent: forever. */
  deprecation: v.optional(v.strictObject({ inference: v.optional(instant), fineTune: v.optional(instant) })),
  skus: v.optional(v.array(v.string())),
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
const resource = v.strictObject({
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

export const permission = v.strictObject({
  actions: v.optional(v.array(v.string()), []),
  notActions: v.optional(v.array(v.string()), []),
  dataActions: v.optional(v.array(v.string()), []),
  notDataActions: v.optional(v.array(v.string()), []),
})

const roleDefinition = v.strictObject({
  id: guid,
  roleName: v.string(),
  description: v.optional(v.nullable(v.string()), null),
  type: v.optional(v.picklist(['BuiltInRole', 'CustomRole']), 'CustomRole'),
  assignableScopes: v.array(v.string()),
  permissions: v.array(permission),
  createdOn: v.optional(instant),
  updatedOn: v.optional(instant),
  createdBy: v.optional(v.nullable(v.string())),
  updatedBy: v.optional(v.nullable(v.string())),
})

const principalType = v.picklist(['ServicePrincipal', 'User', 'Group', 'ForeignGroup', 'Device'])

const roleAssignment = v.strictObject({
  name: guid,
  scope: v.string(),
  roleDefinitionId: guid,
  principalId: guid,
  principalType,
  description: v.optional(v.nullable(v.string()), null),
  condition: v.optional(v.nullable(v.string()), null),
  conditionVersion: v.optional(v.nullable(v.string()), null),
  /** Absent in a seed: long ago, live everywhere. */
  createdOn: v.optional(instant),
  updatedOn: v.optional(instant),
  createdBy: v.optional(v.nullable(v.string()), null),
  updatedBy: v.optional(v.nullable(v.string()), null),
})

const denyAssignment = v.strictObject({
  name: guid,
  displayName: v.string(),
  scope: v.string(),
  permissions: v.array(permission),
  /** The zero GUID stands for everybody. */
  principals: v.array(guid),
  excludePrincipals: v.optional(v.array(guid), []),
  doNotApplyToChildScopes: v.optional(v.boolean(), false),
  /** Absent: its name. */
  description: v.optional(v.string()),
  /** A user made it, and can remove it; absent: Azure made it, as for a deployment stack. */
  userAssigned: v.optional(v.literal(true)),
  /** Absent: long ago, in force everywhere. */
  createdOn: v.optional(instant),
})

const tenant = v.strictObject({
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

const lock = v.strictObject({
  name: v.string(),
  scope: v.string(),
  /** ReadOnly: nothing at or below the scope is written or removed. CanNotDelete: nothing is removed. */
  level: v.picklist(['ReadOnly', 'CanNotDelete']),
  notes: v.optional(v.string()),
})

/** Azure Policy, only with the effect that matters for role assignments: some roles must not be assigned. */
const policyAssignment = v.strictObject({
  name: v.string(),
  displayName: v.string(),
  scope: v.string(),
  deniedRoles: v.array(guid),
  /** Scopes that an exemption excludes. */
  exemptScopes: v.optional(v.array(v.string()), []),
})

/** The workflow run whose OIDC tokens the GitHub service issues. */
const workflow = v.strictObject({
  owner: v.string(),
  ownerId: v.string(),
  repository: v.string(),
  repositoryId: v.string(),
  ref: v.string(),
  sha: v.string(),
  actor: v.string(),
  actorId: v.string(),
  eventName: v.string(),
  runId: v.string(),
  runNumber: v.string(),
  runAttempt: v.string(),
  /** Of the job: the only value that certainly differs between jobs of one run. */
  checkRunId: v.optional(v.string(), '40118872203'),
  workflow: v.string(),
  workflowPath: v.string(),
  environment: v.optional(v.string()),
  headRef: v.optional(v.string()),
  baseRef: v.optional(v.string()),
  /** Set when the job runs in a reusable workflow: `owner/repo/.github/workflows/x.yml@ref`. */
  jobWorkflowRef: v.optional(v.string()),
  enterprise: v.optional(v.string()),
  /** Numeric ids in the subject: repositories created, renamed or transferred since 2026-07-15. */
  immutableSubject: v.optional(v.boolean(), false),
  /** Claims of a customised subject template, in order; absent: the default subject. */
  includeClaimKeys: v.optional(v.array(v.string())),
})

export const worldSchema = v.strictObject({
  tenants: v.array(tenant),
  subscriptions: v.array(
    v.strictObject({
      id: guid,
      tenantId: guid,
      displayName: v.string(),
      state: v.optional(v.picklist(['Enabled', 'Disabled', 'Warned']), 'Enabled'),
      managementGroups: v.optional(v.array(v.string()), []),
      /** Namespaces of resource providers that nobody has registered for it. */
      unregisteredProviders: v.optional(v.array(v.string())),
    }),
  ),
  resourceGroups: v.array(
    v.strictObject({ subscriptionId: guid, name: v.string(), location: v.string(), tags: v.optional(tags) }),
  ),
  applications: v.array(application),
  users: v.optional(
    v.array(v.strictObject({ objectId: guid, tenantId: guid, userPrincipalName: v.string() })),
    [],
  ),
  groups: v.optional(
    v.array(
      v.strictObject({
        objectId: guid,
        tenantId: guid,
        displayName: v.string(),
        mailNickname: v.optional(v.string()),
        description: v.optional(v.string()),
        members: v.array(guid),
        createdOn: v.optional(instant),
      }),
    ),
    [],
  ),
  accounts: v.array(account),
  /** Accounts that were deleted less than two days ago: they can be restored, and keep their names. */
  deletedAccounts: v.optional(v.array(v.strictObject({ account, deletedOn: instant })), []),
  gateways: v.optional(v.array(gateway), []),
  resources: v.optional(v.array(resource), []),
  models: v.optional(v.array(catalogueModel), []),
  /** Custom roles; the built-in ones are always there. */
  roleDefinitions: v.optional(v.array(roleDefinition), []),
  roleAssignments: v.optional(v.array(roleAssignment), []),
  denyAssignments: v.optional(v.array(denyAssignment), []),
  locks: v.optional(v.array(lock), []),
  policyAssignments: v.optional(v.array(policyAssignment), []),
  workflow,
})

/** A seed as people write it: defaults can be left out. */
export type Seed = v.InferInput<typeof worldSchema>
/** What the services use: with every default filled in. */
export type World = v.InferOutput<typeof worldSchema>

export type Tenant = World['tenants'][number]
export type Application = World['applications'][number]
export type FederatedCredential = Application['federatedCredentials'][number]
export type Account = World['accounts'][number]
export type Deployment = Account['deployments'][number]
export type Project = Account['projects'][number]
export type DiagnosticSetting = v.InferOutput<typeof diagnosticSetting>
export type Gateway = World['gateways'][number]
export type CatalogueModel = World['models'][number]
export type Resource = World['resources'][number]
export type ResourceIdentity = NonNullable<Resource['identity']>
export type Group = World['groups'][number]
export type RoleDefinition = World['roleDefinitions'][number]
export type RoleAssignment = World['roleAssignments'][number]
export type Lock = World['locks'][number]
export type DenyAssignment = World['denyAssignments'][number]
export type Permission = RoleDefinition['permissions'][number]
export type Workflow = World['workflow']

/** Issuer of GitHub's OIDC tokens, as in credentials that were copied from a real tenant. */
export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'

/**
 * Checks a seed and fills in defaults; ids become lower case. The seed itself does not change.
 * @throws Error that lists everything that is wrong with the seed
 */
export function parseSeed(seed: unknown): World {
  const parsed = v.safeParse(worldSchema, seed)
  if (parsed.success) return withSystemIdentities(parsed.output)
  const issues = parsed.issues.map(
    issue => `  ${v.getDotPath(issue) ?? '(the seed itself)'}: ${faultOf(issue)}`,
  )
  throw new Error(`The seed of the local cloud is invalid:\n${issues.join('\n')}`)
}

/** A mistyped field is reported both as missing and as unknown. */
function faultOf({ type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type !== 'strict_object' || received === 'Object' || expected === 'Object') return message
  return expected === 'never' ? 'there is no such field' : 'the field is missing'
}

/** Every system-assigned identity is one of the applications, where sign-in and authorization look. */
function withSystemIdentities(world: World): World {
  for (const bearer of identityBearers(world)) {
    const systemAssigned = bearer.identity?.systemAssigned
    if (systemAssigned === undefined) continue
    const isKnown = world.applications.some(
      ({ servicePrincipal }) => servicePrincipal?.objectId === systemAssigned.principalId,
    )
    if (!isKnown) world.applications.push(systemIdentityOf(world, bearer, systemAssigned))
  }
  return world
}

/** A resource that can have identities. */
interface IdentityBearer {
  /** Resource id. */
  id: string
  identity: ResourceIdentity | undefined
}

/** Every resource of the world that can have identities. */
export function identityBearers(world: World): IdentityBearer[] {
  const ofAccounts = world.accounts.flatMap(({ projects, identity, ...account }) => {
    const id = accountId(account)
    return [
      { id, identity },
      ...projects.flatMap(project => [
        { id: `${id}/projects/${project.name}`, identity: project.identity },
        ...publishedAgents(`${id}/projects/${project.name}`, project),
      ]),
    ]
  })
  return [...ofAccounts, ...world.resources.map(({ id, identity }) => ({ id, identity }))]
}

/** Their identities are principals, like those of resources. */
const publishedAgents = (projectId: string, { agents = [] }: Project): IdentityBearer[] =>
  agents
    .filter(({ identity }) => identity !== undefined)
    .map(({ name, identity }) => ({
      id: `${projectId}/applications/${name}`,
      identity: identity && { systemAssigned: identity },
    }))

/** The principal of a system-assigned identity. */
export function systemIdentityOf(
  world: World,
  { id }: Pick<IdentityBearer, 'id'>,
  { principalId, clientId }: NonNullable<ResourceIdentity['systemAssigned']>,
): Application {
  const subscription = world.subscriptions.find(known => known.id === subscriptionIdOf(id))
  return {
    kind: 'managedIdentity',
    displayName: id.split('/').at(-1) ?? id,
    clientId,
    tenantId: subscription?.tenantId ?? '',
    objectId: principalId,
    servicePrincipal: { objectId: principalId, enabled: true },
    resourceId: id,
    federatedCredentials: [],
  }
}
