import { agentList } from './apis/agent-list.ts'
import { agentsRead, type DataPlane } from './apis/api.ts'
import { type Route, routeOf } from './route.ts'

/** What pipelines do on the data plane besides calling models: what proves the right. */

/** Data actions are compared as Azure does it: case does not matter. */
export const sameAction = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** The data actions that a harmless request proves, as routes. */
export function routesBeside(dataActions: readonly string[], dataPlane: DataPlane): Route[] {
  const isAsked = dataActions.some(each => sameAction(each, agentsRead))
  if (!isAsked || dataPlane.endpoints.project === undefined) return []
  return [routeOf({ deployment: 'agents' }, agentList.name, dataPlane)]
}

/** Whether the route calls a deployment or an agent: routes for `also` call none. */
export const isOfDeployment = ({ api }: Pick<Route, 'api'>): boolean => api !== agentList.name
