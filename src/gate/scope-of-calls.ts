import { isInProject } from '../azure/endpoint.ts'
import { accountIdOf, type ResourceId, scopeOf } from '../azure/resource-id.ts'
import { dataAction } from '../services/inference/apis/api.ts'
import type { Route } from '../services/inference/route.ts'

/** Scope at which a role has to be held, or inherited, for these calls and these other data actions. */
export function scopeOfCalls(
  routes: readonly Pick<Route, 'url'>[],
  resource: ResourceId,
  others: readonly string[] = [],
): string {
  const projectOnly = routes.every(({ url }) => isInProject(url)) && others.every(isOfProject)
  return projectOnly ? scopeOf(resource) : accountIdOf(resource)
}

/** Scope at which a role has to be held, or inherited, for a data action that no call needs. */
export const scopeOfAction = (action: string, resource: ResourceId): string =>
  scopeOfCalls([], resource, [action])

/** Whether the action is done in a project; all others are done on the account. */
const isOfProject = (action: string) =>
  action.toLowerCase().startsWith(dataAction('AIServices/').toLowerCase())
