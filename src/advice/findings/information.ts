import { leastRoleFor } from '../../azure/rbac/built-in-roles.ts'
import { neededBy } from '../../gate/also.ts'
import type { RunRecord } from '../../gate/record.ts'
import { isBlindAsRecommended, isRecommended } from './rights.ts'

/**
 * What is worth knowing and no finding: nothing that `fail-on` counts. The role of Microsoft's guide is the default of this action, so
 * a run does not hold it against anyone who follows the guide.
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
