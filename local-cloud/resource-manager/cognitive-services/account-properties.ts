import * as v from 'valibot'
import type { Account } from '../../world.ts'
import { ArmError, NotImplemented } from '../errors.ts'
import { identitySchema } from '../identity-block.ts'
import { readOnly, resourceEnvelope } from '../request-body.ts'
import { tagsSchema } from '../tags.ts'

/** Members of an account that are read-only. */
const told = {
  provisioningState: readOnly,
  endpoint: readOnly,
  endpoints: readOnly,
  internalId: readOnly,
  capabilities: readOnly,
  isMigrated: readOnly,
  skuChangeInfo: readOnly,
  privateEndpointConnections: readOnly,
  dateCreated: readOnly,
  callRateLimit: readOnly,
  quotaLimit: readOnly,
  deletionDate: readOnly,
  scheduledPurgeDate: readOnly,
  commitmentPlanAssociations: readOnly,
  abusePenalty: readOnly,
  /** Projects are children with routes of their own; the account lists their names. */
  defaultProject: readOnly,
  associatedProjects: readOnly,
}

/** Members that are stored and shown, and have no effect in the local cloud. */
const passive = {
  apiProperties: v.optional(v.record(v.string(), v.unknown())),
  dynamicThrottlingEnabled: v.optional(v.boolean()),
  storedCompletionsDisabled: v.optional(v.boolean()),
  restrictOutboundNetworkAccess: v.optional(v.boolean()),
  allowedFqdnList: v.optional(v.array(v.string())),
  raiMonitorConfig: v.optional(v.record(v.string(), v.unknown())),
}
const PASSIVE = Object.keys(passive)

const networkAcls = v.strictObject({
  defaultAction: v.optional(v.picklist(['Allow', 'Deny']), 'Allow'),
  bypass: v.optional(v.picklist(['AzureServices', 'None'])),
  ipRules: v.optional(v.array(v.strictObject({ value: v.string() })), []),
  virtualNetworkRules: v.optional(
    v.array(v.strictObject({ id: v.string(), state: readOnly, ignoreMissingVnetServiceEndpoint: readOnly })),
    [],
  ),
})

/** @see Accounts_Create of api-version 2026-05-01; customer-managed keys, own storage and network injection are left out */
const properties = v.strictObject({
  ...told,
  ...passive,
  customSubDomainName: v.optional(v.string()),
  disableLocalAuth: v.optional(v.boolean()),
  publicNetworkAccess: v.optional(v.picklist(['Enabled', 'Disabled'])),
  networkAcls: v.nullish(networkAcls),
  allowProjectManagement: v.optional(v.boolean()),
  restore: v.optional(v.boolean()),
})
type Properties = v.InferOutput<typeof properties>

const sku = v.strictObject({
  name: v.string(),
  tier: readOnly,
  size: readOnly,
  family: readOnly,
  capacity: readOnly,
})

export const WRITE = v.strictObject({
  ...resourceEnvelope,
  kind: v.optional(v.string()),
  location: v.optional(v.string()),
  sku: v.optional(sku),
  tags: v.optional(tagsSchema),
  identity: v.optional(identitySchema),
  properties: v.optional(properties, {}),
})
export type Wanted = v.InferOutput<typeof WRITE>

/** Skus by kind (from a ResourceSkus_List that users showed). */
export const SKUS: Readonly<Record<Account['kind'], readonly string[]>> = {
  AIServices: ['S0'],
  OpenAI: ['S0'],
  CognitiveServices: ['S0'],
  TextAnalytics: ['F0', 'S'],
}

/** @throws ArmError, or NotImplemented for an AI service that the local cloud does not have */
export function kindNamed(kind: string): Account['kind'] {
  if (isKind(kind)) return kind
  throw new NotImplemented(`accounts of kind '${kind}'`, `It has ${Object.keys(SKUS).join(', ')}.`)
}

const isKind = (kind: string): kind is Account['kind'] => Object.hasOwn(SKUS, kind)

/**
 * Azure's wording is not known.
 * @throws ArmError 400
 */
export function skuOf(kind: Account['kind'], name: string): string {
  if (SKUS[kind].includes(name)) return name
  throw new ArmError(
    400,
    'InvalidResourceProperties',
    `The sku '${name}' is not available for accounts of kind '${kind}': it can be ${SKUS[kind].join(', ')}.`,
  )
}

/** A PUT removes what it leaves out, except the subdomain, which cannot be removed. */
export const UNSET: Partial<Account> = {
  disableLocalAuth: null,
  publicNetworkAccess: 'Enabled',
  networkDefaultAction: 'Allow',
  networkBypass: undefined,
  ipRules: undefined,
  virtualNetworkRules: undefined,
  otherProperties: undefined,
  tags: undefined,
}

/** The members of an account that a body changes, except the subdomain and what belongs to other objects. */
export function changesOf(
  { kind, sku: wantedSku, tags, properties: wanted }: Wanted,
  account: Account,
): Partial<Account> {
  if (kind !== undefined && kind !== account.kind)
    throw new NotImplemented(`a change of the kind of an account`)
  const { disableLocalAuth, publicNetworkAccess, allowProjectManagement } = wanted
  return {
    ...(wantedSku && { sku: skuOf(account.kind, wantedSku.name) }),
    ...(tags && { tags }),
    ...(disableLocalAuth !== undefined && { disableLocalAuth }),
    ...(publicNetworkAccess && { publicNetworkAccess }),
    ...(allowProjectManagement !== undefined && { allowProjectManagement }),
    ...networkOf(wanted),
    ...passiveOf(wanted, account),
  }
}

function networkOf({ networkAcls: rules }: Properties): Partial<Account> {
  if (!rules) return {}
  return {
    networkDefaultAction: rules.defaultAction,
    networkBypass: rules.bypass,
    ipRules: rules.ipRules.map(({ value }) => value),
    virtualNetworkRules: rules.virtualNetworkRules.map(({ id }) => id),
  }
}

function passiveOf(wanted: Properties, account: Account): Partial<Account> {
  const given = Object.entries(wanted).filter(
    ([name, value]) => PASSIVE.includes(name) && value !== undefined,
  )
  if (given.length === 0) return {}
  return { otherProperties: { ...account.otherProperties, ...Object.fromEntries(given) } }
}
