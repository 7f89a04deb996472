import { accountIdOf, type ResourceId, scopeOf } from '../azure/resource-id.ts'
import { dataAction } from '../services/inference/apis/api.ts'
import type { Route } from '../services/inference/route.ts'

/** Where a role has to be held, or inherited, for these calls, and for these data actions besides. */
export function scopeOfCalls(
  routes: readonly Pick<Route, 'url'>[],
  resource: ResourceId,
  others: readonly string[] = [],
): string {
  const projectOnly = routes.every(({ url }) => url.includes('/api/projects/')) && others.every(isOfProject)
  return projectOnly ? scopeOf(resource) : accountIdOf(resource)
}

/** Where a role has to be held, or inherited, for a data action of which no call tells. */
export const scopeOfAction = (action: string, resource: ResourceId): string =>
  scopeOfCalls([], resource, [action])

/** What is done in a project; everything else is done on the account. */
const isOfProject = (action: string) =>
  action.toLowerCase().startsWith(dataAction('AIServices/').toLowerCase())
