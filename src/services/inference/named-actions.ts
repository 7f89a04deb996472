import { agentsRead, dataAction } from './apis/api.ts'

/** What users name in `also`: which data actions that needs. */

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
