import { notImplemented } from '../service.ts'
import type { Deployment } from '../world.ts'
import { instanceText } from './formats.ts'
import { isObject } from './json-schema/schema.ts'
import { answerOf } from './model.ts'
import { Refusal } from './refusals.ts'

/** A tool that a request offers, whatever the API. */
export interface Tool {
  /** A function takes JSON, a custom tool any text; what is built in, the service runs itself. */
  kind: 'function' | 'custom' | 'built-in'
  name: string
  /** JSON Schema of a function's arguments. */
  parameters?: unknown
  /** A custom tool takes only texts of a grammar. */
  hasGrammar?: boolean
}

/** What the request wants of its tools. */
export interface ToolChoice {
  mode: 'none' | 'auto' | 'required'
  /** The one or the ones that it is restricted to. */
  among?: readonly string[]
}

interface ToolUse {
  tool: Tool
  /** Arguments as JSON, or the input of a custom tool. */
  text: string
}

/**
 * Where a tool must be used: the first that the conversation has not used yet, otherwise the last, so that a loop which
 * goes on until it has an answer comes to an end. Where the model may choose, it answers in words.
 * @param used names of the tools that the conversation has used
 * @throws Refusal 501 for what is built in, and where no arguments are found
 */
export function requiredUse(
  deployment: Deployment,
  tools: readonly Tool[],
  { mode, among }: ToolChoice,
  used: readonly string[],
): ToolUse | undefined {
  if (mode !== 'required') return undefined
  const allowed = among === undefined ? tools : tools.filter(({ name }) => among.includes(name))
  const tool = allowed.find(({ name }) => !used.includes(name)) ?? allowed.at(-1)
  return tool === undefined ? undefined : { tool, text: textFor(deployment, tool) }
}

function textFor(deployment: Deployment, { kind, name, parameters, hasGrammar = false }: Tool): string {
  if (kind === 'built-in') throw new Refusal(notImplemented(`a call of the tool ${name}`))
  if (kind === 'function')
    return instanceText({ type: 'object', ...(isObject(parameters) ? parameters : {}) })
  if (hasGrammar) throw new Refusal(notImplemented(`an input of the grammar of the tool ${name}`))
  return answerOf(deployment)
}
