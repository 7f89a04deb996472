import { agentList } from './apis/agent-list.ts'
import { agentsRead } from './apis/agents.ts'
import { type DataPlane, dataAction } from './apis/api.ts'
import { type Route, routeOf } from './route.ts'

/** What pipelines do on the data plane besides calling models: which data actions that needs, and what proves the right. */

/** Names for several data actions. Creating an agent means writing one (learn.microsoft.com, Foundry permissions). */
const named: Readonly<Record<string, readonly string[]>> = {
  agents: [agentsRead, dataAction('AIServices/agents/write')],
}

export const namesOfOthers: readonly string[] = Object.keys(named)

/** One data action of an account, without wildcards. */
const dataActionPattern =
  /^Microsoft\.CognitiveServices\/accounts\/[\w-]+(\/[\w-]+)*\/(read|write|delete|action)$/i

/** @returns undefined if the text is neither such a name nor a data action. */
export function dataActionsNamed(text: string): readonly string[] | undefined {
  return named[text.toLowerCase()] ?? (dataActionPattern.test(text) ? [text] : undefined)
}

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
