/**
 * The APIs that users can name, and what the inputs that name one are checked against. In a file of its own, because the inputs
 * are read before the first request; everything else about an API loads while the gate waits for the reply.
 */

/** What the inputs need to know about an API. */
export interface Choice {
  /**
   * How a smoke call is billed. An API that is billed per item is called only if the user names it, and only once if that is
   * enough.
   */
  readonly cost: 'tokens' | 'piece' | 'nothing'
  /** It calls something in a project, not a deployment of the resource. */
  readonly ofProject?: true
  /** What follows the deployment in addresses of this API from before v1: `endpoint` may be such an address. */
  readonly classicOperation?: string
  /** It has a route with a dated version, which the caller chooses. */
  readonly takesVersion?: true
}

const choices = [
  { name: 'chat-completions', cost: 'tokens' },
  { name: 'responses', cost: 'tokens' },
  { name: 'models', cost: 'tokens' },
  { name: 'messages', cost: 'tokens' },
  { name: 'azure-openai', cost: 'tokens', classicOperation: 'chat/completions', takesVersion: true },
  { name: 'embeddings', cost: 'tokens', classicOperation: 'embeddings' },
  { name: 'completions', cost: 'tokens', classicOperation: 'completions', takesVersion: true },
  { name: 'transcriptions', cost: 'piece', classicOperation: 'audio/transcriptions', takesVersion: true },
  { name: 'speech', cost: 'piece', classicOperation: 'audio/speech', takesVersion: true },
  { name: 'images', cost: 'piece', classicOperation: 'images/generations', takesVersion: true },
  { name: 'realtime', cost: 'nothing' },
  { name: 'rerank', cost: 'piece' },
  { name: 'ocr', cost: 'piece' },
  { name: 'agents', cost: 'nothing', ofProject: true },
] as const satisfies ReadonlyArray<Choice & { name: string }>

export type Api = (typeof choices)[number]['name']

/** Their names, in the order in which texts list them. */
export const apis: readonly Api[] = choices.map(({ name }) => name)

export function choiceOf<Name extends Api>(name: Name): Choice & { readonly name: Name } {
  const choice = choices.find(each => each.name === name)
  if (choice === undefined) throw new Error(`No such API: ${name}`)
  return { ...choice, name }
}

/** @param operation What follows `/openai/deployments/NAME/`; undefined if nothing does. @returns undefined if the gate has no API for it. */
export const classicApi = (operation: string | undefined): Api | undefined =>
  operation === undefined
    ? undefined
    : choices.find(choice => 'classicOperation' in choice && choice.classicOperation === operation)?.name
