import * as v from 'valibot'
import { capabilitiesOf } from '../inference/capabilities.ts'
import { accountId } from '../scopes.ts'
import type { Route, ServiceReply } from '../service.ts'
import { type Account, type Deployment, model as modelSchema } from '../world.ts'
import { ACCOUNT_PATH, authorizedAccount } from './accounts.ts'
import { ArmError, resourceNotFound } from './errors.ts'
import type { Call, Gateway } from './gateway.ts'
import { readBody } from './request-body.ts'
import { azureInstant, etagOf, LONG_AGO } from './values.ts'

const DEPLOYMENTS = 'Microsoft.CognitiveServices/accounts/deployments'
const COLLECTION = `${ACCOUNT_PATH}/deployments`
const SINGLE = `${COLLECTION}/{deployment}`

/** The az command line writes the number as text, and Azure takes it. */
const capacity = v.union([v.number(), v.pipe(v.string(), v.digits(), v.transform(Number))])

const WRITE = v.object({
  sku: v.optional(v.object({ name: v.string(), capacity: v.optional(capacity, 1) }), {
    name: 'Standard',
    capacity: 1,
  }),
  properties: v.object({
    model: v.object({ format: v.string(), name: v.string(), version: v.optional(v.string(), '1') }),
  }),
})

/** Model deployments of an account. Writing one succeeds at once; Azure takes some seconds. */
export function deploymentRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function find(call: Call, verb: 'read' | 'write' | 'delete') {
    const { deployment: name = '' } = call.params
    const account = authorizedAccount(gateway, call, `${DEPLOYMENTS}/${verb}`, `/deployments/${name}`)
    const deployment = account.deployments.find(
      candidate => candidate.name.toLowerCase() === name.toLowerCase(),
    )
    return { account, name, deployment }
  }

  function list(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, `${DEPLOYMENTS}/read`, '/deployments')
    return { status: 200, body: { value: account.deployments.map(each => deploymentBody(account, each)) } }
  }

  function get(call: Call): ServiceReply {
    const { account, name, deployment } = find(call, 'read')
    if (deployment) return { status: 200, body: deploymentBody(account, deployment) }
    throw resourceNotFound(
      `Microsoft.CognitiveServices/accounts/${account.name}/deployments/${name}`,
      account.resourceGroup,
    )
  }

  function create(call: Call): ServiceReply {
    const { account, name, deployment } = find(call, 'write')
    const wanted = readBody(call, WRITE)
    const content = { model: supportedModel(wanted.properties.model), sku: wanted.sku }
    if (deployment) {
      Object.assign(deployment, content)
      return { status: 200, body: deploymentBody(account, deployment) }
    }
    const created: Deployment = {
      ...content,
      name,
      provisioningState: 'Succeeded',
      createdOn: azureInstant(context.clock.now(), '0000'),
      reasoning: false,
    }
    account.deployments.push(created)
    return { status: 201, body: deploymentBody(account, created) }
  }

  function remove(call: Call): ServiceReply {
    const { account, deployment } = find(call, 'delete')
    if (!deployment) return { status: 204 }
    account.deployments = account.deployments.filter(other => other !== deployment)
    return { status: 200 }
  }

  return gateway.routes([
    ['deployments.list', 'GET', COLLECTION, 'Deployments_List', list],
    ['deployments.get', 'GET', SINGLE, 'Deployments_Get', get],
    ['deployments.create', 'PUT', SINGLE, 'Deployments_CreateOrUpdate', create],
    ['deployments.delete', 'DELETE', SINGLE, 'Deployments_Delete', remove],
  ])
}

/** @throws ArmError 400 for a model of a publisher that the local cloud does not serve */
function supportedModel(model: { format: string; name: string; version: string }): Deployment['model'] {
  const result = v.safeParse(modelSchema, model)
  if (result.success) return result.output
  throw new ArmError(
    400,
    'DeploymentModelNotSupported',
    `The model 'Format: ${model.format}, Name: ${model.name}, Version: ${model.version}' of account deployment is not supported.`,
  )
}

function deploymentBody(account: Account, deployment: Deployment) {
  const { name, sku, model, provisioningState, createdOn = LONG_AGO } = deployment
  return {
    id: `${accountId(account)}/deployments/${name}`,
    type: DEPLOYMENTS,
    name,
    sku,
    properties: {
      model,
      versionUpgradeOption: 'OnceNewDefaultVersionAvailable',
      currentCapacity: sku.capacity,
      capabilities: capabilitiesOf(deployment),
      provisioningState,
    },
    systemData: {
      createdBy: 'admin@contoso.com',
      createdByType: 'User',
      createdAt: createdOn,
      lastModifiedBy: 'admin@contoso.com',
      lastModifiedByType: 'User',
      lastModifiedAt: createdOn,
    },
    etag: etagOf(deployment),
  }
}
