import * as v from 'valibot'
import { EVERYBODY } from '../../rbac.ts'
import { normalizeScope } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { DenyAssignment, World } from '../../world.ts'
import { ArmError, NotImplemented } from '../errors.ts'
import { requireScope } from '../existence.ts'
import { filterTerms, isListed } from '../filters.ts'
import { type Call, type Gateway, queryParameter } from '../gateway.ts'
import { directoryObject } from '../principals.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { azureInstant, GUID, LONG_AGO } from '../values.ts'

const COLLECTION = '{scope}/providers/Microsoft.Authorization/denyAssignments'
const SINGLE = `${COLLECTION}/{name}`

/** The only version in which users can create them. Its description gives the format; the comments of az say what is refused. */
const USER_ASSIGNED = '2024-07-01-preview'

const actions = v.optional(v.array(v.string()), [])
const principals = v.array(v.object({ id: v.string(), type: v.nullish(v.string()) }))

const WRITE = v.strictObject({
  ...resourceEnvelope,
  properties: v.strictObject({
    denyAssignmentName: v.string(),
    description: v.nullish(v.string()),
    permissions: v.array(
      v.strictObject({
        actions: v.array(v.string()),
        notActions: actions,
        dataActions: v.optional(v.pipe(v.array(v.string()), v.maxLength(0)), []),
        notDataActions: v.optional(v.pipe(v.array(v.string()), v.maxLength(0)), []),
      }),
    ),
    principals: v.pipe(principals, v.length(1)),
    excludePrincipals: v.optional(principals),
    doNotApplyToChildScopes: v.optional(v.literal(false), false),
    /** `audit` blocks nothing, so it is not supported. */
    denyAssignmentEffect: v.optional(v.literal('enforced')),
    scope: readOnly,
    isSystemProtected: readOnly,
    createdOn: readOnly,
    updatedOn: readOnly,
    createdBy: readOnly,
    updatedBy: readOnly,
  }),
})

/** Deny assignments: list, read, write and delete. */
export function denyAssignmentRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function find(scope: string, name: string): DenyAssignment | undefined {
    return context.world.denyAssignments.find(
      candidate =>
        candidate.name === name.toLowerCase() && normalizeScope(candidate.scope) === normalizeScope(scope),
    )
  }

  function authorize(call: Call, verb: 'read' | 'write' | 'delete'): { scope: string; name: string } {
    const { scope = '', name = '' } = call.params
    gateway.authorize(call, {
      action: `Microsoft.Authorization/denyAssignments/${verb}`,
      scope: `${scope}/providers/Microsoft.Authorization`,
    })
    requireScope(context.world, scope)
    return { scope, name }
  }

  const bodyOf = (call: Call, deny: DenyAssignment) =>
    denyAssignmentBody(context.world, call.caller.tid, deny)

  function list(call: Call): ServiceReply {
    const { scope } = authorize(call, 'read')
    const terms = filterTerms(call, ['atScope', 'principalId', 'assignedTo'])
    const value = context.world.denyAssignments
      .filter(deny => isListed(context.world, scope, terms, deny))
      .map(deny => bodyOf(call, deny))
    return { status: 200, body: { value } }
  }

  function get(call: Call): ServiceReply {
    const { scope, name } = authorize(call, 'read')
    const deny = find(scope, name)
    if (deny) return { status: 200, body: bodyOf(call, deny) }
    throw new ArmError(404, 'DenyAssignmentNotFound', `The deny assignment '${name}' is not found.`)
  }

  function create(call: Call): ServiceReply {
    requireUserAssigned(call)
    const { scope, name } = authorize(call, 'write')
    if (!GUID.test(name) || find(scope, name)) throw new NotImplemented('changes of deny assignments')
    const { properties } = readBody(call, WRITE)
    const deny = written(properties, { scope, name, createdOn: azureInstant(context.clock.now(), '4713') })
    context.world.denyAssignments.push(deny)
    return { status: 201, body: bodyOf(call, deny) }
  }

  function remove(call: Call): ServiceReply {
    requireUserAssigned(call)
    const { scope, name } = authorize(call, 'delete')
    const deny = find(scope, name)
    if (deny === undefined) return { status: 204 }
    if (!deny.userAssigned) throw new NotImplemented('the removal of what Azure itself denies')
    const { denyAssignments } = context.world
    denyAssignments.splice(denyAssignments.indexOf(deny), 1)
    return { status: 200 }
  }

  return gateway.routes([
    ['denyAssignments.list', 'GET', COLLECTION, 'DenyAssignments_ListForScope', list],
    ['denyAssignments.get', 'GET', SINGLE, 'DenyAssignments_Get', get],
    ['denyAssignments.create', 'PUT', SINGLE, 'DenyAssignments_CreateOrUpdate', create],
    ['denyAssignments.delete', 'DELETE', SINGLE, 'DenyAssignments_Delete', remove],
  ])
}

/** @throws NotImplemented if Azure has no such request */
function requireUserAssigned({ request, operation }: Call): void {
  if (queryParameter(request.url, 'api-version') !== USER_ASSIGNED)
    throw new NotImplemented(`${operation} in another version than ${USER_ASSIGNED}`)
}

function written(
  { denyAssignmentName, description, permissions, ...wanted }: v.InferOutput<typeof WRITE>['properties'],
  made: { scope: string; name: string; createdOn: string },
): DenyAssignment {
  const { principals, excludePrincipals } = wanted
  const isForEverybody = principals.some(({ id }) => id === EVERYBODY)
  // A public template names the code; its status and wording are not known.
  if (excludePrincipals?.length === 0 || (isForEverybody && excludePrincipals === undefined))
    throw new ArmError(
      400,
      'UserAssignedDenyAssignmentPropertiesNotValid',
      'A deny assignment for everybody has to leave at least one principal out.',
    )
  const ids = (of: readonly { id: string }[] = []) => of.map(({ id }) => id.toLowerCase())
  return {
    ...made,
    name: made.name.toLowerCase(),
    displayName: denyAssignmentName,
    ...(description == null ? {} : { description }),
    permissions,
    principals: ids(principals),
    excludePrincipals: ids(excludePrincipals),
    doNotApplyToChildScopes: false,
    userAssigned: true,
  }
}

function denyAssignmentBody(world: World, tenantId: string, deny: DenyAssignment) {
  const principal = (id: string) => ({
    id,
    type: id === EVERYBODY ? 'SystemDefined' : (directoryObject(world, tenantId, id) ?? 'Unknown'),
  })
  const { name, scope } = deny
  return {
    properties: {
      denyAssignmentName: deny.displayName,
      description: deny.description ?? deny.displayName,
      permissions: deny.permissions,
      scope,
      doNotApplyToChildScopes: deny.doNotApplyToChildScopes,
      principals: deny.principals.map(principal),
      excludePrincipals: deny.excludePrincipals.map(principal),
      isSystemProtected: deny.userAssigned !== true,
      createdOn: deny.createdOn ?? LONG_AGO,
      updatedOn: deny.createdOn ?? LONG_AGO,
      createdBy: null,
      updatedBy: null,
    },
    id: `${normalizeScope(scope) === '/' ? '' : scope}/providers/Microsoft.Authorization/denyAssignments/${name}`,
    type: 'Microsoft.Authorization/denyAssignments',
    name,
  }
}
