import { leastRoleFor } from '../../azure/rbac/built-in-roles.ts'
import { neededBy } from '../../gate/also.ts'
import type { RunRecord } from '../../gate/record.ts'
import { isRecommended } from './rights.ts'

/**
 * What is worth knowing and no finding: nothing that `fail-on` counts. The role of Microsoft's guide is the default of this action, so
 * a run does not hold it against anyone who follows the guide.
 */
export function informationOf(record: RunRecord): string[] {
  const { role, routes } = record
  if (role === undefined || routes === undefined || !isRecommended(role.guid)) return []
  const least = leastRoleFor(...neededBy(record))
  const also = `${role.name} is the role of Microsoft's guide. Beyond these calls it can call every model of the resource and list its keys`
  return least === undefined || isRecommended(least.guid)
    ? [`${also}; no lesser built-in role covers the calls.`]
    : [`${also}; \`role: auto\` takes ${least.name} instead, the least built-in role for the calls.`]
}
