import { notImplemented } from '../service.ts'
import type { Deployment } from '../world.ts'
import { instanceText } from './formats.ts'
import { isObject } from './json-schema/schema.ts'
import { answerOf } from './model.ts'
import { Refusal } from './refusals.ts'

/** A tool that a request offers, by any API. */
export interface Tool {
  /** A function takes JSON, a custom tool any text. The service itself runs a built-in tool. */
  kind: 'function' | 'custom' | 'built-in'
  name: string
  /** JSON Schema of a function's arguments. */
  parameters?: unknown
  /** Whether a custom tool takes only texts of a grammar. */
  hasGrammar?: boolean
}

/** The request's choice among its tools. */
export interface ToolChoice {
  mode: 'none' | 'auto' | 'required'
  /** The tools that the choice allows. */
  among?: readonly string[]
}

interface ToolUse {
  tool: Tool
  /** Arguments as JSON, or the input of a custom tool. */
  text: string
}

/**
 * The tool to call. If a tool must be called, it is the first that the conversation has not called yet, otherwise the last: a
 * loop that ends at an answer comes to its end. If the model may choose, it answers in words.
 * @param used names of the tools that the conversation has called
 * @throws Refusal 501 for built-in tools, and if no arguments are found
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
