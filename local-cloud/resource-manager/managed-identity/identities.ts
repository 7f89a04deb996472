import * as v from 'valibot'
import { GROUP_PATH, SUBSCRIPTION_PATH } from '../../paths.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { Application, World } from '../../world.ts'
import { resourceNotFound } from '../errors.ts'
import { findResourceGroup, sameName } from '../existence.ts'
import { type Call, findSubscription, type Gateway } from '../gateway.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { tagsSchema } from '../tags.ts'

export const IDENTITY_TYPE = 'Microsoft.ManagedIdentity/userAssignedIdentities'
const COLLECTION = `${GROUP_PATH}/providers/${IDENTITY_TYPE}`
export const IDENTITY_PATH = `${COLLECTION}/{identity}`

const members = {
  ...resourceEnvelope,
  properties: v.optional(
    v.strictObject({
      tenantId: readOnly,
      principalId: readOnly,
      clientId: readOnly,
      /** `Regional` restricts the identity to resources of its region. The local cloud does not check this. */
      isolationScope: v.optional(v.literal('None')),
    }),
  ),
}
const WRITE = v.strictObject({ ...members, location: v.string(), tags: v.optional(tagsSchema, {}) })
const UPDATE = v.strictObject({ ...members, location: v.optional(v.string()), tags: v.optional(tagsSchema) })

/** User-assigned managed identities. Each is a service principal, and can hold roles as soon as it exists. */
export function identityRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function list(call: Call, scope: string): ServiceReply {
    gateway.authorize(call, { action: `${IDENTITY_TYPE}/read`, scope: `${scope}/providers/${IDENTITY_TYPE}` })
    const value = context.world.applications
      .filter(({ resourceId = '' }) => isIdentityBelow(scope, resourceId))
      .map(identity => identityBody(context.world, identity))
    return { status: 200, body: { value } }
  }

  function create(call: Call): ServiceReply {
    const { subscription = '', identity: name = '' } = call.params
    const { id, identity } = lookUp(gateway, call, `${IDENTITY_TYPE}/write`)
    const { location, tags } = readBody(call, WRITE)
    if (identity) {
      identity.tags = tags
      return { status: 200, body: identityBody(context.world, identity) }
    }
    const objectId = crypto.randomUUID()
    const created: Application = {
      kind: 'managedIdentity',
      displayName: name,
      clientId: crypto.randomUUID(),
      tenantId: findSubscription(context.world, subscription).tenantId,
      objectId,
      servicePrincipal: { objectId, enabled: true },
      resourceId: id,
      location,
      tags,
      createdOn: new Date(context.clock.now()).toISOString(),
      federatedCredentials: [],
    }
    context.world.applications.push(created)
    return { status: 201, headers: { location: id }, body: identityBody(context.world, created) }
  }

  function update(call: Call): ServiceReply {
    const { identity } = findIdentity(gateway, call, `${IDENTITY_TYPE}/write`)
    const { tags } = readBody(call, UPDATE)
    if (tags) identity.tags = tags
    return { status: 200, body: identityBody(context.world, identity) }
  }

  /** Its role assignments stay, for a principal that does not exist any more. */
  function remove(call: Call): ServiceReply {
    const { identity } = lookUp(gateway, call, `${IDENTITY_TYPE}/delete`)
    if (!identity) return { status: 204 }
    context.world.applications = context.world.applications.filter(other => other !== identity)
    return { status: 200 }
  }

  const inSubscription = ({ params }: Call) => `/subscriptions/${params.subscription}`
  const inGroup = (call: Call) => `${inSubscription(call)}/resourceGroups/${call.params.group}`

  return gateway.routes([
    [
      'identities.listBySubscription',
      'GET',
      `${SUBSCRIPTION_PATH}/providers/${IDENTITY_TYPE}`,
      'UserAssignedIdentities_ListBySubscription',
      call => list(call, inSubscription(call)),
    ],
    [
      'identities.list',
      'GET',
      COLLECTION,
      'UserAssignedIdentities_ListByResourceGroup',
      call => {
        const reply = list(call, inGroup(call))
        findResourceGroup(context.world, call.params.subscription ?? '', call.params.group ?? '')
        return reply
      },
    ],
    [
      'identities.get',
      'GET',
      IDENTITY_PATH,
      'UserAssignedIdentities_Get',
      call => ({
        status: 200,
        body: identityBody(context.world, findIdentity(gateway, call, `${IDENTITY_TYPE}/read`).identity),
      }),
    ],
    ['identities.create', 'PUT', IDENTITY_PATH, 'UserAssignedIdentities_CreateOrUpdate', create],
    ['identities.update', 'PATCH', IDENTITY_PATH, 'UserAssignedIdentities_Update', update],
    ['identities.delete', 'DELETE', IDENTITY_PATH, 'UserAssignedIdentities_Delete', remove],
  ])
}

const isIdentityBelow = (scope: string, resourceId: string) =>
  resourceId.toLowerCase().startsWith(`${scope}/`.toLowerCase()) &&
  resourceId.toLowerCase().includes(`/providers/${IDENTITY_TYPE}/`.toLowerCase())

/** The user-assigned identity with this resource id. */
export function identityWithId({ applications }: World, id: string): Application | undefined {
  return applications.find(
    ({ resourceId = '' }) => isIdentityBelow('', resourceId) && sameName(resourceId, id),
  )
}

/** What the path names, if the caller may do `action` to it or to its `child`; undefined if it does not exist. */
function lookUp(gateway: Gateway, call: Call, action: string, child = '') {
  const { subscription = '', group = '', identity: name = '' } = call.params
  const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/${IDENTITY_TYPE}/${name}`
  gateway.authorize(call, { action, scope: `${id}${child}` })
  const { world } = gateway.context
  findResourceGroup(world, subscription, group)
  return { id, identity: identityWithId(world, id) }
}

/** @throws ArmError 404 if the identity or its group does not exist */
export function findIdentity(gateway: Gateway, call: Call, action: string, child = '') {
  const { id, identity } = lookUp(gateway, call, action, child)
  if (identity) return { id: identity.resourceId ?? id, identity }
  throw resourceNotFound(`${IDENTITY_TYPE}/${call.params.identity}`, call.params.group ?? '')
}

function identityBody(world: World, identity: Application) {
  const { resourceId: id = '', tenantId, clientId, servicePrincipal, tags = {}, location } = identity
  const [, , subscription = '', , group = ''] = id.split('/')
  return {
    id,
    name: id.split('/').at(-1),
    type: IDENTITY_TYPE,
    location: location ?? findResourceGroup(world, subscription, group).location,
    tags,
    properties: { isolationScope: 'None', tenantId, principalId: servicePrincipal?.objectId, clientId },
  }
}
