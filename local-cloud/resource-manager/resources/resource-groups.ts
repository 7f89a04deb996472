import * as v from 'valibot'
import { GROUP_PATH, SUBSCRIPTION_PATH } from '../../paths.ts'
import { removeAssignment } from '../../rbac.ts'
import { covers } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { World } from '../../world.ts'
import { deleteAccount } from '../cognitive-services/account-removal.ts'
import { ArmError, gatewayError } from '../errors.ts'
import { findResourceGroup, sameName } from '../existence.ts'
import { type Call, findSubscription, type Gateway } from '../gateway.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { tagsSchema } from '../tags.ts'
import { LOCATIONS, locationName } from './locations.ts'

type ResourceGroup = World['resourceGroups'][number]

const ACTION = 'Microsoft.Resources/subscriptions/resourceGroups'

const location = v.pipe(
  v.string(),
  v.transform(locationName),
  v.check(name => LOCATIONS.some(known => known.name === name), 'There is no such location'),
)
const members = { ...resourceEnvelope, properties: readOnly }
const WRITE = v.strictObject({ ...members, location, tags: v.optional(tagsSchema) })
const UPDATE = v.strictObject({ ...members, tags: v.optional(tagsSchema) })

/** Names of resource groups: learn.microsoft.com, resource-name-rules. */
const NAME = /^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$/u

/** Resource groups. Deletion of a group deletes its contents. */
export function resourceGroupRoutes(gateway: Gateway): Route[] {
  const { context, authorizer, operations } = gateway

  const scopeOf = ({ params }: Call) => `/subscriptions/${params.subscription}/resourceGroups/${params.group}`

  function authorize(call: Call, verb: 'read' | 'write' | 'delete'): void {
    gateway.authorize(call, { action: `${ACTION}/${verb}`, scope: scopeOf(call) })
  }

  const find = ({ params }: Call) =>
    findResourceGroup(context.world, params.subscription ?? '', params.group ?? '')

  function list({ caller, params }: Call): ServiceReply {
    const value = context.world.resourceGroups
      .filter(({ subscriptionId }) => subscriptionId === params.subscription?.toLowerCase())
      .map(groupBody)
      .filter(({ id }) => authorizer.mayAct(caller.oid, `${ACTION}/read`, id))
    return { status: 200, body: { value } }
  }

  function get(call: Call): ServiceReply {
    authorize(call, 'read')
    const body = groupBody(find(call))
    // "Check existence": only for this type has HEAD a status of its own, and clients depend on it.
    return call.request.method === 'HEAD' ? { status: 204 } : { status: 200, body }
  }

  function create(call: Call): ServiceReply {
    const { subscription = '', group: name = '' } = call.params
    authorize(call, 'write')
    const { location, tags } = readBody(call, WRITE)
    const subscriptionId = findSubscription(context.world, subscription).id
    if (!NAME.test(name)) {
      throw gatewayError(400, 'InvalidResourceGroup', `The resource group name '${name}' is invalid.`)
    }
    const present = context.world.resourceGroups.find(
      group => group.subscriptionId === subscriptionId && sameName(group.name, name),
    )
    if (present) {
      requireSameLocation(present, location)
      present.tags = tags
      return { status: 200, body: groupBody(present) }
    }
    const created: ResourceGroup = { subscriptionId, name, location, tags }
    context.world.resourceGroups.push(created)
    return { status: 201, body: groupBody(created) }
  }

  function update(call: Call): ServiceReply {
    authorize(call, 'write')
    const group = find(call)
    const { tags } = readBody(call, UPDATE)
    if (tags) group.tags = tags
    return { status: 200, body: groupBody(group) }
  }

  function remove(call: Call): ServiceReply {
    authorize(call, 'delete')
    const group = find(call)
    requireNoLockWithin(context.world, scopeOf(call))
    emptyGroup(context.world, group, context.clock.now())
    const { id } = operations.begin(group.subscriptionId, 'Deleting')
    const location = `${context.endpoints.resourceManager}/subscriptions/${group.subscriptionId}/operationresults/${id}`
    const version = 'api-version=2021-04-01'
    return { status: 202, headers: { location: `${location}?${version}`, 'retry-after': '15' } }
  }

  /** Polled after the deletion of a group, until it is gone. */
  function pollRemoval({ params, request }: Call): ServiceReply {
    const operation = operations.find(params.subscription ?? '', params.operation ?? '')
    if (!operation) throw gatewayError(404, 'NotFound', `The operation '${params.operation}' was not found.`)
    if (operations.isDone(operation)) return { status: 200 }
    const location = `${context.endpoints.resourceManager}${request.url.pathname}${request.url.search}`
    return { status: 202, headers: { location, 'retry-after': '15' } }
  }

  return gateway.routes([
    ['resourceGroups.list', 'GET', `${SUBSCRIPTION_PATH}/resourcegroups`, 'ResourceGroups_List', list],
    ['resourceGroups.get', 'GET', GROUP_PATH, 'ResourceGroups_Get, ResourceGroups_CheckExistence', get],
    ['resourceGroups.create', 'PUT', GROUP_PATH, 'ResourceGroups_CreateOrUpdate', create],
    ['resourceGroups.update', 'PATCH', GROUP_PATH, 'ResourceGroups_Update', update],
    ['resourceGroups.delete', 'DELETE', GROUP_PATH, 'ResourceGroups_Delete', remove],
    [
      'resourceGroups.deleteResult',
      'GET',
      `${SUBSCRIPTION_PATH}/operationresults/{operation}`,
      'learn.microsoft.com, Track asynchronous Azure operations',
      pollRemoval,
    ],
  ])
}

/** @throws ArmError 409: a group cannot be moved */
function requireSameLocation({ name, location }: ResourceGroup, wanted: string): void {
  if (locationName(location) === wanted) return
  throw gatewayError(
    409,
    'InvalidResourceGroupLocation',
    `Invalid resource group location '${wanted}'. The Resource group already exists in location '${location}'.`,
    { 'x-ms-resource-group': name },
  )
}

/**
 * A lock on anything inside protects the whole group.
 * @throws ArmError 409
 */
function requireNoLockWithin(world: World, scope: string): void {
  const locks = world.locks.filter(lock => covers(world, scope, lock.scope))
  if (locks.length === 0) return
  throw new ArmError(
    409,
    'ScopeLocked',
    `The scope '${scope}' cannot perform delete operation because following scope(s) are locked: ` +
      `'${locks.map(lock => lock.scope).join("','")}'. Please remove the lock and try again.`,
  )
}

function emptyGroup(world: World, group: ResourceGroup, now: number): void {
  const scope = `/subscriptions/${group.subscriptionId}/resourceGroups/${group.name}`
  const isInside = (id = '') => covers(world, scope, id)
  for (const account of [...world.accounts]) {
    if (account.subscriptionId !== group.subscriptionId || !sameName(account.resourceGroup, group.name))
      continue
    deleteAccount(world, account, now)
  }
  world.applications = world.applications.filter(({ resourceId }) => !isInside(resourceId))
  world.resources = world.resources.filter(({ id }) => !isInside(id))
  for (const assignment of world.roleAssignments.filter(({ scope: at }) => isInside(at))) {
    removeAssignment(world, assignment, now)
  }
  world.resourceGroups = world.resourceGroups.filter(other => other !== group)
}

function groupBody({ subscriptionId, name, location, tags }: ResourceGroup) {
  return {
    id: `/subscriptions/${subscriptionId}/resourceGroups/${name}`,
    name,
    type: 'Microsoft.Resources/resourceGroups',
    location,
    ...(tags && { tags }),
    properties: { provisioningState: 'Succeeded' },
  }
}
