import * as v from 'valibot'
import { BUILT_IN_ROLES, type Role } from '../../built-in-roles.ts'
import { findRole } from '../../rbac.ts'
import { covers, subscriptionIdOf } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { permission } from '../../world/access.ts'
import type { RoleDefinition, World } from '../../world.ts'
import { ArmError } from '../errors.ts'
import { requireScope } from '../existence.ts'
import { type FilterTerm, filterTerms } from '../filters.ts'
import type { Call, Gateway } from '../gateway.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { azureInstant, GUID, LONG_AGO } from '../values.ts'

const COLLECTION = '{scope}/providers/Microsoft.Authorization/roleDefinitions'
const SINGLE = `${COLLECTION}/{id}`

const KNOWN_TERMS = ['roleName', 'type', 'atScopeAndBelow', 'atScope'] as const
type RoleTerm = FilterTerm<(typeof KNOWN_TERMS)[number]>

const WRITE = v.strictObject({
  ...resourceEnvelope,
  properties: v.strictObject({
    type: v.nullish(v.picklist(['CustomRole', 'customRole'])),
    createdOn: readOnly,
    updatedOn: readOnly,
    createdBy: readOnly,
    updatedBy: readOnly,
    roleName: v.pipe(v.string(), v.nonEmpty()),
    description: v.nullish(v.string(), null),
    assignableScopes: v.pipe(v.array(v.string()), v.nonEmpty()),
    permissions: v.array(permission),
  }),
})

/** Built-in and custom roles, at any scope. A change counts at once, also for the data plane. */
export function roleDefinitionRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function authorizeRead(call: Call): string {
    const { scope = '' } = call.params
    gateway.authorize(call, {
      action: 'Microsoft.Authorization/roleDefinitions/read',
      scope: `${scope}/providers/Microsoft.Authorization`,
    })
    requireScope(context.world, scope)
    return scope
  }

  /** To write or remove a role, the caller needs the right at each of its assignable scopes. */
  function authorizeChange(
    call: Call,
    verb: 'write' | 'delete',
    scopes: readonly string[],
    id: string,
  ): void {
    for (const scope of scopes) {
      gateway.authorize(call, {
        action: `Microsoft.Authorization/roleDefinitions/${verb}`,
        scope: roleDefinitionIdAt(id, scope),
      })
      requireScope(context.world, scope)
    }
  }

  function list(call: Call): ServiceReply {
    const scope = authorizeRead(call)
    const terms = filterTerms(call, KNOWN_TERMS)
    const value = [...BUILT_IN_ROLES, ...context.world.roleDefinitions]
      .filter(role => isListed(context.world, role, scope, terms))
      .map(role => roleBody(role, scope))
    return { status: 200, body: { value } }
  }

  function get(call: Call): ServiceReply {
    const scope = authorizeRead(call)
    const { id = '' } = call.params
    const role = findRole(context.world, id)
    if (role) return { status: 200, body: roleBody(role, scope) }
    throw new ArmError(
      404,
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${id}' does not exist.`,
    )
  }

  function create(call: Call): ServiceReply {
    const { scope = '', id = '' } = call.params
    const { properties } = readBody(call, WRITE)
    const { roleName, description, assignableScopes, permissions } = properties
    const { world, clock } = context
    const present = world.roleDefinitions.find(role => role.id === id.toLowerCase())
    const now = azureInstant(clock.now(), '0000')
    const written: RoleDefinition = {
      ...{ roleName, description, assignableScopes, permissions, type: 'CustomRole', id: id.toLowerCase() },
      createdOn: present?.createdOn ?? now,
      createdBy: present?.createdBy ?? call.caller.oid,
      updatedOn: now,
      updatedBy: call.caller.oid,
    }
    authorizeChange(call, 'write', [scope, ...written.assignableScopes], id)
    requireWritable(world, written)
    world.roleDefinitions = [...world.roleDefinitions.filter(other => other.id !== written.id), written]
    return { status: 201, body: roleBody(written, scope) }
  }

  function remove(call: Call): ServiceReply {
    const { scope = '', id = '' } = call.params
    const { world } = context
    const role = findRole(world, id)
    authorizeChange(call, 'delete', [scope, ...(role?.assignableScopes ?? [])], id)
    if (role === undefined) return { status: 204 }
    requireRemovable(world, role)
    world.roleDefinitions = world.roleDefinitions.filter(other => other !== role)
    return { status: 200, body: roleBody(role, scope) }
  }

  return gateway.routes([
    ['roleDefinitions.list', 'GET', COLLECTION, 'RoleDefinitions_List', list],
    ['roleDefinitions.get', 'GET', SINGLE, 'RoleDefinitions_Get', get],
    ['roleDefinitions.create', 'PUT', SINGLE, 'RoleDefinitions_CreateOrUpdate', create],
    ['roleDefinitions.delete', 'DELETE', SINGLE, 'RoleDefinitions_Delete', remove],
  ])
}

/** @throws ArmError if the id is not a GUID or a built-in role's, or if the name is taken */
function requireWritable(world: World, { id, roleName }: RoleDefinition): void {
  if (!GUID.test(id)) {
    throw new ArmError(400, 'InvalidRoleDefinitionId', `The role definition ID '${id}' is not a GUID.`)
  }
  requireCustom(id)
  const others = [...BUILT_IN_ROLES, ...world.roleDefinitions].filter(other => other.id !== id)
  if (others.every(other => other.roleName.toLowerCase() !== roleName.toLowerCase())) return
  throw new ArmError(
    409,
    'RoleDefinitionWithSameNameExists',
    'A custom role with the same name already exists in this directory. Use a different name',
  )
}

/** @throws ArmError for a built-in role, and for a role that somebody holds */
function requireRemovable(world: World, { id }: Role): void {
  requireCustom(id)
  if (world.roleAssignments.every(({ roleDefinitionId }) => roleDefinitionId !== id)) return
  throw new ArmError(
    409,
    'RoleDefinitionHasAssignments',
    'There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).',
  )
}

/** Azure's wording is not known. */
function requireCustom(id: string): void {
  if (BUILT_IN_ROLES.every(role => role.id !== id)) return
  throw new ArmError(400, 'BadRequest', 'Built-in roles cannot be changed or removed.')
}

/** A role is listed at its assignable scopes; `atScopeAndBelow()` adds roles that are assignable further down. */
function isListed(world: World, role: Role, scope: string, terms: readonly RoleTerm[]): boolean {
  const isAssignable = role.assignableScopes.some(
    assignable =>
      covers(world, assignable, scope) ||
      (terms.some(({ kind }) => kind === 'atScopeAndBelow') && covers(world, scope, assignable)),
  )
  return isAssignable && terms.every(term => meets(role, term))
}

function meets(role: Role, term: RoleTerm): boolean {
  switch (term.kind) {
    case 'roleName':
      return role.roleName.toLowerCase() === term.value.toLowerCase()
    case 'type':
      return role.type.toLowerCase() === term.value.toLowerCase()
    default:
      return true
  }
}

/** The path of a role at the scope. The role's id, below, names the subscription only. */
const roleDefinitionIdAt = (id: string, scope: string) =>
  `${scope.replace(/\/$/, '')}/providers/Microsoft.Authorization/roleDefinitions/${id}`

/** A role's id as seen from a scope: with the subscription, if the scope is in one. */
export function roleDefinitionId(id: string, scope: string): string {
  const subscriptionId = subscriptionIdOf(scope)
  const prefix = subscriptionId === undefined ? '' : `/subscriptions/${subscriptionId}`
  return `${prefix}/providers/Microsoft.Authorization/roleDefinitions/${id}`
}

/** The creator of a built-in role is not shown. */
function roleBody(role: Role, scope: string) {
  const { id, roleName, type, description, assignableScopes, permissions } = role
  const { createdOn = LONG_AGO, updatedOn = createdOn, createdBy = null, updatedBy = createdBy } = role
  return {
    properties: {
      roleName,
      type,
      description,
      assignableScopes,
      permissions,
      createdOn,
      updatedOn,
      createdBy,
      updatedBy,
    },
    id: roleDefinitionId(id, scope),
    type: 'Microsoft.Authorization/roleDefinitions',
    name: id,
  }
}
