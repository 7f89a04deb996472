import { leastRoleFor } from '../../azure/rbac/built-in-roles.ts'
import { neededBy } from '../../gate/also.ts'
import type { RunRecord } from '../../gate/record.ts'
import { isBlindAsRecommended, isRecommended } from './rights.ts'

/**
 * Information that is not a finding, so `fail-on` does not count it. The role of Microsoft's guide is the default of this action, so
 * the gate does not report it as a risk.
 */
export function informationOf(record: RunRecord): string[] {
  const { role, routes } = record
  if (role === undefined || routes === undefined || !isRecommended(role.guid)) return []
  const least = leastRoleFor(...neededBy(record))
  const also = `${role.name} is the role of Microsoft's guide. Beyond these calls it can call every model of the resource and list its keys`
  const lesser =
    least === undefined || isRecommended(least.guid)
      ? 'no lesser built-in role covers the calls'
      : `\`role: auto\` takes ${least.name} instead, the least built-in role for the calls`
  const unseen = isBlindAsRecommended(record)
    ? ' It cannot read roles, so it is not known what else the pipeline can do: give it Reader on the resource, and the gate tells.'
    : ''
  return [`${also}; ${lesser}.${unseen}`]
}
