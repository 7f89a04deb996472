import { splitAtAnd, unescaped } from '../../odata.ts'
import { GROUP_PATH, SUBSCRIPTION_PATH } from '../../paths.ts'
import { accountId, covers, normalizeScope } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { Account, Application, Resource, World } from '../../world.ts'
import { actionOf } from '../actions.ts'
import { ArmError, gatewayError, NotImplemented, resourceNotFound } from '../errors.ts'
import { findResourceGroup, sameName } from '../existence.ts'
import { type Call, type Gateway, queryParameter, requireKnownOptions } from '../gateway.ts'
import { identityBody } from '../identity-block.ts'
import { identityWithId } from '../managed-identity/identities.ts'
import { page, wantedSize } from '../paging.ts'
import { LONG_AGO } from '../values.ts'
import { knownType, typeOfResource } from './resource-types.ts'

const PAGE_SIZE = 1000

/**
 * Lists resources of every type, and shows a single resource of a type without routes of its own, as the seed has it. A request
 * that would change one is not implemented.
 */
export function resourceRoutes(gateway: Gateway): Route[] {
  const { context, authorizer } = gateway

  function list(call: Call, scope: string): ServiceReply {
    const isWanted = wantedBy(queryParameter(call.request.url, '$filter'))
    const expanded = expandedMembers(call)
    const value = genericResources(context.world)
      .filter(({ id }) => covers(context.world, scope, id))
      .filter(({ id, type }) => authorizer.mayAct(call.caller.oid, `${type}/read`, id))
      .filter(isWanted)
      .map(resource => ({ ...resource, ...expanded }))
    const size = wantedSize(call, PAGE_SIZE)
    return page(call, value, { origin: context.endpoints.resourceManager, size })
  }

  function listByGroup(call: Call): ServiceReply {
    const { subscription = '', group = '' } = call.params
    findResourceGroup(context.world, subscription, group)
    return list(call, `/subscriptions/${subscription}/resourceGroups/${group}`)
  }

  function get(call: Call): ServiceReply {
    const { pathname } = call.request.url
    const path = decodeURIComponent(pathname.replace(/\/{2,}/g, '/'))
    const resource = context.world.resources.find(({ id }) => normalizeScope(id) === normalizeScope(path))
    const type = typeOfResource(resource?.id ?? path)
    if (!resource && !isServedHere(type)) throw new NotImplemented(actionOf(call.request.method, path))
    requireKnownOptions(call.operation, call.request)
    if (isCollection(path)) return listOfType(call, path, type)
    gateway.authorize(call, { action: `${type}/read`, scope: path })
    requireKnownVersion(call, type)
    if (resource) return { status: 200, body: resourceBody(context.world, resource) }
    const { subscription = '', group = '' } = call.params
    findResourceGroup(context.world, subscription, group)
    throw resourceNotFound(path.replace(/.*\/providers\//i, ''), group)
  }

  /** Resources of one type that the caller may read, in a group or in the whole subscription. */
  function listOfType(call: Call, path: string, type: string): ServiceReply {
    requireKnownVersion(call, type)
    const scope = path.replace(/\/providers\/.*/i, '')
    const value = context.world.resources
      .filter(({ id }) => covers(context.world, scope, id) && sameName(typeOfResource(id), type))
      .filter(({ id }) => authorizer.mayAct(call.caller.oid, `${type}/read`, id))
      .map(resource => resourceBody(context.world, resource))
    return { status: 200, body: { value } }
  }

  return gateway.routes([
    [
      'resources.list',
      'GET',
      `${SUBSCRIPTION_PATH}/resources`,
      'Resources_List',
      call => list(call, `/subscriptions/${call.params.subscription}`),
    ],
    [
      'resources.listByResourceGroup',
      'GET',
      `${GROUP_PATH}/resources`,
      'Resources_ListByResourceGroup',
      listByGroup,
    ],
    ['resources.get', 'GET', `${GROUP_PATH}/providers/{scope}`, 'Resources_GetById', get],
    [
      'resources.getInSubscription',
      'GET',
      `${SUBSCRIPTION_PATH}/providers/{namespace}/{scope}`,
      'Resources_GetById',
      get,
    ],
  ])
}

/** Types and names alternate: a path that ends in a type names all resources of it. */
const isCollection = (path: string) => path.replace(/.*\/providers\//i, '').split('/').length % 2 === 0

/**
 * Members that a list shows only on request.
 * @throws NotImplemented for any other
 */
function expandedMembers({ request, operation }: Call): Record<string, string> {
  const asked =
    queryParameter(request.url, '$expand')
      ?.split(',')
      .map(name => name.trim()) ?? []
  const unknown = asked.find(name => !Object.hasOwn(EXPANDED, name))
  if (unknown !== undefined) throw new NotImplemented(`$expand=${unknown} of ${operation}`)
  return Object.fromEntries(Object.entries(EXPANDED).filter(([name]) => asked.includes(name)))
}

/** The creation time and the time of the last change are not stored for every resource. */
const EXPANDED = { createdTime: LONG_AGO, changedTime: LONG_AGO, provisioningState: 'Succeeded' }

/** A path of a type with routes of its own that gets here names a child that they do not have. */
const OTHER_ROUTES = /^Microsoft\.(CognitiveServices|ManagedIdentity|Authorization|Resources)\//i

const isServedHere = (type: string) => knownType(type) !== undefined && !OTHER_ROUTES.test(type)

/** @throws ArmError 400 for a version that the type does not have; for an unknown type every version is accepted */
function requireKnownVersion({ request, params }: Call, type: string): void {
  const known = knownType(type)
  const version = queryParameter(request.url, 'api-version') ?? ''
  if (known === undefined || known.apiVersions.includes(version.toLowerCase())) return
  throw gatewayError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for API version '${version}' for type '${known.name}'. ` +
      `The supported api-versions are '${known.apiVersions.join(', ')}'.`,
    { 'x-ms-resource-group': params.group ?? '' },
  )
}

interface GenericResource {
  id: string
  name: string
  type: string
  location: string
  [member: string]: unknown
}

function genericResources(world: World): GenericResource[] {
  const identities = world.applications.filter(
    ({ resourceId = '' }) => identityWithId(world, resourceId) !== undefined,
  )
  return [
    ...world.accounts.map(account => ofAccount(world, account)),
    ...identities.map(identity => ofIdentity(world, identity)),
    ...world.resources.map(resource => {
      const { properties: _, ...told } = resourceBody(world, resource)
      return told
    }),
  ]
}

function ofAccount(world: World, account: Account): GenericResource {
  const { name, location, kind, tags, identity, sku = 'S0' } = account
  const id = accountId(account)
  const base = { id, name, type: typeOfResource(id), location, kind, sku: { name: sku } }
  return { ...base, ...identityBody(world, id, identity), ...(tags && { tags }) }
}

function ofIdentity(world: World, { resourceId: id = '', location, tags }: Application): GenericResource {
  const [, , subscription = '', , group = ''] = id.split('/')
  const told = location ?? findResourceGroup(world, subscription, group).location
  return { id, name: id.split('/').at(-1) ?? '', type: typeOfResource(id), location: told, tags: tags ?? {} }
}

function resourceBody(world: World, resource: Resource) {
  const { id, location, kind, sku, tags, identity, properties } = resource
  return {
    id,
    name: id.split('/').at(-1) ?? '',
    type: typeOfResource(id),
    location,
    ...(kind !== undefined && { kind }),
    ...(sku && { sku }),
    ...(tags && { tags }),
    ...identityBody(world, id, identity),
    properties: { provisioningState: 'Succeeded', ...properties },
  }
}

const TERM = /^(?<member>resourceType|name|location|resourceGroup) eq '(?<value>(?:[^']|'')*)'$/i

/**
 * The `$filter` forms with `eq` that the list documents, joined by `and`.
 * @throws NotImplemented for any other
 */
function wantedBy(filter: string | undefined): (resource: GenericResource) => boolean {
  if (!filter) return () => true
  const terms = splitAtAnd(filter).map(term => {
    const { member, value = '' } = TERM.exec(term)?.groups ?? {}
    if (member === undefined) throw new NotImplemented(`the filter "${term}" of resources`)
    return { member: member.toLowerCase(), value: unescaped(value) }
  })
  return resource => terms.every(({ member, value }) => sameName(memberOf(resource, member), value))
}

function memberOf({ id, name, type, location }: GenericResource, member: string): string {
  switch (member) {
    case 'resourcetype':
      return type
    case 'resourcegroup':
      return id.split('/')[4] ?? ''
    case 'location':
      return location
    case 'name':
      return name
    default:
      throw new ArmError(400, 'InvalidFilterInQueryString', `There is no filter by '${member}'.`)
  }
}
