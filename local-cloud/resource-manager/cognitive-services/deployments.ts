import * as v from 'valibot'
import { capabilitiesOf } from '../../inference/capabilities.ts'
import { modelNamed } from '../../model-catalogue.ts'
import { isPending, provisioningStateOf } from '../../provisioning.ts'
import { hasEnded, modelBehind } from '../../retirement.ts'
import { accountId } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { model as modelSchema } from '../../world/account.ts'
import { type Account, type CatalogueModel, type Deployment, worldSchema } from '../../world.ts'
import { ArmError, resourceNotFound } from '../errors.ts'
import { sameName } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { tagsSchema } from '../tags.ts'
import { azureInstant, etagOf } from '../values.ts'
import { ACCOUNT_PATH, ACCOUNT_TYPE, authorizedAccount, requireSettled } from './account-access.ts'
import { systemData } from './account-body.ts'
import { MODEL_SKUS } from './models.ts'
import { asyncHeaders } from './operation-results.ts'

const DEPLOYMENTS = `${ACCOUNT_TYPE}/deployments`
const COLLECTION = `${ACCOUNT_PATH}/deployments`
const SINGLE = `${COLLECTION}/{deployment}`

/** az sends the number as text, and Azure accepts it. */
const capacity = v.union([v.number(), v.pipe(v.string(), v.digits(), v.transform(Number))])
const sku = v.strictObject({
  name: v.string(),
  tier: readOnly,
  size: readOnly,
  family: readOnly,
  capacity: v.optional(capacity, 1),
})

const WRITE = v.strictObject({
  ...resourceEnvelope,
  tags: v.optional(tagsSchema),
  sku: v.optional(sku, { name: 'Standard', capacity: 1 }),
  properties: v.strictObject({
    provisioningState: readOnly,
    capabilities: readOnly,
    callRateLimit: readOnly,
    rateLimits: readOnly,
    dynamicThrottlingEnabled: readOnly,
    currentCapacity: readOnly,
    deploymentState: readOnly,
    model: v.strictObject({
      format: v.string(),
      name: v.string(),
      version: v.optional(v.string()),
      publisher: readOnly,
      callRateLimit: readOnly,
    }),
    raiPolicyName: v.optional(v.string()),
    versionUpgradeOption: v.optional(
      v.picklist(['OnceNewDefaultVersionAvailable', 'OnceCurrentVersionExpired', 'NoAutoUpgrade']),
    ),
  }),
})
/** A PATCH can change a deployment's size and tags (Deployments_Update). */
const UPDATE = v.strictObject({ ...resourceEnvelope, tags: v.optional(tagsSchema), sku: v.optional(sku) })

/** The content filters that every account has. Others cannot be created here. */
const CONTENT_FILTERS = ['Microsoft.Default', 'Microsoft.DefaultV2']

/** Model deployments of an account. */
export function deploymentRoutes(gateway: Gateway): Route[] {
  const { context, operations } = gateway
  const now = () => context.clock.now()

  function find(call: Call, verb: 'read' | 'write' | 'delete') {
    const { deployment: name = '' } = call.params
    const account = authorizedAccount(gateway, call, `${DEPLOYMENTS}/${verb}`, `/deployments/${name}`)
    const deployment = account.deployments.find(candidate => sameName(candidate.name, name))
    return { account, name, deployment }
  }

  function findPresent(call: Call, verb: 'read' | 'write') {
    const { account, name, deployment } = find(call, verb)
    if (deployment) return { account, deployment }
    throw resourceNotFound(`${ACCOUNT_TYPE}/${account.name}/deployments/${name}`, account.resourceGroup)
  }

  const body = (account: Account, deployment: Deployment, state?: string) =>
    deploymentBody(account, movedOn(deployment), state ?? provisioningStateOf(deployment, now()))

  /** A deployment whose model is retired is still listed with it. */
  const movedOn = (deployment: Deployment): Deployment => ({
    ...deployment,
    model: modelBehind(context.world, deployment, now()) ?? deployment.model,
  })

  function list(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, `${DEPLOYMENTS}/read`, '/deployments')
    return { status: 200, body: { value: account.deployments.map(each => body(account, each)) } }
  }

  function get(call: Call): ServiceReply {
    const { account, deployment } = findPresent(call, 'read')
    return { status: 200, body: body(account, deployment) }
  }

  function create(call: Call): ServiceReply {
    const { account, name, deployment } = find(call, 'write')
    const written = contentOf(readBody(call, WRITE))
    requireSettled(account, now())
    requireNoOther(account, deployment)
    if (deployment) {
      Object.assign(deployment, { versionUpgradeOption: undefined, raiPolicyName: undefined }, written)
      return { status: 200, body: body(account, deployment) }
    }
    const operation = operations.begin(account.subscriptionId, 'Creating')
    const created = v.parse(worldSchema.entries.accounts.item.entries.deployments.wrapped.item, {
      ...written,
      name,
      pending: { state: 'Creating', until: new Date(operation.endsAt).toISOString() },
      createdOn: azureInstant(now(), '0000'),
    })
    account.deployments.push(created)
    const headers = asyncHeaders(context, account.location, operation)
    return { status: 201, headers, body: body(account, created, 'Creating') }
  }

  /**
   * An account creates one deployment at a time. The wording is from users' quotations.
   * @throws ArmError 409 while another deployment is being created
   */
  function requireNoOther(account: Account, deployment: Deployment | undefined): void {
    if (!account.deployments.some(other => other !== deployment && isPending(other, now()))) return
    throw new ArmError(
      409,
      'RequestConflict',
      `Another operation is being performed on the parent resource '${accountId(account)}'. Try again later.`,
    )
  }

  function contentOf({ sku: wanted, tags, properties }: v.InferOutput<typeof WRITE>) {
    const { model, versionUpgradeOption, raiPolicyName } = properties
    requireSku(wanted.name)
    requireContentFilter(raiPolicyName)
    return {
      model: supportedModel(model),
      sku: { name: wanted.name, capacity: wanted.capacity },
      ...(tags && { tags }),
      ...(versionUpgradeOption && { versionUpgradeOption }),
      ...(raiPolicyName !== undefined && { raiPolicyName }),
    }
  }

  /** @throws ArmError 400 for a model or version that this world's catalogue does not have, or that is retired */
  function supportedModel(wanted: { format: string; name: string; version?: string | undefined }) {
    const { format, name, version } = wanted
    const known = modelNamed(context.world, { format, name, version })
    if (known && hasEnded(known, now())) throw modelDeprecated(known)
    if (known) return v.parse(modelSchema, { format: known.format, name: known.name, version: known.version })
    throw new ArmError(
      400,
      'DeploymentModelNotSupported',
      `The model 'Format: ${format}, Name: ${name}, Version: ${version ?? ''}' of account deployment is not supported.`,
    )
  }

  function update(call: Call): ServiceReply {
    const { account, deployment } = findPresent(call, 'write')
    const { sku: wanted, tags } = readBody(call, UPDATE)
    requireSettled(account, now())
    if (wanted) {
      requireSku(wanted.name)
      deployment.sku = { name: wanted.name, capacity: wanted.capacity }
    }
    if (tags) deployment.tags = tags
    return { status: 200, body: body(account, deployment) }
  }

  function remove(call: Call): ServiceReply {
    const { account, deployment } = find(call, 'delete')
    if (!deployment) return { status: 204 }
    requireSettled(account, now())
    account.deployments = account.deployments.filter(other => other !== deployment)
    return { status: 200 }
  }

  /** The sizes that the deployment can be changed to. */
  function listSkus(call: Call): ServiceReply {
    const { deployment } = findPresent(call, 'read')
    const value = MODEL_SKUS.map(name => ({
      resourceType: DEPLOYMENTS,
      sku: { name },
      capacity: { minimum: 1, maximum: 10_000, step: 1, default: deployment.sku.capacity },
    }))
    return { status: 200, body: { value } }
  }

  return gateway.routes([
    ['deployments.list', 'GET', COLLECTION, 'Deployments_List', list],
    ['deployments.get', 'GET', SINGLE, 'Deployments_Get', get],
    ['deployments.create', 'PUT', SINGLE, 'Deployments_CreateOrUpdate', create],
    ['deployments.update', 'PATCH', SINGLE, 'Deployments_Update', update],
    ['deployments.delete', 'DELETE', SINGLE, 'Deployments_Delete', remove],
    ['deployments.listSkus', 'GET', `${SINGLE}/skus`, 'Deployments_ListSkus', listSkus],
  ])
}

/** From a user's quotation about gpt-4o-mini (microsoft/microsoft-foundry-for-vscode#491). */
function modelDeprecated({ format, name, version, deprecation }: CatalogueModel): ArmError {
  const [, year, month, day, time] =
    /^(\d+)-(\d+)-(\d+)T(\d+:\d+:\d+)/.exec(deprecation?.inference ?? '') ?? []
  return new ArmError(
    400,
    'ServiceModelDeprecated',
    `The model 'Format:${format},Name:${name},Version:${version}' has been deprecated since ${month}/${day}/${year} ${time}.`,
  )
}

/**
 * The code is from failed deployments that users showed; the message is ours.
 * @throws ArmError 400
 */
function requireSku(name: string): void {
  if (MODEL_SKUS.includes(name)) return
  throw new ArmError(
    400,
    'InvalidResourceProperties',
    `The specified SKU '${name}' of account deployment is not supported.`,
  )
}

/**
 * Azure's wording is not known.
 * @throws ArmError 400
 */
function requireContentFilter(name: string | undefined): void {
  if (name === undefined || CONTENT_FILTERS.includes(name)) return
  throw new ArmError(
    400,
    'InvalidResourceProperties',
    `The content filter '${name}' does not exist: the local cloud has ${CONTENT_FILTERS.join(' and ')}.`,
  )
}

/** A thousand tokens a minute per unit (recorded exchanges). The number of requests depends on the model. */
const rateLimitsOf = (capacity: number) => [
  { key: 'request', renewalPeriod: 10, count: capacity },
  { key: 'token', renewalPeriod: 60, count: capacity * 1000 },
]

function deploymentBody(account: Account, deployment: Deployment, provisioningState: string) {
  const { name, sku: size, model, createdOn, tags, versionUpgradeOption, raiPolicyName } = deployment
  return {
    id: `${accountId(account)}/deployments/${name}`,
    type: DEPLOYMENTS,
    name,
    sku: size,
    ...(tags && { tags }),
    properties: {
      model,
      versionUpgradeOption: versionUpgradeOption ?? 'OnceNewDefaultVersionAvailable',
      currentCapacity: size.capacity,
      ...(raiPolicyName !== undefined && { raiPolicyName }),
      capabilities: capabilitiesOf(deployment),
      provisioningState,
      rateLimits: rateLimitsOf(size.capacity),
    },
    systemData: systemData(createdOn),
    etag: etagOf(deployment),
  }
}
