import * as v from 'valibot'
import { count, guid, instant, orNull, pending, principalIds, resourceIdentity, tags } from './values.ts'

/** Accounts and what is in them: deployments of models, projects. */

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

export const account = v.strictObject({
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

/** A model that can be deployed: adds to the catalogue (model-catalogue.ts), or replaces an entry. */
export const catalogueModel = v.strictObject({
  ...model.entries,
  /** Deployed if no version is named. */
  isDefaultVersion: v.optional(v.boolean()),
  lifecycleStatus: v.optional(v.picklist(['Preview', 'GenerallyAvailable', 'Deprecating', 'Deprecated'])),
  /** How long it can be called and fine-tuned. Absent: forever. */
  deprecation: v.optional(v.strictObject({ inference: v.optional(instant), fineTune: v.optional(instant) })),
  skus: v.optional(v.array(v.string())),
})
