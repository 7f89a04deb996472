import { BUILT_IN_ROLES, type Role } from '../built-in-roles.ts'
import { findRole } from '../rbac.ts'
import { covers, subscriptionIdOf } from '../scopes.ts'
import type { Route } from '../service.ts'
import type { World } from '../world.ts'
import { ArmError } from './errors.ts'
import { requireScope } from './existence.ts'
import { type FilterTerm, filterTerms } from './filters.ts'
import type { Call, Gateway } from './gateway.ts'
import { LONG_AGO } from './values.ts'

const COLLECTION = /^(?<scope>.*)\/providers\/Microsoft\.Authorization\/roleDefinitions$/
const SINGLE = /^(?<scope>.*)\/providers\/Microsoft\.Authorization\/roleDefinitions\/(?<id>[^/]+)$/

const KNOWN_TERMS = ['roleName', 'type', 'atScopeAndBelow', 'atScope'] as const
type RoleTerm = FilterTerm<(typeof KNOWN_TERMS)[number]>

/** Built-in and custom roles, at any scope. */
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

  return [
    gateway.route('roleDefinitions.list', 'GET', COLLECTION, call => {
      const scope = authorizeRead(call)
      const terms = filterTerms(call, KNOWN_TERMS)
      const value = [...BUILT_IN_ROLES, ...context.world.roleDefinitions]
        .filter(role => isListed(context.world, role, scope, terms))
        .map(role => roleBody(role, scope))
      return { status: 200, body: { value } }
    }),

    gateway.route('roleDefinitions.get', 'GET', SINGLE, call => {
      const scope = authorizeRead(call)
      const { id = '' } = call.params
      const role = findRole(context.world, id)
      if (role) return { status: 200, body: roleBody(role, scope) }
      throw new ArmError(
        404,
        'RoleDefinitionDoesNotExist',
        `The specified role definition with ID '${id}' does not exist.`,
      )
    }),
  ]
}

/** A role is listed where it can be assigned; `atScopeAndBelow()` adds those that can be assigned further down. */
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

/** Id of a role as seen from a scope: with the subscription where the scope lies in one. */
export function roleDefinitionId(id: string, scope: string): string {
  const subscriptionId = subscriptionIdOf(scope)
  const prefix = subscriptionId === undefined ? '' : `/subscriptions/${subscriptionId}`
  return `${prefix}/providers/Microsoft.Authorization/roleDefinitions/${id}`
}

function roleBody({ id, roleName, type, description, assignableScopes, permissions }: Role, scope: string) {
  return {
    properties: {
      roleName,
      type,
      description,
      assignableScopes,
      permissions,
      createdOn: LONG_AGO,
      updatedOn: LONG_AGO,
      createdBy: null,
      updatedBy: null,
    },
    id: roleDefinitionId(id, scope),
    type: 'Microsoft.Authorization/roleDefinitions',
    name: id,
  }
}
