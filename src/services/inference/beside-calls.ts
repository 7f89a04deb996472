import { agentList } from './apis/agent-list.ts'
import { type DataPlane, dataAction } from './apis/api.ts'
import { type Route, routeOf } from './route.ts'

/** What pipelines do on the data plane besides calling models: which data actions that takes, and what shows the right to it. */

const agentsRead = dataAction('AIServices/agents/read')

/** Names that users write for several data actions. To make an agent is to write one (learn.microsoft.com, Foundry permissions). */
const named: Readonly<Record<string, readonly string[]>> = {
  agents: [agentsRead, dataAction('AIServices/agents/write')],
}

export const namesOfOthers: readonly string[] = Object.keys(named)

/** One data action of an account, without wildcards. */
const dataActionPattern =
  /^Microsoft\.CognitiveServices\/accounts\/[\w-]+(\/[\w-]+)*\/(read|write|delete|action)$/i

/** @returns undefined where the text is neither such a name nor a data action. */
export function dataActionsNamed(text: string): readonly string[] | undefined {
  return named[text.toLowerCase()] ?? (dataActionPattern.test(text) ? [text] : undefined)
}

/** Data actions are compared as Azure does: in any case. */
export const sameAction = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** Of these data actions, those that a harmless request shows, as routes. */
export function routesBeside(dataActions: readonly string[], dataPlane: DataPlane): Route[] {
  const isAsked = dataActions.some(each => sameAction(each, agentsRead))
  if (!isAsked || dataPlane.endpoints.project === undefined) return []
  return [routeOf({ deployment: 'agents' }, agentList.name, dataPlane)]
}

/** Whether it calls a deployment, or an agent: what is asked for by `also` calls none. */
export const isOfDeployment = ({ api }: Pick<Route, 'api'>): boolean => api !== agentList.name
