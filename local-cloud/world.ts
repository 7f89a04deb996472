import * as v from 'valibot'

/**
 * What the local cloud holds: one plain object, given as a seed (JSON) and kept as live state.
 * Times are ISO 8601 in UTC; ids are GUIDs in lower case; names compare without case, as in Azure.
 */

const guid = v.pipe(v.string(), v.uuid(), v.toLowerCase())
const instant = v.pipe(v.string(), v.isoTimestamp())
const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const federatedCredential = v.strictObject({
  name: v.string(),
  /** In a seed GITHUB_ISSUER stands for the local GitHub, see `plantSeed`. */
  issuer: v.string(),
  subject: v.string(),
  audiences: v.pipe(v.array(v.string()), v.length(1)),
  /** Absent: live since ever. Present: takes `lag.federatedCredentials` from then to reach each Entra replica. */
  createdOn: v.optional(instant),
})

const application = v.strictObject({
  kind: v.picklist(['application', 'managedIdentity']),
  displayName: v.string(),
  clientId: guid,
  tenantId: guid,
  /** Object id of the application registration; a role can never be assigned to it. */
  objectId: guid,
  /** Null: the application exists, but has no service principal in its tenant (AADSTS7000229). */
  servicePrincipal: v.nullable(v.strictObject({ objectId: guid, enabled: v.optional(v.boolean(), true) })),
  /** ARM id of a user-assigned managed identity; becomes the claim `xms_mirid`. */
  resourceId: v.optional(v.string()),
  federatedCredentials: v.optional(v.array(federatedCredential), []),
})

export const model = v.strictObject({
  format: v.picklist(['OpenAI', 'Anthropic', 'DeepSeek', 'Meta', 'Mistral AI', 'Microsoft', 'xAI', 'Cohere']),
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
  createdOn: v.optional(instant),
  /** What the model answers; the default echoes a short fixed sentence. */
  answer: v.optional(v.string()),
  /** Takes `max_completion_tokens`, refuses `max_tokens` and a temperature other than 1, spends tokens on reasoning. */
  reasoning: v.optional(v.boolean(), false),
})

const account = v.strictObject({
  subscriptionId: guid,
  resourceGroup: v.string(),
  name: v.string(),
  kind: v.picklist(['AIServices', 'OpenAI', 'CognitiveServices', 'TextAnalytics']),
  location: v.string(),
  /** Null: the regional endpoint only, where Entra tokens are refused. */
  customSubDomainName: v.nullable(v.string()),
  /** Null means that keys work (as in Azure). */
  disableLocalAuth: v.optional(v.nullable(v.boolean()), true),
  /**
   * Since when keys work or not as `disableLocalAuth` says; before, it was the other way round. Absent: since ever. Present:
   * takes `lag.keyAccess` from then to reach each replica of the data plane.
   */
  keyAccessChangedOn: v.optional(instant),
  /** How often each API key was made anew. What the keys are follows from it, see inference/keys.ts. */
  regeneratedKeys: v.optional(v.strictObject({ key1: count, key2: count }), { key1: 0, key2: 0 }),
  publicNetworkAccess: v.optional(v.picklist(['Enabled', 'Disabled']), 'Enabled'),
  /** Deny: the data plane answers as the firewall does. */
  networkDefaultAction: v.optional(v.picklist(['Allow', 'Deny']), 'Allow'),
  deployments: v.optional(v.array(deployment), []),
  projects: v.optional(v.array(v.string()), []),
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
  description: v.optional(v.string(), ''),
  type: v.optional(v.picklist(['BuiltInRole', 'CustomRole']), 'CustomRole'),
  assignableScopes: v.array(v.string()),
  permissions: v.array(permission),
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
})

const tenant = v.strictObject({
  id: guid,
  displayName: v.string(),
  federationDisabled: v.optional(v.boolean(), false),
  /** GitHub tokens must name one of these enterprises; empty: they need not name any. */
  requiredEnterprises: v.optional(v.array(v.string()), []),
  /** Conditional Access for workload identities, as far as it blocks: object ids of service principals. */
  conditionalAccess: v.optional(
    v.array(v.strictObject({ id: guid, displayName: v.string(), blocked: v.array(guid) })),
    [],
  ),
  /** Of the resources that other tenants have: those without a service principal here, because nobody used them yet. */
  absentResources: v.optional(v.array(v.string()), []),
})

const lock = v.strictObject({
  name: v.string(),
  scope: v.string(),
  /** ReadOnly: nothing at or below the scope is written or removed. CanNotDelete: nothing is removed. */
  level: v.picklist(['ReadOnly', 'CanNotDelete']),
  notes: v.optional(v.string()),
})

/** Of Azure Policy, the one effect that matters to role assignments: some roles must not be assigned. */
const policyAssignment = v.strictObject({
  name: v.string(),
  displayName: v.string(),
  scope: v.string(),
  deniedRoles: v.array(guid),
  /** Scopes that an exemption takes out. */
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
  /** Of the job: jobs of one run differ in nothing else for certain. */
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
    }),
  ),
  resourceGroups: v.array(v.strictObject({ subscriptionId: guid, name: v.string(), location: v.string() })),
  applications: v.array(application),
  users: v.optional(
    v.array(v.strictObject({ objectId: guid, tenantId: guid, userPrincipalName: v.string() })),
    [],
  ),
  groups: v.optional(
    v.array(
      v.strictObject({ objectId: guid, tenantId: guid, displayName: v.string(), members: v.array(guid) }),
    ),
    [],
  ),
  accounts: v.array(account),
  /** Custom roles; the built-in ones are always there. */
  roleDefinitions: v.optional(v.array(roleDefinition), []),
  roleAssignments: v.optional(v.array(roleAssignment), []),
  denyAssignments: v.optional(v.array(denyAssignment), []),
  locks: v.optional(v.array(lock), []),
  policyAssignments: v.optional(v.array(policyAssignment), []),
  workflow,
})

/** What a person writes: defaults may be left out. */
export type Seed = v.InferInput<typeof worldSchema>
/** What the services work on: every default filled in. */
export type World = v.InferOutput<typeof worldSchema>

export type Application = World['applications'][number]
export type FederatedCredential = Application['federatedCredentials'][number]
export type Account = World['accounts'][number]
export type Deployment = Account['deployments'][number]
export type RoleDefinition = World['roleDefinitions'][number]
export type RoleAssignment = World['roleAssignments'][number]
export type Lock = World['locks'][number]
export type DenyAssignment = World['denyAssignments'][number]
export type Permission = RoleDefinition['permissions'][number]
export type Workflow = World['workflow']

/** Issuer of GitHub's OIDC tokens, as credentials copied from a real tenant name it. */
export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'

/**
 * Checks a seed and fills in defaults; ids become lower case. The seed itself is left alone.
 * @throws Error that lists everything that is wrong with the seed
 */
export function parseSeed(seed: unknown): World {
  const parsed = v.safeParse(worldSchema, seed)
  if (parsed.success) return parsed.output
  const issues = parsed.issues.map(
    issue => `  ${v.getDotPath(issue) ?? '(the seed itself)'}: ${issue.message}`,
  )
  throw new Error(`The seed of the local cloud is invalid:\n${issues.join('\n')}`)
}

/**
 * Makes a seed live: credentials that trust GitHub trust the local one, whose address no seed can know. Done once:
 * from then on issuers are compared as they stand in the world.
 * @throws as `parseSeed` does
 */
export function plantSeed(seed: unknown, localIssuer: string): World {
  const world = parseSeed(seed)
  for (const credential of world.applications.flatMap(application => application.federatedCredentials)) {
    if (credential.issuer === GITHUB_ISSUER) credential.issuer = localIssuer
  }
  return world
}
