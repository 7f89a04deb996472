import { rolesInTable } from '../../azure/rbac/built-in-roles.ts'
import { type EffectivePermission, mayAssign } from '../../azure/rbac/effective-permissions.ts'
import { type Principal, principalTypes } from '../../azure/rbac/principal.ts'
import { firstOf, listed } from '../../core/text/lists.ts'
import { plain } from '../../core/text/untrusted.ts'
import { paragraph } from './explanation.ts'

/** How conditions limit the right to assign roles: to which roles, and to which kinds of principals. */

interface Delegation {
  /** Built-in roles that are known to be assignable to somebody, and those for which it is not known. */
  allowed: readonly Role[]
  open: readonly Role[]
  words: string
}

interface Role {
  guid: string
  name: string
}

/** @param givers Permissions that include the right, each under a condition. */
export function delegationOf(givers: readonly EffectivePermission[], principalId: string): Delegation {
  const answers = rolesInTable.map(role => ({
    role,
    byType: principalTypes.map(principalType => ({
      principalType,
      may: mayAssign(givers, { roleGuid: role.guid, principalType, principalId }),
    })),
  }))
  const allowed = answers.filter(({ byType }) => byType.some(({ may }) => may === true))
  const open = answers.filter(({ byType }) => byType.some(({ may }) => may === undefined))
  const types = principalTypes.filter(type =>
    allowed.some(({ byType }) => byType.some(({ principalType, may }) => principalType === type && may)),
  )
  const limits = [
    allowed.length < answers.length
      ? `certain roles: ${someOf(allowed.map(({ role }) => role.name))}`
      : undefined,
    types.length < principalTypes.length ? `${listed(types.map(type => inPlural[type]))} only` : undefined,
  ].filter(limit => limit !== undefined)
  const conditions = [...new Set(givers.flatMap(giver => giver.conditions))].map(text => plain(text, 300))
  return {
    allowed: allowed.map(({ role }) => role),
    open: open.map(({ role }) => role),
    words: paragraph(
      allowed.length === 0
        ? 'A condition limits it; no built-in role that this action knows is certain to be allowed by it.'
        : sentenceOf(limits),
      open.length === 0
        ? ''
        : `This action cannot determine everything that the condition allows: ${conditions.join(' ')}`,
    ),
  }
}

const inPlural: Record<Principal['principalType'], string> = {
  ServicePrincipal: 'service principals',
  Group: 'groups',
  User: 'users',
}

function sentenceOf(limits: readonly string[]): string {
  const [first, second] = limits
  if (first === undefined)
    return 'It has a condition, which allows every built-in role that this action knows, to everybody.'
  if (second !== undefined) return `A condition limits it to ${first}; and to ${second}.`
  return first.startsWith('certain roles')
    ? `A condition limits it to ${first}.`
    : `A condition limits it to ${first}, and not to certain roles: it can still give any role to them.`
}

const maxNamed = 6

const someOf = (names: readonly string[]) =>
  names.length <= maxNamed ? listed(names) : firstOf(names, maxNamed)
